"""The rule book as a folder of files that opens from a disk, without a server: for the archive of a hospital."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from service.knowledge.model import Knowledge
from service.web.pages.catalogue import PAGES, names
from service.web.pages.page_header import page_header
from service.web.pages.rendering import STATIC, STYLE, render
from service.web.pages.rule import Approvals
from service.web.pages.rules import Question, rules_page
from service.web.pages.source import sources_page

_FIRST = "index"


class FolderAddresses:
    """Pages as files beside each other; ``up`` leads from the folder of a page to that of the book."""

    filters = False
    playground = False

    def __init__(self, up: str = "") -> None:
        self._up = up

    def page(self, kind: str, name: str = "") -> str:
        """``rules/<id>.html``; the list of all rules is the first page."""
        return f"{self._up}{kind}/{name}.html" if name else f"{self._up}{_FIRST if kind == 'rules' else kind}.html"

    def style(self) -> str:
        """The stylesheet beside the pages."""
        return f"{self._up}{STYLE}"


def write_book(knowledge: Knowledge, approvals: Approvals, folder: Path) -> int:
    """Write every page and its data into ``folder``, which is made if needed. Returns how many pages there are."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(STATIC / STYLE, folder / STYLE)
    head = page_header(knowledge)
    _write(folder / _FIRST, "rules.html", rules_page(knowledge, Question()), head, FolderAddresses())
    _write(folder / "sources", "sources.html", sources_page(knowledge), head, FolderAddresses())
    written = 2
    for kind, things in names(knowledge).items():
        template, page = PAGES[kind]
        (folder / kind).mkdir(exist_ok=True)
        for name in things:
            data = page(knowledge, approvals, name)
            assert data is not None
            _write(folder / kind / name, template, data, head, FolderAddresses("../"))
        written += len(things)
    return written


def _write(
    path: Path, template: str, data: Mapping[str, Any], head: Mapping[str, Any], addresses: FolderAddresses
) -> None:
    twin = path.parent / f"{path.name}.json"
    twin.write_bytes(orjson.dumps(data))
    page = path.parent / f"{path.name}.html"
    page.write_text(render(template, data, head, addresses, twin.name), encoding="utf-8")
