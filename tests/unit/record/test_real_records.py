"""Real published records: none breaks the reader, and their order never matters."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.errors import RequestError
from service.record.input.reader import read_bundle
from service.record.medication.dosage import daily_amounts, days_supply
from service.record.medication.drugs import Drugs
from service.record.model import Record
from service.record.releases.fhir_classes import Release
from service.record.values.coding import CodeIndex
from service.record.values.statuses import status_class
from service.record.values.units import read_value
from tests.thoroughness import some_of

pytestmark = pytest.mark.corpus


def lines(folder: Path, name: str) -> Iterator[Any]:
    with gzip.open(folder / "fhir" / name, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def documents(folder: Path) -> Iterator[tuple[str, Any]]:
    """Every document of the collection; what is no JSON at all is left out."""
    for path in sorted((folder / "fhir").glob("*.ndjson.gz")):
        if path.name.startswith("definitions"):
            continue
        for document in lines(folder, path.name):
            if not path.name.startswith("odd"):
                yield path.name, document
                continue
            try:
                yield path.name, json.loads(document["raw"])
            except (ValueError, RecursionError):
                continue


@pytest.fixture(scope="module")
def records(test_data: Path) -> list[tuple[str, Record]]:
    read = []
    for name, document in some_of(documents(test_data), 5):
        try:
            read.append((name, read_bundle(document, order_hook=True)))
        except RequestError:
            continue
    return read


def test_nothing_raises_but_a_request_error(records: list[tuple[str, Record]]) -> None:
    assert len(records) > 200


def test_every_dstu2_record_is_refused(test_data: Path) -> None:
    for document in lines(test_data, "patients-dstu2.ndjson.gz"):
        with pytest.raises(RequestError) as refusal:
            read_bundle(document)
        assert refusal.value.status == 422


def test_every_stu3_record_is_known_as_such(records: list[tuple[str, Record]]) -> None:
    assert {record.release for name, record in records if name.startswith("patients-stu3")} == {Release.STU3}
    assert {record.release for name, record in records if name.startswith("patients-r4")} == {Release.R4}


def test_the_order_of_entries_never_matters(test_data: Path) -> None:
    for document in lines(test_data, "patients-r4-mixed.ndjson.gz"):
        turned = {**document, "entry": document["entry"][::-1]}
        try:
            one, other = read_bundle(document), read_bundle(turned)
        except RequestError:
            continue
        assert [entry.resource for entry in one.entries] == [entry.resource for entry in other.entries]


def test_nothing_of_a_tidy_record_is_lost(test_data: Path) -> None:
    for number, document in enumerate(lines(test_data, "patients-r4-synthea2019.ndjson.gz")):
        record = read_bundle(document)
        assert len(record.entries) == len(document["entry"])
        assert record.problems == ()
        if number == 30:
            break


def test_everything_that_reads_a_resource_survives_them_all(records: list[tuple[str, Record]], knowledge: Any) -> None:
    index, drugs = (
        CodeIndex(knowledge.value_sets, knowledge.danger_terms, knowledge.other_words),
        Drugs(knowledge.value_sets),
    )
    for _, record in records:
        for entry in (*record.entries, *record.orders):
            status_class(entry.resource)
            index.match(entry.resource.get("code"))
            if entry.type.startswith("Medication"):
                drug = drugs.recognise(entry.resource, record.resolve)
                for ingredient in drug.ingredients:
                    drug.daily_mg(ingredient, daily_amounts(entry.resource))
                days_supply(entry.resource)
            elif entry.type == "Observation":
                read_value(entry.resource, "mg/dL", "creatinine")


def test_reading_two_hundred_resources_takes_milliseconds(test_data: Path) -> None:
    document = next(lines(test_data, "patients-r4-synthea2019.ndjson.gz"))
    document["entry"] = document["entry"][:200]
    best = 1.0
    for _ in range(20):
        started = time.perf_counter()
        _ = read_bundle(document).by_type
        best = min(best, time.perf_counter() - started)
    assert best < 0.010  # about 1 ms on an idle machine
