"""Resources: every FHIR resource of a document, each checked by table and by the classes of its release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from service.errors import Issue, Severity
from service.record.releases.fhir_classes import Release
from service.record.releases.reading import normalise
from service.testkit.fhir_validation.classes import check_classes
from service.testkit.fhir_validation.primitives import kind_of
from service.testkit.fhir_validation.structure import check_structure, knows

_DEEPEST = 10
# A resource with more issues than this is wrong in kind; comparing all with all would take too long.
_MOST_OF_ONE = 300


def check_resources(value: Any, where: str, release: Release, depth: int = 0) -> Iterator[Issue]:
    """The issues of a resource and of all resources inside it. ``release`` is that of the document."""
    if not isinstance(value, Mapping):
        yield Issue(where, f"must be a FHIR resource, is {kind_of(value)}", code="structure")
        return
    if depth > _DEEPEST:
        yield Issue(where, "resources are nested too deeply", code="too-long")
        return
    type_ = value.get("resourceType")
    if not isinstance(type_, str):
        if not isinstance(value.get("entry"), list):
            yield Issue(f"{where}.resourceType", "is required", code="required")
            return
        yield Issue(f"{where}.resourceType", "is required; read as a Bundle", code="required")
        value = {**value, "resourceType": "Bundle"}
    yield from _check_one(value, where, release, depth)


def _check_one(value: Mapping[str, Any], where: str, release: Release, depth: int) -> Iterator[Issue]:
    own = normalise(value)[1] or release
    if own is not release and depth == 0:
        yield Issue(
            where, f"has the shape of {own} and is read as such", code="informational", severity=Severity.INFORMATION
        )
    is_bundle = value["resourceType"] == "Bundle"
    nested: Sequence[tuple[Any, str]] = ()
    tabled: list[Issue] = []
    if is_bundle or (own is Release.R4 and knows(value["resourceType"])):
        found = check_structure(value, where)
        tabled, nested = found.issues, found.nested
    yield from tabled
    if not is_bundle:
        yield from _further(where, tabled, check_classes(value, own, where), nested)
    for inner, path in nested:
        # What is contained has been read with its owner; entries of a Bundle have not.
        yield from check_resources(inner, path, release, depth + 1)


def _further(
    where: str, tabled: Sequence[Issue], refused: Iterator[Issue], nested: Sequence[tuple[Any, str]]
) -> Iterator[Issue]:
    """What the classes find beyond the table: nothing at, above or below a path the table names already."""
    named = {issue.path for issue in tabled[:_MOST_OF_ONE]} | {path for _, path in nested[:_MOST_OF_ONE]}
    # An issue about the resource as a whole says nothing about its parts.
    parts = named - {where}
    for issue in islice(refused, _MOST_OF_ONE):
        if issue.path in named or any(_is_within(issue.path, one) or _is_within(one, issue.path) for one in parts):
            continue
        yield issue


def _is_within(inner: str, outer: str) -> bool:
    rest = inner.removeprefix(outer)
    return inner.startswith(outer) and (not rest or rest[0] in ".[")
