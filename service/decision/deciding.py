"""decide(): one record, one hook, one time in; one Decision out.

The pure function in the middle of the service. No web, no clock, no environment, no files: every
caller (EHR call, plain Bundle, command line, replay, tests) goes through it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from msgspec.structs import replace as replaced

from service.decision.gate import Gate, Gated, basis_of
from service.engine.chaining import Chained, Program, compile_program
from service.engine.trace import Outcome, Reading, Result, outcome, read_again, read_plainly, supports, undecided_leaves
from service.errors import EngineError
from service.finding import Finding, ShownBefore, Status
from service.knowledge.cache import Keep, keep_nothing
from service.knowledge.conditions import Truth, truth
from service.knowledge.hooks import HOOKS
from service.knowledge.model import Indicator, Knowledge, Rule, leaves
from service.record.budget import NO_BUDGET, Budget
from service.record.derive import Derivation
from service.record.model import NOTHING_UNREAD, Problem, Record, Unread
from service.record.unread import unread_of

# The name space of ids that are made from content, so that the same question gives the same bytes.
_CONTENT_IDS = uuid.UUID("6f0d7f5e-6a3b-4c0e-9d9e-2f4f3b6f7c11")


@dataclass(frozen=True, slots=True)
class Advice:
    """One fired rule that speaks: what it rests on, what it could not know, and which rules it covers.

    ``deciding`` are those of ``found`` that make it speak for this patient and not only under this hook; ``named`` are
    those that its condition names or it mentions, conclusions as they stand. ``changing`` are the unknown findings that
    could end this card, make it louder, or that its author wants named. ``lowered``: a clinician set this critical card
    aside with a reason, and it is shown once more as a warning.
    ``also`` are those of the covered rules whose danger the card must name beside its own.
    """

    rule: Rule
    found: tuple[Finding, ...]
    not_recorded: tuple[str, ...]
    suppresses: tuple[str, ...] = ()
    deciding: tuple[Finding, ...] = ()
    changing: tuple[str, ...] = ()
    named: tuple[Finding, ...] = ()
    lowered: bool = False
    also: tuple[Rule, ...] = ()

    @property
    def indicator(self) -> Indicator:
        """How loud it is shown: as its author wrote, or as a warning where a clinician set it aside before."""
        assert self.rule.card is not None
        return Indicator.WARNING if self.lowered else self.rule.card.indicator


@dataclass(frozen=True, slots=True)
class Decision:
    """All about one call. Findings, rule set digest and time give the same decision again.

    ``not_recorded`` are the unknown facts that some spoken card names. ``not_assessed`` are the unknown
    facts that kept a warning or critical rule from being decided and that no spoken card names, ``wanted`` are those
    with the ones that some card names: missing data must not silence a warning unseen (hazards H-02, H-12).
    ``resting`` are the rules that are not said again, ``shown_before`` what the log told of them; None: not known.
    """

    id: str
    hook: str
    now: datetime
    ruleset_version: str
    ruleset_digest: str
    findings: Mapping[str, Finding]
    outcomes: tuple[Outcome, ...]
    advice: tuple[Advice, ...]
    problems: tuple[Problem, ...]
    not_recorded: tuple[str, ...]
    not_assessed: tuple[str, ...]
    wanted: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()
    shown_before: Mapping[str, ShownBefore] | None = None
    unread: Unread = NOTHING_UNREAD
    gated: Gated | None = None

    @property
    def is_skipped(self) -> bool:
        """Whether nothing was decided because the gate showed that there is nothing to say."""
        return self.gated is not None and not self.gated.in_full


@dataclass(frozen=True, slots=True)
class Prepared:
    """The knowledge made ready to decide: fact plans, and one program and one gate per hook, built once."""

    knowledge: Knowledge
    derivation: Derivation
    programs: Mapping[str, Program]
    gates: Mapping[str, Gate] = field(default_factory=dict)


def prepare(knowledge: Knowledge, keep: Keep = keep_nothing) -> Prepared:
    """Compile the knowledge for every hook its services answer; ``keep`` keeps what is dear to work out.

    Raises KnowledgeError (EnvelopeError) when the rules cannot be run.
    """
    hooks = dict.fromkeys(service.hook for service in knowledge.services.values())
    derivation = Derivation(knowledge, keep)
    programs = {hook: compile_program(knowledge, hook, keep) for hook in hooks}
    bases = keep("gates", lambda: {hook: basis_of(knowledge, derivation, hook) for hook in hooks})
    gates = {hook: Gate.of(basis, hook, derivation) for hook, basis in bases.items()}
    return Prepared(knowledge, derivation, programs, gates)


def prepare_for_findings(knowledge: Knowledge) -> Prepared:
    """Compile the knowledge for ``decide_on`` alone: made ready sooner, and it reads nothing from a chart.

    Raises KnowledgeError (EnvelopeError) when the rules cannot be run.
    """
    hooks = dict.fromkeys(service.hook for service in knowledge.services.values())
    no_facts = replace(knowledge, facts={}, value_sets={}, episode=())
    return Prepared(knowledge, Derivation(no_facts), {hook: compile_program(knowledge, hook) for hook in hooks})


def decide(  # noqa: PLR0913  # the whole question, asked in one place
    prepared: Prepared,
    record: Record,
    hook: str,
    now: datetime,
    decision_id: uuid.UUID | None = None,
    budget: Budget = NO_BUDGET,
    *,
    gated: bool = False,
    instead: Mapping[str, Finding] | None = None,
) -> Decision:
    """Read the record into facts and decide on them; ``instead`` takes the place of facts that were read.

    ``now`` is an aware datetime and the only time there is. Without ``decision_id`` the id is made
    from the content, so the same question gives the same id. With ``gated`` and an id a chart about which
    the gate of the hook shows that nothing can be said is not decided: the decision holds no findings then.
    Raises EngineError when the two engines disagree, TooCostlyError when the ``budget`` is used up.
    """
    chart = prepared.derivation.chart(record, now, budget)
    passed: Gated | None = None
    if gated and decision_id is not None and (gate := prepared.gates.get(hook)) is not None:
        passed = gate.passes(record, chart, str(decision_id))
        if passed is not None and not passed.in_full:
            return _skipped(prepared.knowledge, record, hook, now, str(decision_id), passed)
    facts = prepared.derivation.findings_of(chart, budget)
    if instead:
        facts = {**facts, **instead}
    unread = unread_of(record, facts, tuple(prepared.knowledge.facts.values()))
    decision = decide_on(prepared, facts, hook, now, decision_id=decision_id, problems=record.problems, unread=unread)
    return decision if passed is None else replace(decision, gated=passed)


def _skipped(
    knowledge: Knowledge, record: Record, hook: str, now: datetime, decision_id: str, passed: Gated
) -> Decision:
    """The decision that there is nothing to say: shown by the gate, not found by the engines."""
    return Decision(
        id=decision_id,
        hook=hook,
        now=now,
        ruleset_version=knowledge.version,
        ruleset_digest=knowledge.digest,
        findings={},
        outcomes=(),
        advice=(),
        problems=record.problems,
        not_recorded=(),
        not_assessed=(),
        gated=passed,
    )


def decide_on(  # the same question as decide(), asked with findings (replay, proofs)
    prepared: Prepared,
    facts: Mapping[str, Finding],
    hook: str,
    now: datetime,
    *,
    decision_id: uuid.UUID | None = None,
    problems: Sequence[Problem] = (),
    unread: Unread = NOTHING_UNREAD,
) -> Decision:
    """Decide on facts already read. Raises EngineError when the two engines disagree."""
    knowledge, program = prepared.knowledge, prepared.programs[hook]
    identity = str(decision_id or _content_id(knowledge, facts, hook, now))
    reading = _read(program, facts, identity)
    outcomes = tuple(outcome(rule, reading) for rule in program.rules)
    reader = _Reader(program, reading, knowledge)
    advice, outcomes = _shown_rules(reader, outcomes, hook)
    named = dict.fromkeys(name for item in advice for name in item.not_recorded)
    undecided = [item for item in outcomes if item.result is Result.NOT_ENOUGH_DATA and _warns(item.rule, hook)]
    undecided.sort(key=lambda item: -item.rule.severity)
    missing = dict.fromkeys(reader.missing(leaf.finding for item in undecided for leaf in item.keeping))
    return Decision(
        id=identity,
        hook=hook,
        now=now,
        ruleset_version=knowledge.version,
        ruleset_digest=knowledge.digest,
        findings=reading.findings,
        outcomes=outcomes,
        advice=advice,
        problems=tuple(problems),
        not_recorded=tuple(named),
        not_assessed=tuple(name for name in missing if name not in named),
        wanted=tuple(missing),
        unread=unread,
    )


def _read(program: Program, facts: Mapping[str, Finding], identity: str) -> Reading:
    """What both engines make of the facts; a row on which they agreed before is not asked again."""
    row = program.layout.row(facts)
    if (truths := program.memo.get(row)) is not None:
        return read_again(program.strata, facts, truths)
    reading = read_plainly(program.strata, facts)
    compare(program.evaluate_row(row), reading, identity)
    program.memo.put(row, reading.truths)
    return reading


def compare(chained: Chained, reading: Reading, identity: str) -> None:
    """Hold the engine's answer against the plain reading; on any difference there is no advice.

    Raises EngineError naming rules and conclusions only, never what was found.
    """
    plain = {rule for rule, truth in reading.truths.items() if truth is Truth.TRUE}
    differing = sorted(plain ^ set(chained.fired))
    differing += sorted(
        name for name, status in reading.conclusions.items() if chained.conclusions.get(name) is not status
    )
    if differing:
        raise EngineError(f"decision {identity}: the two engines disagree on {', '.join(differing)}")


def _content_id(knowledge: Knowledge, facts: Mapping[str, Finding], hook: str, now: datetime) -> uuid.UUID:
    text = "\n".join(_finding_line(facts[name]) for name in sorted(facts))
    content = f"{knowledge.digest}\n{hook}\n{now.isoformat()}\n{text}"
    return uuid.uuid5(_CONTENT_IDS, hashlib.sha256(content.encode()).hexdigest())


def _finding_line(finding: Finding) -> str:
    # By hand, because the repr of three hundred dataclasses costs as much as reading the chart.
    evidence = [(item.resource, item.date, item.text, item.note) for item in finding.evidence]
    return (
        f"{finding.name}|{finding.status.value}|{finding.low}|{finding.high}|{finding.unit}|{finding.notes}|{evidence}"
    )


def _shown_rules(
    reader: _Reader, outcomes: Sequence[Outcome], hook: str
) -> tuple[tuple[Advice, ...], tuple[Outcome, ...]]:
    """The rules that speak, and the outcomes with covered rules marked (the loudest of a family speaks)."""
    fired = [
        item
        for item in outcomes
        if (item.result is Result.FIRED and _is_shown(item.rule, hook)) or reader.may_be_reached(item, hook)
    ]
    suppressed = suppressed_by([item.rule for item in fired])
    advice = tuple(
        Advice(
            rule=item.rule,
            found=tuple(reader.found(item.rule)),
            not_recorded=tuple(reader.not_recorded(item.rule)),
            suppresses=tuple(rule for rule, by in suppressed.items() if by == item.rule.id),
            deciding=tuple(reader.deciding(item.rule)),
            named=tuple(reader.named(item.rule)),
            changing=tuple(reader.changing(item.rule, _more_severe(item.rule, outcomes, hook))),
            also=_also(item.rule, [other.rule for other in fired if suppressed.get(other.rule.id) == item.rule.id]),
        )
        for item in fired
        if item.rule.id not in suppressed
    )
    final = tuple(
        replaced(item, suppressed_by=suppressed[item.rule.id]) if item.rule.id in suppressed else item
        for item in outcomes
    )
    return advice, final


def _more_severe(rule: Rule, outcomes: Iterable[Outcome], hook: str) -> Iterator[Rule]:
    """The rules that would speak in place of this one, if only more were known."""
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
    """For every rule that stays silent because another one of its family comes first, which one that is."""
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


@dataclass(frozen=True, slots=True)
class _Reader:
    """Follows what a rule rests on through conclusions down to the facts of the record."""

    program: Program
    reading: Reading
    knowledge: Knowledge

    def found(self, rule: Rule) -> Iterator[Finding]:
        """What a fired rule rests on, each once."""
        findings = self.reading.findings
        named = [finding.name for finding in supports(rule.when, findings)]
        named += [*self._between(rule), *self._mentioned(rule)]
        return (findings[name] for name in self._down(named, self._supporting))

    def may_be_reached(self, item: Outcome, hook: str) -> bool:
        """Whether a warning about an order is undecided only for a number of which the upper bound reaches the limit.

        Then it speaks, and its card shows both bounds.
        """
        if item.result is not Result.NOT_ENOUGH_DATA or not HOOKS[hook].has_orders or not _warns(item.rule, hook):
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

    def named(self, rule: Rule) -> Iterator[Finding]:
        """What makes the condition of a fired rule true, and what it mentions, by the names it uses."""
        findings = self.reading.findings
        yield from supports(rule.when, findings)
        yield from (findings[name] for name in self._between(rule))
        yield from (findings[name] for name in self._mentioned(rule))

    def deciding(self, rule: Rule) -> Iterator[Finding]:
        """The same without what only says that a rule may speak here; all of it where nothing else is left."""
        findings = self.reading.findings
        named = [finding.name for finding in supports(rule.when, findings)]
        own = [*self._between(rule), *(name for name in named if name not in self.knowledge.background)]
        return (findings[name] for name in self._down([*(own or named), *self._mentioned(rule)], self._supporting))

    def not_recorded(self, rule: Rule) -> Iterator[str]:
        """What is unknown of all that a fired rule read or mentions, where it can apply to this patient."""
        return self.missing(self._unknown([*sorted(rule.reads), *rule.mentions]))

    def changing(self, rule: Rule, more_severe: Iterable[Rule]) -> Iterator[str]:
        """What is unknown and could end the card of a fired rule or make it louder, and what its author wants named."""
        findings = self.reading.findings
        unless = [leaf.finding for leaf in leaves(rule.when) if truth(leaf, findings) is Truth.TRUE]
        more = [leaf.finding for other in more_severe for leaf in undecided_leaves(other.when, findings)]
        own = [name for name in (*unless, *more) if name not in self.knowledge.background]
        return self.missing([*self._unknown([*own, *rule.mentions]), *more])

    def missing(self, names: Iterable[str]) -> Iterator[str]:
        """What is unknown behind the findings that keep rules from being decided, where it can apply."""
        return (name for name in self._down(names, self._undecided) if self._can_apply(name))

    def _unknown(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if self.reading.findings[name].status is Status.UNKNOWN]

    def _can_apply(self, name: str) -> bool:
        """Whether the rule set allows to ask for it: no pregnancy of a man, no days of a drug that nobody takes."""
        findings = self.reading.findings
        return all(
            truth(asked.when, findings) is Truth.TRUE
            for asked in self.knowledge.asked_only
            if name in asked.findings and all(leaf.finding in findings for leaf in leaves(asked.when))
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
