"""Notes as they are stored: the code, and beside it the parameters that may be stored. Words of a record never are."""

from __future__ import annotations

from typing import Any

from service.note import Note, NoteCode
from service.record.notes import ENGLISH
from service.store.redaction import WORDS

_WITH_WORDS = frozenset(code for code, template in ENGLISH.items() if "{words}" in template)


def note_body(note: Note) -> str | list[Any]:
    """The code alone, or a list of the code and its parameters. The note is one that was redacted."""
    given: dict[str, Any] = {
        "reference": note.reference,
        "date": note.date,
        "number": note.number,
        "types": list(note.types) or None,
        "of": [note_body(one) for one in note.of] or None,
    }
    parameters = {name: value for name, value in given.items() if value is not None}
    return [note.code.value, parameters] if parameters else note.code.value


def note_from(body: str | list[Any]) -> Note:
    """A note that was stored; raises ValueError for a code that this program does not know."""
    name, parameters = (body, {}) if isinstance(body, str) else body
    code = NoteCode(name)
    return Note(
        code,
        parameters.get("reference"),
        parameters.get("date"),
        parameters.get("number"),
        tuple(parameters.get("types", ())),
        WORDS if code in _WITH_WORDS else None,
        tuple(note_from(one) for one in parameters.get("of", ())),
    )
