"""A card names each drug that makes its danger: stopping one is not the end of it (H-01)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask
from tests.hazards.charts import IBUPROFEN, WARFARIN, Json, drug, measured, ordered, person, problem, sciatica

TIZANIDINE = ("57258", "tizanidine")
CIPROFLOXACIN = ("2551", "ciprofloxacin")
FLUVOXAMINE = ("42355", "fluvoxamine")
ENOXAPARIN = ("67108", "enoxaparin")
APIXABAN = ("1364430", "apixaban")


def card_about(client: FlaskClient, word: str, *entries: Json, hook: str = "order-sign") -> Json:
    """The one card whose summary holds a word."""
    answered = ask(client, [person(), sciatica(), *entries], hook, complete="all")
    (card,) = (card for card in answered["cards"] if word in card["summary"])
    found: Json = card
    return found


def test_two_drugs_of_one_danger_are_both_named(client: FlaskClient) -> None:
    card = card_about(client, "contraindicated", ordered(*TIZANIDINE), drug(*CIPROFLOXACIN), drug(*FLUVOXAMINE))
    assert "ciprofloxacin (+1)" in card["summary"] or "fluvoxamine (+1)" in card["summary"]
    assert "ciprofloxacin (" in card["detail"]
    assert "fluvoxamine (" in card["detail"]


def test_one_drug_is_not_counted_beside_itself(client: FlaskClient) -> None:
    again = drug(*CIPROFLOXACIN) | {"id": "m-again"}
    card = card_about(client, "contraindicated", ordered(*TIZANIDINE), drug(*CIPROFLOXACIN), again)
    assert "(+" not in card["summary"]
    assert card["detail"].count("ciprofloxacin") == 1


def test_three_are_named_and_a_fourth_is_counted(client: FlaskClient) -> None:
    running = [drug(*WARFARIN), drug(*ENOXAPARIN), drug(*APIXABAN), drug("1114195", "rivaroxaban")]
    card = card_about(client, "bleeding risk", ordered(*IBUPROFEN), *running)
    assert "(+3)" in card["summary"]
    (taken,) = (line for line in card["detail"].splitlines() if line.startswith("- Taken"))
    assert sum(name in taken for name in ("warfarin", "enoxaparin", "apixaban", "rivaroxaban")) == 3
    assert taken.endswith("(+1)")


def test_the_kind_of_a_bleeding_disorder_stands_in_the_summary(client: FlaskClient) -> None:
    haemophilia = problem("D66", "Haemophilia A", "2002-04-10")
    card = card_about(client, "agree it with who treats that", ordered(*IBUPROFEN), haemophilia)
    assert card["summary"].startswith("Ibuprofen with Haemophilia A (10 Apr 2002)")


def test_an_entry_that_is_not_recognised_is_told_by_its_own_words(client: FlaskClient) -> None:
    unread = problem("", "Chronische Herzinsuffizienz NYHA III") | {
        "id": "c-unread",
        "code": {"text": "Zustand nach Klammernaht bei Wundruptur"},
    }
    card = card_about(client, "Not assessed", ordered(*IBUPROFEN), unread)
    assert "Zustand nach Klammernaht bei Wundruptur not recognised" in card["summary"]


def test_two_long_entries_and_the_order_fit_one_summary(client: FlaskClient) -> None:
    words = "Zustand nach langwieriger Klammernahtversorgung bei Wundruptur nach Sturz"
    unread = [problem("", words) | {"id": f"c-{n}", "code": {"text": f"{n} {words}"}} for n in "ABC"]
    card = card_about(client, "Not assessed", ordered(*IBUPROFEN), *unread)
    assert card["summary"].startswith("Not assessed: ibuprofen: A Zustand nach")
    assert len(card["summary"]) < 140


def weeks_pregnant(weeks: int, day: str) -> list[Json]:
    return [measured("49051-6", weeks, "wk", day), problem("Z33.1", "Pregnant state", day)]


def test_weeks_that_lie_between_two_are_told(client: FlaskClient) -> None:
    card = card_about(client, "pregnancy", ordered(*IBUPROFEN), *weeks_pregnant(31, "2026-11-23"))
    assert "in pregnancy, 31 to 32 weeks" in card["summary"]


@pytest.mark.parametrize(
    ("code", "text", "day", "words"),
    [
        ("N17.9", "Acute kidney failure", "2026-11-20", "Ibuprofen runs after acute kidney injury (20 Nov)"),
        (
            "Z99.2",
            "Dependence on dialysis",
            "2024-06-13",
            "Ibuprofen runs with dialysis or kidney failure (13 Jun 2024)",
        ),
    ],
)
def test_what_stands_against_a_running_nsaid_is_told(
    client: FlaskClient, code: str, text: str, day: str, words: str
) -> None:
    card = card_about(client, "review it today", drug(*IBUPROFEN), problem(code, text, day), hook="patient-view")
    assert card["summary"].startswith(words)


def test_each_drug_over_its_limit_is_told_with_its_own_sum(client: FlaskClient) -> None:
    four_times = {"timing": {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}}}
    ibuprofen = ordered(*IBUPROFEN) | {"dosageInstruction": [four_times | dose(1200)]}
    acetaminophen = ordered("161", "acetaminophen") | {"dosageInstruction": [four_times | dose(1500)]}
    card = card_about(client, "above the labelled limit", ibuprofen, acetaminophen)
    told = f"{card['summary']} {card['detail']}"
    assert "Ibuprofen 4800 mg a day" in told
    assert "Acetaminophen 6000 mg a day" in told


def dose(milligrams: int) -> Json:
    quantity = {"value": milligrams, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    return {"doseAndRate": [{"doseQuantity": quantity}]}
