"""Which source stands in front of a card: the one that carries its sentence (product choice no. 41)."""

from __future__ import annotations

import pytest

from service.cards.sources import leading, ranked
from service.knowledge.model import Knowledge, Rule
from tests.shipped import shipped_knowledge


def rule(knowledge: Knowledge, name: str) -> Rule:
    (found,) = (one for one in knowledge.rules if one.id == name)
    return found


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("fl-pregnancy-sciatica", "ETG-PREG"),
        ("sf-baclofen-renal", "MUANDA-2019"),
        ("es-esi-acute-severe-image-first", "NICE-NG59"),
        ("dx-no-routine-imaging", "ACR-LBP-2021"),
        # Superseded, and said so; the current label speaks of naproxen only.
        ("sf-nsaid-egfr-below-30", "KDIGO-2012"),
    ],
)
def test_the_source_that_carries_the_sentence_leads_whatever_its_country(name: str, source: str) -> None:
    knowledge = shipped_knowledge()
    assert leading(knowledge, rule(knowledge, name)).source == source


def test_what_opposes_never_leads() -> None:
    knowledge = shipped_knowledge()
    for one in knowledge.rules:
        if one.card is not None and one.citations:
            assert ranked(knowledge, one)[0].supports, one.id
            assert all(citation.supports for citation in one.citations if citation.leads), one.id
