"""What is written once for all patients holds nothing of one of them.

Two patients in the same state, with other words, ids and dates, share all that cards remember. The second must be
answered as if nobody had been answered before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace as copied
from uuid import UUID

import orjson
import pytest
from msgspec.structs import replace

from service.cards.cards import Audience, render_with_markers
from service.cards.orders import Ordering
from service.cards.suggestions import Acting
from service.decision import Decision, decide_on
from service.finding import Evidence, Finding
from service.knowledge.model import Knowledge
from service.note import Note
from service.protocol.evaluation import Services, answer_call
from service.record.releases.fhir_classes import Release
from tests.properties.charts import story_calls
from tests.shipped import shipped_services

PATIENTS = {"alder": "1987-03-04", "birch": "1988-05-06"}
"""Words that stand in no rule, and on which day all is dated that the record of the patient with this name says."""


@pytest.fixture(scope="module")
def services() -> Services:
    return shipped_services()


@pytest.fixture(scope="module")
def decisions(services: Services) -> list[Decision]:
    """What is decided of the stories that bring advice."""
    calls = story_calls(services)
    answers = (answer_call(services, services.offered[call.service], call.body, call.now) for call in calls)
    return [answered.decision for answered in answers if answered.decision.advice]


def of_patient(name: str, facts: Mapping[str, Finding]) -> Iterator[tuple[str, Finding]]:
    """The same facts about a patient whose record has other words, ids and dates."""

    def note(one: Note) -> Note:
        reference = one.reference and f"{one.reference.partition('/')[0]}/{name}-{one.reference[-3:]}"
        date = one.date and PATIENTS[name]
        of = tuple(map(note, one.of))
        return replace(one, reference=reference, date=date, words=one.words and name, of=of)

    def entry(item: Evidence) -> Evidence:
        return Evidence(
            f"{item.resource.partition('/')[0]}/{name}-{item.resource[-3:]}",
            item.text and f"{name} {item.text}",
            item.date and PATIENTS[name],
            item.note and note(item.note),
        )

    for fact, finding in facts.items():
        yield (
            fact,
            replace(finding, evidence=tuple(map(entry, finding.evidence)), notes=tuple(map(note, finding.notes))),
        )


def cards_of(name: str, services: Services, knowledge: Knowledge, told: Decision, *, full: bool) -> bytes:
    """The cards of such a patient, with the marks around what is quoted."""
    facts = dict(of_patient(name, {fact: told.findings[fact] for fact in knowledge.facts}))
    id_ = UUID(int=sorted(PATIENTS).index(name) + 1)
    decision = decide_on(services.prepared, facts, told.hook, told.now, decision_id=id_, unread=told.unread)
    service = next(one for one in services.offered.values() if one.hook == told.hook)
    named = frozenset(item.resource for finding in facts.values() for item in finding.evidence)
    acting = Acting(services.drafts, Ordering(Release.R4, name, name, told.now), named)
    return orjson.dumps(render_with_markers(knowledge, decision, Audience(service, full=full), acting))


@pytest.mark.parametrize("full", [False, True])
def test_nothing_of_one_patient_stands_on_the_cards_of_another(
    services: Services, decisions: list[Decision], full: bool
) -> None:
    knowledge, quoting = services.prepared.knowledge, 0
    assert len(decisions) > 50
    for decision in decisions:
        first = cards_of("alder", services, knowledge, decision, full=full)
        second = cards_of("birch", services, knowledge, decision, full=full)
        quoting += b"birch" in second and b"alder" in first
        assert b"alder" not in second
        assert PATIENTS["alder"].encode() not in second
        assert str(UUID(int=1)).encode() not in second
        # A copy of the rules is another rule set: for it nothing is remembered.
        assert second == cards_of("birch", services, copied(knowledge), decision, full=full)
    assert quoting > 50, "the patients have too little on their cards for this to show anything"
