"""Writes rule files in their standard form: short, at most 120 characters a line, one thought a line.

A mapping or list stands on one line where it fits and is not deep, in a filled list where that is shorter, else with
one entry a line. Words go on under their key. Comments stay before what they stand before. What a file says is the
same before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from service.errors import Issue, KnowledgeError
from service.knowledge.documents import Items, Table, read, scalar
from service.review.shortening import SHORTEN

WIDTH = 120
"""The most characters of a line. A single word that is longer, as an address is, stands all the same."""

_DEEPEST = 3
_SENTENCE = 40

# What holds prose or whole things: one key a line, however short.
_ALWAYS_BLOCK = frozenset({"card", "patient", "kinds", "also", "examples"})
# Lists of such things: each begins on a line of its own and has one key a line.
_BLOCK_ITEMS = frozenset({"variants", "statements", "facts", "drugs", "codes", "unverified", "listed"})
_GAP_BEFORE = {
    "phases": ("hooks", "variants"),
    "facts": ("kinds", "facts", "drugs"),
}
_SPACED_ITEMS = ("facts", "drugs")
# Lists of a few short parts, one of them perhaps some words: on one line where it fits.
_ONE_LINE = frozenset({"code"})
_LITERAL_ITEM = re.compile(r"[-*] |\d+\. ")


def formatted(text: str, file: str, releases: Mapping[str, Any], source_defaults: Mapping[str, Any]) -> str:
    """The text of a rule file in its standard form. ``file`` is its path below the folder of rules.

    ``releases`` and ``source_defaults`` are those of ``ruleset.yaml``. A file of another folder comes back as it is.

    Raises:
        KnowledgeError: it is not readable, or holds a comment that cannot be kept.
    """
    folder = file.partition("/")[0]
    if folder not in SHORTEN:
        return text
    data, issues = read(text, file)
    if issues or not isinstance(data, Table):
        raise KnowledgeError(issues or [Issue(f"{file}:1", "must be a mapping of keys")])
    comments = list(_comments(text, file, data))
    short = SHORTEN[folder](data, releases, source_defaults)
    if short.get("id") == Path(file).stem:
        # Whoever opens the file has read it.
        del short["id"]
    return "\n".join(_document(short, folder, comments)) + "\n"


def _comments(text: str, file: str, data: Table) -> Iterator[tuple[int, str]]:
    """Every comment with its line. Raises KnowledgeError for one that stands behind something."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith("#"):
            yield number, line.strip()
        elif " #" in line:
            # A comment is what may be missing without a change.
            without = [*lines[: number - 1], line[: line.index(" #")], *lines[number:]]
            if read("\n".join(without), file) == (data, []):
                hint = "put it on a line of its own"
                raise KnowledgeError([Issue(f"{file}:{number}", "a comment behind words cannot be kept", hint)])


def _document(data: Table, folder: str, comments: list[tuple[int, str]]) -> Iterator[str]:
    gaps = _GAP_BEFORE.get(folder, ())
    started = False

    def comments_before(line: int, indent: int) -> Iterator[str]:
        """The comments before a line, with the blank lines between them and after them."""
        while comments and comments[0][0] < line:
            number, comment = comments.pop(0)
            yield " " * indent + comment
            if min([line, *(later for later, _ in comments[:1])]) > number + 1:
                yield ""

    for key, value in data.items():
        before = list(comments_before(data.key_lines[key], 0))
        if started and (key in gaps or before):
            yield ""
        yield from before
        started = True
        if key in _SPACED_ITEMS and isinstance(value, Items):
            yield f"{key}:"
            for number, (item, line) in enumerate(zip(value, value.item_lines, strict=True)):
                if number:
                    yield ""
                yield from comments_before(line, 2)
                yield from _entry("  - ", item, 4)
        else:
            yield from _entry(f"{key}: ", value, 2, key)
    yield from (comment for _, comment in comments)


def _entry(head: str, value: Any, indent: int, key: str | None = None) -> list[str]:
    """The lines of one key or item. ``head`` is what stands before the value, ``indent`` where what it holds begins."""
    if not isinstance(value, (dict, list)):
        return _words(head, value, indent)
    if not value:
        return [head + ("{}" if isinstance(value, dict) else "[]")]
    if key in _BLOCK_ITEMS and isinstance(value, list) and all(isinstance(one, dict) for one in value):
        pad = " " * indent
        return [head.rstrip(), *(line for one in value for line in _opened(f"{pad}- ", _block(one, indent + 2)))]
    may_flow = key not in _ALWAYS_BLOCK
    one_line = _flow(value, may_hold_words=key in _ONE_LINE) if may_flow else None
    if one_line is not None and len(head) + len(one_line) <= WIDTH:
        if head.endswith("- ") and isinstance(value, dict) and len(value) == 1:
            return [head + one_line[1:-1]]
        return [head + one_line]
    block = _block(value, indent)
    block = _opened(head, block) if head.endswith("- ") else [head.rstrip(), *block]
    filled = _filled(value, head, indent) if may_flow else None
    return filled if filled is not None and len(filled) < len(block) else block


def _opened(head: str, block: list[str]) -> list[str]:
    """A block behind the dash of its item."""
    return [head + block[0].lstrip(), *block[1:]]


def _block(value: Any, indent: int) -> list[str]:
    pad = " " * indent
    if isinstance(value, dict):
        entries = (_entry(f"{pad}{_name(key)}: ", inner, indent + 2, key) for key, inner in value.items())
    else:
        entries = (_entry(f"{pad}- ", inner, indent + 2) for inner in value)
    return [line for entry in entries for line in entry]


