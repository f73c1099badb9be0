"""Classes: a resource read by the strict classes of its own FHIR release, as a second opinion beside the table.

fhir.resources is heavy, so it is imported on first use. What it says is put into our own words: its texts may quote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.errors import Issue
from service.record.releases.fhir_classes import Release, fhir_class

# R4B stands for R4: for charts and orders the two differ in nothing that is sent.
_WORDS: Mapping[str, tuple[str, str]] = {
    "extra_forbidden": ("structure", "there is no such element in {release}"),
    "missing": ("required", "is required"),
    "model_field_validation.missing": ("required", "is required"),
    "list_type": ("structure", "must be an array"),
    "json_invalid": ("structure", "must be an object"),
    "model_validation_format": ("structure", "must be an object"),
    "string_type": ("value", "must be a string"),
    "bool_type": ("value", "must be true or false"),
    "bool_parsing": ("value", "must be true or false"),
    "int_type": ("value", "must be a whole number"),
    "int_parsing": ("value", "must be a whole number"),
    "decimal_type": ("value", "must be a number"),
    "decimal_parsing": ("value", "must be a number"),
    "string_pattern_mismatch": ("value", "is not written as its type asks for"),
    "string_too_long": ("value", "is too long"),
    "value_error": ("value", "has a value that {release} does not allow here, or more than one of a choice"),
}
_OTHER = ("invalid", "is not what {release} allows here")


def check_classes(resource: Mapping[str, Any], release: Release, where: str) -> Iterator[Issue]:
    """What the class of the release refuses in a resource. It finds issues in waves, so it alone is never the whole."""
    model = fhir_class(str(resource.get("resourceType")), release)
    if model is None:
        text = f"{release} has no such resource type"
        yield Issue(f"{where}.resourceType", text, code="not-supported")
        return
    for location, kind in _refused(model, resource):
        code, text = _WORDS.get(kind, _OTHER)
        yield Issue(_path_of(where, location), text.format(release=release.value), code=code)


def _refused(model: Any, resource: Mapping[str, Any]) -> list[tuple[Sequence[str | int], str]]:
    from pydantic import ValidationError

    try:
        model.model_validate(resource)
    except ValidationError as error:
        return [(one["loc"], one["type"]) for one in error.errors(include_input=False, include_url=False)]
    except (KeyError, RecursionError, TypeError, ValueError, AttributeError):
        # An unknown type inside, or nesting beyond its stack: raised as something else than a ValidationError.
        return [((), "unreadable")]
    return []


def _path_of(where: str, location: Sequence[str | int]) -> str:
    path = where
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in {"root", "__root__"}:
            path += f".{'resourceType' if part == 'resource_type' else part}"
    return path
