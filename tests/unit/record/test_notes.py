"""Every code of a note has a sentence, which names the parameters that the code is made with; and each is made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from service.note import Note, NoteCode, joined, of_entry
from service.record.notes import ENGLISH, text_of

SERVICE = Path(__file__).resolve().parents[3] / "service"
TABLES = {SERVICE / "note.py", SERVICE / "record" / "notes.py"}
MADE_BY_FUNCTIONS = {NoteCode.SEVERAL: {"of"}, NoteCode.OF_ENTRY: {"reference", "of"}}


def codes_named(source: str) -> Iterator[tuple[NoteCode, frozenset[str]]]:
    """Every code that a module makes notes with, and the parameters it gives them."""
    tree = ast.parse(source)
    of_calls = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Note":
            given = frozenset(keyword.arg or "**" for keyword in call.keywords)
            for node in ast.walk(call.args[0]):
                if is_code(node):
                    of_calls.add(id(node))
                    yield NoteCode[node.attr], given
    for node in ast.walk(tree):
        if is_code(node) and id(node) not in of_calls:
            yield NoteCode[node.attr], frozenset({"only named"})


def is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "NoteCode"


def named_in(template: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(template) if field}


def test_every_code_has_a_sentence_of_its_own() -> None:
    assert set(ENGLISH) == set(NoteCode)
    assert len(set(ENGLISH.values())) == len(ENGLISH)


def test_a_sentence_names_the_parameters_that_its_code_is_made_with() -> None:
    made: dict[NoteCode, set[frozenset[str]]] = {}
    for path in sorted(set(SERVICE.rglob("*.py")) - TABLES):
        for code, given in codes_named(path.read_text(encoding="utf-8")):
            made.setdefault(code, set()).add(given)
    assert set(NoteCode) - set(made) - set(MADE_BY_FUNCTIONS) == set(), "codes that nothing makes"
    wrong = {
        code: (sorted(map(sorted, ways)), ENGLISH[code])
        for code, ways in made.items()
        if code not in MADE_BY_FUNCTIONS
        and (ways - {frozenset({"only named"})} or {frozenset()}) != {frozenset(named_in(ENGLISH[code]))}
    }
    assert wrong == {}


def test_a_parameter_that_is_forgotten_is_noticed() -> None:
    assert list(codes_named("X = Note(NoteCode.LIST_NOT_SENT)")) == [(NoteCode.LIST_NOT_SENT, frozenset())]
    assert named_in(ENGLISH[NoteCode.LIST_NOT_SENT]) == {"types"}


@pytest.mark.parametrize(
    ("note", "text"),
    [
        (Note(NoteCode.STATUS_NOT_GIVEN), "status not given"),
        (
            Note(NoteCode.NOTHING_FOUND, types=("Condition", "Procedure")),
            "nothing found in the complete list: Condition, Procedure",
        ),
        (of_entry("Observation/o1", Note(NoteCode.UNIT_NOT_KNOWN)), "Observation/o1: unit not known"),
        (joined(Note(NoteCode.ON_HOLD), None, Note(NoteCode.BY_TEXT)), "on hold; matched by text only"),
        (
            Note(NoteCode.LAST_RECORDED, reference="Condition/c1", date="2020-05-01"),
            "last recorded 2020-05-01 (Condition/c1)",
        ),
        (
            Note(NoteCode.UNDATED_VALUE, words="22 mL/min/{1.73_m2}"),
            "not used: 22 mL/min/{1.73_m2}, undated",
        ),
    ],
)
def test_a_note_is_told_in_a_sentence(note: Note, text: str) -> None:
    assert text_of(note) == text


def test_one_note_alone_is_joined_with_nothing() -> None:
    assert joined(None, Note(NoteCode.DRAFT), Note(NoteCode.DRAFT)) == Note(NoteCode.DRAFT)
    assert joined(None) is None
