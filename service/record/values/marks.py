"""Marks: what a system appends to the words of a diagnosis for its billing, and that is none of the patient's.

US systems print "(HCC)", "(CMS/HCC)", "(CMS-HCC)", "(*)(HCC)", "[HCC 85]" after every diagnosis that a hierarchical
condition category of Medicare pays for. In brackets and by itself HCC is that mark; elsewhere, and beside a growth of
the liver, it is the hepatocellular carcinoma.
"""

from __future__ import annotations

import re
from functools import lru_cache

_OPEN, _CLOSE = r"[(\[{*]\s*", r"\s*[)\]}*]"
_OF_BILLING = r"(?:multi(?:ple)?|rx|cms|hhs|esrd|fhs|v2[0-9])"
_MARK = re.compile(
    rf"\s*{_OPEN}(?:"
    # A condition category: HCC with the names of its payers and its number.
    rf"(?:{_OF_BILLING}[\s/,:-]*)*hccs?(?:[\s/,:-]*(?:cms|hhs|raf|codes?|categor(?:y|ies)|\d{{1,3}}(?:\.\d{{1,3}})?))*"
    rf"|(?:{_OF_BILLING}[\s/,:-]+)?raf(?:[\s/,:-]*(?:hcc|\d{{1,2}}(?:\.\d{{1,3}})?))*"
    # What it was on admission, how it weighs for a payment, that a code stands beside it, and by whose list.
    r"|\*+|code|coded|poa|cc|mcc|dx|icd-?(?:9|10)(?:-?cm)?|snomed(?:[ -]ct)?|sct \d{6,18}|icd-?9-?cm [0-9ev.]{3,6}"
    # Codes of three places that are no vertebra and no vitamin; those with a dot are read.
    r"|(?<=\[)(?-i:[ADE-KM-RU-Z]\d\d)(?=\])"
    rf"){_CLOSE}(?=\W|$)",
    re.IGNORECASE,
)
_GROWTH_OF_LIVER = re.compile(
    r"(?=.*\b(?:liver|hepat\w+)\b).*\b(?:mass|lesion|nodule|tumou?r|neoplasm|resection|ablation|\w*emboli[sz]ation)",
    re.IGNORECASE,
)
_CACHED = 4_000


def without_marks(text: str) -> str:
    """The text without them; a text of marks alone as it is."""
    return text if text[-1:] not in ")]}*" and "HCC" not in text else _without_marks(text)


@lru_cache(_CACHED)
def _without_marks(text: str) -> str:
    plain = _MARK.sub("", text).strip()
    if not plain or ("HCC" in text and _GROWTH_OF_LIVER.match(plain)):
        return text
    return plain
