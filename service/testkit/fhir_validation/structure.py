"""Structure: one FHIR R4 resource held against the table of elements; every issue in one pass, each with its path."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.errors import Issue, Severity
from service.testkit.fhir_validation.elements import Element, Shape, elements
from service.testkit.fhir_validation.invariants import broken
from service.testkit.fhir_validation.primitives import PRIMITIVES, kind_of, wrong_in

_PLACE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-._]+(?:/_history/[^/]+)?")
# Marks that serialisers leave in and everybody passes over.
_IGNORED = frozenset({"resourceType", "fhir_comments"})
_MANY_CODES = 15
# Looking for what was meant takes time, and nobody reads so many.
_MOST_HINTS = 20

Json = Mapping[str, Any]


@dataclass
class Structure:
    """The issues of one resource. ``nested`` are the resources inside it, with their paths: not looked at here."""

    issues: list[Issue] = field(default_factory=list)
    nested: list[tuple[Any, str]] = field(default_factory=list)

    def add_issue(self, where: str, text: str, code: str = "structure", severity: Severity = Severity.ERROR) -> None:
        """Add an issue at a path."""
        self.issues.append(Issue(where, text, code=code, severity=severity))


def knows(type_: object) -> bool:
    """Whether the table has this resource type."""
    return isinstance(type_, str) and elements().shape(type_) is not None


def check_structure(resource: Json, where: str) -> Structure:
    """Everything structural that is wrong with a resource of a type the table knows."""
    found = Structure()
    _object(found, resource, str(resource["resourceType"]), where)
    return found


def _object(found: Structure, value: Json, type_: str, where: str) -> None:
    shape = elements().shape(type_)
    if shape is None:
        return
    for name, member in value.items():
        if name in _IGNORED:
            continue
        element = _element(shape, name)
        path = f"{where}.{name}"
        if element is None:
            found.add_issue(path, _unknown(shape, name, type_, hint=len(found.issues) < _MOST_HINTS))
        elif member is None:
            found.add_issue(path, "must be left out instead of null")
        elif name.startswith("_"):
            _extras(found, member, path)
        else:
            _member(found, element, member, path, is_resource="resourceType" in value)
    _needed(found, value, type_, where)
    _chosen(found, value, shape, where)
    for key, text in broken(type_, value):
        found.add_issue(where, f"{text} ({key})", "invariant")


def _element(shape: Shape, name: str) -> Element | None:
    if not name.startswith("_"):
        return shape.get(name)
    element = shape.get(name[1:])
    return element if element is not None and element.type in PRIMITIVES else None


def _unknown(shape: Shape, name: str, type_: str, *, hint: bool) -> str:
    near = difflib.get_close_matches(name, shape, 1, 0.75) if hint else []
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"{type_} has no such element in R4{meant}"


def _extras(found: Structure, value: object, where: str) -> None:
    """The ``_name`` beside a primitive: id and extensions of it."""
    for extra in value if isinstance(value, list) else [value]:
        if isinstance(extra, Mapping):
            _object(found, extra, "Element", where)
        elif extra is not None:
            found.add_issue(where, f"must be an object, is {kind_of(extra)}")


def _member(found: Structure, element: Element, value: object, where: str, *, is_resource: bool) -> None:
    if element.many != isinstance(value, list):
        wanted = "an array" if element.many else "a single value"
        found.add_issue(where, f"must be {wanted}, is {kind_of(value)}")
    if value == []:
        found.add_issue(where, "must be left out instead of empty")
        return
    listed = isinstance(value, list)
    for number, part in enumerate(value if isinstance(value, list) else [value]):
        _value(found, element, part, f"{where}[{number}]" if listed else where, is_resource=is_resource)


def _value(found: Structure, element: Element, value: object, where: str, *, is_resource: bool) -> None:
    if element.type in PRIMITIVES:
        if value is None:
            # null stands in an array of primitives where only an extension is given.
            return
        # The id of a resource is narrower than the id of an element, which the definitions do not show.
        type_ = "id" if is_resource and element.name == "id" else element.type
        wrong = wrong_in(type_, value)
        if wrong is not None:
            found.add_issue(where, wrong, "value")
        elif element.codes and value not in element.codes:
            found.add_issue(where, f"is not a code of the required value set{_listed(element)}", "code-invalid")
    elif not isinstance(value, Mapping):
        found.add_issue(where, f"must be an object, is {kind_of(value)}")
    elif not value:
        found.add_issue(where, "must be left out instead of empty")
    elif element.type == "Resource":
        found.nested.append((value, where))
    else:
        _object(found, value, element.shape, where)
        _bound(found, element, value, where)


def _bound(found: Structure, element: Element, value: Json, where: str) -> None:
    if element.type == "Reference" and element.targets:
        _target(found, element, value, where)
    elif element.codes and element.type == "CodeableConcept":
        codings = value.get("coding")
        codes = [one.get("code") for one in codings if isinstance(one, Mapping)] if isinstance(codings, list) else []
        if not any(isinstance(code, str) and code in element.codes for code in codes):
            found.add_issue(where, f"needs a coding of the required value set{_listed(element)}", "code-invalid")


def _target(found: Structure, element: Element, value: Json, where: str) -> None:
    text = value.get("reference")
    named = _PLACE.fullmatch(text) if isinstance(text, str) else None
    if named is not None and named[1] not in element.targets:
        allowed = ", ".join(sorted(element.targets))
        found.add_issue(f"{where}.reference", f"refers to another type than {allowed}", "value")


def _listed(element: Element) -> str:
    if len(element.codes) > _MANY_CODES:
        return ""
    return f": {', '.join(sorted(element.codes))}"


def _needed(found: Structure, value: Json, type_: str, where: str) -> None:
    for names in elements().required.get(type_, ()):
        if any(name in value or f"_{name}" in value for name in names):
            continue
        if len(names) == 1:
            found.add_issue(f"{where}.{names[0]}", "is required", "required")
        else:
            found.add_issue(where, f"one of {', '.join(names)} is required", "required")


def _chosen(found: Structure, value: Json, shape: Shape, where: str) -> None:
    for stem, names in _choices(value, shape).items():
        if len(names) > 1:
            found.add_issue(where, f"only one {stem}[x] may be given, not {' and '.join(sorted(names))}")


def _choices(value: Json, shape: Shape) -> dict[str, set[str]]:
    given: dict[str, set[str]] = {}
    for name in value:
        element = _element(shape, name)
        if element is not None and element.choice is not None:
            given.setdefault(element.choice, set()).add(element.name)
    return given
