"""Unopened: reports and papers about the back whose content is a file, which nobody opens here.

A file may hold what the rules look for. It is named once, by what it is called, where that is a study of the back of
this year or the last, and nothing else of the entry tells what the study found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.record.chart.elsewhere import last_year_of
from service.record.chart.matcher import Matcher
from service.record.model import Entry, Record, Resource
from service.record.values.concept import as_objects, concept_text
from service.record.values.statuses import Counts, status_class

_FILES: Mapping[str, str] = {"DiagnosticReport": "presentedForm", "DocumentReference": "content", "Media": "content"}
_CALLED: Mapping[str, tuple[str, ...]] = {
    "DiagnosticReport": ("code",),
    "DocumentReference": ("type", "description"),
    "Media": ("modality", "type", "view", "reasonCode"),
}
"""Elements that tell what an entry is about."""
_TELLS = frozenset({"conclusion", "conclusionCode", "result"})
"""What tells beside a file what was found."""


def unopened(record: Record, matcher: Matcher, year: int) -> Iterator[Entry]:
    """The entries of a year or later, each with its name as its code."""
    studies = matcher.asked.get("DiagnosticReport", frozenset())
    for type_, file in _FILES.items():
        for entry in record.of_type(type_):
            resource = entry.resource
            if not as_objects(resource.get(file)) or not _TELLS.isdisjoint(resource) or _is_over(resource, year):
                continue
            for called in _names_of(resource, type_):
                if not matcher.index.match(called).sets.isdisjoint(studies):
                    text = f"{concept_text(called)} (file not opened)"
                    yield Entry({"code": {"text": text}}, type_, entry.id, entry.path)
                    break


def _is_over(resource: Resource, year: int) -> bool:
    last = last_year_of(resource)
    return (last is not None and last < year) or status_class(resource).counts is Counts.NEVER


def _names_of(resource: Resource, type_: str) -> Iterator[object]:
    for name in _CALLED[type_]:
        value = resource.get(name)
        yield from [{"text": value}] if isinstance(value, str) else as_objects(value)
    for content in as_objects(resource.get("content")):
        for file in (content, *as_objects(content.get("attachment"))):
            if isinstance(title := file.get("title"), str):
                yield {"text": title}
