"""If final: the record as it would be if every result and answer in it were final, to ask what hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec.structs import replace as replaced

from service.record.model import Entry, Record

_FINAL: Mapping[str, str] = {
    "Observation": "final",
    "DiagnosticReport": "final",
    "QuestionnaireResponse": "completed",
    "ImagingStudy": "available",
}
"""The status of a result or an answer that decides, by type."""


def if_final(record: Record) -> Record:
    """The record with what is preliminary, registered or not finished taken as final."""
    return replace(record, entries=tuple(_finished(entry) for entry in record.entries))


def _finished(entry: Entry) -> Entry:
    final = _FINAL.get(entry.type)
    if final is None or not entry.status_class.provisional:
        return entry
    return replaced(entry, resource={**entry.resource, "status": final})
