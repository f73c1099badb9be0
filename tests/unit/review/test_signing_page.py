"""The page to sign holds everything that the signature covers."""

from __future__ import annotations

import pytest

from service.knowledge.digest import reviewed_content
from service.knowledge.model import Knowledge, Rule
from service.review.signing_page import fact_page, rule_page, source_page
from tests.thoroughness import some_of


def files_of_rules(knowledge: Knowledge) -> dict[str, list[Rule]]:
    files: dict[str, list[Rule]] = {}
    for rule in knowledge.rules:
        files.setdefault(rule.variant_of or rule.id, []).append(rule)
    return files


def test_every_word_a_signature_covers_stands_on_the_page(knowledge: Knowledge) -> None:
    for name, rules in some_of(sorted(files_of_rules(knowledge).items()), 8):
        words = [word for word in rule_page(knowledge, rules).split() if word != ">"]
        page = " ".join(words)
        # Most are codes, thousands of them, which stand on the page behind their system.
        found = {word.rpartition("|")[2] for word in words}
        for rule in rules:
            content = reviewed_content(knowledge, rule.id)
            card = content["rule"].get("card") or {}
            judged = [content["rule"][key] for key in ("title", "version", "purpose", "rationale", "limitations")]
            judged += [text for key in ("summary", "detail", "patient_summary") for text in [card.get(key)] if text]
            judged += content["rule"].get("unverified_parts", [])
            judged += [text for item in content["rule"]["citations"] for text in (item["says"], item["section"])]
            judged += [fact["title"] for fact in content["facts"]]
            judged += [fact.get("absent_when") for fact in content["facts"] if fact.get("absent_when")]
            judged += [fact["product_choice"] for fact in content["facts"] if fact.get("product_choice")]
            judged += [code["code"] for one in content["value_sets"] for code in one["codes"]]
            judged += [pattern for one in content["value_sets"] for pattern in one.get("patterns", [])]
            judged += [text for source in content["sources"] for text in (source["label"], source["citation"])]
            judged += [order["title"] for order in content["orders"]]
            judged += [order["dose"]["text"] for order in content["orders"] if order.get("dose")]
            judged += [reason["display"] for reason in content["override_reasons"]]
            judged += [other["id"] for other in content["drawn_by"] if other["id"] not in {one.id for one in rules}]
            missing = [text for text in set(judged) - found if " ".join(text.split()) not in page]
            assert missing == [], name
            found.update(judged)


def test_a_limit_reads_as_a_sentence_with_its_unit(knowledge: Knowledge) -> None:
    page = rule_page(knowledge, files_of_rules(knowledge)["sf-nsaid-egfr-30-59"])
    assert "below 30 mL/min/{1.73_m2}" in page
    assert "is not on record (ruled out or not known)" in rule_page(
        knowledge, files_of_rules(knowledge)["fl-stay-active"]
    )


def test_the_variants_stand_in_the_order_in_which_they_are_shown(knowledge: Knowledge) -> None:
    page = rule_page(knowledge, files_of_rules(knowledge)["sf-baclofen-renal"])
    places = [page.index(f"`{name}` 1.") for name in ("sf-baclofen-renal-below-30", "sf-baclofen-renal")]
    assert places == sorted(places)
    assert "Not shown where one of these fires: sf-baclofen-renal-below-30" in page


@pytest.mark.parametrize("word", ["REC-128", "cited by sf-baclofen-renal"])
def test_a_source_says_what_rests_on_each_statement(knowledge: Knowledge, word: str) -> None:
    assert word in source_page(knowledge, knowledge.sources["MUANDA-2019"])


def test_a_fact_says_what_silence_means_and_who_reads_it(knowledge: Knowledge) -> None:
    page = fact_page(knowledge, knowledge.facts["egfr"])
    assert knowledge.facts["egfr"].absent_when in page
    assert "- `sf-nsaid-egfr-30-59`, NSAID with an eGFR of 30 to 59: KDIGO-2012/REC-114" in page
    # Through nsaid-contraindicated, which it does not read itself.
    assert "- `mo-nsaid-running-contraindicated`, " in page.partition("through a conclusion")[2]
