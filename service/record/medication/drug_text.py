"""Drug text: which ingredients a drug's text names, and whether it names all of them.

Every part of the text that may name an ingredient must be accounted for: "xyz 100 mg / paracetamol 325 mg" names
acetaminophen and something that was not recognised, so it shows the absence of nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from service.record.medication.drug_lexer import MOST_STRANGE, Codes, DrugLexer, Item, Kind, Products
from service.record.medication.drug_spelling import plain, wordings
from service.record.medication.drug_words import (
    CARRIERS,
    DEVICES,
    MADE_OF_DRUGS,
    NEVER_DRUGS,
    NO_MEDICATION,
    ORDINARY_BRANDS,
    SUPPLIES,
)
from service.record.values.rare import Rare

LONGEST_TEXT = 300
_CACHED = 5_000
STEMS = (
    *("fenac", "profen", "oxicam", "coxib", "fenamic", "fenamico", "fenamique", "fenamat", "fenamate", "salicylate"),
    *("xaban", "gatran", "parin", "grel", "azepam", "azolam", "barbital", "codone", "morphone", "morphine", "fentanil"),
    *("gabalin", "triptyline", "pramine", "oxetine", "citalopram", "faxine", "triptan", "pril", "sartan", "thiazide"),
)
"""Endings shared by the drugs of the classes we check. An unknown name with one of them may be one of those drugs."""

_BRACKETS = re.compile(r"\(([^()]*)\)")
_GLOSS = frozenset({Kind.NAME, Kind.PLAIN, Kind.JOINER})
_NO_MEDICATION = re.compile(NO_MEDICATION)
_MADE_OF_DRUGS = re.compile(MADE_OF_DRUGS)
_DEVICE = Rare(DEVICES)
_NEVER_DRUGS = Rare(NEVER_DRUGS)
_SUPPLIES = Rare(SUPPLIES)
_NAMES = frozenset({Kind.NAME, Kind.BRAND})
_MAY_NAME = _NAMES | {Kind.UNKNOWN}
_CUTS = frozenset({Kind.JOINER, Kind.BREAK})
_GROUP = re.compile(
    r"(?<![\d/.-])(\d+(?:[.,]\d+)?)\s?(?:mg|mcg)?\s?[-/]\s?(\d+(?:[.,]\d+)?)(?:\s?[-/]\s?(\d+(?:[.,]\d+)?))?(?![\d/]|[.,]\d)"
    r"(?!\s?(?:ml\b|l\b|hours?|hrs?|h\b|days?|weeks?|times|tab|cap|puff|drop|spray|pill|ct\b|x\b|actuat|dose|act\b|inh))"
)
"""A group of strengths as in "5-325" or "10/20/12.5 mg", not a range of tablets and no volume."""
_TIMES_OF_DAY = re.compile(
    r"(?<![\d.,/-])(?:\d|1/2|0[.,]5)(?:\s?-\s?(?:\d|1/2|0[.,]5)){2,3}(?![\d.,/-]|\s?(?:mg|mcg|g|ug)\b)"
)
"""Morning, noon, evening, night, as written in Europe: "1-0-1" is no group of strengths."""
_IN_MG = re.compile(r"\s?(?:mg\b)?(?!\s?/|\s?per\s+\d|.*\b(?:ml|mcg|units?)\b)")
"""Milligrams in one piece, not in a volume."""
_HALF = [1.0, 2.0]
_MIXTURE = 100.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says: the ingredients named (codes), whether that is all of it, and the words not recognised.

    ``brand`` is the brand it was read by, when no ingredient is named; ``products_differ`` says that the brand has
    products with other ingredients; ``is_no_drug`` that the text is of a vaccine, a device or a supply, or says that
    nothing is taken; ``strengths`` how much of an ingredient is in one piece (mg, or per ``ML``, ``HR``, ``ACTUAT``).
    """

    codes: tuple[str, ...] = ()
    is_complete: bool = False
    unrecognised: tuple[str, ...] = ()
    brand: str | None = None
    products_differ: bool = False
    is_no_drug: bool = False
    strengths: Mapping[str, tuple[Decimal, str]] = field(default_factory=dict)


