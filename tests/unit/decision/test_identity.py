"""The id of a decision that is made from its content: the same for the same question, another for another."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from service.decision.identity import ContentIds
from service.finding import Evidence, Finding, Status
from service.note import Note, NoteCode
from tests.shipped import shipped_knowledge

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ABSENT = Finding("cancer", Status.ABSENT)
PAIN = Finding("back-pain", Status.PRESENT, evidence=(Evidence("Condition/1", "Low back pain"),))


def id_of(ids: ContentIds, *facts: Finding, hook: str = "patient-view", now: datetime = NOW) -> str:
    return str(ids.of(shipped_knowledge(), {fact.name: fact for fact in facts}, hook, now))


def test_the_same_facts_have_one_id_whoever_asks_and_however_often() -> None:
    ids = ContentIds()
    first = id_of(ids, ABSENT, PAIN)
    assert id_of(ids, ABSENT, PAIN) == first
    assert id_of(ids, replace(ABSENT), replace(PAIN)) == first, "equal findings, made anew"
    assert id_of(ids, PAIN, ABSENT) == first, "in another order"
    assert id_of(ContentIds(), ABSENT, PAIN) == first


def test_whatever_differs_gives_another_id_also_when_the_rest_was_written_before() -> None:
    ids = ContentIds()
    first = id_of(ids, ABSENT, PAIN)
    others = [
        id_of(ids, replace(ABSENT, status=Status.UNKNOWN), PAIN),
        id_of(ids, replace(ABSENT, notes=(Note(NoteCode.LINE_NOT_READ),)), PAIN),
        id_of(ids, ABSENT, replace(PAIN, evidence=(Evidence("Condition/2", "Low back pain"),))),
        id_of(ids, ABSENT),
        id_of(ids, ABSENT, PAIN, hook="order-sign"),
        id_of(ids, ABSENT, PAIN, now=NOW.replace(minute=1)),
    ]
    assert len({first, *others}) == len(others) + 1


def test_findings_that_are_gone_leave_no_line_to_those_that_take_their_place_in_memory() -> None:
    ids = ContentIds()
    told = {id_of(ids, Finding(f"fact-{number}", Status.ABSENT)) for number in range(10_000)}
    assert len(told) == 10_000
