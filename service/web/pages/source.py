"""The pages of the sources: how each stands, what it says, and which rules and orders cite it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from service.knowledge.model import Citation, Knowledge, Rule, Source
from service.web.pages.words import rule_named

Json = dict[str, Any]


def sources_page(knowledge: Knowledge) -> Json:
    """All sources with their state and how many rules and orders cite them."""
    citing = Counter(
        (citation.source, owner) for owner, citation in _all_citations(knowledge)
    )  # of one rule each source counts once
    by_source = Counter(source for source, _ in citing)
    sources = sorted(knowledge.sources.values(), key=lambda one: one.title.lower())
    return {
        "count": len(sources),
        "statuses": dict(Counter(one.status.value for one in sources)),
        "notCompared": sum(one.compared is None for one in sources),
        "sources": [_state(one) | {"citedBy": by_source[one.id]} for one in sources],
    }


def source_page(knowledge: Knowledge, name: str) -> Json | None:
    """The source with this id as plain data; None when there is none."""
    source = knowledge.sources.get(name)
    if source is None:
        return None
    return _state(source) | {
        "citation": source.citation,
        "locator": source.locator,
        "publisher": source.publisher,
        "grading": source.grading,
        "jurisdiction": source.jurisdiction,
        "caution": source.caution,
        "funding": source.funding,
        "file": source.at,
        "statements": [
            {
                "id": one.id,
                "section": one.section,
                "says": one.says,
                "mark": one.mark.value,
                "strength": one.strength,
                "certainty": one.certainty,
                "compared": (one.compared or source.compared or "") and str(one.compared or source.compared),
                "rules": [
                    rule_named(rule) | {"supports": citation.supports}
                    for rule in knowledge.rules
                    for citation in rule.citations
                    if citation.source == name and citation.statement == one.id
                ],
                "orders": [
                    {"id": order.id, "title": order.title}
                    for order in knowledge.orders.values()
                    if any(c.source == name and c.statement == one.id for c in order.citations)
                ],
            }
            for one in source.statements
        ],
    }


def _state(source: Source) -> Json:
    return {
        "id": source.id,
        "title": source.title,
        "label": source.label,
        "kind": source.kind,
        "year": source.year,
        "url": source.url,
        "status": source.status.value,
        "statusNote": source.status_note,
        "mark": source.bibliography_mark.value,
        "compared": source.compared.isoformat() if source.compared else None,
        "comparedBy": source.compared_by,
    }


def _all_citations(knowledge: Knowledge) -> Iterator[tuple[str, Citation]]:
    things: list[Any] = [*knowledge.rules, *knowledge.orders.values()]
    for thing in things:
        for citation in thing.citations:
            yield f"{'rule' if isinstance(thing, Rule) else 'order'} {thing.id}", citation
