"""What bodies of a megabyte cost whose entries all differ: ``python -m benchmarks.large_bodies [KIND ...]``.

A chart of ten thousand resources usually says few things many times, and what is worked out for one of them is kept.
Here every entry has words of its own, or many of something that a chart has few of. Prints the CPU of each call as the
application answers it, with the status; no answer may take more than a second.
"""

from __future__ import annotations

import gc
import gzip
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from itertools import count
from typing import Any

import orjson
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from benchmarks.bodies import ICD, LOINC, PATIENT, RXNORM, SNOMED, SUBJECT, TODAY, UCUM, draft_order, problem
from service import create_app
from service.config import Settings

Json = dict[str, Any]

MOST_BYTES = 1_000_000
MOST_SECONDS = 1.0
HOOKS = ("patient-view", "order-sign")
NAMES = ("ibuprofen", "oxycodone", "xyzolin", "warfarin", "metformin", "ibuprofin", "gabapentine")


class Words:
    """Words of the English language, and words of none, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # not a secret
        packed = resources.files("service.record.values").joinpath("data", "english-words.txt.gz").read_bytes()
        self._english = gzip.decompress(packed).decode("ascii").split()

    def known(self, number: int) -> str:
        """So many English words."""
        return " ".join(self._chance.choices(self._english, k=number))

    def strange(self, number: int) -> str:
        """So many words that nobody knows."""
        return " ".join(
            "".join(self._chance.choice(("bcdfghlmnprstvxz", "aeiou")[at % 2]) for at in range(8))
            for _ in range(number)
        )


def _sick(code: Json, number: int) -> Json:
    return problem(number) | {"code": code}


def _allergy(text: str, number: int) -> Json:
    return {"resourceType": "AllergyIntolerance", "id": f"a{number}", "patient": SUBJECT, "code": {"text": text}}


def _drug(concept: Json, number: int, **more: Any) -> Json:
    asked = {"resourceType": "MedicationRequest", "id": f"m{number}", "status": "active", "intent": "order"}
    return asked | {"subject": SUBJECT, "medicationCodeableConcept": concept, **more}


def _statement(concept: Json, number: int) -> Json:
    taken = {"resourceType": "MedicationStatement", "id": f"s{number}", "status": "active", "subject": SUBJECT}
    return taken | {"medicationCodeableConcept": concept}


def _observed(code: Json, number: int, **value: Any) -> Json:
    seen = {"resourceType": "Observation", "id": f"o{number}", "status": "final", "subject": SUBJECT, "code": code}
    return seen | {"effectiveDateTime": TODAY.isoformat(), **value}


def _other(kind: str, number: int, **more: Any) -> Json:
    return {"resourceType": kind, "id": f"x{number}", "status": "completed", "subject": SUBJECT, **more}


def _codings(words: Words, number: int, system: str) -> list[Json]:
    return [{"system": system, "code": f"{number}{at}", "display": words.strange(2)} for at in range(90)]


def _items(words: Words, depth: int) -> list[Json]:
    return [
        {"linkId": words.strange(1), "text": words.known(4), "answer": [{"valueString": words.known(6)}]}
        for _ in range(depth)
    ]


def _quantity(value: float, unit: str) -> Json:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}


Make = Callable[[Words, int], Json]
KINDS: Mapping[str, Make] = {
    "allergies of 60 words": lambda words, n: _allergy(words.known(60), n),
    "allergies of 60 strange words": lambda words, n: _allergy(words.strange(60), n),
    "allergies of one word": lambda words, n: _allergy(words.strange(1), n),
    "allergies of thousands of foods": lambda _, n: _allergy(", ".join(f"nut {n} {at}" for at in range(15_000)), n),
    "drugs 'ibuprofen N mg'": lambda _, n: _drug({"text": f"ibuprofen {n} mg"}, n),
    "drugs with other strengths and names": lambda words, n: _drug(
        {"text": f"{NAMES[n % len(NAMES)]} {words.strange(1)} {n} mg tablet"}, n
    ),
    "drugs of 60 strange words": lambda words, n: _drug({"text": words.strange(60)}, n),
    "drugs of 60 English words": lambda words, n: _drug({"text": words.known(60)}, n),
    "statements of one word": lambda words, n: _statement({"text": words.strange(1)}, n),
    "drugs of many codings": lambda words, n: _drug({"coding": _codings(words, n, RXNORM)}, n),
    "drugs of many local codings": lambda words, n: _drug({"coding": _codings(words, n, "urn:x")}, n),
    "drugs with long directions": lambda words, n: _drug(
        {"text": "ibuprofen 400 mg"}, n, dosageInstruction=[{"text": f"take {n} twice a day {words.known(40)}"}]
    ),
    "drugs with many doses": lambda _, n: _drug(
        {"text": "ibuprofen 400 mg"}, n, dosageInstruction=[{"text": f"{n}.{at} tablets daily"} for at in range(60)]
    ),
    "problems of 60 words": lambda words, n: _sick({"text": words.known(60)}, n),
    "problems of 60 strange words": lambda words, n: _sick({"text": words.strange(60)}, n),
    "problems of 60 German words": lambda words, n: _sick(
        {"text": f"R\u00fcckenschmerzen \u00fcber {words.strange(60)}"}, n
    ),
    "problems of one word": lambda words, n: _sick({"text": words.strange(1)}, n),
    "problems of thousands of words": lambda words, n: _sick({"text": words.known(25_000)}, n),
    "problems of many codings": lambda words, n: _sick({"coding": _codings(words, n, SNOMED)}, n),
    "problems of ICD-10 numbers": lambda _, n: _sick({"coding": [{"system": ICD, "code": f"M54.{n}"}]}, n),
    "problems that say sciatica": lambda words, n: _sick({"text": f"sciatica {words.strange(1)}"}, n),
    "problems of the back": lambda _, n: (
        _sick({"coding": [{"system": ICD, "code": "M54.31", "display": "Sciatica, right side"}], "text": "Sciatica"}, n)
        | {"clinicalStatus": {"coding": [{"code": "active"}]}}
    ),
    "results of one word": lambda words, n: _observed({"text": words.strange(1)}, n, **_quantity(n, "mg")),
    "results of filtration": lambda _, n: _observed(
        {"coding": [{"system": LOINC, "code": "33914-3"}]}, n, **_quantity(n % 120, "mL/min/{1.73_m2}")
    ),
    "pain scores": lambda _, n: _observed({"coding": [{"system": LOINC, "code": "72514-3"}]}, n, valueInteger=n % 11),
    "results in words": lambda words, n: _observed(
        {"coding": [{"system": LOINC, "code": "33914-3"}]}, n, valueString=words.known(60)
    ),
    "results in many parts": lambda words, n: _observed(
        {"text": "panel"}, n, component=[{"code": {"text": words.strange(2)}} for _ in range(60)]
    ),
    "procedures of 60 words": lambda words, n: _other("Procedure", n, code={"text": words.known(60)}),
    "orders of 60 words": lambda words, n: _other("ServiceRequest", n, intent="order", code={"text": words.known(60)}),
    "drafts of 60 words": lambda words, n: (
        _other("ServiceRequest", n, intent="order", code={"text": words.known(60)}) | {"status": "draft"}
    ),
    "drafts of ibuprofen": lambda _, n: _drug({"text": f"ibuprofen {n} mg"}, n) | {"status": "draft"},
    "drafts of thousands of words": lambda words, n: (
        _other("ServiceRequest", n, intent="order", code={"text": words.known(25_000)}) | {"status": "draft"}
    ),
    "encounters of 60 words": lambda words, n: _other("Encounter", n, reasonCode=[{"text": words.known(60)}]),
    "questionnaires": lambda words, n: _other("QuestionnaireResponse", n, item=_items(words, 20)),
    "reports that conclude in 60 words": lambda words, n: _other(
        "DiagnosticReport", n, code={"text": "CT"}, conclusion=f"{words.known(30)}. {words.known(30)}"
    ),
    "reports of 60 words": lambda words, n: _other("DiagnosticReport", n, code={"text": words.known(60)}),
    "imaging studies": lambda words, n: _other("ImagingStudy", n, description=words.known(60)),
    "problems of odd dates": lambda words, n: _sick({"text": "Sciatica"}, n) | {"onsetDateTime": words.strange(1)},
    "problems of odd elements": lambda words, n: (
        _sick({"text": "Sciatica"}, n) | {"bodySite": words.strange(1), "onsetDateTime": 5, words.strange(1): 1}
    ),
    "results of odd units": lambda words, n: _observed(
        {"coding": [{"system": LOINC, "code": "2160-0"}]}, n, **_quantity(n, words.strange(1))
    ),
    "empty entries": lambda _words, _n: {},
    "entries of no type": lambda words, n: {"resourceType": words.strange(1), "id": f"z{n}"},
    "problems of other patients": lambda _, n: problem(n) | {"subject": {"reference": f"https://x{n}/Patient/{n}"}},
}
"""How the entries of each kind of body are made."""


def body(kind: str, seed: str, most_bytes: int = MOST_BYTES) -> bytes:
    """A Bundle of one kind, as large as it may be: a patient, sciatica, and entries that all differ."""
    words = Words(f"{kind}/{seed}")
    patient = {"resourceType": "Patient", "id": PATIENT, "birthDate": "1968-02-03", "gender": "male"}
    first = [patient, problem(0), draft_order()]
    entries = list(_filled(first, kind, words, most_bytes))
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def _filled(first: list[Json], kind: str, words: Words, most_bytes: int) -> Iterator[Json]:
    room = most_bytes - 200
    numbers = count()
    waiting = iter(first)
    while True:
        resource = next(waiting, None) or KINDS[kind](words, next(numbers))
        room -= len(orjson.dumps(resource)) + 15
        if room < 0:
            return
        yield {"resource": resource}


def _asked(client: FlaskClient, hook: str, sent: bytes) -> TestResponse:
    return client.post(f"/evaluate?hook={hook}&complete=all", data=sent, content_type="application/fhir+json")


def main() -> None:
    """Print the CPU of each kind, and exit 1 when one takes more than it may."""
    client = create_app(Settings(log_level="error", max_cpu_ms=0)).test_client()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    slow = []
    for hook in HOOKS:
        _asked(client, hook, body("pain scores", hook, 2_000))
    for kind in sys.argv[1:] or KINDS:
        for hook in HOOKS:
            sent = body(kind, hook)
            begin = time.process_time()
            answer = _asked(client, hook, sent)
            seconds = time.process_time() - begin
            print(f"{seconds:6.2f} s  {answer.status_code}  {len(answer.data):>9} bytes  {hook:12}  {kind}", flush=True)
            if seconds > MOST_SECONDS:
                slow.append(f"{kind} ({hook})")
    sys.exit(f"more than {MOST_SECONDS} s: {', '.join(slow)}" if slow else 0)


if __name__ == "__main__":
    main()
