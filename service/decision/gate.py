"""The gate: what must be on a chart before any rule of a hook can be shown, whatever else stands there.

For each hook a small set of chart keys is worked out when the rules are loaded. While nothing under any of them is on
the chart, the facts behind them are as on an empty chart, and with those facts so no rule can come to a card and no
check can be missed, for every state of all other facts (``engine/possible.py``); ``prove`` shows the same with a
solver. Such a chart need not be read into facts and decided. Two engines stand behind every decision that can show a
card.

The gate lets nothing pass on doubt: it is shut for a call with an order in it, with anything that could not be read,
where a list on which that rests did not come whole, where nothing can be shown, and after an alarm. One passage
in a hundred is decided in full all the same; a card there is the alarm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from service.engine.possible import FALSE, ONLY_ABSENT, TRUE, Possible, statuses
from service.errors import GateError
from service.finding import Finding, Status
from service.knowledge.concern import concerning
from service.knowledge.hooks import HOOKS
from service.knowledge.model import Indicator, Knowledge, Rule, possible_states
from service.knowledge.strata import concluding_rules, rules_for, stratify
from service.record.chart.code_match import Key
from service.record.chart.index import ORDER, Chart
from service.record.chart.matcher import MEDICATION
from service.record.derive import Derivation
from service.record.medication.entry import MEDICATION_TYPES
from service.record.model import Completeness, Record

ONE_IN = 100
"""Of so many passages one is decided in full."""

# What an entry of these types is about may stand in another resource that it refers to.
_REFERRED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(MEDICATION_TYPES, ("Medication",)),
    "DeviceUseStatement": ("Device",),
    "DeviceRequest": ("Device",),
}


class Gated(Struct, frozen=True):
    """That a gate let a call pass: which gate, and how the lists came on which it rests.

    ``is_sample``: the call was decided all the same, as one of a hundred.
    """

    digest: str
    lists: Mapping[str, Completeness]
    is_sample: bool


@dataclass(frozen=True, slots=True)
class Basis:
    """What is shown of a hook: while these facts are as they are when nothing concerns them, nothing can be said."""

    hook: str
    facts: tuple[Finding, ...]
    keys: frozenset[Key]


@dataclass(slots=True)
class Gate:
    """The gate of one hook. Safe for threads: all that changes is that an alarm shuts it.

    ``basis`` is None where nothing could be shown: the gate is shut then.
    """

    hook: str
    basis: Basis | None
    derivation: Derivation = field(repr=False)
    digest: str = ""
    alarm: str | None = None
    _by_type: Mapping[str, frozenset[Key]] = field(init=False)
    _lists: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Name the keys of each type and the lists once, not for every call."""
        types = sorted({type_ for type_, _ in self.keys}, key=_cheapest_first)
        self._by_type = {name: frozenset(key for key in self.keys if key[0] == name) for name in types}
        self._lists = tuple(sorted(self.lists))

    @classmethod
    def of(cls, basis: Basis | None, hook: str, derivation: Derivation) -> Gate:
        """The gate that depends on what was shown of a hook."""
        return cls(hook, basis, derivation, "" if basis is None else _digest(basis))

    @property
    def is_open(self) -> bool:
        """Whether any call can pass."""
        return self.basis is not None and self.alarm is None

    @property
    def keys(self) -> frozenset[Key]:
        """The chart keys (resource type, value set) of which one must be there before anything can be said."""
        return frozenset() if self.basis is None else self.basis.keys

    @property
    def types(self) -> frozenset[str]:
        """The resource types that must be read to tell whether a chart may pass; all others need not be."""
        read = {name for type_ in self._by_type for name in (MEDICATION_TYPES if type_ == MEDICATION else (type_,))}
        return frozenset(read).union(*(_REFERRED.get(name, ()) for name in read))

    @property
    def lists(self) -> frozenset[str]:
        """The resource types whose lists the gate may rest on."""
        facts = self.derivation.definitions
        named = () if self.basis is None else (facts[finding.name] for finding in self.basis.facts)
        return frozenset(name for fact in named for name in (*fact.complete, *(one.resource for one in fact.sources)))

    def depends_on(self, completeness: Mapping[str, Completeness]) -> bool:
        """Whether the gate is open for a state of the lists: on an empty chart the facts behind it are as was shown."""
        if not self.is_open or self.basis is None:
            return False
        empty = self.derivation.without_entries(completeness)
        return all(_alike(empty[finding.name], finding) for finding in self.basis.facts)

    def may_skip(self, chart: Chart) -> bool:
        """Whether the chart may pass: nothing can be said about it under this hook, whatever else it holds.

        Only what the gate reads is indexed on the chart. Raises TooCostlyError when the chart's budget is used up.
        """
        record = chart.record
        if not self.is_open or record.orders or record.unread_orders or record.unread:
            return False
        if not self.depends_on(record.completeness):
            return False
        return not any(chart.holds(name, keys) for name, keys in self._by_type.items())

    def passes(self, record: Record, chart: Chart, decision_id: str) -> Gated | None:
        """How the call passes, or None where it must be decided."""
        if not self.may_skip(chart):
            return None
        lists = {name: record.completeness_of(name) for name in self._lists}
        return Gated(self.digest, lists, is_sample=is_sampled(decision_id))

    def check(self, gated: Gated, shown: int, decision_id: str) -> None:
        """Hold what a passage that was decided in full came to against the gate.

        Raises GateError where there is something to show: the gate was wrong, and is shut from now on.
        """
        if gated.is_sample and shown:
            self.alarm = f"the gate of {self.hook} let pass what has something to say; it is shut"
            raise GateError(f"decision {decision_id}: {self.alarm}")


