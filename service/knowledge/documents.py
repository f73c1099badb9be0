"""Strict reading of the YAML files: plain data in which everything knows its line.

Stricter than YAML itself, so that a file says to the program what it says to a reader: only
``true``, ``false``, ``null`` and numbers are typed (YAML 1.2 core; ``no`` is a word), a key may not
stand twice, and anchors, aliases and tags are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from service.errors import Issue

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Numbers with a leading zero stay text: 007 is somebody's code, never a quantity.
_NUMBER = re.compile(
    r"(?P<whole>[-+]?(?:0|[1-9][0-9]*))|[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
)
_HINTS = {
    "mapping values are not allowed in this context": "a colon and a space inside unquoted words? use quotes or >-",
    "could not find expected ':'": "is the line indented as the one above, with a colon after its key?",
    "did not find expected key": "is the line indented as the one above?",
    "found a tab character that violates indentation": "indent with spaces",
    "found character that cannot start any token": "no tabs; quotes around words that begin with a sign",
}
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


class Table(dict[str, Any]):
    """A YAML mapping that knows where it stands and where each of its keys stands."""

    __slots__ = ("file", "key_lines", "line")

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.key_lines: dict[str, int] = {}

    @property
    def at(self) -> str:
        """``file:line`` of the first key."""
        return f"{self.file}:{self.line}"

    def put(self, key: str, value: Any, line: int) -> None:
        """Set a key that stands on ``line``."""
        self[key] = value
        self.key_lines[key] = line

    def without(self, *keys: str) -> Table:
        """A copy with the same lines, lacking some keys."""
        copy = Table(self.file, self.line)
        for key, value in self.items():
            if key not in keys:
                copy.put(key, value, self.key_lines.get(key, self.line))
        return copy


class Items(list[Any]):
    """A YAML list that knows the line of each of its items."""

    __slots__ = ("item_lines", "line")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.item_lines: list[int] = []

    def add(self, item: Any, line: int) -> None:
        """Append an item that stands on ``line``."""
        self.append(item)
        self.item_lines.append(line)


def line_of(value: Any, path: Sequence[str | int], line: int = 1) -> int:
    """The line of what ``path`` names inside ``value``, or of the nearest thing around it that exists."""
    for step in path:
        if isinstance(value, Table) and step in value.key_lines:
            line, value = value.key_lines[str(step)], value[str(step)]
        elif isinstance(value, Items) and isinstance(step, int) and step < len(value):
            line, value = value.item_lines[step], value[step]
    return line


def read(text: str, file: str) -> tuple[Any, list[Issue]]:
    """The data of one YAML text, and everything that is wrong with it as YAML.

    ``file`` is the name used in ``file:line``. Mappings come as :class:`Table`, lists as
    :class:`Items`, whole numbers as ``int``, other numbers as ``Decimal``, all else as ``str``,
    ``bool`` or None. A text that cannot be read to its end gives None and the reason.
    """
    reading = _Reading(text, file)
    try:
        return reading.document(), reading.issues
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or error.context or "the reason is not known"
        reading.add_issue(line, f"not readable as YAML: {problem}", _HINTS.get(problem))
    except yaml.YAMLError as error:
        reading.add_issue(1, f"not readable as YAML: {str(error).splitlines()[0]}")
    except RecursionError:
        reading.add_issue(1, "nested too deeply")
    return None, reading.issues


def scalar(text: str) -> Any:
    """The value of an unquoted YAML word: one of the few typed ones, else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    try:
        return int(text) if number["whole"] else Decimal(text)
    except (ValueError, ArithmeticError):
        # Thousands of digits are no number anybody meant.
        return text


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Reading:
    """One pass over the events of one text; issues are gathered, not raised."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.issues: list[Issue] = []
        self._anchored: dict[str, Any] = {}
        self._events: Iterator[Event] = yaml.parse(text, Loader=_Loader)

    def add_issue(self, line: int, text: str, hint: str | None = None) -> None:
        self.issues.append(Issue(f"{self.file}:{line}", text, hint))

    def document(self) -> Any:
        value: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
            elif isinstance(event, (StreamStartEvent, DocumentEndEvent, StreamEndEvent)):
                continue
            elif documents == 1:
                value = self._value(event)
            else:
                self.add_issue(_line(event), "a second document in one file", "one file holds one thing")
                self._value(event)
        return value

    def _value(self, event: Event) -> Any:
        line = _line(event)
        if isinstance(event, AliasEvent):
            self.add_issue(line, f"alias *{event.anchor} is not allowed", "write it out; a reviewer reads one place")
            # Refused, and followed all the same: one issue is enough for one mistake.
            return self._anchored.get(event.anchor or "")
        assert isinstance(event, (ScalarEvent, CollectionStartEvent))
        if event.anchor is not None:
            self.add_issue(line, f"anchor &{event.anchor} is not allowed", "write it out; a reviewer reads one place")
        if event.tag is not None:
            self.add_issue(line, f"tag {event.tag} is not allowed", "quotes make text; nothing else needs a type")
        value = self._content(event, line)
        if event.anchor is not None:
            self._anchored[event.anchor] = value
        return value

    def _content(self, event: ScalarEvent | CollectionStartEvent, line: int) -> Any:
        if isinstance(event, ScalarEvent):
            return event.value if event.style else scalar(event.value)
        return self._items(line) if isinstance(event, SequenceStartEvent) else self._table(line)

    def _items(self, line: int) -> Items:
        items = Items(line)
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            items.item_lines.append(_line(event))
            items.append(self._value(event))
        return items

    def _table(self, line: int) -> Table:
        table = Table(self.file, line)
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            key_line = _line(event)
            key = event.value if isinstance(event, ScalarEvent) else None
            # Read even what is refused, so that the stream of events stays in step.
            self._value(event)
            value = self._value(next(self._events))
            if key is None:
                self.add_issue(key_line, "a key must be a word")
            elif key in table:
                self.add_issue(key_line, f"{key} stands twice", f"first on line {table.key_lines[key]}")
            else:
                table[key] = value
                table.key_lines[key] = key_line
        return table
