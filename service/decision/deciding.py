"""decide(): one record, one hook, one time in; one Decision out.

The pure function in the middle of the service. No web, no clock, no environment, no files: every
caller (EHR call, plain Bundle, command line, replay, tests) goes through it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from msgspec import Struct
from msgspec.structs import replace as replaced

from service.decision.following import Sayings, SpokenRule
from service.decision.gate import Gate, Gated, basis_of
from service.decision.identity import ContentIds
from service.engine.chaining import Chained, Program, compile_programs
from service.engine.memo import Known, vector_key
from service.engine.trace import NO_OUTCOMES, Outcomes, Reading, read_plainly
from service.errors import EngineError
from service.finding import Finding, ShownBefore, Status
from service.knowledge.cache import Cached, uncached
from service.knowledge.conditions import Truth
from service.knowledge.model import FactDefinition, Indicator, Knowledge, Rule
from service.record.budget import NO_BUDGET, Budget
from service.record.chart.evidence import ordered
from service.record.derive import Derivation
from service.record.model import NOTHING_UNREAD, Problem, Record, Unread
from service.record.unread import unread_of


class Advice(Struct, frozen=True):
    """One fired rule that is shown: what it depends on, what it could not know, and which rules it suppresses.

    ``deciding`` are those of ``found`` that make it hold for this patient and not only under this hook; ``named`` are
    those that its condition names or it mentions, conclusions as they stand. ``changing`` are the unknown findings that
    could end this card, make it more severe, or that its author wants named. ``indicator`` is the severity as it is
    shown: as its author wrote, or a warning where it is ``lowered``: a clinician set this critical card aside with a
    reason, and it is shown once more. ``missing`` are the questions without an answer that its summary names. ``also``
    are those of the suppressed rules whose danger the card must name beside its own, ``also_named`` what those were
    found on.
    """

    rule: Rule
    indicator: Indicator
    found: tuple[Finding, ...]
    not_recorded: tuple[str, ...]
    suppresses: tuple[str, ...] = ()
    deciding: tuple[Finding, ...] = ()
    changing: tuple[str, ...] = ()
    named: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()
    lowered: bool = False
    also: tuple[Rule, ...] = ()
    also_named: tuple[Finding, ...] = ()


class Decision(Struct, frozen=True):
    """All about one call. Findings, rule set digest and time give the same decision again.

    ``not_recorded`` are the unknown facts that some spoken card names. ``not_assessed`` are the unknown
    facts that kept a warning or critical rule from being decided and that no spoken card names, ``wanted`` are those
    with the ones that some card names: missing data must not silence a warning unseen (hazards H-02, H-12).
    ``shown_before`` is what the decision log holds of the rules shown now; None: not known.
    """

    id: str
    hook: str
    now: datetime
    ruleset_version: str
    ruleset_digest: str
    findings: Mapping[str, Finding]
    outcomes: Outcomes
    advice: tuple[Advice, ...]
    problems: tuple[Problem, ...]
    not_recorded: tuple[str, ...]
    not_assessed: tuple[str, ...]
    wanted: tuple[str, ...] = ()
    shown_before: Mapping[str, ShownBefore] | None = None
    unread: Unread = NOTHING_UNREAD
    gated: Gated | None = None

    @property
    def is_skipped(self) -> bool:
        """Whether nothing was decided because the gate showed that there is nothing to say."""
        return self.gated is not None and not self.gated.is_sample


@dataclass(frozen=True, slots=True)
class Prepared:
    """The knowledge made ready to decide: fact plans, and one program and one gate per hook, built once."""

    knowledge: Knowledge
    derivation: Derivation
    programs: Mapping[str, Program]
    gates: Mapping[str, Gate] = field(default_factory=dict)
    sayings: dict[str, Sayings] = field(default_factory=dict, repr=False, compare=False)
    content_ids: ContentIds = field(default_factory=ContentIds, repr=False, compare=False)


def prepare(knowledge: Knowledge, cached: Cached = uncached) -> Prepared:
    """Compile the knowledge for every hook its services answer; ``cached`` holds what is dear to work out.

    Raises KnowledgeError (EnvelopeError) when the rules cannot be run.
    """
    hooks = dict.fromkeys(service.hook for service in knowledge.services.values())
    derivation = Derivation(knowledge, cached)
    programs = compile_programs(knowledge, hooks, cached)
    bases = cached("gates", lambda: {hook: basis_of(knowledge, derivation, hook) for hook in hooks})
    gates = {hook: Gate.of(basis, hook, derivation) for hook, basis in bases.items()}
    return Prepared(knowledge, derivation, programs, gates)


def prepare_for_findings(knowledge: Knowledge) -> Prepared:
    """Compile the knowledge for ``decide_on`` alone: made ready sooner, and it reads nothing from a chart.

    Raises KnowledgeError (EnvelopeError) when the rules cannot be run.
    """
    hooks = dict.fromkeys(service.hook for service in knowledge.services.values())
    no_facts = replace(knowledge, facts={}, value_sets={}, episode=())
    return Prepared(knowledge, Derivation(no_facts), compile_programs(knowledge, hooks))


def decide(  # noqa: PLR0913  # the whole question, asked at once
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
    """Read the record into facts and decide on them; ``instead`` replaces facts that were read.

    ``now`` is an aware datetime and the only time there is. Without ``decision_id`` the id is made
    from the content, so the same question gives the same id. With ``gated`` and an id a chart about which
    the gate of the hook shows that nothing can be said is not decided: the decision holds no findings then.
    Raises EngineError when the two engines disagree, TooCostlyError when the ``budget`` is used up.
    """
    chart = prepared.derivation.chart(record, now, budget)
    passed: Gated | None = None
    if gated and decision_id is not None and (gate := prepared.gates.get(hook)) is not None:
        identity = str(decision_id)
        passed = gate.passes(record, chart, identity)
        if passed is not None and not passed.is_sample:
            return _skipped(prepared.knowledge, record, hook, now, identity, passed)
    facts = prepared.derivation.findings_of(chart, budget)
    record = chart.record
    definitions: Sequence[FactDefinition] = chart.concerned
    if instead:
        facts, definitions = {**facts, **instead}, tuple(prepared.knowledge.facts.values())
    unread = unread_of(record, facts, definitions)
    decision = decide_on(prepared, facts, hook, now, decision_id=decision_id, problems=record.problems, unread=unread)
    if unread.doubted or unread.not_final:
        asked = partial(decide_on, prepared, hook=hook, now=now)
        final = prepared.derivation.if_final(unread.not_final, record, now, budget) if unread.not_final else {}
        unread = _mattering(decision, facts, final, asked)
        decision = replaced(decision, unread=unread)
        if unread.pressing:
            waiting = _red_flags_not_final(prepared.knowledge, facts, decision, final, asked)
            decision = asked({**facts, **waiting}, decision_id=decision_id, problems=record.problems, unread=unread)
    return decision if passed is None else replaced(decision, gated=passed)


def _mattering(
    decision: Decision,
    facts: Mapping[str, Finding],
    final: Mapping[str, Finding],
    asked: Callable[[Mapping[str, Finding]], Decision],
) -> Unread:
    """What was set aside, with what hangs on it.

    Of the doubted facts those stay on which a warning would hang if they were not known. Pressing are those that would
    raise a warning if what is not final were so. ``asked`` decides on other facts.
    """
    unread = decision.unread
    doubted, pressing = tuple(unread.doubted), tuple[str, ...]()
    if doubted:
        wanted = asked({**facts, **{name: Finding(name, Status.UNKNOWN) for name in doubted}}).wanted
        doubted = tuple(name for name in doubted if name in wanted)
    said = _warnings(decision)
    if final and _warnings(asked({**facts, **final})) - said:
        alone = [name for name in unread.not_final if _warnings(asked({**facts, name: final[name]})) - said]
        pressing = tuple(alone or unread.not_final)
    return replace(unread, pressing=pressing, doubted=doubted)


def _red_flags_not_final(
    knowledge: Knowledge,
    facts: Mapping[str, Finding],
    decision: Decision,
    final: Mapping[str, Finding],
    asked: Callable[[Mapping[str, Finding]], Decision],
) -> dict[str, Finding]:
    """The facts that say so, where what is not final would bring a warning of the first phase; else none."""
    pressing = {name: final[name] for name in decision.unread.pressing}
    first = knowledge.phases[0].id
    before, after = (
        {advice.rule.id for advice in each.advice if advice.rule.phase == first and advice.indicator.rank}
        for each in (decision, asked({**facts, **pressing}))
    )
    if after <= before:
        return {}
    evidence = ordered(item for one in pressing.values() for item in one.evidence)
    count = Decimal(max(1, len(evidence)))
    saying = (fact for fact in knowledge.facts.values() if fact.not_final)
    return {one.id: Finding(one.id, Status.PRESENT, count, count, one.unit, evidence=evidence) for one in saying}


def _warnings(decision: Decision) -> set[str]:
    """The warnings and critical cards of a decision."""
    return {advice.rule.id for advice in decision.advice if advice.indicator is not Indicator.INFO}


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
        outcomes=NO_OUTCOMES,
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
    identity = str(decision_id or prepared.content_ids.of(knowledge, facts, hook, now))
    key, known, reading = _read(program, facts, identity)
    said = _sayings(prepared, hook).of(key, reading, known.truths)
    return Decision(
        id=identity,
        hook=hook,
        now=now,
        ruleset_version=knowledge.version,
        ruleset_digest=knowledge.digest,
        findings=reading.findings,
        outcomes=Outcomes(program.in_order, known.truths, reading.findings, said.suppressed),
        advice=tuple([_advice(item, reading.findings) for item in said.spoken]),
        problems=tuple(problems),
        not_recorded=said.named,
        not_assessed=said.unnamed,
        wanted=said.missing,
        unread=unread,
    )


def _sayings(prepared: Prepared, hook: str) -> Sayings:
    found = prepared.sayings.get(hook)
    # Whoever puts other rules in their place has what was said of the former ones forgotten.
    if found is None or not found.is_of(prepared.knowledge, prepared.programs[hook]):
        found = prepared.sayings[hook] = Sayings(prepared.knowledge, prepared.programs[hook], hook)
    return found


def _advice(spoken: SpokenRule, findings: Mapping[str, Finding]) -> Advice:
    """What a rule says of this patient."""
    of, card = findings.__getitem__, spoken.rule.card
    assert card is not None
    return Advice(
        rule=spoken.rule,
        indicator=card.indicator,
        found=tuple(map(of, spoken.found)),
        not_recorded=spoken.not_recorded,
        suppresses=spoken.suppresses,
        deciding=tuple(map(of, spoken.deciding)),
        changing=spoken.changing,
        named=tuple(map(of, spoken.named)),
        missing=spoken.missing,
        also=spoken.also,
        also_named=tuple(map(of, spoken.also_named)),
    )


def _read(program: Program, facts: Mapping[str, Finding], identity: str) -> tuple[bytes, Known, Reading]:
    """What both engines make of the facts; a vector on which they agreed before is not asked again."""
    vector = program.layout.vector(facts)
    key = vector_key(vector)
    if (known := program.memo.get(key)) is not None:
        return key, known, program.memo.read_again(known, facts)
    reading = read_plainly(program.strata, facts)
    compare(program.evaluate_vector(vector), reading, identity)
    return key, program.memo.put(key, reading), reading


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