def is_sampled(identity: str) -> bool:
    """Whether a passage is the one of a hundred that is decided in full: by the hash of the decision's id."""
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) % ONE_IN == 0


def basis_of(knowledge: Knowledge, derivation: Derivation, hook: str) -> Basis | None:
    """What must be as on an empty chart so that nothing can be said under a hook, with as few chart keys as are needed.

    Costs some tens of milliseconds. None where even a chart that concerns no fact could come to something.
    """
    empty = derivation.without_entries(complete_lists(knowledge))
    groups: dict[frozenset[Key], list[Finding]] = {}
    rules = rules_for(knowledge, hook)
    read = {name for rule in rules for name in (*rule.reads, *rule.mentions)} | set(concerning(knowledge))
    for name in sorted(read & derivation.decided_by_keys):
        # An order in a call shuts the gate, so what only an order concerns is as without one.
        groups.setdefault(derivation.concerns(name) - {ORDER}, []).append(empty[name])
    question = _Question(knowledge, rules, hook)
    known = groups.pop(frozenset(), [])
    order = sorted(groups, key=lambda keys: _costs(keys, groups[keys]))
    found = _fewest(question, known, [groups[keys] for keys in order])
    if found is None:
        return None
    facts = tuple(sorted([*known, *found], key=lambda finding: finding.name))
    return Basis(hook, facts, frozenset(key for one in found for key in derivation.concerns(one.name) - {ORDER}))


def complete_lists(knowledge: Knowledge) -> Mapping[str, Completeness]:
    """The state in which every list came whole by which some fact can be absent."""
    return dict.fromkeys({name for fact in knowledge.facts.values() for name in fact.complete}, Completeness.COMPLETE)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a hook may say: its rules with a card, those that warn, and on what it rests that anybody is concerned.

    Of the rules ``reaching`` one that is undecided may be shown too: its number may reach the limit (``decide_on``).
    """

    rules: tuple[Rule, ...]
    warning: tuple[Rule, ...]
    reaching: tuple[Rule, ...]
    concerning: tuple[str, ...]


def spoken(knowledge: Knowledge, rules: Sequence[Rule], hook: str) -> Spoken:
    """What a hook with these rules may say."""
    shown = tuple(rule for rule in rules if rule.card is not None and hook in rule.hooks)
    warning = tuple(rule for rule in shown if rule.severity > Indicator.INFO.rank)
    checking = {phase.id for phase in knowledge.phases if phase.checks_orders and HOOKS[hook].has_orders}
    reaching = tuple(rule for rule in warning if rule.phase in checking)
    known = {*knowledge.facts, *concluding_rules(rules)}
    return Spoken(shown, warning, reaching, concerning(knowledge, known))


class _Question:
    """Whether nothing can be said under a hook while some facts are known and all others free."""

    def __init__(self, knowledge: Knowledge, rules: Sequence[Rule], hook: str) -> None:
        states = {fact.id: statuses(possible_states(fact)) for fact in knowledge.facts.values()}
        self._possible = Possible(stratify(rules), states)
        self._spoken = spoken(knowledge, rules, hook)

    def nothing_to_say(self, known: Iterable[Finding]) -> bool:
        """No card, and no check that could not be made and concerns anybody."""
        truths, may_be = self._possible.come_to({finding.name: finding for finding in known})
        said = self._spoken
        if any(truths[rule.id] & TRUE for rule in said.rules) or any(
            truths[rule.id] != FALSE for rule in said.reaching
        ):
            return False
        if all(truths[rule.id] == FALSE for rule in said.warning):
            return True
        return bool(said.concerning) and all(may_be(name) == ONLY_ABSENT for name in said.concerning)


def _fewest(question: _Question, known: Sequence[Finding], groups: Sequence[list[Finding]]) -> list[Finding] | None:
    """The facts of a smallest choice of groups that is enough; none of it can be left out (QuickXplain, Junker 2004).

    Groups that come first are preferred. None where not even all groups are enough.
    """

    def enough(chosen: Iterable[list[Finding]]) -> bool:
        return question.nothing_to_say([*known, *(finding for group in chosen for finding in group)])

    def search(given: list[list[Finding]], *, added: bool, among: Sequence[list[Finding]]) -> list[list[Finding]]:
        if added and enough(given):
            return []
        if len(among) == 1:
            return list(among)
        middle = len(among) // 2
        first, second = list(among[:middle]), list(among[middle:])
        late = search([*given, *first], added=True, among=second)
        return search([*given, *late], added=bool(late), among=first) + late

    if not enough(groups):
        return None
    return [finding for group in search([], added=True, among=groups) for finding in group] if groups else []


def _costs(keys: frozenset[Key], facts: Sequence[Finding]) -> tuple[bool, bool, int, int, str]:
    """Sorts what is cheap to look for and seldom there to the front."""
    types = {type_ for type_, _ in keys}
    return (
        any(one.status is not Status.ABSENT for one in facts),
        MEDICATION in types,
        len(types),
        len(keys),
        facts[0].name,
    )


def _cheapest_first(type_: str) -> tuple[bool, bool, str]:
    # Most charts that concern the service say so in the problem list; drugs are the dearest to recognise.
    return type_ == MEDICATION, type_ != "Condition", type_


def _alike(one: Finding, other: Finding) -> bool:
    return one.status is other.status and one.low == other.low and one.high == other.high


def _digest(basis: Basis) -> str:
    """Names exactly the facts and the keys."""
    facts = [f"{one.name} {one.status.value} {one.low} {one.high}" for one in basis.facts]
    content = "\n".join([basis.hook, *facts, *(f"{type_} {name}" for type_, name in sorted(basis.keys))])
    return hashlib.sha256(content.encode()).hexdigest()
