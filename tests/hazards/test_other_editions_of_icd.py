"""ICD-10 of the WHO and of other countries alarms by the category it shares, and lifts nothing (decision 43)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, speaking
from tests.hazards.charts import CYCLOBENZAPRINE, IBUPROFEN, ICD, Json, ordered, person, problem, sciatica

GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
WHO = "http://hl7.org/fhir/sid/icd-10"
AT_THE_VISIT = [
    ("I71.4", "Aortenaneurysma der Bauchschlagader", "rf-aortic-aneurysm"),
    ("I74.3", "Embolie der Beinarterien", "rf-acute-limb-ischaemia"),
    ("I80.2", "Thrombose tiefer Beinvenen", "rf-dvt-known"),
    ("Z85.3", "Mammakarzinom in der Eigenanamnese", "rf-cancer-history"),
    ("M46.46", "Diszitis, Lumbalbereich", "rf-infection-suspected"),
]
AT_THE_ORDER = [
    ("K74.6", "Leberzirrhose", IBUPROFEN, "sf-nsaid-cirrhosis"),
    ("Z95.5", "Koronarer Stent", IBUPROFEN, "sf-nsaid-cvd"),
    ("I69.3", "Folgen eines Hirninfarktes", IBUPROFEN, "sf-nsaid-cvd"),
    ("E05.0", "Hyperthyreose", CYCLOBENZAPRINE, "sf-cyclo-cardiac-thyroid"),
]


def in_edition(system: str, code: str, text: str) -> Json:
    coded = {"coding": [{"system": system, "code": code, "display": text}], "text": text}
    return problem(code, text, "2026-11-20") | {"code": coded}


def alarms(answered: Json) -> set[str]:
    return speaking(answered, "critical") | speaking(answered, "warning")


@pytest.mark.parametrize("system", [GM, WHO])
@pytest.mark.parametrize(("code", "text", "rule"), AT_THE_VISIT)
def test_an_emergency_coded_in_another_edition_speaks_at_the_visit(
    client: FlaskClient, system: str, code: str, text: str, rule: str
) -> None:
    entries = [person(), sciatica("2026-11-20"), in_edition(system, code, text)]
    assert rule in alarms(ask(client, entries, complete="all"))


@pytest.mark.parametrize(("code", "text", "drug", "rule"), AT_THE_ORDER)
def test_a_contraindication_coded_in_another_edition_speaks_at_the_order(
    client: FlaskClient, code: str, text: str, drug: tuple[str, str], rule: str
) -> None:
    entries = [person(), sciatica(), in_edition(GM, code, text), ordered(*drug)]
    assert rule in alarms(ask(client, entries, "order-sign", complete="all"))


def test_a_code_that_was_read_is_not_called_unread_beside_it(client: FlaskClient) -> None:
    entries = [person(), sciatica(), in_edition(GM, "G83.4", "Cauda-(equina-)Syndrom"), ordered(*IBUPROFEN)]
    answered = ask(client, entries, "order-sign", complete="all")
    assert alarms(answered) == {"rf-cauda-equina-suspected"}
    assert not any("not recognised" in card["summary"] for card in answered["cards"]), answered["cards"]


def test_a_danger_that_its_category_does_not_name_is_still_told(client: FlaskClient) -> None:
    entries = [person(), sciatica(), in_edition(GM, "E11.2", "Diabetes Typ 2, renal: Dialyse"), ordered(*IBUPROFEN)]
    answered = ask(client, entries, "order-sign", complete="all")
    assert any("not recognised" in card["summary"] for card in answered["cards"]) or alarms(answered)


def test_a_category_of_another_edition_excuses_no_drug(client: FlaskClient) -> None:
    """A steroid for sciatica is excused by rheumatoid arthritis in the US code, not by a category alone."""
    prednisone = ordered("8640", "prednisone")
    of_us = [person(), sciatica(), in_edition(ICD, "M06.9", "Rheumatoid arthritis"), prednisone]
    of_gm = [person(), sciatica(), in_edition(GM, "M06.9", "Rheumatoide Arthritis"), prednisone]
    silent = alarms(ask(client, of_us, "order-sign", complete="all"))
    loud = alarms(ask(client, of_gm, "order-sign", complete="all"))
    assert silent < loud


def test_a_place_in_the_words_of_a_problem_does_not_make_it_read(client: FlaskClient) -> None:
    entries = [
        person(),
        in_edition(GM, "M99.86", "Biomechanische Funktionsstörung: Lumbalbereich"),
        ordered(*IBUPROFEN),
    ]
    answered = ask(client, entries, "order-sign", complete="all")
    assert any("not recognised" in card["summary"] for card in answered["cards"])
