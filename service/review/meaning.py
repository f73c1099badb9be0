"""What every rule means, written down: a change of meaning shows, with the decision table before and after.

The lock holds for every flat rule its condition with the guard of its phase, what it shows or concludes, on which
hooks, and which rules of its family go before it. Words, sources and examples are not in it: approvals cover them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from service.errors import Issue, KnowledgeError
from service.knowledge.digest import shown_before
from service.knowledge.documents import Table, read
from service.knowledge.model import AnyOf, Condition, Knowledge, Leaf, Rule
from service.knowledge.schemas.condition import read_condition
from service.review.decision_table import result_of, table_of

_HEAD = """\
# What every rule means: a test fails when one differs from this. After a change that is meant, look at the cases that
# `sciatica-cds table --lock tests/rules/meaning.yaml` shows, and commit this file together with the rule.
"""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one flat rule means: when it fires, what it does, and what goes before it in its family."""

    rule: str
    does: str
    after: tuple[str, ...]
    when: Condition

    def as_yaml(self) -> str:
        """Its entry in the lock."""
        lines = [f"{self.rule}:", f"  does: {self.does}"]
        lines += [f"  after: [{', '.join(self.after)}]"] if self.after else []
        return "\n".join([*lines, f"  when: {_written(self.when)}"]) + "\n"


def meanings(knowledge: Knowledge) -> dict[str, Meaning]:
    """The meaning of every rule that serves, by its id."""
    return {rule.id: _meaning(knowledge, rule) for rule in sorted(knowledge.rules, key=lambda rule: rule.id)}


def _meaning(knowledge: Knowledge, rule: Rule) -> Meaning:
    if rule.card is None:
        does = f"concludes {rule.concludes}"
    else:
        does = f"shows {rule.card.indicator.value} on {' '.join(sorted(rule.hooks))}"
    return Meaning(rule.id, does, tuple(other.id for other in shown_before(knowledge, rule)), rule.when)


def _written(condition: Condition) -> str:
    if isinstance(condition, Leaf):
        if condition.word is not None:
            return f"{{{condition.finding}: {condition.word.value}}}"
        limits = (
            ("at_least", condition.at_least),
            ("more_than", condition.more_than),
            ("less_than", condition.less_than),
        )
        limits_text = ", ".join(f"{name}: {limit:f}" for name, limit in limits if limit is not None)
        return f"{{{condition.finding}: {{{limits_text}}}}}"
    word = "any" if isinstance(condition, AnyOf) else "all"
    # The order of the parts is no part of the meaning.
    return f"{{{word}: [{', '.join(sorted(map(_written, condition.parts)))}]}}"


def as_lock(knowledge: Knowledge) -> str:
    """The text of the lock."""
    return _HEAD + "".join(meaning.as_yaml() for meaning in meanings(knowledge).values())


def read_lock(text: str, name: str = "meaning.yaml") -> dict[str, Meaning]:
    """The meanings of a lock. Raises KnowledgeError when it cannot be read."""
    data, issues = read(text, name)
    if issues or not isinstance(data, Table):
        raise KnowledgeError(issues or [Issue(f"{name}:1", "is no lock of meanings")])
    return {
        rule: Meaning(rule, entry["does"], tuple(entry.get("after", ())), read_condition(entry["when"]))
        for rule, entry in data.items()
    }


def differences(knowledge: Knowledge, locked: Mapping[str, Meaning]) -> Iterator[str]:
    """What differs between the rules and the lock, with the rows of the decision table before and after."""
    now = meanings(knowledge)
    rules = {rule.id: rule for rule in knowledge.rules}
    for name in sorted(locked.keys() - now.keys()):
        yield f"{name}: is gone"
    for name in sorted(now.keys() - locked.keys()):
        yield f"{name}: is new; {now[name].does}"
        yield from (f"    {row.case}: {row.result}" for row in table_of(knowledge, [rules[name]]))
    for name in sorted(now.keys() & locked.keys()):
        yield from _changed(knowledge, rules[name], locked[name], now[name])


def _changed(knowledge: Knowledge, rule: Rule, before: Meaning, now: Meaning) -> Iterator[str]:
    if before.does != now.does:
        yield f"{rule.id}: {before.does} before, {now.does} now"
    if before.after != now.after:
        sides = [", ".join(meaning.after) or "nothing" for meaning in (before, now)]
        yield f"{rule.id}: {sides[0]} went before it in its family, now {sides[1]}"
    if _written(before.when) == _written(now.when):
        return
    rows = changed_rows(knowledge, replace(rule, when=before.when), rule)
    yield f"{rule.id}: its condition differs" + ("" if rows else ", and no case of its decision table does")
    yield from map(str, rows)


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One case that comes out otherwise than before."""

    case: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"    {self.case}: {self.before} before, {self.now} now"


def changed_rows(knowledge: Knowledge, before: Rule, now: Rule) -> tuple[ChangedRow, ...]:
    """The cases of either table that come out otherwise under the two conditions."""
    found = {}
    for row in (*table_of(knowledge, [before]), *table_of(knowledge, [now])):
        results = [result_of(knowledge, rule, row.given) for rule in (before, now)]
        if results[0] != results[1]:
            found[row.case] = ChangedRow(row.case, *results)
    return tuple(found.values())
