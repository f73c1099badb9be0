"""Proofs: a rule set broken on purpose makes each invariant fail, and the witness shows how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from service.config import PROJECT
from service.finding import Finding, Status
from service.knowledge.invariants import Invariants, load_invariants
from service.knowledge.model import AllOf, AnyOf, Condition, Knowledge, Leaf, Rule, Suggestion, Word
from service.review.proof import Breach, Prover, finding_line, witness_lines
from tests.rules_in_python import is_, measured
from tests.shipped import shipped_knowledge

RULES = PROJECT / "rules"


shipped = shipped_knowledge


@cache
def invariants() -> Invariants:
    return load_invariants(RULES, shipped())


def on(hook: str, knowledge: Knowledge) -> Knowledge:
    """The rule set as if only one hook were offered, so that a proof takes a second."""
    return replace(knowledge, services={key: one for key, one in knowledge.services.items() if one.hook == hook})


def changed(rule_id: str, change: Callable[[Rule], Rule | None]) -> Knowledge:
    """The shipped rules with one of them changed, or taken away."""
    phases = []
    for phase in shipped().phases:
        rules = [change(rule) if rule.id == rule_id else rule for rule in phase.rules]
        phases.append(replace(phase, rules=tuple(rule for rule in rules if rule is not None)))
    return replace(shipped(), phases=tuple(phases))


def without(condition: Condition, finding: str) -> Condition:
    """An "all" without its test of one finding."""
    assert isinstance(condition, AllOf)
    return AllOf(tuple(part for part in condition.parts if not (isinstance(part, Leaf) and part.finding == finding)))


def breaches(knowledge: Knowledge, invariant: str, hook: str) -> tuple[Breach, ...]:
    (proof,) = Prover(on(hook, knowledge), invariants()).prove(invariant)
    return proof.breaches


@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
def test_a_statement_that_holds_is_proved(hook: str) -> None:
    assert breaches(shipped(), "no-nsaid-with-a-contraindication", hook) == ()


def test_1_a_suggestion_that_forgets_a_contraindication_is_found_with_a_patient_who_shows_it() -> None:
    forgot = changed("fl-nsaid-short-course", lambda r: replace(r, when=without(r.when, "nsaid-contraindicated")))
    (breach,) = breaches(forgot, "no-nsaid-with-a-contraindication", "patient-view")
    assert "fl-nsaid-short-course" in breach.text
    assert len(breach.witness) < 12, "a witness says only what matters"
    assert any(line.startswith("radicular-leg-pain: present") for line in witness_lines(breach))


def test_2_a_red_flag_rule_taken_away_is_missed() -> None:
    gone = changed("rf-major-trauma", lambda _: None)
    (breach,) = breaches(gone, "major-trauma-is-critical", "patient-view")
    assert breach.witness["trauma-major"].status is Status.PRESENT


def test_2_a_red_flag_rule_made_quieter_is_missed() -> None:
    def quieter(rule: Rule) -> Rule:
        assert rule.card is not None
        return replace(rule, card=replace(rule.card, indicator=type(rule.card.indicator).INFO))

    assert breaches(changed("rf-major-trauma", quieter), "major-trauma-is-critical", "patient-view")


@pytest.mark.parametrize(
    ("conclusion", "invariant"),
    [
        ("nsaid-contraindicated", "what-forbids-an-nsaid-warns"),
        ("nsaid-caution", "what-cautions-about-an-nsaid-is-told"),
        ("relaxant-contraindicated", "what-forbids-a-relaxant-is-told"),
        ("epidural-contraindicated", "what-forbids-an-epidural-is-critical"),
    ],
)
def test_2_a_state_that_withholds_a_suggestion_and_warns_of_nothing_is_found(conclusion: str, invariant: str) -> None:
    def wider(rule: Rule) -> Rule:
        assert isinstance(rule.when, AnyOf)
        return replace(rule, when=AnyOf((*rule.when.parts, is_("anything-else"))))

    (breach,) = breaches(changed(conclusion, wider), invariant, "order-sign")
    assert breach.witness["anything-else"].status is Status.PRESENT


def test_3_opposite_advice_that_is_not_named_is_found() -> None:
    def against(rule: Rule) -> Rule:
        assert rule.recommendation is not None
        opposite = replace(rule.recommendation, topic="activity", direction="against")
        return replace(rule, recommendation=opposite, names_conflict_with=())

    found = breaches(changed("fl-early-physical-therapy", against), "no-hidden-conflict", "patient-view")
    assert any("fl-stay-active" in breach.text for breach in found)


@cache
def of_three_mutants() -> tuple[Breach, ...]:
    """What is found where one rule can never fire, a part of another says nothing, and a third is always suppressed."""
    impossible = AllOf((is_("back-or-leg-pain"), is_("back-or-leg-pain", "absent")))

    def idle(rule: Rule) -> Rule:
        assert isinstance(rule.when, AllOf)
        return replace(rule, when=AllOf((*rule.when.parts, Leaf("back-or-leg-pain", word=Word.NOT_ABSENT))))

    made_mutants: dict[str, Callable[[Rule], list[Rule]]] = {
        "fl-heat": lambda rule: [replace(rule, when=impossible)],
        "fl-stay-active": lambda rule: [idle(rule)],
        "rf-major-trauma": lambda rule: [
            replace(rule, family="trauma-twice", rank=0),
            replace(rule, family="trauma-twice", id="rf-trauma-again", rank=1),
        ],
    }
    phases = [
        replace(
            phase, rules=tuple(one for rule in phase.rules for one in made_mutants.get(rule.id, lambda r: [r])(rule))
        )
        for phase in shipped().phases
    ]
    return breaches(replace(shipped(), phases=tuple(phases)), "every-part-matters", "patient-view")


def test_4_a_rule_that_can_never_fire_is_found() -> None:
    assert any("fl-heat" in breach.text and "never fire" in breach.text for breach in of_three_mutants())


def test_4_a_test_that_makes_no_difference_is_found() -> None:
    told_so = "'back-or-leg-pain not absent' makes no difference"
    assert any("fl-stay-active" in breach.text and told_so in breach.text for breach in of_three_mutants())


def test_4_a_rule_always_covered_by_its_family_is_found() -> None:
    found = of_three_mutants()
    assert any("rf-trauma-again" in breach.text and "always suppressed" in breach.text for breach in found)


def test_5_a_warning_that_missing_data_rules_out_is_found() -> None:
    # The eGFR is unknown: no longer a warning of its own, and the warning about a low one is ruled out by it.
    knowledge = changed("sf-nsaid-renal-unknown", lambda _: None)
    knowledge = _with(knowledge, "sf-nsaid-egfr-30-59", is_("nsaid-withheld-renal", "absent"))
    found = breaches(knowledge, "missing-data-never-silences", "order-sign")
    assert any("sf-nsaid-egfr-30-59 is silenced when egfr is unknown" in breach.text for breach in found)


def _with(knowledge: Knowledge, rule_id: str, test: Leaf) -> Knowledge:
    phases = []
    for phase in knowledge.phases:
        rules = []
        for rule in phase.rules:
            if rule.id == rule_id:
                assert isinstance(rule.when, AllOf)
                rules.append(replace(rule, when=AllOf((*rule.when.parts, test)), mentions=()))
            else:
                rules.append(replace(rule, mentions=tuple(name for name in rule.mentions if name != "egfr")))
        phases.append(replace(phase, rules=tuple(rules)))
    return replace(knowledge, phases=tuple(phases))


def test_6_a_card_that_says_stop_an_opioid_now_is_found() -> None:
    def abrupt(rule: Rule) -> Rule:
        assert rule.card is not None
        return replace(rule, card=replace(rule.card, detail="Stop the opioid today."))

    found = breaches(changed("mo-legacy-sedatives", abrupt), "no-abrupt-stop", "patient-view")
    assert [breach.text for breach in found if "Stop the opioid today." in breach.text]


def test_6_a_suggestion_that_takes_away_running_therapy_is_found() -> None:
    def removing(rule: Rule) -> Rule:
        assert rule.card is not None
        taken = Suggestion("Remove the opioid", remove=("opioid-active",))
        return replace(rule, card=replace(rule.card, suggestions=(taken,)))

    found = breaches(changed("mo-legacy-sedatives", removing), "no-abrupt-stop", "patient-view")
    assert any("removes running therapy" in breach.text for breach in found)


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (Finding("pregnant", Status.PRESENT), "pregnant: present"),
        (measured("age", 65), "age: 65"),
        (measured("age", 60, None), "age: from 60 to any"),
        (Finding("egfr", Status.UNKNOWN), "egfr: unknown"),
    ],
)
def test_a_witness_reads_like_a_chart(finding: Finding, line: str) -> None:
    assert finding_line(finding) == line
