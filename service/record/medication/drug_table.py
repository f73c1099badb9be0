"""Drug table: from the code of a drug, brand or salt to its ingredients, without a terminology server.

Reads the compact files in ``data/`` (see ``data/README.md``), made by ``tools/compact_drug_table.py``: the whole
prescribable content of RxNorm. Lines stay bytes in one block until they are asked for, found by bisection, which keeps
loading quick and memory small; the package codes are loaded when the first one is asked for.
"""

from __future__ import annotations

import gzip
import sys
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from importlib import resources
from typing import NamedTuple

DRUGS_FORMAT = "rxnorm-drugs 2"
NAMES_FORMAT = "rxnorm-names 2"
NDC_FORMAT = "rxnorm-ndc 2"
ROUTE_LETTERS = {
    "o": "oral",
    "t": "topical",
    "i": "injectable",
    "b": "buccal-sublingual",
    "r": "rectal",
    "e": "ophthalmic",
    "n": "nasal",
    "d": "transdermal",
    "a": "otic",
    "h": "inhaled",
    "v": "vaginal",
    "m": "implant",
    "-": None,
}
"""How the files write a route; ``-`` for not told or unknown."""

_LONGEST_CODE = 8
"""RxNorm codes have at most seven digits today; what is longer is no code, however many digits it has."""
_NDC_DIGITS = 11
_SUFFIX = 4
_PRODUCT_DIGITS = 9
_SEGMENTS = (5, 4, 2)


class Part(NamedTuple):
    """One ingredient of a drug: its code, and its strength in mg per tablet or per ``per``."""

    rxcui: str
    strength_mg: Decimal | None
    per: str


@dataclass(frozen=True, slots=True)
class Row:
    """One drug of the table. ``is_complete`` is False when its name has more parts than the table has ingredients."""

    route: str | None
    parts: tuple[Part, ...]
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand name: the route all its products share, if they do, and the ingredients of each kind of product."""

    route: str | None
    products: tuple[frozenset[str], ...]


class PackageTable:
    """National drug codes (NDC) to RxNorm codes: by product, and by package where a product code names several."""

    def __init__(self, data: bytes) -> None:
        head, _, body = data.partition(b"\n")
        words = head.decode().rsplit(" ", 2)
        if words[0] != NDC_FORMAT:
            raise ValueError(f"the package table is not in the format {NDC_FORMAT!r}")
        products, packages = int(words[1]), int(words[2])
        self._products, body = _numbers("I", body, products)
        self._drugs_of_products, body = _numbers("I", body, products)
        self._packages, body = _numbers("Q", body, packages)
        self._drugs_of_packages, _ = _numbers("I", body, packages)

    def __len__(self) -> int:
        return len(self._products)

    def drugs(self, code: str) -> frozenset[str]:
        """The drugs a code may mean: one for a code of 11 digits or with hyphens, several for 10 digits without."""
        found = (self._of_eleven(digits) for digits in _eleven_digits(code))
        return frozenset(rxcui for rxcui in found if rxcui is not None)

    def _of_eleven(self, digits: str) -> str | None:
        product = _find(self._products, int(digits[:_PRODUCT_DIGITS]))
        if product is not None:
            return str(self._drugs_of_products[product])
        package = _find(self._packages, int(digits))
        return None if package is None else str(self._drugs_of_packages[package])


def _eleven_digits(code: str) -> list[str]:
    """The eleven digits a national drug code stands for; several when one zero is missing and no hyphen says where."""
    if not code.isascii() or len(code) > _NDC_DIGITS + 2:
        return []
    segments = code.split("-")
    if not all(part.isdigit() for part in segments):
        return []
    if len(segments) in {2, 3}:
        padded = [part.zfill(size) for part, size in zip(segments, _SEGMENTS, strict=False)]
        return ["".join(padded).ljust(_NDC_DIGITS, "0")] if sum(map(len, padded)) <= _NDC_DIGITS else []
    if len(segments) > 1:
        return []
    if len(code) == _NDC_DIGITS:
        return [code]
    if len(code) == _NDC_DIGITS - 1:
        return ["0" + code, code[:5] + "0" + code[5:], code[:9] + "0" + code[9:]]
    return []


class DrugTable:
    """The compact tables in memory."""

    def __init__(self, drugs: bytes, names: str) -> None:
        head, _, body = drugs.partition(b"\n")
        form, _, count = head.decode().rpartition(" ")
        if form != DRUGS_FORMAT or not names.startswith(NAMES_FORMAT + "\n"):
            raise ValueError(f"the drug table is not in the formats {DRUGS_FORMAT!r} and {NAMES_FORMAT!r}")
        self._codes, body = _numbers("I", body, int(count))
        self._offsets, self._lines = _numbers("I", body, int(count) + 1)
        self.ingredients: dict[str, str] = {}
        self.salts: dict[str, str] = {}
        self._uniis: dict[str, str] = {}
        self._routes: dict[str, str] = {}
        self._brands: dict[str, str] = {}
        for line in names.splitlines()[1:]:
            kind, first, second, third, *last = line.split("\t")
            if kind == "B":
                self._brands[first] = f"{second}{third}"
                continue
            base, route = last
            if route != "-":
                self._routes[first] = route
            if base:
                self.salts[second.lower()] = base
            else:
                self.ingredients[first] = second
            if third:
                self._uniis[third] = base or first
        self.products_of = self._without_suffix()

    def _without_suffix(self) -> Mapping[str, str]:
        """By the name of a biological product with its suffix of four letters ("infliximab-dyyb"), the ingredient.

        Where the source says so it is a salt of the ingredient; for those it forgets, the name does.
        """
        codes = {name.lower(): code for code, name in self.ingredients.items()}
        found: dict[str, str] = {}
        for name in codes:
            stem, _, suffix = name.rpartition("-")
            if len(suffix) == _SUFFIX and suffix.isalpha() and stem in codes:
                found[name] = codes[stem]
        return found

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code of a drug in the table."""
        return tuple(map(str, self._codes))

    def drug(self, rxcui: str) -> Row | None:
        """The drug with this code; None when the table does not have it."""
        if not (rxcui.isascii() and rxcui.isdigit() and len(rxcui) <= _LONGEST_CODE):
            return None
        index = _find(self._codes, int(rxcui))
        if index is None:
            return None
        line = self._lines[self._offsets[index] : self._offsets[index + 1]].decode()
        parts = line[1:].lstrip("?")
        return Row(ROUTE_LETTERS[line[0]], tuple(map(_part, parts.split(","))), is_complete=not line.startswith("?", 1))

    def only_route(self, rxcui: str) -> str | None:
        """The route that all products of an ingredient share; None when they differ or do not tell it."""
        return ROUTE_LETTERS[self._routes.get(rxcui, "-")]

    def of_unii(self, unii: str) -> str | None:
        """The ingredient with this UNII (FDA's code of a substance)."""
        return self._uniis.get(unii.upper())

    def of_ndc(self, code: str) -> frozenset[str]:
        """The drugs a national drug code (NDC) may mean, by RxNorm code."""
        return self._packages.drugs(code)

    def strengths_of(self, codes: Collection[str], numbers: Collection[Decimal]) -> Mapping[str, Decimal]:
        """Which of two numbers is the strength (mg in one piece) of which of two ingredients, by the drugs there are.

        Empty when no drug has them so, or drugs have them both ways round.
        """
        pair = frozenset(codes)
        found = [sold for sold in self._pairs.get(pair, ()) if sorted(sold.values()) == sorted(numbers)]
        return found[0] if len(found) == 1 else {}

    @cached_property
    def _pairs(self) -> Mapping[frozenset[str], Sequence[Mapping[str, Decimal]]]:
        """The strengths in which drugs of two ingredients are sold, by the ingredients; read when first asked for."""
        pairs: dict[frozenset[str], list[Mapping[str, Decimal]]] = {}
        for code in self.codes:
            row = self.drug(code)
            parts = row.parts if row is not None and row.is_complete else ()
            sold = {part.rxcui: part.strength_mg for part in parts if part.strength_mg is not None and not part.per}
            if len(parts) == len(sold) == 2:  # noqa: PLR2004  # both of the two
                known = pairs.setdefault(frozenset(sold), [])
                if sold not in known:
                    known.append(sold)
        return pairs

    @cached_property
    def _packages(self) -> PackageTable:
        return PackageTable(_unpacked("rxnorm-ndc.bin.gz"))

    def brand(self, name: str) -> Brand | None:
        """What is sold under a brand name (in lower case); None when it is not known."""
        line = self._brands.get(name)
        if line is None:
            return None
        return Brand(ROUTE_LETTERS[line[0]], tuple(frozenset(one.split(",")) for one in line[1:].split("|")))

    @cached_property
    def brand_products(self) -> Mapping[str, Sequence[frozenset[str]]]:
        """Of every brand name (in lower case) the ingredients of each of its products; read once."""
        return {name: found.products for name in self._brands if (found := self.brand(name))}


