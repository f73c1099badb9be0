"""Which pieces of advice share one card, and what such a card says (hazard H-07).

Info beyond ``max_info_cards`` shares one card; beyond ``most_cards`` in all, warnings do, and critical cards against
one and the same order become one that names each danger. Another critical card stands alone, and nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.cards.finding_words import drug_name, short_lines
from service.cards.layout import LONGEST, Sections, act, end_of, write
from service.cards.pathway import is_pathway
from service.cards.redaction import mark_quoted, replace_quoted
from service.cards.sources import leading
from service.cards.summary import summary
from service.cards.writing import Writing
from service.decision import Advice
from service.finding import Evidence
from service.knowledge.model import Indicator, Knowledge
from service.knowledge.summaries import LONGEST as NAMES

_INFO, _WARNING, _CRITICAL = Indicator.INFO.rank, Indicator.WARNING.rank, Indicator.CRITICAL.rank


def grouped(knowledge: Knowledge, advice: Sequence[Advice]) -> list[list[Advice]]:
    """The advice of each card, in the order of the cards."""
    folded = _folded_info(knowledge, advice)
    among_folded = set(map(id, folded))
    alone = [[item] for item in advice if id(item) not in among_folded]
    groups = [*alone, folded] if folded else alone
    fitting = _within(groups, knowledge.most_cards)
    return fitting if len(fitting) <= knowledge.most_cards else _within(_joined(groups), knowledge.most_cards)


def _folded_info(knowledge: Knowledge, advice: Sequence[Advice]) -> list[Advice]:
    """The info advice that shares a card; info of phases with cards of their own stands alone."""
    own = {phase.id for phase in knowledge.phases if phase.own_cards}
    info = [item for item in advice if item.indicator.rank == _INFO]
    foldable = [item for item in info if item.rule.phase not in own]
    if head := [item for item in foldable if is_pathway(knowledge, item)]:
        return [*head, *(item for item in foldable if not is_pathway(knowledge, item))]
    room = max(1, knowledge.max_info_cards - (len(info) - len(foldable)))
    return [] if len(foldable) <= room else foldable[room - 1 :]


def _within(groups: list[list[Advice]], most: int) -> list[list[Advice]]:
    """At most so many cards, where critical ones leave the room: the quietest share the last one of their kind."""
    for rank in (_INFO, _WARNING):
        surplus = len(groups) - most
        if surplus <= 0:
            break
        same = [group for group in groups if max([item.indicator.rank for item in group]) == rank]
        if len(same) <= 1:
            continue
        shared = same[max(0, len(same) - surplus - 1) :]
        among_shared = set(map(id, shared))
        separate = [group for group in groups if id(group) not in among_shared]
        index = next(number for number, group in enumerate(groups) if group is shared[0])
        groups = [*separate[:index], [item for group in shared for item in group], *separate[index:]]
    return groups


def _joined(groups: Sequence[list[Advice]]) -> list[list[Advice]]:
    """The groups with the critical ones against one order in one, in the place of the first of them."""
    joined: dict[object, list[Advice]] = {}
    for group in groups:
        order = order_of(group[0]) if is_joinable(group) else None
        joined.setdefault(order or id(group), []).extend(group)
    return list(joined.values())


def is_joinable(group: Sequence[Advice]) -> bool:
    """Whether all of it is critical."""
    return all(item.indicator.rank == _CRITICAL for item in group)


def order_of(advice: Advice) -> Evidence | None:
    """The one order of the call that the advice is about, if it is about one alone."""
    found = (finding for finding in advice.found if finding.name.endswith("-ordered"))
    orders = {item.resource: item for finding in found for item in finding.evidence}
    return next(iter(orders.values())) if len(orders) == 1 else None


def shared_summary(group: Sequence[Advice], *, is_severe: bool) -> str:
    """What the pieces of advice are, by name: as many as fit, then a count."""
    begin = "Also to check: " if is_severe else "Also: "
    names = [_name_with_drug(item) if is_severe else _name(item) for item in group]
    for number in range(len(names), 0, -1):
        left = len(names) - number
        text = f"{begin}{', '.join(names[:number])}{f' and {left} more' if left else ''}."
        longest = len(replace_quoted(text, "x" * NAMES["drug"]))
        if longest <= LONGEST or number == 1:
            return text if longest <= LONGEST else f"{begin}{len(names)} points for this patient."
    return begin.strip()


def _name_with_drug(advice: Advice) -> str:
    """The name of a danger with the order it is about, where it is one drug and its name is short."""
    assert advice.rule.card is not None
    order = order_of(advice)
    if advice.rule.card.short is None or order is None or not order.resource.startswith("MedicationRequest/"):
        return _name(advice)
    return f"{mark_quoted(drug_name(order.text))} ({advice.rule.card.short})"


def joined_summary(group: Sequence[Advice]) -> str:
    """The order and the dangers against it, by name: as many as fit, then a count.

    How many fit never depends on the name of the order: the store does not hold it.
    """
    order = order_of(group[0])
    assert order is not None
    names = [_name(item) for item in group]
    room = LONGEST - NAMES["drug"] - len("Avoid : .")
    said = f"{len(names)} dangers"
    for number in range(1, len(names) + 1):
        left = len(names) - number
        longer = f"{', '.join(names[:number])}{f' and {left} more' if left else ''}"
        if len(longer) <= room:
            said = longer
    return f"Avoid {mark_quoted(drug_name(order.text))}: {said}."


def _name(advice: Advice) -> str:
    assert advice.rule.card is not None
    return advice.rule.card.short or _decapitalised(advice.rule.title)


def _decapitalised(text: str) -> str:
    return text if len(text) > 1 and text[1].isupper() else text[0].lower() + text[1:]


def write_shared(knowledge: Knowledge, group: Sequence[Advice], writing: Writing) -> str:
    """The detail of a shared card: each summary with its leading source, and what is not known of any of them."""
    points = [_point(knowledge, item, writing) for item in group]
    head = group[0].rule.card
    return write(
        Sections(
            act(head) if head is not None and is_joinable(group) else "",
            because=tuple(points),
            end=end_of(knowledge, group, writing.today),
        )
    )


def _point(knowledge: Knowledge, advice: Advice, writing: Writing) -> str:
    """One line. A warning shows what it depends on, also here; the summary of a critical card holds the value."""
    said = summary(advice, writing)
    if advice.indicator.rank == _WARNING:
        said += "".join(f" {line}." for line in short_lines(knowledge, advice.deciding, writing)[:2])
    return f"{said} ({knowledge.sources[leading(knowledge, advice.rule).source].label})"
