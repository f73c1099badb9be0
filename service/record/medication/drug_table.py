"""Drug table: from the code of a clinical drug, brand or salt to its ingredients, without a terminology server.

Reads the compact file in ``data/`` (see ``data/README.md``), made by ``tools/compact_drug_table.py``. Lines stay text
until they are asked for, which keeps loading quick and memory small.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import NamedTuple

FORMAT = "rxnorm-ingredients 1"
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
"""How the file writes a route; ``-`` for not told or unknown."""


class Part(NamedTuple):
    """One ingredient of a drug: its code, and its strength in mg per tablet or per ``per``."""

    rxcui: str
    strength_mg: Decimal | None
    per: str


@dataclass(frozen=True, slots=True)
class Row:
    """One drug of the table."""

    route: str | None
    parts: tuple[Part, ...]


class DrugTable:
    """The compact table in memory."""

    def __init__(self, text: str) -> None:
        head, _, body = text.partition("\n")
        if head != FORMAT:
            raise ValueError(f"the drug table is not in the format {FORMAT!r}")
        self.ingredients: dict[str, str] = {}
        self._drugs: dict[int, str] = {}
        self._brands: dict[str, str] = {}
        for line in body.splitlines():
            kind, key, rest = line.split("\t")
            if kind == "D":
                self._drugs[int(key)] = rest
            elif kind == "B":
                self._brands[key] = rest
            else:
                self.ingredients[key] = rest

    def __len__(self) -> int:
        return len(self._drugs)

    def drug(self, rxcui: str) -> Row | None:
        """The drug with this code; None when the table does not have it."""
        if not (rxcui.isascii() and rxcui.isdigit()):
            return None
        line = self._drugs.get(int(rxcui))
        return None if line is None else Row(ROUTE_LETTERS[line[0]], tuple(_part(text) for text in line[1:].split(",")))

    def brand(self, name: str) -> tuple[str, ...]:
        """The ingredients sold under a brand name (in lower case), over all its products; none when not known."""
        line = self._brands.get(name)
        return tuple(line.split(",")) if line else ()

    @property
    def brand_names(self) -> tuple[str, ...]:
        return tuple(self._brands)


def _part(text: str) -> Part:
    rxcui, _, strength = text.partition(":")
    number, _, per = strength.partition("/")
    return Part(rxcui, Decimal(number) if number else None, per)


@cache
def drug_table() -> DrugTable:
    """The table that ships with the service, loaded at first use."""
    packed = resources.files("service.record.medication").joinpath("data/rxnorm-ingredients.tsv.gz").read_bytes()
    return DrugTable(gzip.decompress(packed).decode())
