"""Charts made at random of everything that the facts look for: what stands in them need not make sense together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from service.knowledge.model import FactKind, Knowledge
from service.record.chart.matcher import MEDICATION
from service.record.derive import Derivation
from service.record.input.reader import read_bundle
from service.record.model import Record

Json = dict[str, Any]
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
_LISTS = (
    *("AllergyIntolerance", "Condition", "DiagnosticReport", "Encounter", "MedicationRequest", "Procedure"),
    *("ServiceRequest", "Observation"),
)
_STATUS = {
    "Condition": ("clinicalStatus", ("active", "active", "active", "resolved", "recurrence")),
    "AllergyIntolerance": ("clinicalStatus", ("active", "inactive")),
}
_STATUS_WORD = {"MedicationRequest": "active", "ServiceRequest": "active", "Observation": "final"}


class Charts:
    """Writes such charts for one rule set; the same seed gives the same charts."""

    def __init__(self, knowledge: Knowledge, derivation: Derivation, seed: int) -> None:
        self._chance = random.Random(seed)
        keys = sorted({key for fact in knowledge.facts for key in derivation.keys_of(fact)})
        sets = knowledge.value_sets
        self._codes = [
            (type_ if type_ != MEDICATION else "MedicationRequest", code)
            for type_, name in keys
            if name in sets
            for code in sets[name].codes
            if code.code and code.system
        ]
        self._units = sorted(
            {fact.unit for fact in knowledge.facts.values() if fact.kind is FactKind.QUANTITY and fact.unit}
        )

    def records(self) -> Iterator[Record]:
        """One chart after another, without end."""
        while True:
            entries = [self._entry(number) for number in range(self._chance.randint(1, 15))]
            patient = {"resourceType": "Patient", "id": "p", "gender": self._chance.choice(["female", "male"])}
            patient["birthDate"] = f"{self._chance.randint(1930, 2008)}-05-17"
            whole = frozenset(_LISTS) - {self._chance.choice((*_LISTS, *_LISTS, ""))}
            resources = [{"resource": one} for one in (patient, *entries)]
            yield read_bundle({"resourceType": "Bundle", "type": "collection", "entry": resources}, complete=whole)

    def _entry(self, number: int) -> Json:
        type_, code = self._chance.choice(self._codes)
        concept = {"coding": [{"system": code.system, "code": code.code}]}
        day = (NOW - timedelta(days=self._chance.choice([0, 2, 20, 60, 200, 900]))).date().isoformat()
        about = {"reference": "Patient/p"}
        entry: Json = {"resourceType": type_, "id": f"e{number}", "subject": about}
        entry["medicationCodeableConcept" if type_ == "MedicationRequest" else "code"] = concept
        if type_ in _STATUS:
            name, words = _STATUS[type_]
            entry[name] = {"coding": [{"code": self._chance.choice(words)}]}
        else:
            entry["status"] = _STATUS_WORD.get(type_, "completed")
        if type_ == "MedicationRequest":
            entry |= {"intent": "order", "authoredOn": day}
        elif type_ == "Observation":
            entry |= {"effectiveDateTime": day, **self._value()}
        elif type_ == "Encounter":
            entry |= {"status": "finished", "reasonCode": [entry.pop("code")], "period": {"start": day}}
        elif type_ == "AllergyIntolerance":
            entry["patient"] = entry.pop("subject")
        elif type_ == "QuestionnaireResponse":
            entry |= {"authored": day, "item": [{"linkId": code.code, "answer": [{"valueBoolean": True}]}]}
        elif type_ == "Condition":
            entry["onsetDateTime"] = day
        elif type_ == "Procedure":
            entry["performedDateTime"] = day
        return entry

    def _value(self) -> Json:
        if self._chance.random() < 0.5:
            return {"valueBoolean": self._chance.random() < 0.7}
        number = round(self._chance.choice([0.5, 2, 8, 25, 55, 101, 250]) * self._chance.random() * 2, 1)
        return {"valueQuantity": {"value": number, "code": self._chance.choice(self._units)}}
