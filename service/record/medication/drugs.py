"""Drugs: from a medication resource to its ingredients, their classes, the route, the daily dose.

Order of attempts (terminology.md section 7): a code that is an ingredient, the drug table, the RxNorm name, a brand
name; else the drug is not recognised and must be shown as not checked, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from service.knowledge.model import ValueSet
from service.record.medication.dosage import EACH, MG, ML, PUFF, daily_amounts, days_supply
from service.record.medication.drug_names import NameSearch, brand_of, parse_name, without_brand
from service.record.medication.drug_table import drug_table
from service.record.medication.other_drugs import is_other_drug
from service.record.medication.routes import LOCAL_ROUTES, ordered_route, route_of_words
from service.record.values.code_systems import ATC, RXNORM
from service.record.values.coding import CodeIndex, Coding, codings, concept_text
from service.record.values.interval import Interval

__all__ = ["Drug", "Drugs", "Ingredient", "Resolve", "days_supply"]

Resolve = Callable[[object, Mapping[str, Any]], Mapping[str, Any] | None]
"""Resolves a Reference standing in a resource; ``Record.resolve`` fits."""

_DRUG_SETS = "med-"
_CACHED = 5_000
_LONGEST_TEXT = 300
_HOURS_A_DAY = 24
_NOTHING: frozenset[str] = frozenset()

_SYNONYMS: Mapping[str, str] = {
    "paracetamol": "acetaminophen",
    "apap": "acetaminophen",
    "acetylsalicylic acid": "aspirin",
    "asa": "aspirin",
    "hctz": "hydrochlorothiazide",
    "pethidine": "meperidine",
    "frusemide": "furosemide",
    "indometacin": "indomethacin",
    "ciclosporin": "cyclosporine",
    "cyclosporin": "cyclosporine",
    "lignocaine": "lidocaine",
    "phenobarbitone": "phenobarbital",
    "valproic acid": "valproate",
}
"""Other names of ingredients: those used outside the US, and three abbreviations."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One active ingredient, its classes, and how much of it is in one piece of the product (mg), or ``per`` mL, HR."""

    rxcui: str
    name: str
    classes: frozenset[str]
    strength_mg: Decimal | None = None
    per: str = ""


