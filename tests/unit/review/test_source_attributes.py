"""Source attributes: what a rule uses is computed from the facts it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.knowledge.model import Code, FactKind, Knowledge
from service.review.source_attributes import source_attributes, uses
from tests.unit.cards.small_rules import rules

KINDS = {
    "race",
    "ethnicity",
    "language",
    "sexual_orientation",
    "gender_identity",
    "sex",
    "date_of_birth",
    "social_determinants_of_health",
    "health_status_assessments",
}


def of_rule(knowledge: Knowledge, rule: str) -> dict[str, Any]:
    return next(result for result in source_attributes(knowledge)["rules"] if result["rule"] == rule)


def test_every_rule_with_a_card_has_every_attribute(knowledge: Knowledge) -> None:
    result = source_attributes(knowledge)["rules"]
    assert {rule["rule"] for rule in result} == {rule.id for rule in knowledge.rules if rule.card is not None}
    for rule in result:
        assert set(rule["uses"]) == KINDS
        assert rule["bibliographic_citations"]
        assert rule["developer"]
        assert rule["funding_source"]
        assert rule["release_date"]


def test_age_and_sex_count_through_conclusions(knowledge: Knowledge) -> None:
    result = of_rule(knowledge, "sf-nsaid-pregnancy-unknown")
    assert (result["uses"]["sex"], result["uses"]["date_of_birth"]) == (True, True)
    assert result["because_of"]["sex"] == ["female"]


def test_no_shipped_rule_uses_race_ethnicity_language_or_identity(knowledge: Knowledge) -> None:
    never = ("race", "ethnicity", "language", "sexual_orientation", "gender_identity")
    result = source_attributes(knowledge)["rules"]
    assert [rule["rule"] for rule in result if any(rule["uses"][name] for name in never)] == []


@pytest.mark.parametrize(
    ("system", "code", "attribute"),
    [
        ("http://loinc.org", "32624-9", "race"),
        ("http://loinc.org", "69490-1", "ethnicity"),
        ("http://loinc.org", "54899-0", "language"),
        ("http://loinc.org", "76691-5", "gender_identity"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "Z59.0", "social_determinants_of_health"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "Z72.0", "health_status_assessments"),
    ],
)
def test_a_fact_that_reads_such_a_code_makes_the_rule_use_it(system: str, code: str, attribute: str) -> None:
    knowledge = rules()
    fact = knowledge.facts["anticoagulant-active"]
    name = fact.classes[0]
    value_set = replace(
        knowledge.value_sets[name], codes=(Code(system, code, "x", descendants=False, verified=True, source="test"),)
    )
    changed = replace(knowledge, value_sets={**knowledge.value_sets, name: value_set})
    assert uses(knowledge, [fact])[attribute] == []
    assert uses(changed, [fact])[attribute] == ["anticoagulant-active"]


def test_a_computed_egfr_uses_age_and_sex() -> None:
    fact = replace(rules().facts["egfr"], compute="ckd-epi-2021")
    used = uses(rules(), [fact])
    assert used["sex"] == used["date_of_birth"] == ["egfr"]
    assert fact.kind is FactKind.QUANTITY


def test_the_attributes_are_public(client: FlaskClient) -> None:
    result = client.get("/dsi").get_json()
    assert result["rules"]
    assert result["ruleset"]["digest"]
