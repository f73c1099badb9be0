"""Sorting by place: ``file:line`` by file, then by line as a number."""

from __future__ import annotations

import re


def place_of(where: str) -> tuple[str, int]:
    """The file and the line of a ``file:line``; line 0 when there is none."""
    match = re.fullmatch(r"(.*):(\d+)", where)
    return (match[1], int(match[2])) if match else (where, 0)
