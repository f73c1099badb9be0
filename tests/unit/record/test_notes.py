"""The list of notes holds every fixed remark that the code makes, and no other: none is lost when it is stored."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from service.record.notes import NOTES

PROJECT = Path(__file__).resolve().parents[3]
FILES = [*sorted((PROJECT / "service" / "record").rglob("*.py")), PROJECT / "service" / "protocol" / "context.py"]
MAKE_NOTES = {"unknown", "joined", "remarks", "Problem", "remark", "unsure", "StatusClass"}
NOTE_ARGUMENTS = {"note", "notes", "reason", "remark"}
# These hold a value or words of the record, so they are replaced before they are stored.
REPLACED = {"last value {}: {}", "{}{}", "{}; not used"}


def literals(node: ast.AST, constants: dict[str, ast.expr], depth: int = 0) -> Iterator[str]:
    """The texts an expression can be; ``{}`` where something is put in."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in values)
        case ast.Name(id=name) if name in constants and depth < 3:
            yield from literals(constants[name], constants, depth + 1)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from literals(part, constants, depth)
        case ast.IfExp(body=yes, orelse=no):
            yield from literals(yes, constants, depth)
            yield from literals(no, constants, depth)
        case ast.Starred(value=inner):
            yield from literals(inner, constants, depth)


def notes_made(path: Path) -> Iterator[tuple[str, str]]:
    """Every fixed text that a module hands over as a note, with the place."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        handed = list(call.args) if name in MAKE_NOTES else []
        if name == "Problem":
            handed = handed[1:2]
        if name in {"StatusClass", "remark", "unsure", "unknown"}:
            handed = handed[1:] if name == "unknown" else handed
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr == "append"
            and isinstance(call.func.value, ast.Name)
        ):
            handed += call.args if call.func.value.id in {"notes", "doubts", "reasons"} else []
        handed += [keyword.value for keyword in call.keywords if keyword.arg in NOTE_ARGUMENTS]
        for node in handed:
            for text in literals(node, constants):
                yield text, f"{path.relative_to(PROJECT)}:{call.lineno}"


def test_every_fixed_note_is_in_the_list() -> None:
    made = {text: place for path in FILES for text, place in notes_made(path)}
    assert len(made) > 50, "the notes were not found, so nothing was checked"
    assert {text: place for text, place in made.items() if text not in NOTES | REPLACED} == {}


def test_every_note_of_the_list_is_made_somewhere() -> None:
    texts = {
        node.value
        for path in [*FILES, *sorted((PROJECT / "service").rglob("*.py"))]
        if path.name != "notes.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    longest = {note: max(note.split("{}"), key=len).strip() for note in NOTES}
    assert [note for note, piece in sorted(longest.items()) if not any(piece in text for text in texts)] == []


def test_a_note_that_is_new_is_noticed() -> None:
    module = PROJECT / "service" / "record" / "kinds" / "count.py"
    made_mutants = ast.parse(module.read_text(encoding="utf-8") + "\nX = unknown('fact', 'Mrs Smith said so')\n")
    calls = [node for node in ast.walk(made_mutants) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    texts = [
        text for call in calls if call.func.id == "unknown" for part in call.args[1:] for text in literals(part, {})
    ]
    assert set(texts) - NOTES == {"Mrs Smith said so"}
