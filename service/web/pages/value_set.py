"""The page of one value set: its codes with display and origin, the words that find it, and the facts that use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.knowledge.digest import value_sets_of
from service.knowledge.model import Knowledge
from service.web.pages.addresses import question_in

Json = dict[str, Any]
_MOST_CODES = 100
_DIGITS = 6


def value_set_named(knowledge: Knowledge, name: str) -> Json:
    """A value set by title and id, with how many codes it has."""
    found = knowledge.value_sets[name]
    return {"id": name, "title": found.title, "codes": len(found.codes)}


@dataclass(frozen=True, slots=True)
class CodeQuestion:
    """Which codes of a long value set are asked for: words of code or display, and the number of the first to show."""

    q: str = ""
    start: str = ""


def codes_asked_for(page: Json, query: Mapping[str, str]) -> Json:
    """The page with so many codes as can be read at once, as the query of its address asks."""
    asked = question_in(query, CodeQuestion)
    words = asked.q.lower().split()
    found = [one for one in page["codes"] if all(word in f"{one['code']} {one['display']}".lower() for word in words)]
    start = int(asked.start) if asked.start.isdecimal() and len(asked.start) <= _DIGITS else 0
    more = start + _MOST_CODES if start + _MOST_CODES < len(found) else None
    shown = found[start : start + _MOST_CODES]
    return page | {"q": asked.q, "codes": shown, "found": len(found), "start": start, "next": more}


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
        "q": "",
        "count": len(found.codes),
        "found": len(found.codes),
        "start": 0,
        "next": None,
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
