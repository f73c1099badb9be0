"""FHIR classes: the releases there are, and the class of fhir.resources for a resource type of each.

The one home of that library. A class is loaded when it is first asked for: all of them together cost seconds and more
memory than the rules.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, cast


class Release(StrEnum):
    """The FHIR release of a document. R4 stands for R4B too: what is read here is the same in both."""

    STU3 = "STU3"
    R4 = "R4"
    R5 = "R5"

    # As the text it is: an enum hashes itself in Python.
    __hash__ = str.__hash__


_PACKAGES = {Release.R4: "fhir.resources.R4B", Release.R5: "fhir.resources", Release.STU3: "fhir.resources.STU3"}


@cache
def fhir_class(kind: str, release: Release) -> Any | None:
    """The class of a resource type, with ``model_validate``; None where the release has no such type.

    R4 is read by the classes of R4B, which differ in nothing that is read or written here. Raises KeyError for DSTU2.
    """
    if not kind.isalpha():
        return None
    try:
        return getattr(importlib.import_module(f"{_PACKAGES[release]}.{kind.lower()}"), kind, None)
    except ImportError:
        return None


def validated(kind: str, resource: Mapping[str, Any], release: Release = Release.R4) -> dict[str, Any]:
    """The resource as its class writes it, as JSON. Raises ValueError where the class refuses it or there is none."""
    model = fhir_class(kind, release)
    if model is None:
        raise ValueError(f"{release} has no resource type {kind}")
    return cast("dict[str, Any]", model.model_validate(resource).model_dump(mode="json"))