def _flow(value: Any, depth: int = 1, *, may_hold_words: bool = False) -> str | None:
    """The value on one line, or None where it is better read on several: nested deep, or a list of words."""
    if isinstance(value, str) and "\n" in value:
        return None
    if not isinstance(value, (dict, list)):
        return _word(value, flow=True)
    if depth > _DEEPEST or (
        isinstance(value, list) and len(value) > 1 and not may_hold_words and any(map(_is_sentence, value))
    ):
        return None
    parts = _parts(value, depth)
    if parts is None:
        return None
    return "{" + ", ".join(parts) + "}" if isinstance(value, dict) else "[" + ", ".join(parts) + "]"


def _parts(value: Any, depth: int) -> list[str] | None:
    inner = [_flow(one, depth + 1) for one in (value.values() if isinstance(value, dict) else value)]
    if isinstance(value, dict):
        names = [_name(key) for key in value]
        inner = [None if one is None else f"{name}: {one}" for name, one in zip(names, inner, strict=True)]
    parts = [one for one in inner if one is not None]
    return parts if len(parts) == len(inner) else None


def _is_sentence(value: Any) -> bool:
    return _ends_as_sentence(value) or (isinstance(value, str) and " " in value and len(value) > _SENTENCE)


def _ends_as_sentence(value: Any) -> bool:
    return isinstance(value, str) and value.endswith(".")


def _filled(value: Any, head: str, indent: int) -> list[str] | None:
    """A list of words or a flat mapping as lines filled with whole parts; None for a list of mappings or sentences."""
    if isinstance(value, list) and any(isinstance(one, (dict, list)) or _is_sentence(one) for one in value):
        return None
    if isinstance(value, dict) and any(_holds_mappings(one) or _ends_as_sentence(one) for one in value.values()):
        return None
    parts = _parts(value, 1)
    if parts is None:
        return None
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    hang = " " * (indent + 1 if head.endswith("- ") else indent)
    values = list(value.values()) if isinstance(value, dict) else value
    if any(
        isinstance(one, str) and len(hang) + len(part) >= WIDTH for one, part in zip(values[:-1], parts, strict=False)
    ):
        # Words that go on below stand last or under a key of their own.
        return None
    lines, line = [], head + opening
    for number, part in enumerate(parts):
        whole = part + (closing if number == len(parts) - 1 else ",")
        if number and len(line) + 1 + len(whole) > WIDTH:
            lines.append(line)
            line = hang + whole
        else:
            line += f" {whole}" if number else whole
        if len(line) > WIDTH:
            # A list, or the last words, that are wider than a line go on below, deeper.
            *full, line = _wrapped(line.lstrip().split(" "), " " * (len(line) - len(line.lstrip())), hang + "  ")
            lines.extend(full)
    return [*lines, line]


def _holds_mappings(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(one, (dict, list)) or (isinstance(value, list) and _is_sentence(one)) for one in inner)


def _words(head: str, value: Any, indent: int) -> list[str]:
    """A scalar after its key: on one line, or words that go on below."""
    if not isinstance(value, str):
        return [head + _word(value, flow=False)]
    if "\n" in value.strip():
        return [f"{head}|", *_paragraphs(value.strip(), " " * indent)]
    value = value.strip()
    written = _word(value, flow=False)
    if len(head) + len(written) <= WIDTH or "  " in value or "\\" in value:
        return [head + written]
    return _wrapped(written.split(" "), head, " " * indent)


def _paragraphs(text: str, pad: str) -> Iterator[str]:
    for line in text.split("\n"):
        hang = pad + "  " if _LITERAL_ITEM.match(line) else pad
        yield from _wrapped(line.split(" "), pad, hang) if line else [""]


def _wrapped(words: Sequence[str], head: str, hang: str) -> list[str]:
    lines, line = [], head
    for number, word in enumerate(words):
        if number and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = hang + word
        else:
            line += f" {word}" if number else word
    return [*lines, line]


def _word(value: Any, *, flow: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return str(value)
    # Patterns are always in quotes: half of their signs mean something to YAML too.
    return value if "\\" not in value and _is_plain(value, flow=flow) else _quoted(value)


def _name(key: str) -> str:
    """A key; what looks like a number is a word there all the same."""
    return key if key.isdigit() else _word(key, flow=True)


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


@cache
def _is_plain(text: str, *, flow: bool) -> bool:
    """Whether YAML reads the words without quotes as exactly these words."""
    if text != text.strip() or "  " in text or not text or not isinstance(scalar(text), str):
        return False
    data, issues = read(f"[{text}]" if flow else f"- {text}", "words")
    return not issues and isinstance(data, Items) and len(data) == 1 and data[0] == text


def format_folder(folder: Path, *, write: bool) -> list[str]:
    """The files below ``folder`` that are not in their standard form, written into it where ``write`` says so."""
    header, _ = read((folder / "ruleset.yaml").read_text(encoding="utf-8"), "ruleset.yaml")
    header = header if isinstance(header, Table) else Table("ruleset.yaml", 1)
    changed = []
    for path in sorted(folder.rglob("*.yaml")):
        file = path.relative_to(folder).as_posix()
        text = path.read_text(encoding="utf-8")
        better = formatted(text, file, header.get("releases") or {}, header.get("source_defaults") or {})
        if better != text:
            if write:
                path.write_text(better, encoding="utf-8")
            changed.append(file)
    return changed
