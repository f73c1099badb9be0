"""Feedback: what is taken, what is refused and how the refusal is told (chapter 16)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from service.errors import RequestError
from service.protocol.feedback import (
    MAX_COMMENT,
    Feedback,
    InMemoryFeedback,
    Outcome,
    OverrideReason,
    Reported,
    read_feedback,
)

CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
SUGGESTION = "e56e1945-20b3-4393-8503-a1a20fd73152"
NOW = datetime(2026, 11, 24, 10, 6, tzinfo=UTC)
REPORTED = Reported("sciatica-patient-view", NOW, "https://ehr.example.org", "hospital-1")
ACCEPTED: dict[str, Any] = {
    "card": CARD,
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": SUGGESTION}],
    "outcomeTimestamp": "2026-11-24T10:05:31Z",
}
OVERRIDDEN: dict[str, Any] = {
    "card": CARD,
    "outcome": "overridden",
    "overrideReason": {
        "reason": {"code": "patient-refuses", "system": "http://example.org/reasons", "display": "Patient refuses"},
        "userComment": "canary-comment",
    },
    "outcomeTimestamp": "2026-11-24T10:05:31.25Z",
}


def read(*items: Any, keep_comments: bool = False) -> tuple[Feedback, ...]:
    return read_feedback({"feedback": list(items)}, REPORTED, keep_comments=keep_comments)


def refused(document: object) -> list[str]:
    with pytest.raises(RequestError) as caught:
        read_feedback(document, REPORTED)
    assert caught.value.status == 400
    return [str(fault) for fault in caught.value.issues]


def changed(item: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The item with other members; ``...`` takes a member away."""
    return {name: value for name, value in {**item, **members}.items() if value is not ...}


@pytest.mark.requirement("FB-4")
def test_fb4_an_accepted_card_with_its_suggestions() -> None:
    (item,) = read(ACCEPTED)
    assert item == Feedback(
        service="sciatica-patient-view",
        card=CARD,
        outcome=Outcome.ACCEPTED,
        outcome_at=datetime(2026, 11, 24, 10, 5, 31, tzinfo=UTC),
        received_at=NOW,
        suggestions=(SUGGESTION,),
        issuer="https://ehr.example.org",
        tenant="hospital-1",
    )


@pytest.mark.requirement("FB-4")
def test_fb4_an_overridden_card_with_its_reason() -> None:
    (item,) = read(OVERRIDDEN)
    assert item.outcome is Outcome.OVERRIDDEN
    assert item.reason == OverrideReason("patient-refuses", "http://example.org/reasons", "Patient refuses")
    assert item.outcome_at.microsecond == 250_000


@pytest.mark.requirement("FB-6")
@pytest.mark.parametrize("reason", [..., None, {}, {"reason": None}, {"userComment": ""}, {"userComment": None}])
def test_fb6_overridden_may_come_without_any_reason(reason: Any) -> None:
    (item,) = read(changed(OVERRIDDEN, overrideReason=reason))
    assert item.reason is None


@pytest.mark.requirement("FB-7")
def test_fb7_a_reason_may_be_a_bare_code() -> None:
    (item,) = read(changed(OVERRIDDEN, overrideReason={"reason": {"code": "x", "display": None}}))
    assert item.reason == OverrideReason("x")


@pytest.mark.requirement("OR-3")
def test_or3_a_reason_that_was_never_offered_is_taken() -> None:
    (item,) = read(changed(OVERRIDDEN, overrideReason={"reason": {"code": "local-42", "system": "urn:hospital"}}))
    assert item.reason == OverrideReason("local-42", "urn:hospital")


@pytest.mark.requirement("FB-8")
def test_fb8_several_cards_and_the_same_card_again_with_another_outcome() -> None:
    sink = InMemoryFeedback()
    sink.add(read(ACCEPTED, ACCEPTED, OVERRIDDEN))
    sink.add(read(ACCEPTED))
    assert [item.outcome.value for item in sink.items] == ["accepted", "accepted", "overridden", "accepted"]


