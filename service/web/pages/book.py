"""The rule book as a folder of files that opens from a disk, without a server: for the archive of a hospital."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from service.knowledge.model import Knowledge
from service.web.comparing import State
from service.web.pages.addresses import FolderAddresses
from service.web.pages.catalogue import PAGES, names
from service.web.pages.compare import compare_page, titles_of
from service.web.pages.graph import GraphQuestion, graph_page
from service.web.pages.page_header import page_header
from service.web.pages.pathway import pathway_page
from service.web.pages.rendering import ICON, STYLE, render
from service.web.pages.rule import Approvals
from service.web.pages.rules import Question, rules_page
from service.web.pages.source import sources_page
from service.web.pages.static_files import static_files

_FIRST = "index"


def write_book(knowledge: Knowledge, approvals: Approvals, folder: Path) -> int:
    """Write every page and its data into ``folder``, which is made if needed. Returns how many pages there are."""
    folder.mkdir(parents=True, exist_ok=True)
    _copy_style(folder)
    head = page_header(knowledge)
    _write(folder / _FIRST, "rules.html", rules_page(knowledge, Question()), head, FolderAddresses())
    _write(folder / "sources", "sources.html", sources_page(knowledge), head, FolderAddresses())
    _write(folder / "graph", "graph.html", graph_page(knowledge, GraphQuestion()), head, FolderAddresses())
    _write(folder / "pathway", "pathway.html", pathway_page(knowledge), head, FolderAddresses())
    written = 4
    for kind, things in names(knowledge).items():
        template, page = PAGES[kind]
        (folder / kind).mkdir(exist_ok=True)
        for name in things:
            data = page(knowledge, approvals, name)
            assert data is not None
            _write(folder / kind / name, template, data, head, FolderAddresses("../"))
        written += len(things)
    return written


def write_comparison(knowledge: Knowledge, report: Mapping[str, Any], folder: Path) -> Path:
    """Write the page of a comparison and its data into ``folder``, which is made if needed. Returns the page.

    It stands alone; rules lead to pages of the book where that was written into the same folder before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _copy_style(folder)
    data = compare_page([], {}, State(dict(report)), titles_of(knowledge), waiting=False)
    addresses = FolderAddresses(alone=not (folder / f"{_FIRST}.html").is_file())
    _write(folder / "compare", "compare.html", data, page_header(knowledge), addresses)
    return folder / "compare.html"


def _copy_style(folder: Path) -> None:
    for name in (STYLE, ICON):
        shutil.copyfile(static_files()[name].path, folder / name)


def _write(
    path: Path, template: str, data: Mapping[str, Any], head: Mapping[str, Any], addresses: FolderAddresses
) -> None:
    twin = path.parent / f"{path.name}.json"
    twin.write_bytes(orjson.dumps(data))
    page = path.parent / f"{path.name}.html"
    page.write_text(render(template, data, head, addresses, twin.name), encoding="utf-8")
