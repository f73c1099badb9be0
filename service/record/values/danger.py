"""Danger: words of a problem that its match does not explain, and that may be what a drug must not meet.

An English text that no pattern finds says something else, as a rule. Where it names an organ, an event or a drug that
the rules ask about ("solitary kidney", "warfarin therapy"), that is not sure: then it was not read. What a pattern
found is explained; what is denied, or said of the family, is no danger. The lists are deliberately blunt: a word too
many makes a fact unknown and is named, a word too few is silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from service.knowledge.model import ValueSet
from service.record.values.code_systems import RXNORM
from service.record.values.negation import is_denied

__all__ = ["DangerWords"]

Span = tuple[int, int]

_OF_THE_BODY = (
    r"kidneys?|renal|nephr(?!olith)\w*|ur(?:a)?emi[ac]|glomerul\w*|\w*dialysis",
    r"transplant\w*|cabg|bypass|stents?|stented|angioplasty|coronary|angina|(?:myo)?cardial infarct\w*|heart attack",
    r"(?:heart|cardiac|ventricular) (?:failure|dysfunction|insufficiency)|aneurysm\w*|dissection",
    r"bleed\w*|bled|ha?emorrhag\w*|perforat\w*|ulcers?|ulcerat\w*|mela?ena|ha?ematemesis",
    r"cords?|myelopath\w*|saddle|perine\w+|perian\w+|cauda|bladder|retention|incontinen\w+|sphincter\w*|anal tone",
    r"paralys\w+|paraly[sz]ed|paraplegi\w+|parapares[ie]s|foot drop",
    r"anaphyla\w+|(?:drug|medication|multiple) (?:allerg|hypersens)\w+",
    r"cirrho\w+|(?:liver|hepatic) (?:failure|insufficiency|dysfunction)",
    r"metasta\w+|malignan\w+|discitis|osteomyelitis|epidural (?:abscess|ha?ematoma)",
    r"pacemakers?|defibrillators?",
)
_OF_DRUGS = (
    r"anti-?coag\w+|anti-?thrombotic\w*|anti-?platelets?|blood[- ]thinners?|nsaids?|anti-?inflammator(?:y|ies)",
    r"coumadin|eliquis|xarelto|pradaxa|lovenox|savaysa|plavix|brilinta|effient|doacs?|noacs?",
    r"opio?ids?|opiates?|benzodiazepines?|immunosuppress\w*",
)
_HARMLESS = re.compile(
    r"\b(?:umbilical|vocal|spermatic) cords?\b|\bgall ?bladder\b"
    r"|\b(?:kidney|bladder|renal) (?:stones?|calcul\w+|colic|donors?|cysts?)\b"
    r"|\b(?:donor|calculus|stone) of (?:kidney|renal)\b"
    r"|\b(?:corneal?|mouth|oral|aphthous|(?:fore)?foot|leg|ankle|skin|pressure|venous|decubitus|varicose)"
    r" ulcer(?:s|ations?)?\b"
    r"|\bulcers? of (?:\w+ )?(?:lower extremity|ankle|foot|leg|skin|mouth)\b"
    r"|\bperforat\w+ of (?:\w+ )?(?:ear ?drum|tympanic membrane)\b|\bfluid retention\b"
    r"|\b(?:non-?malignant|malignant (?:otitis|hypertension))\b|\bperineal (?:tear|laceration)\b",
    re.IGNORECASE,
)
_FEW_WORDS = re.compile(rf"\b(?:{'|'.join((*_OF_THE_BODY, *_OF_DRUGS))})\b", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W_]+")
_SHORTEST_NAME = 6
_NO_DANGER = frozenset({"menthol", "camphor", "lidocaine", "capsaicin"})
"""Names in the sets that stand for rubs on the skin."""


def _names_of_drugs(value_sets: Mapping[str, ValueSet]) -> Iterator[str]:
    for name, value_set in value_sets.items():
        if name.startswith(("med-", "local-med-")):
            for code in value_set.codes:
                if code.system == RXNORM and code.display and code.display.isalpha():
                    yield code.display.casefold()


class DangerWords:
    """The words of danger, with the names of the drugs that some value sets judge."""

    def __init__(self, value_sets: Mapping[str, ValueSet]) -> None:
        """``value_sets`` are all of the rule set: those that begin with ``med-`` hold the drugs."""
        names = {one for one in set(_names_of_drugs(value_sets)) - _NO_DANGER if len(one) >= _SHORTEST_NAME}
        drugs = "|".join((*_OF_DRUGS, *sorted(names)))
        self._names = frozenset(names)
        self._words = re.compile(rf"\b(?:{'|'.join(_OF_THE_BODY)}|(?P<drug>{drugs}))\b", re.IGNORECASE)

    def may_hold(self, text: str) -> bool:
        """Whether a text holds any of them at all, explained or not."""
        # To look hundreds of names up is quicker than to try them all at every word.
        return not self._names.isdisjoint(_LETTERS.findall(text.casefold())) or _FEW_WORDS.search(text) is not None

    def unexplained(self, text: str, explained: Iterable[Span]) -> tuple[bool, bool]:
        """Whether a word of danger stands outside the stretches that are explained, and whether one names a drug."""
        spans = [*explained, *(one.span() for one in _HARMLESS.finditer(text))]
        found = [
            one
            for one in self._words.finditer(text)
            if not any(one.start() < end and start < one.end() for start, end in spans)
            and not is_denied(text, one.start(), one.end())
        ]
        return bool(found), any(one["drug"] for one in found)
