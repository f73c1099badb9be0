"""The claims of the article: a claim that holds is carried by a rule, and every rule named exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import KnowledgeError
from service.knowledge.loader import load
from service.knowledge.topics import Topic, Verdict, load_topics

VALID = Path(__file__).resolve().parents[2] / "rules_valid"


def topics_of(tmp_path: Path, text: str) -> tuple[Topic, ...]:
    (tmp_path / "topics.yaml").write_text(text, encoding="utf-8")
    return load_topics(tmp_path, load(VALID))


def faults_of(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(KnowledgeError) as error:
        topics_of(tmp_path, text)
    return [str(fault) for fault in error.value.issues]


def topic(claim: str = "Rest is best", verdict: str = "supported", rules: str = "[fl-stay-active]") -> str:
    return f"  - claim: {claim}\n    verdict: {verdict}\n    evidence: A source says so.\n    rules: {rules}\n"


def test_a_topic_names_its_rules(tmp_path: Path) -> None:
    (found,) = topics_of(tmp_path, "topics:\n" + topic())
    assert found.verdict is Verdict.SUPPORTED
    assert found.rules == ("fl-stay-active",)
    assert found.at == "topics.yaml:2"


def test_a_star_stands_for_every_rule_that_begins_so_and_each_counts_once(tmp_path: Path) -> None:
    (found,) = topics_of(tmp_path, "topics:\n" + topic(rules="['fl-*', fl-stay-active]"))
    assert found.rules == ("fl-stay-active",)


def test_a_rule_that_does_not_exist_is_refused_with_the_one_probably_meant(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, "topics:\n" + topic(rules="[fl-stay-activ]"))
    assert fault == "topics.yaml:5: rule fl-stay-activ does not exist (did you mean fl-stay-active?)"


def test_a_star_that_stands_for_nothing_is_refused(tmp_path: Path) -> None:
    assert "zz-* does not exist" in faults_of(tmp_path, "topics:\n" + topic(rules="['zz-*']"))[0]


@pytest.mark.parametrize("verdict", ["supported", "weak", "gap"])
def test_a_claim_that_holds_is_carried_by_a_rule(tmp_path: Path, verdict: str) -> None:
    (fault,) = faults_of(tmp_path, "topics:\n" + topic(verdict=verdict, rules="[]"))
    assert "must be carried by a rule" in fault


@pytest.mark.parametrize("verdict", ["not supported", "overstated"])
def test_a_claim_that_does_not_hold_needs_no_rule(tmp_path: Path, verdict: str) -> None:
    (found,) = topics_of(tmp_path, "topics:\n" + topic(verdict=verdict, rules="[]"))
    assert found.rules == ()


def test_a_claim_stands_once(tmp_path: Path) -> None:
    assert "stands twice" in faults_of(tmp_path, "topics:\n" + topic() + topic())[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("topics:\n  - claim: A\n    verdict: perhaps\n    evidence: B.\n", "must be one of supported, weak"),
        ("topics:\n  - claim: A\n    verdict: weak\n    evidence: B.\n    rule: [x]\n", "did you mean rules?"),
        ("topics:\n  - claim: A\n    verdict: weak\n", "evidence: is missing"),
        ("claims: []\n", "topics: is missing"),
    ],
)
def test_the_shape_is_strict(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in fault for fault in faults_of(tmp_path, text))


def test_the_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"topics\.yaml"):
        load_topics(tmp_path, load(VALID))
