"""Which things have a page, with which template, and from which data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from service.knowledge.model import Knowledge
from service.web.pages.fact import fact_page
from service.web.pages.rule import Approvals, rule_page
from service.web.pages.source import source_page
from service.web.pages.value_set import value_set_page

Page = Callable[[Knowledge, Approvals, str], dict[str, Any] | None]

PAGES: Mapping[str, tuple[str, Page]] = MappingProxyType(
    {
        "rules": ("rule.html", rule_page),
        "facts": ("fact.html", lambda knowledge, _, name: fact_page(knowledge, name)),
        "value-sets": ("value_set.html", lambda knowledge, _, name: value_set_page(knowledge, name)),
        "sources": ("source.html", lambda knowledge, _, name: source_page(knowledge, name)),
    }
)
"""By the first part of their path: the template and the data of a thing, None where there is no such thing."""


def names(knowledge: Knowledge) -> dict[str, list[str]]:
    """The id of every thing that has a page, by the first part of its path."""
    return {
        "rules": [rule.id for rule in (*knowledge.rules, *knowledge.retired)],
        "facts": [*knowledge.facts, *knowledge.conclusions],
        "value-sets": list(knowledge.value_sets),
        "sources": list(knowledge.sources),
    }
