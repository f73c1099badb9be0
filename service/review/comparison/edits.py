"""Edits: what differs between the text of two versions of one rule, sorted by what it decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from service.knowledge.digest import canonical
from service.knowledge.model import AllOf, AnyOf, Condition, Leaf, Rule
from service.review.approvals import flat
from service.review.comparison.model import ChangedField, ChangedTest
from service.review.comparison.wording import Wording

# Every field of a rule stands in one of these, but its id and line; ``when`` is compared test by test.
LOGIC = ("phase", "hooks", "concludes", "family", "rank")
CARD = ("title", "card", "mentions", "named_when_covered", "repeat_after")
GROUNDS = (
    *("purpose", "rationale", "recommendation", "citations", "names_conflict_with"),
    *("unverified_parts", "limitations"),
)
RECORD = ("variant_of", "version", "status", "effective", "owner", "review_by", "examples", "history")

_SEVERITY = "indicator"


def changed_fields(before: Rule, after: Rule, names: Sequence[str]) -> tuple[ChangedField, ...]:
    """What of these fields differs; the indicator of the card belongs to the logic, not to the card."""
    old, new = (_content(rule, names) for rule in (before, after))
    return tuple(field_changes(old, new))


def _content(rule: Rule, names: Sequence[str]) -> dict[str, Any]:
    content = {name: canonical(getattr(rule, name)) for name in names}
    if content.get("card"):
        content["card"] = {name: value for name, value in content["card"].items() if name != _SEVERITY}
    if "family" in names:
        content[_SEVERITY] = rule.card.indicator.value if rule.card else None
    return content


def field_changes(before: Any, after: Any) -> Iterator[ChangedField]:
    """What differs between two pieces of plain data, leaf by leaf."""
    old, new = flat(before), flat(after)
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield ChangedField(name, _read(old.get(name)), _read(new.get(name)))


def _read(text: str | None) -> str | None:
    if text == "null":
        return None
    return text[1:-1].replace('\\"', '"').replace("\\n", "\n") if text and text.startswith('"') else text


def what_it_does(rule: Rule) -> tuple[Any, ...]:
    """All that a rule asks and says, whatever it is called."""
    return rule.when, rule.hooks, rule.phase, rule.concludes, rule.title, canonical(rule.card)


def is_only_reordered(before: Condition, after: Condition) -> bool:
    """Whether the same tests stand in another order."""
    return before != after and _same(before, after)


def changed_tests(before: Rule, after: Rule, wording: Wording) -> tuple[ChangedTest, ...]:
    """The tests that differ between two conditions: replaced, added, removed; the order of tests does not count."""
    return tuple(_changed(before.when, after.when, after.at, wording))


def _changed(before: Condition, after: Condition, at: str, wording: Wording) -> Iterator[ChangedTest]:
    if _same(before, after):
        return
    if isinstance(before, Leaf) or isinstance(after, Leaf) or type(before) is not type(after):
        yield ChangedTest(wording.condition(before), wording.condition(after), after.at or at)
        return
    old, new = _left_over(before.parts, after.parts), _left_over(after.parts, before.parts)
    for one in list(old):
        partner = next((other for other in new if _are_about_the_same(one, other)), None)
        if partner is not None:
            old.remove(one)
            new.remove(partner)
            yield from _changed(one, partner, partner.at or at, wording)
    yield from (ChangedTest(wording.condition(one), None, after.at or at) for one in old)
    yield from (ChangedTest(None, wording.condition(one), one.at or at) for one in new)


def _same(before: Condition, after: Condition) -> bool:
    if isinstance(before, Leaf) or isinstance(after, Leaf):
        return before == after
    if type(before) is not type(after):
        return False
    return not _left_over(before.parts, after.parts) and not _left_over(after.parts, before.parts)


def _left_over(parts: Sequence[Condition], others: Sequence[Condition]) -> list[Condition]:
    """The parts without a partner among the others; a partner is taken once."""
    waiting = list(others)
    left = []
    for part in parts:
        partner = next((other for other in waiting if _same(part, other)), None)
        if partner is None:
            left.append(part)
        else:
            waiting.remove(partner)
    return left


def _are_about_the_same(one: Condition, other: Condition) -> bool:
    if isinstance(one, Leaf) and isinstance(other, Leaf):
        return one.finding == other.finding
    return isinstance(one, (AllOf, AnyOf)) and type(one) is type(other)
