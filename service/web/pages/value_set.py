"""The page of one value set: its codes with display and origin, the words that find it, and the facts that use it."""

from __future__ import annotations

from typing import Any

from service.knowledge.digest import value_sets_of
from service.knowledge.model import Knowledge

Json = dict[str, Any]


def value_set_named(knowledge: Knowledge, name: str) -> Json:
    """A value set by title and id, with how many codes it has."""
    found = knowledge.value_sets[name]
    return {"id": name, "title": found.title, "codes": len(found.codes)}


def value_set_page(knowledge: Knowledge, name: str) -> Json | None:
    """The value set with this id as plain data; None when there is none."""
    found = knowledge.value_sets.get(name)
    if found is None:
        return None
    return {
        "id": name,
        "title": found.title,
        "note": found.note,
        "file": found.at,
        "codes": [
            {
                "system": code.system,
                "code": code.code,
                "display": code.display,
                "descendants": code.descendants,
                "verified": code.verified,
                "source": code.source,
                "sourceKnown": code.source in knowledge.sources,
                "note": code.note,
            }
            for code in found.codes
        ],
        "words": list(found.patterns),
        "unlessWords": list(found.unless),
        "questionnaireItems": list(found.link_ids),
        "usedBy": [
            {"id": fact.id, "title": fact.title} for fact in knowledge.facts.values() if name in value_sets_of(fact)
        ],
        "orders": [
            {"id": order.id, "title": order.title}
            for order in knowledge.orders.values()
            if name in value_sets_of(order)
        ],
    }