@dataclass(frozen=True, slots=True)
class Drug:
    """What a medication resource holds.

    ``classes`` are the value sets (``med-*``) of all ingredients and of the product code itself (topical and
    ophthalmic sets list products). ``route`` is ``oral``, ``topical``, ``injectable``, ... or None when not told;
    None counts as systemic. ``by`` says how it was recognised: ``ingredient``, ``table``, ``name``, ``brand``,
    ``class`` (a class code only) or ``other`` (a full RxNorm name that names no ingredient of any class here).
    """

    ingredients: tuple[Ingredient, ...]
    classes: frozenset[str]
    route: str | None
    recognised: bool
    text: str
    by: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether the drug acts locally only (skin, eye, ear, nose, lung); a transdermal patch does not."""
        return self.route in LOCAL_ROUTES


@dataclass(frozen=True, slots=True)
class _Found:
    """Ingredients as codes with strengths, before their classes are looked up."""

    parts: Mapping[str, tuple[Decimal | None, str]]
    by: str
    route: str | None = None
    notes: tuple[str, ...] = ()


class Drugs:
    """Recognises drugs by the drug table and the value sets. Build once, ask often."""

    def __init__(self, value_sets: Mapping[str, ValueSet]) -> None:
        self._table = drug_table()
        drug_sets = {name: value_set for name, value_set in value_sets.items() if name.startswith(_DRUG_SETS)}
        self._index = CodeIndex(drug_sets)
        self._names = dict(self._table.ingredients)
        for value_set in drug_sets.values():
            for code in value_set.codes:
                # A set of products has their full names as displays; an ingredient's has no strength.
                if code.verified and code.system in {RXNORM, "rxnorm"} and not any(map(str.isdigit, code.display)):
                    self._names.setdefault(code.code, code.display)
        self._codes = {name.lower(): code for code, name in sorted(self._names.items())}
        known = {other: self._codes[name] for other, name in _SYNONYMS.items() if name in self._codes}
        self._codes.update({other: code for other, code in known.items() if other not in self._codes})
        self._search = NameSearch(self._codes)
        self._brands: NameSearch | None = None
        self._cache: dict[object, Drug] = {}

    def recognise(self, resource: Mapping[str, Any], resolve: Resolve) -> Drug:
        """The drug of a MedicationRequest, MedicationStatement, -Dispense, -Administration or Medication (R4 shape)."""
        drug = self._of_resource(resource, resolve)
        ordered, is_unclear = ordered_route(resource)
        if is_unclear:
            return replace(drug, route=None, notes=(*drug.notes, "several routes are given"))
        if ordered is None or ordered == drug.route:
            return drug
        if drug.route is not None and (ordered in LOCAL_ROUTES) != drug.is_local:
            # One of the two is wrong. What may act on the whole body is taken to do so.
            return replace(drug, route=None, notes=(*drug.notes, "the route does not fit the product"))
        return replace(drug, route=ordered)

    def _of_resource(self, resource: Mapping[str, Any], resolve: Resolve) -> Drug:
        if resource.get("resourceType") == "Medication":
            return self._of_medication(resource)
        concept = resource.get("medicationCodeableConcept")
        drug = self.recognise_concept(concept) if concept else None
        reference = resource.get("medicationReference")
        if reference and (drug is None or not drug.recognised):
            medication = resolve(reference, resource)
            if medication is not None:
                return self._of_medication(medication)
            display = reference.get("display") if isinstance(reference, Mapping) else None
            by_display = self.recognise_concept({"text": display}) if isinstance(display, str) else _NO_DRUG
            note = "the Medication it refers to was not sent"
            return replace(by_display, notes=(*by_display.notes, note)) if drug is None else drug
        return drug or _NO_DRUG

    def _of_medication(self, medication: Mapping[str, Any]) -> Drug:
        drug = self.recognise_concept(medication.get("code"))
        if drug.recognised:
            return drug
        listed = medication.get("ingredient")
        parts = [part for part in listed if isinstance(part, Mapping)] if isinstance(listed, list) else []
        drugs = [self.recognise_concept(part.get("itemCodeableConcept")) for part in parts]
        if not drugs or not any(part.recognised for part in drugs):
            return drug
        ingredients = {one.rxcui: one for part in drugs for one in part.ingredients}
        route = route_of_words(concept_text(medication.get("form") or medication.get("doseForm")))
        return Drug(
            ingredients=tuple(replace(one, strength_mg=None, per="") for one in ingredients.values()),
            classes=frozenset().union(*(part.classes for part in drugs)),
            route=route,
            # One ingredient that is not known may be any.
            recognised=all(part.recognised for part in drugs),
            text=drug.text or " / ".join(part.text for part in drugs),
            by="ingredient",
        )

    def recognise_concept(self, concept: object) -> Drug:
        """The drug a CodeableConcept names (for instance AllergyIntolerance.code)."""
        listed = tuple(codings(concept))
        text = concept_text(concept)
        key = (listed, text)
        drug = self._cache.get(key)
        if drug is None:
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            drug = self._cache[key] = self._of_codings(listed, text)
        return drug

    def _of_codings(self, listed: tuple[Coding, ...], text: str) -> Drug:
        if not listed and not text:
            return _NO_DRUG
        rxcuis = [coding.code for coding in listed if coding.system == RXNORM]
        classes = self._classes_of_codes(listed)
        texts = list(dict.fromkeys([*(coding.display for coding in listed if coding.display), text]))
        texts = [words[:_LONGEST_TEXT] for words in texts if words]
        found = self._by_code(rxcuis) or self._by_name(texts) or self._by_brand(texts)
        if found is None:
            names = [coding.display for coding in listed if coding.system == RXNORM and coding.display]
            is_other = not classes and is_other_drug(names, texts, self._codes)
            by = "class" if classes else "other" if is_other else None
            route = next((route for words in texts if (route := route_of_words(words))), None)
            return Drug((), classes, route, recognised=by is not None, text=text, by=by)
        strengths = _strengths(texts)
        ingredients = tuple(
            self._ingredient(
                rxcui, *(strength if strength[0] is not None else strengths.get(self._name(rxcui), strength))
            )
            for rxcui, strength in sorted(found.parts.items())
        )
        route = found.route or next((route for words in texts if (route := route_of_words(words))), None)
        if route is None and any(_PATCH.search(words) for words in texts):
            # Patches of local analgesics stay in the skin; any other patch is meant for the whole body.
            route = "topical" if all(_TOPICAL in one.classes for one in ingredients) else "transdermal"
        everything = classes.union(*(one.classes for one in ingredients))
        return Drug(ingredients, everything, route, recognised=True, text=text, by=found.by, notes=found.notes)

    def _classes_of_codes(self, listed: Iterable[Coding]) -> frozenset[str]:
        sets = (self._index.sets_of(coding.system, coding.code) for coding in listed if coding.system in {RXNORM, ATC})
        return _NOTHING.union(*sets)

    def _name(self, rxcui: str) -> str:
        return self._names.get(rxcui, rxcui).lower()

    def _ingredient(self, rxcui: str, strength_mg: Decimal | None, per: str) -> Ingredient:
        classes = self._index.sets_of(RXNORM, rxcui)
        return Ingredient(rxcui, self._names.get(rxcui, rxcui), classes, strength_mg, per)

    def _by_code(self, rxcuis: Iterable[str]) -> _Found | None:
        """Codes of ingredients and of drugs in the table; several codings of one drug add up."""
        parts: dict[str, tuple[Decimal | None, str]] = {}
        by, route = "ingredient", None
        for rxcui in rxcuis:
            row = self._table.drug(rxcui)
            if row is not None:
                by, route = "table", route or row.route
                for part in row.parts:
                    if parts.get(part.rxcui, (None, ""))[0] is None:
                        parts[part.rxcui] = (part.strength_mg, part.per)
            elif rxcui in self._names:
                parts.setdefault(rxcui, (None, ""))
        return _Found(parts, by, route) if parts else None

    def _by_name(self, texts: Iterable[str]) -> _Found | None:
        codes = {self._codes[name] for words in texts for name in self._search.find(without_brand(words))}
        return _Found(dict.fromkeys(sorted(codes), (None, "")), "name") if codes else None

    def _by_brand(self, texts: Iterable[str]) -> _Found | None:
        if self._brands is None:
            self._brands = NameSearch(name for name in self._table.brand_names if len(name) >= _SHORTEST_BRAND)
        for words in texts:
            codes: set[str] = set()
            for brand in self._brands.find(brand_of(words) or words):
                codes.update(self._table.brand(brand))
            if codes:
                notes = (
                    ("by brand name",) if len(codes) == 1 else ("by brand name: its products differ, all are meant",)
                )
                return _Found(dict.fromkeys(sorted(codes), (None, "")), "brand", notes=notes)
        return None

    def daily_dose_mg(self, drug: Drug, ingredient: Ingredient, resource: Mapping[str, Any]) -> Interval | None:
        """Milligrams of one ingredient on a day of taking it, from the dosages; None when it cannot be computed.

        Taken as needed: from one dose to the most that is allowed. A dose in milligrams is the ingredient's only when
        the drug has no other.
        """
        daily = daily_amounts(resource)
        if daily is None:
            return None
        strength = ingredient.strength_mg
        if daily.unit == MG:
            return daily.amount if len(drug.ingredients) == 1 else None
        if strength is None:
            return None
        if daily.unit == EACH and ingredient.per == "HR":
            # A patch gives its strength every hour, however often it is changed.
            return Interval.exactly(strength * _HOURS_A_DAY) if drug.route == "transdermal" else None
        if (daily.unit, ingredient.per) in {(EACH, ""), (ML, "ML"), (PUFF, "ACTUAT")}:
            return _times(daily.amount, strength)
        return None


_PATCH = re.compile(r"\bpatch(?:es)?\b", re.IGNORECASE)
_TOPICAL = "med-topical-analgesic"
_NO_DRUG = Drug((), _NOTHING, None, recognised=False, text="")
_SHORTEST_BRAND = 4


def _times(amount: Interval, factor: Decimal) -> Interval:
    return Interval(
        None if amount.low is None else amount.low * factor, None if amount.high is None else amount.high * factor
    )


def _strengths(texts: Iterable[str]) -> dict[str, tuple[Decimal | None, str]]:
    """The strength of each ingredient in the first text that tells one; the name is its first word or all of them."""
    strengths: dict[str, tuple[Decimal | None, str]] = {}
    for words in texts:
        for component in parse_name(words).components:
            told = (component.strength_mg, component.per)
            name = component.name.lower()
            strengths.setdefault(name, told)
            strengths.setdefault(name.partition(" ")[0], told)
    return strengths