@pytest.mark.requirement("FB-9")
@pytest.mark.parametrize("card", ["11111111-2222-3333-4444-555555555555", "not-even-a-uuid", CARD.upper()])
def test_fb9_an_unknown_card_is_taken(card: str) -> None:
    assert read(changed(ACCEPTED, card=card))[0].card == card.lower()


@pytest.mark.requirement("FB-3")
@pytest.mark.parametrize(
    "document", [[ACCEPTED], ACCEPTED, {}, {"feedback": ACCEPTED}, {"feedback": None}, None, 7, "x"]
)
def test_fb3_the_body_is_an_object_with_an_array(document: object) -> None:
    assert refused(document)


@pytest.mark.requirement("FB-3")
def test_fb3_an_empty_array_reports_nothing() -> None:
    assert read_feedback({"feedback": []}, REPORTED) == ()
    assert refused({"feedback": [ACCEPTED] * 1001}) == ["feedback: must have at most 1000 items"]
    assert len(read(*[ACCEPTED] * 1000)) == 1000


@pytest.mark.requirement("FB-4")
@pytest.mark.parametrize("outcome", ["ignored", "Accepted", "", None, 7, ...])
def test_fb4_there_are_exactly_two_outcomes(outcome: Any) -> None:
    (fault,) = refused({"feedback": [changed(ACCEPTED, outcome=outcome, acceptedSuggestions=...)]})
    assert fault.startswith("feedback[0].outcome: ")


@pytest.mark.requirement("FB-5")
@pytest.mark.parametrize("suggestions", [..., None, []])
def test_fb5_accepted_names_its_suggestions(suggestions: Any) -> None:
    assert refused({"feedback": [changed(ACCEPTED, acceptedSuggestions=suggestions)]}) == [
        "feedback[0].acceptedSuggestions: is missing, although the outcome is accepted"
    ]


@pytest.mark.requirement("FB-5")
@pytest.mark.parametrize("suggestion", [{}, {"id": ""}, {"id": None}, {"id": 7}, "x", None])
def test_fb5_a_suggestion_has_an_id(suggestion: Any) -> None:
    (fault,) = refused({"feedback": [changed(ACCEPTED, acceptedSuggestions=[{"id": SUGGESTION}, suggestion])]})
    assert fault.startswith("feedback[0].acceptedSuggestions[1]")


def test_an_outcome_that_could_be_read_either_way_is_refused() -> None:
    both = changed(OVERRIDDEN, acceptedSuggestions=[{"id": SUGGESTION}])
    assert refused({"feedback": [both]}) == [
        "feedback[0].acceptedSuggestions: must be left out, since the outcome is overridden"
    ]
    assert read(changed(OVERRIDDEN, acceptedSuggestions=[]))[0].suggestions == ()


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2021-12-11T10:05:31Z", 10),
        ("2021-12-11t10:05:31.123456789z", 10),
        ("2021-12-11T10:05:31+00:00", 10),
        ("2021-12-11T10:05:31-05:00", 15),
    ],
)
def test_16_the_time_of_the_outcome_is_kept_in_utc(text: str, hour: int) -> None:
    assert read(changed(ACCEPTED, outcomeTimestamp=text))[0].outcome_at.hour == hour


