"""Following: what a decision says, by the names of findings, worked out from what the rules came to.

What is said depends on nothing but statuses and on which side of the limits of the rules numbers lie; whose evidence
stands behind a finding makes no difference. So it is worked out once for each such state and cached for some time, like
what the rules come to (``engine/memo.py``), and put together with the findings of the patient by ``deciding.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace as replaced

from service.bounded import LastUsed
from service.engine.chaining import Program
from service.engine.patterns import STATUS_NUMBER
from service.engine.trace import Outcome, Outcomes, Reading, Result, supports, undecided_leaves
from service.finding import Finding, Status
from service.knowledge.conditions import Truth, truth
from service.knowledge.hooks import HOOKS
from service.knowledge.model import AnyOf, AskedOnly, Indicator, Knowledge, Rule, leaves
from service.knowledge.summaries import references

# Some kilobytes each.
_CAPACITY = 1024


class SpokenRule(Struct, frozen=True):
    """A rule that is shown; the members are those of ``Advice``, with names in place of findings."""

    rule: Rule
    found: tuple[str, ...]
    not_recorded: tuple[str, ...]
    suppresses: tuple[str, ...]
    deciding: tuple[str, ...]
    named: tuple[str, ...]
    changing: tuple[str, ...]
    missing: tuple[str, ...]
    also: tuple[Rule, ...]
    also_named: tuple[str, ...]


class Said(Struct, frozen=True):
    """What a decision says: the rules that are shown, which rule suppresses another, and what is not known.

    ``missing`` are the unknown facts that kept a warning or critical rule from being decided, ``named`` those that some
    rule that is shown names, ``unnamed`` those of the missing that none does.
    """

    spoken: tuple[SpokenRule, ...]
    suppressed: Mapping[str, str]
    missing: tuple[str, ...]
    named: tuple[str, ...]
    unnamed: tuple[str, ...]


class Sayings:
    """What the decisions of one hook say, by state, the longest unused forgotten first. Safe for threads."""

    def __init__(self, knowledge: Knowledge, program: Program, hook: str) -> None:
        self._knowledge = knowledge
        self._program = program
        self._hook = hook
        mentioned = {name for rule in program.rules for name in rule.mentions}
        self._beside = tuple(sorted(mentioned - set(program.layout.facts)))
        self._measured = program.layout.measured
        self._asked = tuple((asked, _names_in(asked)) for asked in knowledge.asked_only)
        self._stored: LastUsed[bytes, Said] = LastUsed(_CAPACITY)

    def is_of(self, knowledge: Knowledge, program: Program) -> bool:
        """Whether these are the sayings of these rules."""
        return self._knowledge is knowledge and self._program is program

    def of(self, vector: bytes, reading: Reading, truths: bytes) -> Said:
        """What is said where the rules saw the vector with this key and came to this reading."""
        key = vector + self._state(reading.findings)
        said = self._stored.get(key)
        if said is None:
            outcomes = Outcomes(self._program.in_order, truths, reading.findings, {})
            said = what_is_said(_Reader(self._program, reading, self._knowledge), outcomes, self._hook)
            self._stored.put(key, said)
        return said

    def _state(self, findings: Mapping[str, Finding]) -> bytes:
        """All else that is looked at: what rules only mention, numbers with two bounds, what may be asked.

        Only what a rule compares with a number can keep it undecided although it is known between two bounds.
        """
        mentioned = [STATUS_NUMBER[findings[name].status] for name in self._beside]
        measured = map(findings.__getitem__, self._measured)
        bounded = [finding.low is not None and finding.high is not None for finding in measured]
        asked = [not names <= findings.keys() or truth(one.when, findings) is Truth.TRUE for one, names in self._asked]
        return bytes([*mentioned, *bounded, *asked])


def what_is_said(reader: _Reader, outcomes: Sequence[Outcome], hook: str) -> Said:
    """The rules that are shown (the most severe of a family is), and the unknown facts that kept warnings undecided."""
    fired = [
        item
        for item in outcomes
        if (item.result is Result.FIRED and _is_shown(item.rule, hook)) or reader.may_be_reached(item, hook)
    ]
    suppressed = suppressed_by([item.rule for item in fired])
    also = {
        item.rule.id: _also(item.rule, [one.rule for one in fired if suppressed.get(one.rule.id) == item.rule.id])
        for item in fired
        if item.rule.id not in suppressed
    }
    spoken = tuple(
        SpokenRule(
            rule=item.rule,
            found=tuple(reader.found(item.rule)),
            not_recorded=tuple(reader.not_recorded(item.rule)),
            suppresses=tuple(rule for rule, by in suppressed.items() if by == item.rule.id),
            deciding=tuple(reader.deciding(item.rule)),
            named=tuple(reader.named(item.rule)),
            changing=tuple(reader.changing(item.rule, _more_severe(item.rule, outcomes, hook))),
            missing=tuple(reader.lacking(item.rule)),
            also=also[item.rule.id],
            also_named=tuple(dict.fromkeys(name for rule in also[item.rule.id] for name in reader.found(rule))),
        )
        for item in fired
        if item.rule.id in also
    )
    undecided = [item for item in outcomes if item.result is Result.NOT_ENOUGH_DATA and _warns(item.rule, hook)]
    undecided.sort(key=lambda item: -item.rule.severity)
    missing = tuple(dict.fromkeys(reader.missing(leaf.finding for item in undecided for leaf in item.keeping)))
    named = tuple(dict.fromkeys(name for item in spoken for name in item.not_recorded))
    return Said(spoken, suppressed, missing, named, tuple(name for name in missing if name not in named))


def _more_severe(rule: Rule, outcomes: Iterable[Outcome], hook: str) -> Iterator[Rule]:
    """The rules that would be shown in place of this one, if only more were known."""
    return (
        item.rule
        for item in outcomes
        if rule.family is not None
        and item.rule.family == rule.family
        and item.result is Result.NOT_ENOUGH_DATA
        and _is_shown(item.rule, hook)
        and item.rule.severity > rule.severity
    )


def suppressed_by(shown: Sequence[Rule]) -> Mapping[str, str]:
    """For every rule that is suppressed because another one of its family comes first, which one that is."""
    leader: dict[str, Rule] = {}
    for rule in shown:
        family = rule.family
        if family is not None and (family not in leader or rule.precedence < leader[family].precedence):
            leader[family] = rule
    return {
        rule.id: leader[rule.family].id
        for rule in shown
        if rule.family is not None and leader[rule.family].id != rule.id
    }


def _also(shown: Rule, suppressed: Sequence[Rule]) -> tuple[Rule, ...]:
    """The dangers of their own that a card covers although they are as severe: one rule for each.

    The variants of a rule file are one danger, unless the file is a family of its own that is named: two drugs above
    their ceilings are two dangers.
    """
    equal = [rule for rule in suppressed if rule.named_when_covered and rule.severity == shown.severity]
    first: dict[str, Rule] = {}
    for rule in sorted(equal, key=lambda rule: rule.precedence):
        first.setdefault(_danger(rule), rule)
    first.pop(_danger(shown), None)
    return tuple(first.values())


def _danger(rule: Rule) -> str:
    return rule.id if rule.family == rule.variant_of else rule.file_id


def _is_shown(rule: Rule, hook: str) -> bool:
    return rule.card is not None and hook in rule.hooks


def _warns(rule: Rule, hook: str) -> bool:
    return _is_shown(rule, hook) and rule.severity > Indicator.INFO.rank


def can_ask(asked: AskedOnly, findings: Mapping[str, Finding]) -> bool:
    """Whether the rule set allows to ask for these findings: no pregnancy of a man, no days of a drug nobody takes."""
    return not _names_in(asked) <= findings.keys() or truth(asked.when, findings) is Truth.TRUE


def _names_in(asked: AskedOnly) -> frozenset[str]:
    return frozenset(leaf.finding for leaf in leaves(asked.when))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Follows what a rule depends on through conclusions down to the facts of the record."""

    program: Program
    reading: Reading
    knowledge: Knowledge

    def found(self, rule: Rule) -> Iterator[str]:
        """What a fired rule depends on, each once."""
        return self._down(self.named(rule), self._supporting)

    def may_be_reached(self, item: Outcome, hook: str) -> bool:
        """Whether a check of drugs is undecided only for a number of which the upper bound reaches the limit.

        Then it is shown, and its card shows both bounds: a warning about an order, and when a chart is opened also a
        reminder of a running drug whose order does not tell for how many days it is.
        """
        may_show = _warns if HOOKS[hook].has_orders else _is_shown
        if item.result is not Result.NOT_ENOUGH_DATA or not may_show(item.rule, hook):
            return False
        if item.rule.phase not in {phase.id for phase in self.knowledge.phases if phase.checks_orders}:
            return False
        findings = self.reading.findings
        between = self._between(item.rule)
        at_most = {name: replaced(findings[name], low=findings[name].high) for name in between}
        return bool(between) and truth(item.rule.when, {**findings, **at_most}) is Truth.TRUE

    def _between(self, rule: Rule) -> list[str]:
        """The numbers that keep an undecided rule undecided and are known between two bounds."""
        if self.reading.truths[rule.id] is not Truth.UNKNOWN:
            return []
        findings = self.reading.findings
        names = dict.fromkeys(leaf.finding for leaf in undecided_leaves(rule.when, findings))
        return [name for name in names if findings[name].low is not None and findings[name].high is not None]

    def named(self, rule: Rule) -> Iterator[str]:
        """What makes the condition of a fired rule true, and what it mentions, by the names it uses."""
        yield from (finding.name for finding in supports(rule.when, self.reading.findings))
        yield from self._between(rule)
        yield from self._mentioned(rule)

    def deciding(self, rule: Rule) -> Iterator[str]:
        """The same without what only says that a rule may apply here; all of it where nothing else is left."""
        named = [finding.name for finding in supports(rule.when, self.reading.findings)]
        own = [*self._between(rule), *(name for name in named if name not in self.knowledge.background)]
        return self._down([*(own or named), *self._mentioned(rule)], self._supporting)

    def not_recorded(self, rule: Rule) -> Iterator[str]:
        """What is unknown of all that a fired rule read or mentions, where it can apply to this patient."""
        return self.missing(self._unknown([*sorted(rule.reads), *rule.mentions]))

    def changing(self, rule: Rule, more_severe: Iterable[Rule]) -> Iterator[str]:
        """What is unknown and could end a card or raise its severity, and what its author wants named."""
        findings = self.reading.findings
        unless = [leaf.finding for leaf in leaves(rule.when) if truth(leaf, findings) is Truth.TRUE]
        more = [leaf.finding for other in more_severe for leaf in undecided_leaves(other.when, findings)]
        own = [name for name in (*unless, *more) if name not in self.knowledge.background]
        return self.missing([*self._unknown([*own, *rule.mentions]), *more])

    def lacking(self, rule: Rule) -> Iterator[str]:
        """What has no answer, in the words of the facts, where the summary of a rule names it: one for each case."""
        for reference in references(rule.card.summary) if rule.card else ():
            for concluding in self.program.concluding.get(reference.finding, ()) if reference.kind == "missing" else ():
                when = concluding.when
                for case in when.parts if isinstance(when, AnyOf) else (when,):
                    if truth(case, self.reading.findings) is Truth.TRUE:
                        yield self.knowledge.asks(leaves(case)[0].finding)

    def missing(self, names: Iterable[str]) -> Iterator[str]:
        """What is unknown behind the findings that keep rules from being decided, where it can apply."""
        return (name for name in self._down(names, self._undecided) if self._can_apply(name))

    def _unknown(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.reading.findings[name].status is Status.UNKNOWN]

    def _can_apply(self, name: str) -> bool:
        return all(
            can_ask(asked, self.reading.findings) for asked in self.knowledge.asked_only if name in asked.findings
        )

    def _down(self, names: Iterable[str], behind: Callable[[Rule], Iterable[str]]) -> Iterator[str]:
        seen: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            if name not in self.program.concluding or self.knowledge.conclusions[name].named_as_one:
                yield name
                continue
            for rule in self.program.concluding[name]:
                waiting.extend(behind(rule))

    def _supporting(self, rule: Rule) -> Iterable[str]:
        if self.reading.truths[rule.id] is not Truth.TRUE:
            return ()
        return (*(finding.name for finding in supports(rule.when, self.reading.findings)), *self._mentioned(rule))

    def _mentioned(self, rule: Rule) -> list[str]:
        return [name for name in rule.mentions if self.reading.findings[name].status is Status.PRESENT]

    def _undecided(self, rule: Rule) -> Iterable[str]:
        if self.reading.truths[rule.id] is not Truth.UNKNOWN:
            return ()
        return (leaf.finding for leaf in undecided_leaves(rule.when, self.reading.findings))