def _numbers(typecode: str, data: bytes, count: int) -> tuple[array[int], bytes]:
    numbers = array(typecode)
    size = numbers.itemsize * count
    numbers.frombytes(data[:size])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers, data[size:]


def _find(numbers: array[int], wanted: int) -> int | None:
    index = bisect_left(numbers, wanted)
    return index if index < len(numbers) and numbers[index] == wanted else None


def _part(text: str) -> Part:
    rxcui, _, strength = text.partition(":")
    number, _, per = strength.partition("/")
    return Part(rxcui, Decimal(number) if number else None, per)


def _unpacked(name: str) -> bytes:
    return gzip.decompress(resources.files("service.record.medication").joinpath(f"data/{name}").read_bytes())


@cache
def drug_table() -> DrugTable:
    """The table that ships with the service, loaded at first use."""
    return DrugTable(_unpacked("rxnorm-drugs.bin.gz"), _unpacked("rxnorm-names.tsv.gz").decode())


@cache
def older_codes() -> Mapping[str, str]:
    """RxNorm codes that the table lacks and records hold, with their names."""
    text = resources.files("service.record.medication").joinpath("data/rxnorm-older-codes.tsv").read_text("utf-8")
    rows = [line.split("\t", 1) for line in text.splitlines() if not line.startswith("#")]
    return {row[0]: row[1] for row in rows}


def drug_synonyms() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Each other name, the names it leads to, and of what kind it is; ``=`` stands before a drug of no class."""
    file = resources.files("service.record.medication").joinpath("data/brands-and-synonyms.tsv")
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, meant, kind = line.split("\t")
            yield name, tuple(meant.split("+")), kind