@pytest.mark.parametrize(
    "text",
    [
        ...,
        None,
        "",
        7,
        "yesterday",
        "2021-12-11",
        "2021-12-11T10:05:31",
        "2021-12-11T10:05Z",
        "2021-12-11 10:05:31Z",
        "20211211T100531Z",
        "2021-W50-6T10:05:31Z",
        "2021-13-11T10:05:31Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_16_any_other_time_is_refused(text: Any) -> None:
    (fault,) = refused({"feedback": [changed(ACCEPTED, outcomeTimestamp=text)]})
    assert fault.startswith("feedback[0].outcomeTimestamp: ")


@pytest.mark.requirement("FB-10")
def test_fb10_one_bad_item_refuses_all_and_every_fault_is_named_without_quoting() -> None:
    result = refused(
        {
            "feedback": [
                ACCEPTED,
                changed(ACCEPTED, card=..., outcome="canary-outcome"),
                OVERRIDDEN,
                changed(OVERRIDDEN, card="", outcomeTimestamp="canary-time"),
                changed(OVERRIDDEN, outcomeTimestamp=...),
                "canary",
            ]
        }
    )
    assert {fault.split(": ")[0] for fault in result} == {
        "feedback[1].card",
        "feedback[1].outcome",
        "feedback[3].card",
        "feedback[3].outcomeTimestamp",
        "feedback[4].outcomeTimestamp",
        "feedback[5]",
    }
    assert "canary" not in " ".join(result)


@pytest.mark.requirement("FB-13")
def test_fb13_a_comment_is_kept_only_when_configured_and_only_so_long() -> None:
    assert read(OVERRIDDEN)[0].comment is None
    (stored,) = read(OVERRIDDEN, keep_comments=True)
    assert stored.comment == "canary-comment"
    assert "canary" not in repr(stored)
    long = changed(OVERRIDDEN, overrideReason={"userComment": "x" * (MAX_COMMENT + 1)})
    assert len(read(long, keep_comments=True)[0].comment or "") == MAX_COMMENT


@pytest.mark.requirement("RQ-9")
def test_rq9_unknown_members_are_ignored() -> None:
    extended = changed(ACCEPTED, extension={"org.example": 1}, vendor="x")
    assert read_feedback({"feedback": [extended], "extension": {}}, REPORTED) == read(ACCEPTED)


def test_memory_keeps_the_latest() -> None:
    sink = InMemoryFeedback(limit=2)
    for card in ("a", "b", "c"):
        sink.add(read(changed(ACCEPTED, card=card)))
    assert [item.card for item in sink.items] == ["b", "c"]


NOT_NOW = {"code": "notnow", "system": "x", "display": "Not now"}
EPIC = {
    "extension": {
        "com.epic.cdshooks.feedback.overrideReason.reasonTitle": "Does not apply",
        "com.epic.cdshooks.feedback.overrideReason.reasonCategory": "7",
    }
}


@pytest.mark.requirement("FB-7", "OR-3")
@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"overrideReason": {"reason": NOT_NOW}}, OverrideReason("notnow", "x", "Not now")),
        ({"overrideReason": NOT_NOW}, OverrideReason("notnow", "x", "Not now")),
        ({"overrideReasons": {"reason": NOT_NOW, "userComment": "c"}}, OverrideReason("notnow", "x", "Not now")),
        ({"overrideReasons": [{"reason": NOT_NOW}]}, OverrideReason("notnow", "x", "Not now")),
        ({"overrideReasons": [NOT_NOW]}, OverrideReason("notnow", "x", "Not now")),
        ({"overrideReasons": EPIC}, OverrideReason("7", "com.epic", "Does not apply")),
        ({"overrideReason": {"reason": {"system": "x"}}}, None),
        ({"overrideReason": 7, "overrideReasons": "x"}, None),
        ({"overrideReason": None, "overrideReasons": [None, {"reason": NOT_NOW}]}, OverrideReason(**NOT_NOW)),
    ],
)
def test_the_reason_is_kept_in_every_shape_that_clients_send(
    members: dict[str, Any], reason: OverrideReason | None
) -> None:
    (item,) = read(changed(OVERRIDDEN, **{"overrideReason": ..., **members}))
    assert item.reason == reason


@pytest.mark.parametrize("members", [{"userComment": "c"}, {"overrideReasons": {"userComment": "c"}}])
def test_a_comment_is_found_at_either_level(members: dict[str, Any]) -> None:
    (item,) = read(changed(OVERRIDDEN, **{"overrideReason": ..., **members}), keep_comments=True)
    assert item.comment == "c"
