"""The shape of a value set file and of the codes a site adds."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

from service.knowledge.model import Code, DangerTerms, OtherWords, ValueSet
from service.knowledge.schemas.fields import (
    Choice,
    Flag,
    Name,
    Several,
    Shape,
    Strict,
    Text,
    did_you_mean,
    refuse,
    words,
)

SYSTEMS = {
    "snomed": "http://snomed.info/sct",
    "icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd-10": "http://hl7.org/fhir/sid/icd-10",
    "icd-10-pcs": "http://www.cms.gov/Medicare/Coding/ICD10",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "cpt": "http://www.ama-assn.org/go/cpt",
    "med-rt": "http://va.gov/terminology/medrt",
    "ips-absent-unknown": "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips",
    "local": "urn:sciatica-cds:code",
}
_LENGTHS = range(4, 7)
_LISTED = 3
_CATEGORIES = "ICD-10 categories that published code lists hold"
_OWN = "own code of this rule set"
_MATCHES = {"exact": False, "descendants": True}
# SNOMED hierarchies cannot be tested without a terminology server; the others nest by prefix.
_NESTING = {SYSTEMS["icd-10-cm"], SYSTEMS["icd-10"], SYSTEMS["icd-10-pcs"], SYSTEMS["atc"]}


def system_uri(word: Any) -> str:
    """The URI of a code system written as an alias or as a URI.

    Raises:
        ValidationError: neither a known alias nor a URI.
    """
    if isinstance(word, str) and (word.startswith(("http://", "https://", "urn:"))):
        return word
    if word not in SYSTEMS:
        hint = did_you_mean(word, SYSTEMS) if isinstance(word, str) else None
        raise refuse(f"{word} is not a known code system", hint or "an alias or the full URI")
    return SYSTEMS[word]


class CodeField(Strict[Code]):
    """One code as a list: system, code, display, exact or descendants, source, note.

    ``verified`` says which of the two lists of a value set it stands in.
    """

    def __init__(self, *, verified: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.verified = verified

    def read(self, value: Any) -> Code:
        if not isinstance(value, list) or len(value) not in _LENGTHS:
            raise refuse(
                "must be [system, code, display, exact or descendants, source, note]", "source and note may be left out"
            )
        system = system_uri(value[0])
        texts = ["" if part is None else part for part in value[1:]]
        for part in texts:
            if not isinstance(part, str):
                raise refuse(f"{part} must be text", f'write it in quotes: "{part}"')
        code, display, match, source, note = (*texts, "", "")[:5]
        if not code.strip():
            raise refuse("the code is blank")
        if match not in _MATCHES:
            raise refuse(f"{match} must be exact or descendants", did_you_mean(match, _MATCHES))
        if _MATCHES[match] and system not in _NESTING:
            raise refuse("descendants only works for ICD-10 and ATC", "list the codes one by one as exact")
        return Code(system, code, display, _MATCHES[match], self.verified, source, note or None)


class PatternField(Strict[str]):
    """A regular expression that compiles and does not match nothing."""

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise refuse("must be a pattern in quotes")
        try:
            pattern = re.compile(value, re.IGNORECASE)
        except re.error as error:
            raise refuse(f"not a valid pattern: {error}") from error
        if pattern.search(""):
            raise refuse("this pattern matches an empty text")
        return value


class ListedField(Strict[tuple[Code, ...]]):
    """Codes of a published list without their displays: system, source, and the codes with blanks between them.

    They are read and never written.
    """

    def read(self, value: Any) -> tuple[Code, ...]:
        if not isinstance(value, list) or len(value) != _LISTED or not all(isinstance(part, str) for part in value):
            raise refuse("must be [system, source, codes with blanks between them]")
        system, source, codes = system_uri(value[0]), value[1], value[2].split()
        return tuple(Code(system, code, "", descendants=False, verified=True, source=source) for code in codes)


class ValueSetShape(Shape):
    """One file under ``value_sets/``."""

    id = Name(required=True)
    title = Text(required=True)
    note = Text(load_default=None, allow_none=True)
    codes = Several(CodeField())
    unverified = Several(CodeField(verified=False))
    icd_10_categories = words()
    listed = Several(ListedField())
    link_ids = words()
    patterns = Several(PatternField())
    unless = Several(PatternField())
    says = Choice(["nothing-known", "none"], load_default=None, allow_none=True)
    lasts = Flag(load_default=False)

    @staticmethod
    def model(
        codes: tuple[Code, ...],
        unverified: tuple[Code, ...],
        icd_10_categories: tuple[str, ...],
        listed: tuple[tuple[Code, ...], ...],
        **data: Any,
    ) -> ValueSet:
        """``icd_10_categories`` are categories of three or four characters of the WHO's ICD-10 and its relatives."""
        system, title = SYSTEMS["icd-10"], data["title"]
        categories = tuple(
            Code(system, one, title, descendants=True, verified=True, source=_CATEGORIES) for one in icd_10_categories
        )
        return ValueSet(codes=codes + categories + tuple(chain(*listed)) + unverified, **data)


class DangerTermsShape(Shape):
    """``danger_words.yaml``: words of a problem that may name what a drug must not meet."""

    problems = Several(PatternField(), required=True, least=1)
    drugs = Several(PatternField(), required=True, least=1)
    harmless = Several(PatternField())
    harmless_drugs = words()
    harmless_sets = words()
    red_flags = Several(PatternField())
    model = DangerTerms
    located = False


class OtherWordsShape(Shape):
    """``other_words.yaml``: what an entry may say that no rule judges."""

    substances = Several(PatternField(), required=True, least=1)
    codes_of_no_substance = words()
    reactions = words()
    problems = Several(PatternField(), required=True, least=1)
    procedures = Several(PatternField(), required=True, least=1)
    orders = Several(PatternField(), required=True, least=1)
    orders_perhaps_ours = Several(PatternField())
    orders_saying_nothing = words()
    filling = Several(PatternField())
    beside = Several(PatternField())
    model = OtherWords
    located = False


class OwnCodeShape(Shape):
    """One entry of ``own_codes`` of a fact: a question or answer of our own code system, asked of nobody else.

    Becomes the value set ``local-CODE``; in a questionnaire the code is the link id.
    """

    code = Name(required=True)
    title = Text(required=True)
    patterns = Several(PatternField())

    @staticmethod
    def model(code: str, title: str, patterns: tuple[str, ...], at: str = "") -> ValueSet:
        """The codes of a site for one value set."""
        own = Code(SYSTEMS["local"], code, title, descendants=False, verified=True, source=_OWN)
        return ValueSet(f"local-{code}", title, (own,), link_ids=(code,), patterns=patterns, at=at)
