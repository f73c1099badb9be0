"""Elements: what each FHIR R4 type may hold, from a table made of the published definitions.

``data/fhir-r4.tsv`` has the types that are read here and their data types; ``tools/fhir_element_table.py`` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).resolve().parent / "data" / "fhir-r4.tsv"
_FORMAT = "fhir-elements 1"


@dataclass(frozen=True, slots=True)
class Element:
    """One element as it is written in JSON: the choices of ``value[x]`` are elements of their own.

    ``shape`` is the type whose elements an object here has; ``targets`` are the types a Reference may point at (empty:
    any). ``choice`` is the name before ``[x]``.
    """

    name: str
    type: str
    shape: str
    required: bool
    many: bool
    targets: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    choice: str | None = None


Shape = Mapping[str, Element]


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of every type by name. ``required`` are the names of which a type must have one, by type."""

    shapes: Mapping[str, Shape]
    required: Mapping[str, tuple[tuple[str, ...], ...]]

    def shape(self, type_: str) -> Shape | None:
        """The elements of a type, None when the table does not have it."""
        return self.shapes.get(type_)


@cache
def elements() -> Elements:
    """The table, read once. Raises ValueError when the file is of another format."""
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    if lines[0] != _FORMAT:
        raise ValueError(f"{_TABLE.name} is not of the format {_FORMAT}")
    rows = [line.split("\t") for line in lines[1:]]
    codes = {row[1]: frozenset(row[2].split(" ")) for row in rows if row[0] == "C"}
    shapes: dict[str, dict[str, Element]] = {}
    required: dict[str, list[tuple[str, ...]]] = {}
    for _, path, cardinality, types, binding in (row for row in rows if row[0] == "E"):
        owner, _, name = path.rpartition(".")
        spellings = _spelled(path, name, cardinality, types, codes.get(binding, frozenset()))
        shapes.setdefault(owner, {}).update({element.name: element for element in spellings})
        if not cardinality.startswith("0"):
            required.setdefault(owner, []).append(tuple(element.name for element in spellings))
    return Elements(shapes, {owner: tuple(names) for owner, names in required.items()})


def _spelled(path: str, name: str, cardinality: str, types: str, codes: frozenset[str]) -> list[Element]:
    minimum, _, maximum = cardinality.partition("..")
    stem = name.removesuffix("[x]")
    found: list[Element] = []
    for written in types.split(" "):
        type_, _, targets = written.rstrip(")").partition("(")
        spelling = stem + type_[0].upper() + type_[1:] if name != stem else name
        found.append(
            Element(
                name=spelling,
                type=type_,
                shape=_shape(path, type_),
                required=minimum != "0",
                many=maximum == "*",
                targets=frozenset(targets.split("|")) if targets else frozenset(),
                codes=codes,
                choice=stem if name != stem else None,
            )
        )
    return found


def _shape(path: str, type_: str) -> str:
    if type_.startswith("#"):
        return type_[1:]
    # What stands only here (BackboneElement, or a nameless Element) has its elements under its own path.
    return path if type_ in {"BackboneElement", "Element"} else type_
