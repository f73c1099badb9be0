"""docs/store.md says what the models say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from service.store.tables import metadata


def test_the_page_of_the_tables_is_fresh(project: Path) -> None:
    spec = importlib.util.spec_from_file_location("store_tables", project / "tools" / "store_tables.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run python tools/store_tables.py"


def test_every_table_and_column_says_what_it_means() -> None:
    silent = [str(column) for table in metadata.tables.values() for column in table.columns if not column.comment]
    assert silent == []
    assert all(table.comment for table in metadata.tables.values())
