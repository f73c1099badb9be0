"""Code systems: their canonical names, how a code of each is written plainly, and its check digit.

The table is terminology.md section 3, with the older spellings of HL7's own systems beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from service.note import Note, NoteCode
from service.record.values.tidy import tidied

SNOMED = "http://snomed.info/sct"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
ICD_10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
UNII = "http://fdasis.nlm.nih.gov"
MED_RT = "http://va.gov/terminology/medrt"
IPS_ABSENT_UNKNOWN = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
ATC = "http://www.whocc.no/atc"
LOCAL = "urn:sciatica-cds:code"
SAYING_NOTHING = frozenset(
    {
        *(f"http://terminology.hl7.org/CodeSystem/{name}" for name in ("data-absent-reason", "v3-NullFlavor")),
        *("http://hl7.org/fhir/data-absent-reason", "http://hl7.org/fhir/v3/NullFlavor"),
        "urn:oid:2.16.840.1.113883.5.1008",
    }
)
"""Systems whose codes say why there is no code."""

_OIDS: Mapping[str, str] = {
    "2.16.840.1.113883.6.96": SNOMED,
    "2.16.840.1.113883.6.90": ICD_10_CM,
    "2.16.840.1.113883.6.3": ICD_10,
    "2.16.840.1.113883.6.4": ICD_10_PCS,
    "2.16.840.1.113883.6.1": LOINC,
    "2.16.840.1.113883.6.88": RXNORM,
    "2.16.840.1.113883.6.69": NDC,
    "2.16.840.1.113883.6.12": CPT,
    "2.16.840.1.113883.6.285": HCPCS,
    "2.16.840.1.113883.4.9": UNII,
    "2.16.840.1.113883.6.345": MED_RT,
}
_ALIASES: Mapping[str, str] = {
    "snomed": SNOMED,
    "icd-10-cm": ICD_10_CM,
    "icd-10": ICD_10,
    "icd-10-pcs": ICD_10_PCS,
    "loinc": LOINC,
    "rxnorm": RXNORM,
    "ndc": NDC,
    "cpt": CPT,
    "hcpcs": HCPCS,
    "unii": UNII,
    "med-rt": MED_RT,
    "atc": ATC,
    "ips-absent-unknown": IPS_ABSENT_UNKNOWN,
    "local": LOCAL,
}
"""The short names that rule files use."""

KNOWN_SYSTEMS = frozenset(_ALIASES.values())
BY_PREFIX = frozenset({ICD_10_CM, ICD_10, ATC})
"""Systems whose code begins with the code above it, so that descendants can be told without a hierarchy."""

_ICD_10_RELATIVE = re.compile(r"icd[-_./]?(?:release/)?10(?![-_]?(?:cm|pcs))", re.ASCII | re.IGNORECASE)
"""The edition of the WHO and the national ones (GM, AM, CA, UK ...): one system here, read by its categories alone."""
_ICD_10_CM_SHAPE = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?", re.ASCII | re.IGNORECASE)


def is_fully_listed(system: str, code: str) -> bool:
    """Whether a code of none of our sets is known to say something else.

    Only of ICD-10-CM, whose categories the sets list in full by prefix; ``code`` must have the shape of one.
    """
    return system == ICD_10_CM and _ICD_10_CM_SHAPE.fullmatch(code.strip()) is not None


_WRITTEN = re.compile(
    r"\b(?:ICD[- ]?10(?:[- ]?CM)?[ :#-]*([A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?)|([A-Z]\d[0-9A-Z]\.\d[0-9A-Z]{0,3}))\b",
    re.ASCII | re.IGNORECASE,
)


_DIGIT = re.compile(r"[0-9]")


def codes_written_in(text: str) -> list[str]:
    """The codes of ICD-10 that stand in words: after the name of the system, or with their dot ("M54.31")."""
    return [first or second for first, second in _WRITTEN.findall(text)] if _DIGIT.search(text) else []


# http and https, a slash at the end, and a host in another case all name the same system.
_CANONICAL: Mapping[str, str] = {
    **{uri.lower().partition("://")[2] or uri: uri for uri in KNOWN_SYSTEMS},
    "snomed.info": SNOMED,
    "whocc.no/atc": ATC,
}
_OLD_HL7 = re.compile(r"http://hl7\.org/fhir/(?:v([23])/([\w-]+)|([a-z][\w-]*))", re.ASCII)
_HL7 = "http://terminology.hl7.org/CodeSystem/"


def canonical_system(system: object) -> str | None:
    """The canonical URI of a code system as written in the field (oid, version suffix, slash); None if not a string."""
    return _canonical(system) if isinstance(system, str) and system.strip() else None


@lru_cache(maxsize=1024)
def _canonical(system: str) -> str:
    text = tidied(system).partition("|")[0].rstrip("/")
    if text in KNOWN_SYSTEMS:
        return text
    alias = _ALIASES.get(text.lower())
    if alias:
        return alias
    oid = text.lower().removeprefix("urn:oid:")
    if oid in _OIDS:
        return _OIDS[oid]
    known = _CANONICAL.get(text.lower().partition("://")[2])
    if known:
        return known
    if text.lower().startswith(("http://snomed.info/sct/", "https://snomed.info/sct/")):
        return SNOMED
    if _ICD_10_RELATIVE.search(text):
        return ICD_10
    old = _OLD_HL7.fullmatch(text)
    if old and "sid" not in text:
        return _HL7 + (f"v{old[1]}-{old[2]}" if old[1] else old[3])
    return text


def plain_code(system: str, code: str) -> str:
    """The code as it is compared: ICD-10-CM without its dot, upper case where the system has no lower case."""
    code = code.strip()
    if system == ICD_10_CM:
        return code.replace(".", "").upper()
    if system == ICD_10:
        return _NO_LETTER_OR_DIGIT.sub("", code).upper()
    if system in _UPPER:
        return code.upper()
    return code


# A national edition marks a code with a cross, an asterisk or an exclamation mark.
_NO_LETTER_OR_DIGIT = re.compile(r"[^0-9A-Za-z]+")
_UPPER = frozenset({ICD_10_PCS, LOINC, ATC, CPT, HCPCS, UNII})
_LOINC_SHAPE = re.compile(r"(\d{1,7})-(\d)", re.ASCII)
_SNOMED_SHAPE = re.compile(r"[1-9]\d{5,17}", re.ASCII)


def check_digit_fault(system: str, code: str) -> Note | None:
    """Why a LOINC or SNOMED CT code cannot be what was meant; None when its check digit holds or it has none."""
    code = code.strip()
    if system == LOINC:
        found = _LOINC_SHAPE.fullmatch(code)
        if found and _mod_10(found[1]) != int(found[2]):
            return Note(NoteCode.WRONG_LOINC)
    elif system == SNOMED and _SNOMED_SHAPE.fullmatch(code) and not _verhoeff_holds(code):
        return Note(NoteCode.WRONG_SNOMED)
    return None


def _mod_10(digits: str) -> int:
    """The check digit of LOINC (Luhn's)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if index % 2 == 0 else 1)
        total += number // 10 + number % 10
    return -total % 10


_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_SHUFFLE = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)


def _verhoeff_holds(code: str) -> bool:
    check = 0
    for index, digit in enumerate(reversed(code)):
        check = _DIHEDRAL[check][_SHUFFLE[index % 8][int(digit)]]
    return check == 0
