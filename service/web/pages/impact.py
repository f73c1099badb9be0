"""The page of an impact: how many recorded charts get other cards, counts first, examples second. One file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.knowledge.model import Knowledge
from service.web.pages.addresses import FileAddresses
from service.web.pages.page_header import page_header
from service.web.pages.rendering import render


def impact_page(knowledge: Knowledge, report: Mapping[str, Any], twin: str, service: str) -> str:
    """The page as HTML that needs no other file. Its data is the report of ``impact --json``, which is its twin.

    ``knowledge`` is the rule set after the change, ``service`` the base URL at which examples open.
    """
    return render("impact.html", report, page_header(knowledge), FileAddresses(service), twin)
