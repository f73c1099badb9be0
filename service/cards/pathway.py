"""The pathway card: where the patient stands, what was tried, with which response, what the next step waits for.

The steps stand in the rules (``pathway`` in ``ruleset.yaml`` names the rule file). The other advice of the visit hangs
on this card instead of beside it (product choice no. 44).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from service.cards.layout import LONGEST, Sections, act, end_of, write
from service.cards.redaction import mark_quoted
from service.cards.summary import course, scores_of, short_day, summary
from service.cards.writing import Writing
from service.decision import Advice
from service.finding import Finding
from service.knowledge.model import FactKind, Knowledge
from service.store.redaction import is_storable_date

_HUNG = 2
"""How many lines the advice of the visit has, below the one on what was tried: three in all."""
_UNKNOWNS = 2


def is_pathway(knowledge: Knowledge, advice: Advice) -> bool:
    """Whether this is the advice that the others hang on."""
    return knowledge.pathway is not None and knowledge.pathway in {advice.rule.variant_of, advice.rule.id}


def pathway_summary(group: Sequence[Advice], writing: Writing) -> str:
    """The week and its step, then what is advised now by name: as many names as fit, and a count."""
    head, *hung = group
    assert head.rule.card is not None
    begin = f"{summary(head, writing)} Now: "
    names = [_name(item) for item in hung] or [head.rule.card.short or head.rule.title]
    for number in range(len(names), 0, -1):
        left = len(names) - number
        text = f"{begin}{', '.join(names[:number])}{f' and {left} more' if left else ''}."
        if len(text) <= LONGEST:
            return text
    return summary(head, writing)


def _name(advice: Advice) -> str:
    assert advice.rule.card is not None
    return advice.rule.card.short or advice.rule.title


def write_pathway(knowledge: Knowledge, group: Sequence[Advice], writing: Writing) -> str:
    """The detail of the pathway card with the advice that hangs on it."""
    head, *hung = group
    assert head.rule.card is not None
    points = [summary(item, writing) for item in hung[:_HUNG]]
    if len(hung) > _HUNG:
        points[_HUNG - 1 :] = [f"Also: {', '.join(_name(item) for item in hung[_HUNG - 1 :])}."]
    return write(
        Sections(
            act=act(head.rule.card),
            because=(_stand(knowledge, head, writing.today), *points),
            end=end_of(knowledge, group, writing.today, _UNKNOWNS, names_sources=True),
        )
    )


def _stand(knowledge: Knowledge, head: Advice, today: date) -> str:
    """What was tried, with dates, and the response."""
    mentioned = {finding.name: finding for finding in head.named if finding.name in head.rule.mentions}
    tried = [
        _tried(knowledge, finding, today) for name, finding in mentioned.items() if name in knowledge.pathway_tried
    ]
    changes = [finding for finding in mentioned.values() if _is_change(knowledge, finding)]
    responses = [line for finding in changes if (line := _response(finding, today)) is not None]
    response = f" Response: {'; '.join(responses)}." if responses else ""
    return f"Tried: {', '.join(tried) if tried else 'nothing on record'}.{response}"


def _is_change(knowledge: Knowledge, finding: Finding) -> bool:
    return finding.name in knowledge.facts and knowledge.facts[finding.name].kind is FactKind.CHANGE


_BETTER = {"{score}": (Decimal(2), "2 points"), "%": (Decimal(10), "10 points")}
"""For the unit of a change the smallest one that counts as better (OSTELO-2008)."""
_SHARE = Decimal("0.3")


def _response(finding: Finding, today: date) -> str | None:
    """The change as a clinician says it: Pain 8 to 7 since 5 Jan: below what counts as better (2 points)."""
    said, scores = course(finding, today), scores_of(finding)
    if said is None or finding.value is None or finding.unit is None:
        return None
    least, words = _BETTER[finding.unit]
    first = Decimal(scores[0]) if scores else Decimal(0)
    better = finding.value >= least or (first > 0 and finding.value / first >= _SHARE)
    return f"{said}: {mark_quoted('better' if better else f'below what counts as better ({words})')}"


def _tried(knowledge: Knowledge, finding: Finding, today: date) -> str:
    """What was tried, in the words in which a card asks for it, and when."""
    words = knowledge.asks(finding.name).partition(",")[0].removesuffix(" in this episode").removeprefix("an ")
    dated = [item for item in finding.evidence if item.date and is_storable_date(item.resource, item.date)]
    day = short_day(dated[0].date or "", today) if dated else None
    return words if day is None else f"{words} ({day})"
