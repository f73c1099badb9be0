"""``docs/coverage.md`` says what the rules are today, and every claim of the article stands on it."""

from __future__ import annotations

from pathlib import Path

from service.knowledge.model import Knowledge
from service.knowledge.topics import Verdict, load_topics
from service.review.topics import topics_page

CLAIMS = 31


def test_the_page_is_fresh(project: Path, rules_path: Path, knowledge: Knowledge) -> None:
    page = (project / "docs" / "coverage.md").read_text(encoding="utf-8")
    made = topics_page(knowledge, load_topics(rules_path, knowledge))
    assert page == made, "run: sciatica-cds topics --write docs/coverage.md"


def test_every_claim_of_the_article_has_its_place(rules_path: Path, knowledge: Knowledge) -> None:
    assert len(load_topics(rules_path, knowledge)) == CLAIMS


def test_what_is_not_supported_is_used_by_no_rule_but_one_that_says_so(rules_path: Path, knowledge: Knowledge) -> None:
    topics = load_topics(rules_path, knowledge)
    refused = [topic for topic in topics if topic.verdict is Verdict.NOT_SUPPORTED and topic.rules]
    assert {rule for topic in refused for rule in topic.rules} == {
        "sc-posture-support",
        "oc-passive-modality",
        "sc-lifting",
        "dx-spasm-not-measured-by-mri-emg",
    }


def test_no_card_promises_what_surgery_cannot(knowledge: Knowledge) -> None:
    """Overstated in the article: permanent relief."""
    for rule in knowledge.rules:
        if rule.card is not None:
            said = f"{rule.card.summary} {rule.card.detail}".lower()
            assert "permanent cure" not in said, rule.id
            assert "permanently" not in said, rule.id
