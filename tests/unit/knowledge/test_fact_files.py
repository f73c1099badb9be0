"""Files of facts: what a kind says by default, drugs declared once, codes of our own that stand in the fact."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import KnowledgeError
from service.knowledge.loader import load
from service.knowledge.model import FactKind, Knowledge
from tests.unit.knowledge.rule_folders import changed_rules

MORE = "facts/more.yaml"
DRUG = """kinds:
  drug: {complete: [MedicationRequest], absent_when: The whole list holds none., product_choice: Ours.}
  order: {absent_when: No such order is in this call.}
drugs:
  - drug: naproxen
    classes: [med-nsaid-nonselective]
    route: any
    active: {title: Naproxen is active, asks: naproxen, product_choice: null}
    ordered: {title: Naproxen is being ordered, asks: whether naproxen is being ordered, daily_dose_mg: [500, null]}
    days:
      title: Days of naproxen
      asks: how long naproxen has been taken
      absent_when: The whole list holds none.
    total_days: {id: all-naproxen-days, title: Days of naproxen in all, asks: days, absent_when: Never.}
"""
OWN = """facts:
  - id: night-pain
    title: Pain at night
    asks: pain at night
    kind: coded
    from: {resource: Observation, codes: [local-answer-night-pain]}
    absent_when: Never by silence.
    own_codes:
      - {code: answer-night-pain, title: Pain at night, patterns: ["\\\\bnight pain\\\\b"]}
"""


def with_file(folder: Path, text: str) -> Knowledge:
    return load(changed_rules(folder, [{"file": MORE, "put": text}]))


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(KnowledgeError) as caught:
        with_file(folder, text)
    return [str(fault) for fault in caught.value.issues]


def test_a_drug_gives_what_is_taken_what_is_ordered_and_the_days(tmp_path: Path) -> None:
    facts = with_file(tmp_path, DRUG).facts
    assert facts["naproxen-active"].kind is FactKind.DRUG
    assert facts["naproxen-ordered"].kind is FactKind.ORDER
    assert facts["naproxen-ordered"].resource == "MedicationRequest"
    assert facts["naproxen-ordered"].daily_dose_mg is not None
    assert facts["naproxen-days"].measure == "current"
    assert facts["all-naproxen-days"].measure == "both"
    for name in ("naproxen-active", "naproxen-ordered", "naproxen-days", "all-naproxen-days"):
        assert facts[name].classes == ("med-nsaid-nonselective",)
        assert facts[name].route == "any"


def test_what_a_fact_says_goes_before_what_its_kind_says(tmp_path: Path) -> None:
    active = with_file(tmp_path, DRUG).facts["naproxen-active"]
    assert active.absent_when == "The whole list holds none."
    assert active.complete == ("MedicationRequest",)
    assert active.product_choice is None


def test_a_code_of_our_own_is_a_value_set_and_a_link_id(tmp_path: Path) -> None:
    value_set = with_file(tmp_path, OWN).value_sets["local-answer-night-pain"]
    (code,) = value_set.codes
    assert (code.system, code.code, code.display) == ("urn:sciatica-cds:code", "answer-night-pain", "Pain at night")
    assert value_set.link_ids == ("answer-night-pain",)
    assert value_set.patterns == (r"\bnight pain\b",)


def test_an_entry_for_two_resource_types_stands_for_two_alike(tmp_path: Path) -> None:
    both = OWN.replace("resource: Observation,", "resource: [Observation, QuestionnaireResponse], within_days: 30,")
    sources = with_file(tmp_path, both).facts["night-pain"].sources
    assert [source.resource for source in sources] == ["Observation", "QuestionnaireResponse"]
    assert {(source.codes, source.within_days) for source in sources} == {(("local-answer-night-pain",), 30)}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (DRUG.replace("ordered:", "orderd:"), "facts/more.yaml:9: drugs: orderd is not known here (did you mean"),
        (DRUG.replace("  - drug: naproxen\n", "  - name: x\n"), "facts/more.yaml:5: drugs: each must name its drug"),
        (DRUG.replace("kinds:", "kind:"), "facts/more.yaml:1: kind: this key is not known here (did you mean kinds?)"),
        (DRUG.replace("asks: naproxen,", "ask: naproxen,"), "facts/more.yaml:8: drugs.1.active.ask: this key is not"),
        (OWN.replace("title: Pain at night, p", "titel: Pain at night, p"), "facts/more.yaml:9: title: is missing"),
        (
            OWN.replace("resource: Observation", "resource: [Observation, Observatoin]"),
            "facts/more.yaml:6: facts.1.from.2",
        ),
        ("kinds: {}\n", "facts/more.yaml:1: must hold a list of facts, or of drugs"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, result: str, tmp_path: Path) -> None:
    assert any(fault.startswith(result) for fault in faults(tmp_path, text)), faults(tmp_path / "again", text)


def test_a_question_of_our_own_is_looked_for_where_answers_stand_and_is_absent_by_a_recorded_no(tmp_path: Path) -> None:
    text = """facts:
  - id: night-pain
    title: Pain at night
    asks: pain at night
    from: {resource: Condition, codes: [cond-sciatica]}
    question: {code: answer-night-pain, within_days: 30}
"""
    knowledge = with_file(tmp_path, text)
    fact = knowledge.facts["night-pain"]
    assert [(one.resource, one.codes, one.within_days) for one in fact.sources] == [
        ("Condition", ("cond-sciatica",), None),
        ("Observation", ("local-answer-night-pain",), 30),
        ("QuestionnaireResponse", ("local-answer-night-pain",), 30),
    ]
    assert fact.absent_when == "Never by silence: only a recorded no."
    assert fact.product_choice == "Answers count for 30 days."
    assert knowledge.value_sets["local-answer-night-pain"].title == "Pain at night"


def test_a_fact_that_names_no_kind_is_looked_for_by_its_codes(tmp_path: Path) -> None:
    assert with_file(tmp_path, OWN.replace("    kind: coded\n", "")).facts["night-pain"].kind is FactKind.CODED
