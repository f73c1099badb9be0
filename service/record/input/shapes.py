"""Shapes: which elements of a resource cannot be read, so that what they would have said is unknown and not absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from service.note import Note, NoteCode, holds
from service.record.input.shape_table import ABOUT, NESTED, SHAPES, STATUS_NEEDED
from service.record.input.usual_shapes import are_usual, is_usual
from service.record.values.code_systems import SAYING_NOTHING, canonical_system, check_digit_fault
from service.record.values.dates import parse
from service.record.values.references import reference_text
from service.record.values.statuses import Counts, status_class, status_word
from service.record.values.units import decimal

UNREADABLE = Note(NoteCode.CANNOT_BE_READ)
_NOT_UNDERSTOOD = frozenset({NoteCode.STATUS_NOT_UNDERSTOOD})
NOT_GIVEN = Note(NoteCode.NOT_GIVEN)
CODE_UNREADABLE = Note(NoteCode.NO_CODE)
_STATUS = {"Condition": "clinicalStatus", "AllergyIntolerance": "clinicalStatus", "Goal": "lifecycleStatus"}
_CONCEPTS = frozenset(
    {"code", "orderDetail", "conclusionCode", "medicationCodeableConcept", "codeCodeableConcept", "category"}
)
"""Elements that hold concepts; what else a resource may be about is a reference or a list of parts."""
_SAYING = ("reference", "display", "substance", "linkId", "item", "identifier")
_DEEPEST = 12
_MOST = 5

_Reads = Callable[[Any], bool]
_Shapes = Mapping[str, tuple[_Reads, str | None, bool]]


class Flaw(NamedTuple):
    """One element that cannot be read, by its path inside the resource, and why."""

    element: str
    reason: Note


def flaws(resource: Mapping[str, Any], type_: str, *, under_review: bool = False) -> list[Flaw]:
    """The first elements of a resource (in R4 shape) that facts would read and cannot; empty when all can be read.

    What counts by its status for nothing (entered in error, a draft) is not looked at, unless it is the order
    ``under_review``. Total: odd input is reported, never raised.
    """
    if is_flawless(resource, type_):
        return []
    return looked_through(resource, type_, under_review=under_review)


def is_flawless(resource: Mapping[str, Any], type_: str) -> bool:
    """Whether a resource is written as nearly every one is, and says what it is about; of any other nothing is said."""
    about = ABOUT.get(type_)
    return is_usual(resource, type_) and (about is None or _is_about_something(resource, about[0]))


def are_flawless(resources: Sequence[Mapping[str, Any]], type_: str) -> bool:
    """The same of some resources of one type, all of them."""
    if not are_usual(resources, type_):
        return False
    about = ABOUT.get(type_)
    return about is None or _are_about_something(resources, about[0])


def _are_about_something(resources: Sequence[Mapping[str, Any]], name: str) -> bool:
    for resource in resources:
        value = resource.get(name)
        # Nearly every one says it in words; of any other it is looked at how.
        if not (type(value) is dict and _is_text(value.get("text"))) and not _is_about_something(resource, name):
            return False
    return True


def looked_through(resource: Mapping[str, Any], type_: str, *, under_review: bool = False) -> list[Flaw]:
    """The same, told by looking at each element."""
    shapes = _RESOURCES.get(type_)
    if shapes is None:
        return []
    found: list[Flaw] = []
    about = ABOUT.get(type_)
    if about is not None:
        for name in about:
            if _is_about_something(resource, name):
                break
        else:
            found.append(Flaw(about[0], CODE_UNREADABLE))
    if type_ in STATUS_NEEDED and resource.get("status") is None:
        found.append(Flaw("status", NOT_GIVEN))
    _look(resource, shapes, "", 0, found)
    status = status_class(resource)
    if not found and holds(status.note, _NOT_UNDERSTOOD):
        found.append(Flaw(_STATUS.get(type_, "status"), UNREADABLE))
    return found if under_review or status.counts is not Counts.NEVER else []


def _look(holder: Mapping[str, Any], shapes: _Shapes, path: str, depth: int, found: list[Flaw]) -> None:
    """Append the flaws of the elements of one object. One loop without generators: it runs over every resource."""
    for name, value in holder.items():
        if value is None or name not in shapes:
            continue
        reads, inner, may_repeat = shapes[name]
        if type(value) is list and may_repeat:
            for number, part in enumerate(value):
                if inner is None:
                    if not reads(part):
                        found.append(Flaw(f"{path}{name}[{number}]", UNREADABLE))
                else:
                    _look_inside(part, inner, f"{path}{name}[{number}]", depth, found)
        elif inner is not None:
            _look_inside(value, inner, path + name, depth, found)
        elif not reads(value):
            found.append(Flaw(path + name, UNREADABLE))
        if len(found) >= _MOST:
            return


def _look_inside(value: Any, inner: str, path: str, depth: int, found: list[Flaw]) -> None:
    if not isinstance(value, dict) or depth >= _DEEPEST:
        found.append(Flaw(path, UNREADABLE))
    else:
        _look(value, _NESTED[inner], f"{path}.", depth + 1, found)


def _says_something(value: Any) -> bool:
    """Whether a concept, a reference or a list of items holds words, a code with its system, or anything inside."""
    if isinstance(value, list):
        return any(_says_something(part) for part in value)
    if not isinstance(value, dict):
        return False
    text = value.get("text")
    if type(text) is str and text != "" and not text.isspace():
        return True
    if "coding" not in value:
        return any(name in value for name in _SAYING)
    # Without a generator: it runs over every resource.
    for coding in _codings(value):  # noqa: SIM110
        if _names_something(coding):
            return True
    return False


def _says_what(value: Any) -> bool:
    """The same of a concept, which is no reference."""
    if isinstance(value, dict) and "coding" not in value and "text" not in value:
        return _names_something(value)
    return _says_something(value)


def _is_about_something(resource: Mapping[str, Any], name: str) -> bool:
    return (_says_what if name in _CONCEPTS else _says_something)(resource.get(name))


def _names_something(coding: Any) -> bool:
    if not isinstance(coding, dict):
        return False
    code, system = coding.get("code"), coding.get("system")
    if type(system) is str and system in SAYING_NOTHING:
        return False
    if _is_text(coding.get("display")):
        return True
    if type(code) is not str or type(system) is not str or code.isspace() or not code:
        return False
    return not _has_typing_error(system, code)


def _has_typing_error(system: str, code: str) -> bool:
    known = canonical_system(system)
    return known is not None and check_digit_fault(known, code) is not None


def _codings(concept: Mapping[str, Any]) -> list[Any]:
    inner = concept.get("coding")
    return inner if type(inner) is list else [] if inner is None else [inner]


def _is_text(value: Any) -> bool:
    return type(value) is str and value != "" and not value.isspace()


def _is_word(value: Any) -> bool:
    return type(value) is str


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_boolean(value: Any) -> bool:
    return type(value) is bool


def _is_number(value: Any) -> bool:
    return decimal(value) is not None


def _is_date(value: Any) -> bool:
    return parse(value) is not None


def _is_status(value: Any) -> bool:
    return status_word(value) is not None


def _is_coding(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    system, code, display = value.get("system"), value.get("code"), value.get("display")
    return (
        (system is None or type(system) is str)
        and (code is None or type(code) is str)
        and (display is None or type(display) is str)
    )


def _is_concept(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    text = value.get("text")
    if text is not None and type(text) is not str:
        return False
    coding = value.get("coding")
    if coding is None:
        return True
    if type(coding) is not list:
        return _is_coding(coding)
    return _is_coding(coding[0]) if len(coding) == 1 else all(map(_is_coding, coding))


def _is_quantity(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    number, unit, code = value.get("value"), value.get("unit"), value.get("code")
    comparator = value.get("comparator")
    return (
        (number is None or decimal(number) is not None)
        and (unit is None or type(unit) is str)
        and (code is None or type(code) is str)
        and (comparator is None or type(comparator) is str)
    )


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, dict) and _is_end(value.get("low"), _is_quantity) and _is_end(value.get("high"), _is_quantity)
    )


def _is_period(value: Any) -> bool:
    return isinstance(value, dict) and _is_end(value.get("start"), _is_date) and _is_end(value.get("end"), _is_date)


def _is_end(value: Any, reads: _Reads) -> bool:
    return value is None or reads(value)


def _is_reference(value: Any) -> bool:
    if reference_text(value) is not None:
        return True
    return isinstance(value, dict) and value.get("reference") is None


_READS: Mapping[str, _Reads] = {
    "status": _is_status,
    "date": _is_date,
    "period": _is_period,
    "number": _is_number,
    "boolean": _is_boolean,
    "text": _is_word,
    "object": _is_object,
    "coding": _is_coding,
    "concept": _is_concept,
    "quantity": _is_quantity,
    "range": _is_range,
    "reference": _is_reference,
}
"""Whether a value can be read as a shape."""


def _prepared(table: Mapping[str, Mapping[str, str]]) -> dict[str, _Shapes]:
    return {name: {element: _shape(shape) for element, shape in shapes.items()} for name, shapes in table.items()}


def _shape(written: str) -> tuple[_Reads, str | None, bool]:
    """How a value is read, the nested object it is, and whether a list may stand in its place."""
    plain = written.removesuffix("*")
    inner = plain[1:-1] if plain.startswith("[") else None
    return _READS["object" if inner else plain], inner, plain != written


_RESOURCES = _prepared(SHAPES)
_NESTED = _prepared(NESTED)