class DrugText:
    """Finds ingredients in texts. ``names`` leads from a name to codes; ``brands`` from a brand to its products."""

    def __init__(self, names: Mapping[str, Codes], brands: Mapping[str, Products]) -> None:
        self._lexer = DrugLexer(names, brands)
        self._stored = lru_cache(_CACHED)(self._whole)

    def read(self, text: str) -> Reading:
        """What the text names; nothing when it names no ingredient that is known."""
        return self._stored(text[: LONGEST_TEXT + 1])

    def _whole(self, text: str) -> Reading:
        readings = [self._read(words) for words in wordings(plain(text[:LONGEST_TEXT]))]
        best = max(readings, key=lambda reading: (len(reading.codes), reading.is_complete))
        # What was cut off may name anything.
        return replace(best, is_complete=False, is_no_drug=False) if len(text) > LONGEST_TEXT else best

    def _read(self, flat: str) -> Reading:
        items = self._lexer.items(flat)
        if _NO_MEDICATION.fullmatch(flat):
            return Reading(is_complete=True, is_no_drug=True)
        if any(item.kind is Kind.NAME for item in items):
            devices = {device[1] for device in _MADE_OF_DRUGS.finditer(flat)} if _DEVICE.search(flat) else ()
            items = [item for item in items if item.kind is not Kind.NAME or item.text not in devices]
        found: dict[str, None] = {}
        for item in items:
            if item.kind is Kind.NAME:
                found.update(dict.fromkeys(sorted(item.codes)))
        has_unknown = any(item.kind is Kind.UNKNOWN for item in items)
        brands = [
            item for item in items if item.kind is Kind.BRAND and not (has_unknown and item.text in ORDINARY_BRANDS)
        ]
        if not found and not brands:
            unrecognised = tuple(dict.fromkeys(item.text for item in items if item.kind is Kind.UNKNOWN))
            return Reading(unrecognised=unrecognised, is_no_drug=_is_no_drug(flat, items))
        brand = brands[0].brand if not found else None
        differ = False
        for item in brands:
            added, differs = _sold_with(item.products, frozenset(found))
            found.update(dict.fromkeys(sorted(added)))
            differ |= differs
        brand_words = self._brand_before_its_ingredients(flat)
        unrecognised = tuple(dict.fromkeys(word for word in _unrecognised(items) if word not in brand_words))
        unrecognised += _further_parts(flat, items, len(found))
        is_looked_through = sum(item.kind is Kind.UNKNOWN for item in items) < MOST_STRANGE
        is_complete = not unrecognised and is_looked_through and _strength_count(flat) <= len(found)
        return Reading(
            tuple(found), is_complete, unrecognised, brand, differ, strengths=_strengths(items, tuple(found), flat)
        )

    def _brand_before_its_ingredients(self, flat: str) -> frozenset[str]:
        """The words of a brand that is not known but explained: "Reaptan 10 mg/10 mg (perindopril/amlodipine)"."""
        found = _BRACKETS.search(flat)
        if found is None:
            return frozenset()
        before, inside = self._lexer.items(flat[: found.start()]), self._lexer.items(found[1])
        explains = any(item.kind is Kind.NAME for item in inside) and all(item.kind in _GLOSS for item in inside)
        is_brand = all(item.kind in {Kind.UNKNOWN, Kind.STRENGTH, Kind.PLAIN} for item in before)
        words = (item.text for item in before if item.kind is Kind.UNKNOWN)
        return frozenset(word for word in words if not word.endswith(STEMS)) if explains and is_brand else frozenset()


def says_that_nothing_is_taken(text: str) -> bool:
    """Whether the whole text says so: "none", "no known medication"."""
    return any(_NO_MEDICATION.fullmatch(words) for words in wordings(plain(text[:LONGEST_TEXT])))


_FURTHER = re.compile(r"\b(?:compound|comp|compositum|plus|hct)\b|\bco(?=[- ][a-z])")
"""Words that say that a product holds something more than the one ingredient named."""


def _further_parts(flat: str, items: Sequence[Item], count: int) -> tuple[str, ...]:
    """What says that there is a further part, outside the names and brands read; a compound always holds one."""
    read = [item.text for item in items if item.kind in _NAMES]
    words = (found[0] for found in _FURTHER.finditer(flat) if count == 1 or found[0] == "compound")
    return tuple(dict.fromkeys(word for word in words if not any(word in name.split() for name in read)))


def _is_no_drug(flat: str, items: Sequence[Item]) -> bool:
    """Whether a text that names no ingredient is of a vaccine, a device or a supply, and of nothing else."""
    is_never = _NEVER_DRUGS.search(flat) is not None
    supplies = () if is_never else _SUPPLIES.spans(flat)
    if not (is_never or supplies) or any(item.kind is Kind.STRENGTH or item.text.endswith(STEMS) for item in items):
        return False
    rest = " ".join(flat[end:start] for (_, end), (start, _) in pairwise([(0, 0), *supplies, (len(flat), 0)]))
    return is_never or not any(item.kind is Kind.UNKNOWN and item.text in rest for item in items)


