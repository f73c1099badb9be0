"""A problem or an allergy that is recoded so that nobody can read it never takes a warning away without a word."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.protocol.evaluation import BundleQuestion, Services, answer_bundle
from tests.shipped import shipped_services

Json = dict[str, Any]

STORIES = Path(__file__).parents[2] / "fhir_examples"
VIEW = BundleQuestion("patient-view", datetime(2026, 3, 12, 12, tzinfo=UTC))
LOUDNESS = {"info": 1, "warning": 2, "critical": 3}
NAMED = re.compile("not recognised|could not be read|not checked")
UNREADABLE = (
    {"coding": [{"system": "urn:example:local", "code": "Z17"}]},
    {"coding": [{"system": "urn:example:local", "code": "Z17", "display": "Krankheitszustand unbekannter Art"}]},
    {},
)


@pytest.fixture(scope="module")
def services() -> Services:
    return shipped_services()


def answered(services: Services, document: Json) -> Json:
    content: Json = answer_bundle(services, document, VIEW).body
    return content


def most_severe(answer: Json) -> int:
    return max((LOUDNESS[card["indicator"]] for card in answer["cards"]), default=0)


def stories() -> Iterator[tuple[str, Json]]:
    for path in sorted(STORIES.glob("*/bundle.json")):
        yield path.parent.name, json.loads(path.read_text(encoding="utf-8"))


def recoded(document: Json, place: int, code: Json) -> Json:
    changed = copy.deepcopy(document)
    changed["entry"][place]["resource"]["code"] = code
    return changed


def test_an_entry_made_unreadable_takes_no_warning_away_without_a_word(services: Services) -> None:
    silent = []
    for name, document in stories():
        before = most_severe(answered(services, document))
        resources = [entry["resource"]["resourceType"] for entry in document["entry"]]
        places = [at for at, kind in enumerate(resources) if kind in {"Condition", "AllergyIntolerance"}]
        chance = random.Random(name)
        for place in chance.sample(places, k=min(2, len(places))) if before > LOUDNESS["info"] else ():
            after = answered(services, recoded(document, place, chance.choice(UNREADABLE)))
            if most_severe(after) < before and not NAMED.search(json.dumps(after["cards"])):
                silent.append((name, place))
    assert silent == []
