"""Shape change: one resource on its way to R4 shape, copied at its first change, the input left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.record.releases.fhir_classes import Release

Raw = Mapping[str, Any]
Draft = dict[str, Any]


class Change:
    """One resource being brought to R4: copied at the first change."""

    def __init__(self, resource: Raw) -> None:
        self.old = resource
        self.new: Draft | None = None
        self.release: Release | None = None

    def result(self) -> tuple[Raw, Release | None]:
        """The resource in R4 shape, and the release whose shape it had; None where it shows none."""
        return (self.old if self.new is None else self.new), self.release

    def draft(self, release: Release | None = None) -> Draft:
        """The copy to change."""
        if self.new is None:
            self.new = dict(self.old)
        if release is not None:
            self.release = release
        return self.new

    def rename(self, old: str, new: str, release: Release | None) -> None:
        """Move an element, unless the R4 element is there too."""
        if old in self.old:
            value = self.draft(release).pop(old)
            self.draft().setdefault(new, value)

    def context_to_encounter(self, release: Release | None = Release.STU3) -> None:
        """STU3 said ``context`` where R4 says ``encounter``; R4 itself still does for some drug resources."""
        context = self.old.get("context")
        if isinstance(context, dict) and "reference" in context:
            self.rename("context", "encounter", release)

    def reason(self) -> None:
        """R5 ``reason`` is a list of {concept, reference}; R4 has reasonCode and reasonReference."""
        reasons = self.old.get("reason")
        if isinstance(reasons, dict):
            reasons = [reasons]
        if not isinstance(reasons, list):
            return
        concepts, references = split_references(reasons)
        if concepts or references:
            draft = self.draft(Release.R5)
            del draft["reason"]
            append_to(draft, "reasonCode", concepts)
            append_to(draft, "reasonReference", references)

    def string_status(self, *names: str) -> None:
        """STU3 gave these as plain codes; R4 has CodeableConcepts."""
        for name in names:
            if isinstance(self.old.get(name), str):
                self.draft(Release.STU3)[name] = {"coding": [{"code": self.old[name]}]}


def split_references(reasons: list[Any]) -> tuple[list[Any], list[Any]]:
    """CodeableReferences as concepts and references."""
    shaped = [reason for reason in reasons if isinstance(reason, dict)]
    concepts = [reason["concept"] for reason in shaped if isinstance(reason.get("concept"), Mapping)]
    references = [reason["reference"] for reason in shaped if isinstance(reason.get("reference"), Mapping)]
    return concepts, references


def append_to(draft: Draft, name: str, values: list[Any]) -> None:
    """Add values to a list element of the copy; nothing happens when there are none."""
    if values:
        there = draft.get(name)
        draft[name] = [*(there if isinstance(there, list) else [there] if there else []), *values]
