"""Writes the tables of docs/store.md from the models of the store. A test holds that they are fresh."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "store.md"
MARK = "<!-- Below this line everything is written by tools/store_tables.py. -->\n"
# In the order in which a reader needs them.
ORDER = (
    "ledger",
    "decisions",
    "cards",
    "card_rules",
    "feedback",
    "rule_sets",
    "rule_set_files",
    "writers",
    "checkpoints",
    "checkpoint_heads",
    "tombstones",
    "radar_days",
    "radar_codes",
)


def page() -> str:
    """The page with its tables as the models have them now."""
    sys.path.insert(0, str(PROJECT))
    from service.store.tables import metadata

    if set(ORDER) != set(metadata.tables):
        raise ValueError("a table of the models has no place on the page")
    before, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    lines = (line for name in ORDER for line in _table(metadata.tables[name]))
    return before + mark + "\n" + "\n".join(lines)


def _table(table: object) -> Iterator[str]:
    from sqlalchemy import Table

    assert isinstance(table, Table)
    yield from (f"### {table.name}", "", table.comment or "", "")
    yield from ("| Column | Type | Empty | Meaning |", "|---|---|---|---|")
    for column in table.columns:
        key = " (key)" if column.primary_key else ""
        empty = "may be" if column.nullable else "never"
        yield f"| `{column.name}`{key} | {column.type} | {empty} | {column.comment} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