def _sold_with(products: Products, named: Codes) -> tuple[Codes, bool]:
    """What a brand adds to the ingredients named beside it, and whether its products differ."""
    if any(product <= named for product in products):
        return frozenset(), False
    fitting = [product for product in products if named <= product] or list(products)
    return frozenset().union(*fitting), len(fitting) > 1


def _strengths(items: Sequence[Item], codes: tuple[str, ...], flat: str) -> dict[str, tuple[Decimal, str]]:
    """The strength that follows each name; one that stands anywhere, when there is one of it and one ingredient."""
    strengths = [item for item in items if item.kind is Kind.STRENGTH]
    if len(codes) == 1:
        one = strengths[0] if len(strengths) == 1 and _strength_count(flat) == 1 else None
        return {codes[0]: (one.strength_mg, one.per)} if one and one.strength_mg is not None else {}
    named = [item for item in items if item.kind is Kind.NAME]
    grouped = _grouped(flat) if all(len(item.codes) == 1 for item in named) else ()
    if grouped and tuple(dict.fromkeys(next(iter(item.codes)) for item in named)) == codes:
        return dict(zip(codes, grouped, strict=True)) if len(grouped) == len(codes) else {}
    found: dict[str, tuple[Decimal, str]] = {}
    name: Item | None = None
    for item in items:
        if item.kind in _MAY_NAME:
            name = item if item.kind is Kind.NAME and len(item.codes) == 1 else None
        elif item.kind is Kind.STRENGTH:
            if name is not None and item.strength_mg is not None:
                found.setdefault(next(iter(name.codes)), (item.strength_mg, item.per))
            name = None
    return found


def group_of_strengths(text: str) -> Sequence[Decimal]:
    """The numbers of the one group of milligrams in a text, in the order written: "Norco 10/325"."""
    return [strength for strength, _ in _grouped(plain(text[:LONGEST_TEXT]))]


def _grouped(flat: str) -> Sequence[tuple[Decimal, str]]:
    """The strengths of the one group of milligrams in a text, in the order of the names: "10-325 mg tablet"."""
    flat = _TIMES_OF_DAY.sub(" ", flat)
    groups = list(_GROUP.finditer(flat))
    after = _IN_MG.match(flat, groups[0].end()) if len(groups) == 1 else None
    numbers = [number.replace(",", ".") for number in groups[0].groups() if number] if after else []
    return [(Decimal(number), "") for number in numbers]


def _unrecognised(items: Sequence[Item]) -> Iterator[str]:
    """The words that may name an ingredient and were not recognised.

    Beside a name that is read, other words of the part are taken for a company or a comment, unless they end like one
    of our drugs, or the name is of something that is often only the carrier.
    """
    for part in _parts(items):
        names = [item.text for item in part if item.kind in _NAMES]
        unknown = [item.text for item in part if item.kind is Kind.UNKNOWN]
        if any(name not in CARRIERS for name in names):
            unknown = [word for word in unknown if word.endswith(STEMS)]
        yield from unknown


def _parts(items: Sequence[Item]) -> Iterator[list[Item]]:
    """The stretches that may each name one ingredient: cut at joiners, and where a word follows a strength.

    What follows a comma or a strength counts only when it has a strength itself, ends like one of our drugs, or is a
    single word: the rest of a text is of how the drug is taken.
    """
    for is_joined, stretch in _stretches(items):
        part = [item for item in stretch if item.kind in _MAY_NAME or item.kind is Kind.STRENGTH]
        is_single = len(stretch) == 1
        if is_joined or is_single or any(item.kind is Kind.STRENGTH or item.text.endswith(STEMS) for item in part):
            yield part


def _stretches(items: Sequence[Item]) -> Iterator[tuple[bool, list[Item]]]:
    stretch: list[Item] = []
    is_joined, has_strength = True, False
    for item in items:
        cuts = item.kind in _CUTS
        if cuts or (has_strength and item.kind in _MAY_NAME):
            yield is_joined, stretch
            stretch = []
            is_joined, has_strength = item.kind is Kind.JOINER, False
        if not cuts:
            stretch.append(item)
            has_strength = has_strength or item.kind is Kind.STRENGTH
    yield is_joined, stretch


def _strength_count(flat: str) -> int:
    """How many strengths a group of them tells; 1 when there is no group."""
    most = 1
    for found in _GROUP.finditer(_TIMES_OF_DAY.sub(" ", flat)):
        numbers = [float(number.replace(",", ".")) for number in found.groups() if number]
        # "1/2 tablet"; "70/30" is the mixture of one insulin.
        if numbers[:2] != _HALF and sum(numbers) != _MIXTURE:
            most = max(most, len(numbers))
    return most
