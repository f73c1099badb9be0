"""Other drugs: when a name shows that a drug is none of those whose classes are checked.

Most drugs on a medication list are of no concern here (amoxicillin, metformin). If each of them counted as "not
recognised", no list could ever show the absence of anything. Product choice: a complete RxNorm name under an RxNorm
code spells out every ingredient, and so says what the drug is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from service.record.medication.drug_names import ParsedName, parse_name, without_brand
from service.record.medication.drug_text import STEMS
from service.record.values.likeness import Likeness

_SALTS = frozenset(
    {
        *(
            "hydrochloride",
            "hydrobromide",
            "sulfate",
            "sodium",
            "potassium",
            "calcium",
            "magnesium",
            "acetate",
            "citrate",
        ),
        *("maleate", "tartrate", "succinate", "fumarate", "phosphate", "mesylate", "besylate", "chloride"),
        *(
            "bromide",
            "propionate",
            "furoate",
            "carbonate",
            "gluconate",
            "lactate",
            "nitrate",
            "human",
            "extended",
            "release",
        ),
    }
)
"""Words of drug names that name no active ingredient."""


def is_other_drug(rxnorm_names: Iterable[str], texts: Iterable[str], known: Likeness) -> bool:
    """Whether one of the names is a complete RxNorm name and no word of any text could mean a drug of ours.

    ``known`` are the names of our ingredients in lower case, none of which was found. A word that is like one of them
    or that ends like one makes the drug not recognised.
    """
    parsed = [parse_name(name) for name in rxnorm_names]
    if not any(one.is_complete for one in parsed):
        return False
    words = {word for text in texts for word in re.findall(r"[A-Za-z]{4,}", without_brand(text).lower())}
    named = {word for one in parsed for word in _ingredient_words(one)}
    return not any(word.endswith(STEMS) for word in words) and not may_be_ours(named, known)


def may_be_ours(words: Iterable[str], known: Likeness) -> bool:
    """Whether a word that is no name ends like one of our drugs, or is like the name of one."""
    return any(word.endswith(STEMS) or known.is_like_one(word) for word in words)


def _ingredient_words(parsed: ParsedName) -> list[str]:
    words = (word for part in parsed.components for word in re.findall(r"[a-z]{5,}", part.name.lower()))
    return [word for word in words if word not in _SALTS]
