"""Routes: where a drug goes in, and whether it stays there (terminology.md section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from service.record.values.code_systems import SNOMED
from service.record.values.concept import codings, concept_text
from service.record.values.rare import SeveralRare

LOCAL_ROUTES = frozenset({"topical", "ophthalmic", "otic", "nasal", "inhaled"})
"""Routes of drugs that act where they are put. Inhaled is a product choice: an inhaled steroid is no systemic one.
Transdermal, rectal, vaginal and implanted drugs act on the whole body; so does a drug whose route is not stated."""

_SNOMED_ROUTES: Mapping[str, str] = {
    "26643006": "oral",
    "6064005": "topical",
    "54485002": "ophthalmic",
    "10547007": "otic",
    "46713006": "nasal",
    "37161004": "rectal",
    "16857009": "vaginal",
    "45890007": "transdermal",
    "37839007": "buccal-sublingual",
    "54471007": "buccal-sublingual",
    "447694001": "inhaled",
    "47625008": "injectable",
    "78421000": "injectable",
    "34206005": "injectable",
    "12130007": "injectable",
}
# In this order: a word for the part of the body says more than a dose form.
_WORDS: tuple[tuple[str, str], ...] = (
    (r"(?:soft|liqui[-\s]?|lica|liquid[-\s]+(?:filled\s+)?)gels?|gel\s?-?caps?(?:ules?)?|oral\s+gel", "oral"),
    (r"ophth\w*|oftalm\w*|eyes?|ocular|conjunctival|augen\w*|collyres?|colirios?", "ophthalmic"),
    (r"otic|ears?|auricular|ohren\w*", "otic"),
    (r"nasal|nose|nostrils?|intranasal|nasen\w*", "nasal"),
    (r"transderm\w*", "transdermal"),
    (r"vaginal|vagina|per\s+vaginam", "vaginal"),
    (r"rectal|rectum|suppositor(?:y|ies|ios?)|suppositoires?|z(?:\u00e4|a|ae)pfchen|enema|per\s+rectum", "rectal"),
    (r"sublingual|buccal|under\s+the\s+tongue", "buccal-sublingual"),
    (r"implant|intrauterine", "implant"),
    (r"inhal\w*|respiratory\s+tract|nebuli\w+", "inhaled"),
    (
        r"inject\w*|intravenous|intramuscular|subcutaneous|intra-?articular|epidural|intrathecal|infusion",
        "injectable",
    ),
    (r"prefilled\s+syringe|auto-injector|pen\s+injector|cartridge|iv|im|sc|subq", "injectable"),
    (r"oral\w*|by\s+mouth|p\.?o\.?|per\s+os", "oral"),
    (
        r"tablets?|tabs?|capsules?|caps?|caplets?|lozenges?|syrup|elixir|\w*tabletten?|\w*kapseln?|comprim\w*|g\u00e9lules?",
        "oral",
    ),
    (
        r"topical\w*|topique|cutan\w*|auf\s+die\s+haut|to\s+(?:the\s+)?(?:affected|painful)\s+(?:area|site|part|joint)s?|t\u00f3pic\w+|skin|cutaneous|cream|cr[\u00e8e]me|ointment|lotion|shampoo|emulgel|\w*salbe|pommade|pomada",
        "topical",
    ),
    (r"crema|medicated\s+(?:patch|pad)|\w*gel", "topical"),
)
_PATTERNS = SeveralRare(rf"\b(?:{words})\b" for words, _ in _WORDS)
_CACHED = 4_000


_SHORT_FORMS: Mapping[str, str] = {
    **dict.fromkeys(("top", "tp", "topic"), "topical"),
    **dict.fromkeys(("ou", "op", "gtt ou"), "ophthalmic"),
}
"""What is written for a route, where nothing else is. Not "os", which is by mouth in Latin and the left eye in
prescriptions, nor "od", the right eye or once a day: a route that may be either is not told."""


@lru_cache(_CACHED)
def route_of_words(text: str) -> str | None:
    """The route that a dose form or a phrase tells; None when it tells none."""
    first = next(_PATTERNS.found_in(text), None)
    return None if first is None else _WORDS[first][1]


def route_of_concept(concept: object) -> str | None:
    """The route that Dosage.route tells, by its words, else by its code."""
    words = concept_text(concept)
    found = route_of_words(words) or _SHORT_FORMS.get(words.casefold().replace(".", "").strip())
    if found is None:
        for coding in codings(concept):
            if coding.system == SNOMED and coding.code in _SNOMED_ROUTES:
                return _SNOMED_ROUTES[coding.code]
    return found


def ordered_route(resource: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The route that all dosages of a request agree on, and whether they contradict each other."""
    routes = set()
    for name in ("dosageInstruction", "dosage"):
        if name not in resource:
            continue
        dosages = resource[name]
        for dosage in dosages if isinstance(dosages, list) else [dosages]:
            route = route_of_concept(dosage["route"]) if isinstance(dosage, dict) and "route" in dosage else None
            if route:
                routes.add(route)
    return (routes.pop(), False) if len(routes) == 1 else (None, bool(routes))
