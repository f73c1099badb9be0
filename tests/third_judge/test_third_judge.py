"""A third judge that is not ours: the rules as CQL, on HL7's reference translator and an engine by other people.

``make third-judge`` asks every state; without THIRD_JUDGE=all a part of the chosen states is asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from service.cli.stories import example_services, read_stories, story_case
from service.cli.vignettes import Vignette, read_vignettes
from service.cli.vignettes import answered as vignette_answer
from service.decision import Prepared, decide_on, prepare
from service.engine.trace import Result
from service.finding import Finding, Status
from service.knowledge.conditions import Truth
from service.knowledge.examples import EXPECTED
from service.knowledge.model import Example, Knowledge, Rule, possible_states
from service.knowledge.strata import rules_for
from service.protocol.evaluation import Services
from service.review.export.cql import cql, not_exported, rule_expression
from service.review.mutation import Mutant, mutants
from tests.third_judge.states import Telling, noticed, telling_states

HERE = Path(__file__).resolve().parent
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WHOLE = os.environ.get("THIRD_JUDGE") == "all"
# The make target asks everything; the usual run some stories, vignettes, states and examples.
EVERY, EVERY_EXAMPLE, EVERY_STORY = (1, 1, 1) if WHOLE else (60, 12, 24)

Json = dict[str, Any]
_RESULT = {Result.FIRED: True, Result.NOT_MET: False, Result.NOT_ENOUGH_DATA: None}
_STATUS = {Status.PRESENT: True, Status.ABSENT: False, Status.UNKNOWN: None}


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no Node: the third judge is a Node package")
    if not (HERE / "node_modules" / "cql-execution").is_dir():
        pytest.skip("the third judge is not installed: make third-judge")
    return found


def judged(node: str, library: str, questions: Iterable[Json]) -> list[Json]:
    """What the third judge says to each question."""
    asked = json.dumps({"cql": library, "questions": list(questions)})
    command = [node, str(HERE / "judge.mjs")]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, cwd=HERE)
    told = json.loads(done.stdout)
    assert told["faults"] == []
    answers: list[Json] = told["answers"]
    return answers


def parameters(findings: Mapping[str, Finding]) -> Json:
    """Findings as the CQL library takes them."""
    told: Json = {}
    for name, finding in findings.items():
        told[name] = _STATUS[finding.status]
        told |= {
            f"{name} {bound}": float(value)
            for bound, value in (("low", finding.low), ("high", finding.high))
            if value is not None
        }
    return told


def whole(knowledge: Knowledge, state: Mapping[str, Finding]) -> dict[str, Finding]:
    """The state with every other fact not known, or as it can be."""

    def usual(name: str) -> Finding:
        states = possible_states(knowledge.facts[name])
        return Finding(name, Status.UNKNOWN if Status.UNKNOWN in states else Status.ABSENT)

    return {name: state.get(name) or usual(name) for name in knowledge.facts}


def hooks_for_all_rules(knowledge: Knowledge) -> list[str]:
    """As few hooks as run every rule between them."""
    waiting = {rule.id for rule in knowledge.rules}
    reach = {one.hook: {rule.id for rule in rules_for(knowledge, one.hook)} for one in knowledge.services.values()}
    hooks = []
    while waiting:
        best = max(sorted(reach), key=lambda hook: len(reach[hook] & waiting))
        if not reach[best] & waiting:
            break
        hooks.append(best)
        waiting -= reach[best]
    return hooks


def of_both_engines(prepared: Prepared, state: Mapping[str, Finding], hooks: Sequence[str]) -> tuple[Json, Json]:
    """What both engines made of every rule, and the findings with all conclusions; they agreed, or this raises."""
    told: Json = {}
    findings: Json = {}
    for hook in hooks:
        decision = decide_on(prepared, state, hook, NOW)
        told |= {rule_expression(item.rule.id): _RESULT[item.result] for item in decision.outcomes}
        findings |= decision.findings
    return told, findings


@cache
def chosen(knowledge_digest: str, every: int) -> Telling:
    knowledge = _KNOWLEDGE[knowledge_digest]
    return telling_states(knowledge, knowledge.rules[::every])


_KNOWLEDGE: dict[str, Knowledge] = {}


def states(knowledge: Knowledge) -> list[dict[str, Finding]]:
    """The findings of every story and vignette, and the states that were chosen."""
    _KNOWLEDGE[knowledge.digest] = knowledge
    services = example_services()
    stories = [dict(story_case(services, story).facts) for story in read_stories()[::EVERY_STORY]]
    vignettes = [vignette_facts(services, knowledge, one) for one in read_vignettes()[::EVERY_STORY]]
    return [whole(knowledge, state) for state in (*stories, *vignettes, *chosen(knowledge.digest, EVERY).states)]


def vignette_facts(services: Services, knowledge: Knowledge, vignette: Vignette) -> dict[str, Finding]:
    """What is read from the chart of a vignette."""
    findings = vignette_answer(services, vignette).decision.findings
    return {name: finding for name, finding in findings.items() if name in knowledge.facts}


def differing(node: str, library: str, knowledge: Knowledge, asked: Sequence[Mapping[str, Finding]]) -> list[str]:
    prepared, hooks = prepare(knowledge), hooks_for_all_rules(knowledge)
    answers = judged(node, library, ({"parameters": parameters(state)} for state in asked))
    wrong = []
    for state, answer in zip(asked, answers, strict=True):
        expected, findings = of_both_engines(prepared, state, hooks)
        expected |= {name: _STATUS[findings[name].status] for name in knowledge.conclusions if name in findings}
        wrong += [name for name, value in expected.items() if name in answer and answer[name] != value]
        assert expected.keys() <= answer.keys() | {name for name in expected if name not in library}
    return wrong


@pytest.mark.timeout(1400 if WHOLE else 300)
def test_every_state_is_judged_as_by_both_engines(node: str, knowledge: Knowledge) -> None:
    asked = states(knowledge)
    assert differing(node, cql(knowledge), knowledge, asked) == []
    print(f"{len(asked)} states, {len(knowledge.rules)} rules")  # noqa: T201  # shown by the make target
    assert len(asked) > (len(read_stories()) + len(read_vignettes())) // EVERY_STORY


def test_every_example_is_judged_as_it_expects(node: str, knowledge: Knowledge) -> None:
    examples = [(rule, example) for rule in knowledge.rules[::EVERY_EXAMPLE] for example in rule.examples]
    questions = (
        {"parameters": parameters(given(knowledge, rule, example)), "expression": rule_expression(rule.id)}
        for rule, example in examples
    )
    answers = judged(node, cql(knowledge, conclusions_given=True), questions)
    values = {Truth.TRUE: True, Truth.FALSE: False, Truth.UNKNOWN: None}
    wrong = [
        f"{rule.id}: {example.name}"
        for (rule, example), answer in zip(examples, answers, strict=True)
        if answer[rule_expression(rule.id)] is not values[EXPECTED[example.expect]]
    ]
    assert wrong == []


def given(knowledge: Knowledge, rule: Rule, example: Example) -> dict[str, Finding]:
    """The findings of an example: what is not given is absent, a number not known."""
    found = {}
    for name in rule.reads:
        state = example.given.get(name)
        if state is not None:
            found[name] = Finding(name, Status(state.status), state.low, state.high)
        else:
            numeric = name in knowledge.facts and knowledge.facts[name].is_numeric
            found[name] = Finding(name, Status.UNKNOWN if numeric else Status.ABSENT)
    return found


@pytest.mark.timeout(1400 if WHOLE else 300)
def test_the_third_judge_tells_nearly_every_planted_fault_from_its_rule(node: str, knowledge: Knowledge) -> None:
    """Every planted fault stands beside its rule as an expression of its own: one translation shows them all."""
    _KNOWLEDGE[knowledge.digest] = knowledge
    telling = chosen(knowledge.digest, EVERY)
    planted = {
        f"planted-{number}": mutant
        for number, mutant in enumerate(mutant for rule in knowledge.rules[::EVERY] for mutant in mutants(rule))
        if (mutant.rule.id, mutant.fault) not in telling.equivalent
    }
    library = cql(with_planted(knowledge, planted))
    asked = [whole(knowledge, state) for state in telling.states]
    answers = judged(node, library, ({"parameters": parameters(state)} for state in asked))
    unnoticed = [
        f"{mutant.rule.id}: {mutant.fault}"
        for name, mutant in planted.items()
        if all(one[rule_expression(name)] is one[rule_expression(mutant.rule.id)] for one in answers)
    ]
    print(f"{len(planted) - len(unnoticed)} of {len(planted)} planted faults noticed")  # noqa: T201  # shown by make
    assert len(planted) > 20
    assert len(unnoticed) <= 0.02 * len(planted), unnoticed


def with_planted(knowledge: Knowledge, planted: Mapping[str, Mutant]) -> Knowledge:
    """The rules with each planted fault as one more rule that draws and shows nothing."""
    more: dict[str, list[Rule]] = {}
    for name, mutant in planted.items():
        more.setdefault(mutant.rule.id, []).append(replace(mutant.mutated, id=name, concludes=None))
    phases = (
        replace(phase, rules=tuple(one for rule in phase.rules for one in (rule, *more.get(rule.id, ()))))
        for phase in knowledge.phases
    )
    return replace(knowledge, phases=tuple(phases))


def test_the_chosen_states_would_notice_nearly_every_planted_fault(knowledge: Knowledge) -> None:
    _KNOWLEDGE[knowledge.digest] = knowledge
    prepared, hooks = prepare(knowledge), hooks_for_all_rules(knowledge)
    telling = chosen(knowledge.digest, EVERY)
    asked = [whole(knowledge, state) for state in telling.states]
    findings = [of_both_engines(prepared, state, hooks)[1] for state in asked]
    made_mutants = [
        (rule, mutant)
        for rule in knowledge.rules[::EVERY]
        for mutant in mutants(rule)
        if (rule.id, mutant.fault) not in telling.equivalent
    ]
    unnoticed = [f"{rule.id}: {mutant.fault}" for rule, mutant in made_mutants if not noticed(rule, mutant, findings)]
    assert len(unnoticed) <= 0.02 * len(made_mutants), unnoticed
    assert len(telling.equivalent) < 0.05 * len(made_mutants)


def test_the_library_names_every_rule_and_says_what_it_does_not_tell(knowledge: Knowledge) -> None:
    text = cql(knowledge)
    assert [rule.id for rule in knowledge.rules if f'define "{rule_expression(rule.id)}":' not in text] == []
    assert all(f"// {sentence}" in text for sentence in not_exported(knowledge))
    assert knowledge.digest in text
    assert text == cql(knowledge)
