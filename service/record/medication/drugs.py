"""Drugs: from a medication resource to its ingredients, their classes, the route, the daily dose.

Order of attempts (terminology.md section 7): a code that is an ingredient, the drug table, the RxNorm name, a brand
name; else the drug is not recognised and must be shown as not checked, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from service.bounded import Bounded
from service.knowledge.model import ValueSet
from service.note import Note, NoteCode
from service.record.medication.drug import TAKES_NOTHING, Drug, Ingredient
from service.record.medication.drug_names import parse_name
from service.record.medication.drug_table import DrugTable, drug_synonyms, drug_table, older_codes
from service.record.medication.drug_text import (
    LONGEST_TEXT,
    DrugText,
    Reading,
    group_of_strengths,
    says_that_nothing_is_taken,
)
from service.record.medication.other_drugs import is_other_drug, may_be_ours
from service.record.medication.routes import LOCAL_ROUTES, ordered_route, route_of_words
from service.record.values.by_concept import ByConcept
from service.record.values.code_sets import CodeSets
from service.record.values.code_systems import ATC, IPS_ABSENT_UNKNOWN, LOCAL, NDC, RXNORM, UNII, canonical_system
from service.record.values.concept import Coding, codings, concept_text
from service.record.values.likeness import Likeness
from service.record.values.rare import Rare, SeveralRare
from service.record.values.set_names import DRUGS

__all__ = ["Drugs", "Resolve"]

Resolve = Callable[[object, Mapping[str, Any]], Mapping[str, Any] | None]
"""Resolves a Reference standing in a resource; ``Record.resolve`` fits."""

_CACHED = 5_000
_NOTHING: frozenset[str] = frozenset()
_NAMED_ONLY = "~"
"""What begins the code of an ingredient that is known by its name alone."""

_TAKES_NOTHING = (IPS_ABSENT_UNKNOWN, "no-known-medications")
"""An entry which says that nothing is taken; ``no-medication-info`` says nothing and is not recognised."""

_ATC_ROUTES = (
    ("S01", "ophthalmic"),
    ("S02", "otic"),
    ("S03", "ophthalmic"),
    ("R01", "nasal"),
    ("R03A", "inhaled"),
    ("R03B", "inhaled"),
    ("M02", "topical"),
    ("D", "topical"),
)
"""Groups of ATC whose drugs are put where they act: eye, ear, nose, airways, skin."""


class _Found(Struct, frozen=True):
    """Ingredients as codes with strengths, before their classes are looked up."""

    parts: Mapping[str, tuple[Decimal | None, str]]
    by: str
    route: str | None = None
    notes: tuple[Note, ...] = ()
    is_complete: bool = True
    unrecognised: tuple[str, ...] = ()


class Drugs:
    """Recognises drugs by the drug table and the value sets. Build once, ask often."""

    def __init__(self, value_sets: Mapping[str, ValueSet]) -> None:
        self._table = drug_table()
        drug_sets = {name: value_set for name, value_set in value_sets.items() if name.startswith(DRUGS)}
        self._index = CodeSets(drug_sets)
        in_words = {name: "|".join(f"(?:{words})" for words in one.patterns) for name, one in drug_sets.items()}
        self._in_words = [name for name, words in in_words.items() if words]
        self._words = SeveralRare(filter(None, in_words.values()))
        self._names = dict(self._table.ingredients)
        ours: set[str] = set()
        for value_set in drug_sets.values():
            for code in value_set.codes:
                # A set of products has their full names as displays; an ingredient's has no strength.
                is_ingredient = canonical_system(code.system) in {RXNORM, LOCAL} and not any(
                    map(str.isdigit, code.display)
                )
                if code.verified and is_ingredient:
                    self._names.setdefault(code.code, code.display)
                    ours.add(code.display.lower())
        self._ours = Likeness(ours)
        self._cache: Bounded[object, Drug] = Bounded(_CACHED)
        self._by_concept: ByConcept[Drug] = ByConcept(_CACHED, self._of_concept)
        self._by_order: Bounded[tuple[int, str], tuple[Drug, Drug]] = Bounded(_CACHED)

    @cached_property
    def _text(self) -> DrugText:
        """Made when the first text is read: many who read a chart never come to one."""
        return DrugText(*self._vocabulary)

    def warm_up(self) -> None:
        """Make what the first text needs, so that no call waits for it and processes share it."""
        self._text.read("")

    @cached_property
    def _vocabulary(self) -> tuple[dict[str, frozenset[str]], dict[str, Sequence[frozenset[str]]]]:
        return _vocabulary(self._table, self._names)

    @cached_property
    def _uniis(self) -> Mapping[str, tuple[str, ...]]:
        names, _ = self._vocabulary
        return {unii: tuple(names[one]) for unii, meant, kind in drug_synonyms() if kind == "unii" for one in meant}

    def recognise(self, resource: Mapping[str, Any], resolve: Resolve) -> Drug:
        """The drug of a MedicationRequest, MedicationStatement, -Dispense, -Administration or Medication (R4 shape)."""
        drug = self._of_resource(resource, resolve)
        ordered, is_unclear = ordered_route(resource)
        if is_unclear:
            return replace(drug, route=None, notes=(*drug.notes, Note(NoteCode.SEVERAL_ROUTES)))
        return drug if ordered is None else self._ordered(drug, ordered)

    def _ordered(self, drug: Drug, route: str) -> Drug:
        """The drug by the route that its order says: one object for a drug that is known, as without a route."""
        key = (id(drug), route)
        known = self._by_order.get(key)
        if known is None or known[0] is not drug:
            known = self._by_order[key] = drug, _by_route(drug, route)
        return known[1]

    def _of_resource(self, resource: Mapping[str, Any], resolve: Resolve) -> Drug:
        if resource.get("resourceType") == "Medication":
            return self._of_medication(resource)
        concept = resource.get("medicationCodeableConcept")
        drug = self.recognise_concept(concept) if concept else None
        reference = resource.get("medicationReference")
        medication = resolve(reference, resource) if reference else None
        if drug is not None and drug.recognised:
            return drug if medication is None else _with_parts(drug, [self._of_medication(medication)])
        if reference:
            if medication is not None:
                return self._of_medication(medication)
            display = reference.get("display") if isinstance(reference, dict) else None
            by_display = self.recognise_concept({"text": display}) if isinstance(display, str) else _NO_DRUG
            note = Note(NoteCode.MEDICATION_NOT_SENT)
            return replace(by_display, notes=(*by_display.notes, note)) if drug is None else drug
        return drug or _NO_DRUG

    def _of_medication(self, medication: Mapping[str, Any]) -> Drug:
        drug = self.recognise_concept(medication.get("code"))
        form = concept_text(medication.get("form") or medication.get("doseForm"))
        listed = medication.get("ingredient")
        parts = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
        drugs = [self.recognise_concept(part.get("itemCodeableConcept")) for part in parts]
        # What only carries the others, such as lactose, need not be known.
        drugs = [
            one for one, part in zip(drugs, parts, strict=True) if one.recognised or part.get("isActive") is not False
        ]
        if drug.recognised:
            whole = _with_parts(drug, drugs)
            return self._of_form(whole, form) if form and whole.ingredients else whole
        if not drugs or not any(part.recognised or part.ingredients for part in drugs):
            return drug
        ingredients = {one.rxcui: one for part in (drug, *drugs) for one in part.ingredients}
        route = route_of_words(form)
        return Drug(
            ingredients=tuple(replace(one, strength_mg=None, per="") for one in ingredients.values()),
            classes=drug.classes.union(*(part.classes for part in drugs)),
            route=route,
            # One ingredient that is not known may be any.
            recognised=all(part.recognised for part in drugs),
            text=drug.text or " / ".join(part.text for part in drugs),
            by="ingredient",
        )

    def _of_form(self, drug: Drug, form: str) -> Drug:
        """The drug in a dose form that stands beside its code: what a gel or an extended release makes of it."""
        named = " ".join([*(one.name for one in drug.ingredients), form])
        in_form = replace(drug, classes=drug.classes.union(self._classes_of_words([named])))
        route = route_of_words(form)
        return in_form if route is None else _by_route(in_form, route)

    def recognise_concept(self, concept: object) -> Drug:
        """The drug a CodeableConcept names (for instance AllergyIntolerance.code)."""
        return self._by_concept.read(concept)

    def _of_concept(self, concept: object) -> Drug:
        listed = tuple(coding for one in codings(concept) for coding in _with_name(one))
        text = concept_text(concept)
        if listed and text == listed[0].code:
            text = listed[-1].display or text
        key = (listed, text)
        drug = self._cache.get(key)
        if drug is None:
            drug = self._cache[key] = self._of_codings(listed, text[: LONGEST_TEXT + 1])
        return drug

    def _of_codings(self, listed: tuple[Coding, ...], text: str) -> Drug:
        if not listed and not text:
            return _NO_DRUG
        classes = self._classes_of_codes(listed)
        texts = list(dict.fromkeys([*(coding.display for coding in listed if coding.display), text]))
        # One letter more than is read, so that a text that was cut off is known to be.
        texts = [words[: LONGEST_TEXT + 1] for words in texts if words]
        found = self._by_code(listed)
        named = self._by_text(texts, _rxnorm_displays(listed))
        if found is None or found.by == "ingredient":
            found = _together(found, named)
        elif named is not None and _names_more(named, found):
            # Words beside a code add what it does not tell, and take nothing away.
            more = ", ".join(sorted(map(self._name, named.parts.keys() - found.parts.keys())))
            note = Note(NoteCode.NAMES_MORE, words=more)
            found = replace(found, parts={**named.parts, **found.parts}, notes=(*found.notes, note))
        if found is None:
            by = "class" if classes else self._by_other(listed, texts)
            route = _route_of(listed, texts) if classes else None
            return Drug((), classes, route, recognised=by is not None, text=text, by=by)
        route = _route_of(listed, texts)
        ingredients = tuple(self._ingredients(found, texts))
        # A code tells one product; of a brand the words tell which product it is.
        route = route or found.route if found.by == "brand" else found.route or route
        if route is None and any(_PATCH.search(words) for words in texts):
            # Patches of local analgesics stay in the skin; any other patch is meant for the whole body.
            route = "topical" if all(_TOPICAL in one.classes for one in ingredients) else "transdermal"
        if route is None:
            route = self._only_local_route(ingredients)
        everything = classes.union(*(one.classes for one in ingredients), self._classes_of_words(texts))
        if all(text == coding.code for coding in listed) and listed:
            text = " / ".join(one.name for one in ingredients)
        return Drug(ingredients, everything, route, found.is_complete, text, found.by, found.notes, found.unrecognised)

    def _classes_of_codes(self, listed: Iterable[Coding]) -> frozenset[str]:
        """The sets of products and classes in which codes lie: of a package those of the drug in it."""
        own = ((coding.system, coding.code) for coding in listed if coding.system in {RXNORM, ATC})
        packed = ((RXNORM, code) for code in self._rxcuis(coding for coding in listed if coding.system == NDC))
        return _NOTHING.union(*(self._index.sets_of(system, code) for system, code in (*own, *packed)))

    def _classes_of_words(self, texts: Sequence[str]) -> Iterator[str]:
        """The sets of products of one dose form that the words tell, where no code does."""
        found = {number for words in texts for number in self._words.found_in(words)}
        yield from (self._in_words[number] for number in sorted(found))

    def _only_local_route(self, ingredients: Sequence[Ingredient]) -> str | None:
        """The local route of drugs that are made for no other: nepafenac is for the eye, whatever the entry says."""
        routes = {self._table.only_route(one.rxcui) for one in ingredients}
        return next(iter(routes)) if len(routes) == 1 and routes <= LOCAL_ROUTES else None

    def _name(self, rxcui: str) -> str:
        return self._names.get(rxcui, rxcui.removeprefix(_NAMED_ONLY))

    def _ingredients(self, found: _Found, texts: Iterable[str]) -> Iterator[Ingredient]:
        """The ingredients with their strengths, from the words where the code does not tell them."""
        strengths: Mapping[str, tuple[Decimal, str]] = {}
        if any(strength is None for strength, _ in found.parts.values()):
            readings = [self._text.read(words) for words in texts]
            strengths = {code: strength for one in reversed(readings) for code, strength in one.strengths.items()}
            strengths = strengths or self._strengths_as_sold(found, texts)
        for rxcui, strength in sorted(found.parts.items()):
            yield self._ingredient(rxcui, *(strength if strength[0] is not None else strengths.get(rxcui, strength)))

    def _strengths_as_sold(self, found: _Found, texts: Iterable[str]) -> Mapping[str, tuple[Decimal, str]]:
        """The strengths of a brand of two ingredients that tells them as a group: "Norco 10/325"."""
        if len(found.parts) != 2 or not found.is_complete:  # noqa: PLR2004  # both of the two
            return {}
        groups = (group_of_strengths(words) for words in texts)
        sold = (self._table.strengths_of(found.parts, group) for group in groups if group)
        return {code: (strength, "") for one in sold for code, strength in one.items()}

    def _ingredient(self, rxcui: str, strength_mg: Decimal | None, per: str) -> Ingredient:
        bare = Ingredient(rxcui, self._name(rxcui), _NOTHING, strength_mg, per)
        return replace(bare, classes=self._index.sets_of(*bare.coding))

    def _by_code(self, listed: Iterable[Coding]) -> _Found | None:
        """Codes of ingredients, drugs, packages and substances; several codings of one drug add up."""
        parts: dict[str, tuple[Decimal | None, str]] = {}
        by, is_complete = "ingredient", True
        route: str | None = None
        for rxcui in self._rxcuis(listed):
            row = self._table.drug(rxcui)
            if row is not None:
                by, route = "table", route or row.route
                is_complete &= row.is_complete
                for part in row.parts:
                    for code in self._codes_of_part(part.rxcui):
                        if parts.get(code, (None, ""))[0] is None:
                            parts[code] = (part.strength_mg, part.per)
            elif rxcui in self._names:
                parts.setdefault(rxcui, (None, ""))
        notes = () if is_complete else (Note(NoteCode.INGREDIENT_NOT_KNOWN),)
        return _Found(parts, by, route, notes, is_complete) if parts else None

    def _rxcuis(self, listed: Iterable[Coding]) -> Iterator[str]:
        for coding in listed:
            if coding.system in {RXNORM, LOCAL}:
                yield coding.code
            elif coding.system == NDC:
                meant = self._table.of_ndc(coding.code)
                # Ten digits without hyphens can be read in three ways: only if all of them agree.
                if len({self._table.drug(rxcui) for rxcui in meant}) == 1:
                    yield min(meant)
            elif coding.system == UNII:
                yield from self._of_unii(coding.code)

    def _of_unii(self, unii: str) -> Iterable[str]:
        base = self._table.of_unii(unii)
        return (base,) if base else self._uniis.get(unii.upper(), ())

    def _codes_of_part(self, code: str) -> tuple[str, ...]:
        """A part that the table has only by its name may be an ingredient that a value set knows by its name."""
        if not code.startswith(_NAMED_ONLY):
            return (code,)
        return self._text.read(code.removeprefix(_NAMED_ONLY)).codes or (code,)

    def _by_text(self, texts: Iterable[str], rxnorm_names: Sequence[str]) -> _Found | None:
        """What all texts together name; not the whole drug while one of them has a part that was not recognised."""
        readings = [(words, self._text.read(words)) for words in texts]
        readings = [(words, reading) for words, reading in readings if reading.codes]
        if not readings:
            return None
        plain = {code for _, reading in readings if reading.brand is None for code in reading.codes}
        if plain:
            # A brand beside its own drug adds nothing; beside another drug it names a further one.
            readings = [
                (words, reading)
                for words, reading in readings
                if reading.brand is None or plain.isdisjoint(reading.codes)
            ]
            readings.sort(key=lambda one: one[1].brand is not None)
        codes = sorted({code for _, reading in readings for code in reading.codes})
        unrecognised = tuple(
            dict.fromkeys(word for words, one in readings for word in self._unrecognised(words, one, rxnorm_names))
        )
        is_complete = (
            all(reading.is_complete or words in rxnorm_names for words, reading in readings) and not unrecognised
        )
        notes = [Note(NoteCode.NAME_NOT_READ, words=", ".join(unrecognised))] if unrecognised else []
        if not is_complete and not unrecognised:
            notes.append(Note(NoteCode.MORE_STRENGTHS))
        first = readings[0][1]
        parts = dict.fromkeys(codes, (None, ""))
        if first.brand is None:
            return _Found(parts, "name", None, tuple(notes), is_complete, unrecognised)
        brand = self._table.brand(first.brand)
        notes.append(Note(NoteCode.BY_BRAND_PRODUCTS_DIFFER if first.products_differ else NoteCode.BY_BRAND))
        route = brand.route if brand else None
        return _Found(parts, "brand", route, tuple(notes), is_complete, unrecognised)

    def _unrecognised(self, words: str, reading: Reading, rxnorm_names: Sequence[str]) -> tuple[str, ...]:
        """The words not recognised; those of a complete RxNorm name only when they could be a drug of ours."""
        if words in rxnorm_names and not may_be_ours(reading.unrecognised, self._ours):
            return ()
        return reading.unrecognised

    def _by_other(self, listed: Sequence[Coding], texts: Sequence[str]) -> str | None:
        """``nothing`` where an entry says that nothing is taken, ``other`` where its drug is none of ours."""
        names = [coding.display for coding in listed if coding.system == RXNORM and coding.display]
        says_nothing = bool(texts) and all(map(says_that_nothing_is_taken, texts))
        if says_nothing or any((coding.system, coding.code) == _TAKES_NOTHING for coding in listed):
            return TAKES_NOTHING
        is_no_drug = bool(texts) and all(self._text.read(words).is_no_drug for words in texts)
        return "other" if is_no_drug or is_other_drug(names, texts, self._ours) else None


_PATCH = Rare(r"\b(?:patch(?:es)?|pflaster|emplatre|empl\u00e2tre|parches?|plaster)\b")
_TOPICAL = "med-topical-analgesic"
_NO_DRUG = Drug((), _NOTHING, None, recognised=False, text="")


def _vocabulary(
    table: DrugTable, ingredients: Mapping[str, str]
) -> tuple[dict[str, frozenset[str]], dict[str, Sequence[frozenset[str]]]]:
    """Names with the ingredients they mean, and brands with the ingredients of each of their products."""
    names: dict[str, frozenset[str]] = {}
    for code, name in sorted(ingredients.items(), key=lambda item: (not item[0].isdigit(), item[0])):
        names.setdefault(name.lower(), frozenset({table.products_of.get(name.lower(), code)}))
    for salt, base in table.salts.items():
        names.setdefault(salt, frozenset({base}))
    brands: dict[str, Sequence[frozenset[str]]] = dict(table.brand_products)
    for name, meant, kind in drug_synonyms():
        if kind == "unii":
            continue
        codes = frozenset().union(
            *(names.get(one, frozenset({_NAMED_ONLY + one[1:]}) if one.startswith("=") else _NOTHING) for one in meant)
        )
        if codes and name not in names:
            if kind == "brand":
                brands.setdefault(name, (codes,))
            else:
                names[name] = codes
    return names, brands


def _with_parts(drug: Drug, listed: Sequence[Drug]) -> Drug:
    """A drug that its code or name tells, with the ingredients listed beside it: they add, and take nothing away.

    One that is listed and not recognised may be any, unless the code is that of a product, which holds what it holds.
    """
    known = {one.rxcui for one in drug.ingredients}
    more = {one.rxcui: one for part in listed for one in part.ingredients if one.rxcui not in known}
    is_complete = drug.by == "table" or all(part.recognised for part in listed)
    if not more and is_complete:
        return drug
    names = sorted(one.name for one in more.values())
    notes = [Note(NoteCode.NAMES_MORE, words=", ".join(names))] if more else []
    return replace(
        drug,
        ingredients=(*drug.ingredients, *(replace(one, strength_mg=None, per="") for one in more.values())),
        classes=drug.classes.union(*(one.classes for one in more.values())),
        recognised=is_complete,
        text=" / ".join([drug.text, *names]),
        notes=(*drug.notes, *notes),
    )


def _by_route(drug: Drug, route: str) -> Drug:
    """The drug by the route that stands beside its name."""
    if route == drug.route:
        return drug
    if drug.route is not None and (route in LOCAL_ROUTES) != drug.is_local:
        # One of the two is wrong. What may act on the whole body is taken to do so.
        return replace(drug, route=None, notes=(*drug.notes, Note(NoteCode.ROUTE_DOES_NOT_FIT)))
    return replace(drug, route=route)


def _names_more(named: _Found, found: _Found) -> bool:
    """Whether words name another drug than a code: of a brand, whose products differ, only if none of it is there."""
    told = named.parts.keys()
    return not told <= found.parts.keys() if named.by == "name" else found.parts.keys().isdisjoint(told)


def _together(one: _Found | None, other: _Found | None) -> _Found | None:
    """What the code of an ingredient says, and what the text adds to it."""
    if one is None or other is None:
        return one or other
    return replace(
        one,
        parts={**other.parts, **one.parts},
        notes=other.notes,
        is_complete=other.is_complete,
        unrecognised=other.unrecognised,
    )


def _with_name(coding: Coding) -> Iterator[Coding]:
    """The coding, and once more with its name where its code is an older one."""
    yield coding
    name = older_codes().get(coding.code) if coding.system == RXNORM else None
    if name:
        yield Coding(coding.system, coding.code, name)


def _rxnorm_displays(listed: Iterable[Coding]) -> list[str]:
    """Displays under an RxNorm code that are complete names: they spell out every ingredient."""
    names = [coding.display for coding in listed if coding.system == RXNORM and coding.display]
    return [name for name in names if parse_name(name).is_complete]


def _route_of(listed: Iterable[Coding], texts: Iterable[str]) -> str | None:
    """The route that an ATC group or the words tell."""
    for coding in listed:
        if coding.system == ATC:
            for group, route in _ATC_ROUTES:
                if coding.code.upper().startswith(group):
                    return route
    return next((in_words for words in texts if (in_words := route_of_words(words))), None)
