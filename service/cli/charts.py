"""Charts in plain lines, made into FHIR R4: one line for each resource, so that a clinician can read the whole chart.

A line is a kind, what it is, and clauses after commas::

    man of 46
    problem sciatica right, since 10 days
    lab eGFR 25, 21 days ago
    takes warfarin, since 200 days
    orders naproxen 500 mg 2 times daily, for 10 days, because sciatica right

Names stand for codes of public code systems in a table (``codes.yaml`` beside the charts); nothing of the rule set is
read. A line may also be a whole resource, where plain words would hide what matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

Json = dict[str, Any]

_SYSTEMS = {
    "icd10": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd10gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "snomed": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "local": "urn:sciatica-cds:code",
}
_UCUM = "http://unitsofmeasure.org"
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_AGO = re.compile(r"(?P<n>\d+) (?P<unit>day|week|month|year)s?(?P<ago> ago)?")
_DATE = re.compile(r"\d{4}(-\d\d){0,2}")
_DOSE = re.compile(
    r"(?P<name>.+?)(?: (?P<amount>[\d.]+) mg)?(?: (?P<times>\d+) times daily)?(?P<prn> as needed)?"
    r"(?: (?P<route>rectal|topical|injected))?"
)
_PERSON = re.compile(r"(?P<who>man|woman|person)(?: of (?P<age>\d+))?")
_GENDERS = {"man": "male", "woman": "female"}
_VERIFICATION = ("provisional", "differential", "refuted", "entered-in-error", "unconfirmed")
_CLINICAL = ("resolved", "inactive", "remission", "recurrence")
_ROUTES = {"rectal": "37161004", "topical": "6064005", "injected": "78421000"}


class ChartError(ValueError):
    """A line that cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Codes:
    """The names that lines may use, each with (system, code, display), and the UCUM unit of each measurement."""

    table: Mapping[str, Sequence[str]]
    units: Mapping[str, str]

    def concept(self, name: str) -> Json:
        """A CodeableConcept: of the table, of a question of this product (``answer …``), or of words in quotes.

        Raises ChartError for a name that is not in the table.
        """
        if name.startswith('"'):
            return {"text": name.strip('"')}
        if name.startswith("answer "):
            code = name.replace(" ", "-")
            return {"coding": [{"system": _SYSTEMS["local"], "code": code, "display": name.removeprefix("answer ")}]}
        if name not in self.table:
            raise ChartError(f"there is no code for '{name}'")
        system, code, text = self.table[name]
        return {"coding": [{"system": _SYSTEMS[system], "code": code, "display": text}], "text": text}


@dataclass
class _Clauses:
    """What stands after the commas of a line."""

    since: str | None = None
    on: str | None = None
    recorded: str | None = None
    stopped: str | None = None
    days: int | None = None
    because: str | None = None
    at: str | None = None
    born: str | None = None
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Chart:
    """The lines of one chart, read at one time."""

    codes: Codes
    now: datetime

    def bundle(self, lines: Iterable[str | Mapping[str, Any]]) -> Json:
        """All lines as one collection Bundle, about one patient with the id ``p``."""
        made = [self._resource(line, number) for number, line in enumerate(lines)]
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in made]}

    def _resource(self, line: str | Mapping[str, Any], number: int) -> Json:
        if not isinstance(line, str):
            return dict(_plain(line))
        head, *clauses = [part.strip() for part in line.split(", ")]
        kind, _, rest = head.partition(" ")
        stated = self._clauses(clauses, line)
        if kind in ("man", "woman", "person"):
            return self._person(head, stated)
        make = self._kinds.get(kind)
        if make is None:
            raise ChartError(f"'{kind}' is no kind of line: {line}")
        try:
            resource = make(rest, stated)
        except (ChartError, KeyError) as wrong:
            raise ChartError(f"{line}: {wrong}") from wrong
        return {"id": f"r{number}", **resource}

    @cached_property
    def _kinds(self) -> Mapping[str, Callable[[str, _Clauses], Json]]:
        return {
            "problem": self._problem,
            "visit": self._visit,
            "answer": self._answer,
            "lab": self._lab,
            "finds": self._coded,
            "takes": self._takes,
            "orders": self._orders,
            "reports-taking": self._reports_taking,
            "asks-for": self._asks_for,
            "referred": self._referred,
            "done": self._done,
            "report": self._report,
            "allergy": self._allergy,
            "device": self._device,
            "goal": self._goal,
        }

    def _clauses(self, parts: Sequence[str], line: str) -> _Clauses:
        stated = _Clauses()
        for part in parts:
            word, _, rest = part.partition(" ")
            if word in ("since", "recorded", "stopped"):
                setattr(stated, word, self._day(rest))
            elif word in ("because", "at", "born"):
                setattr(stated, word, rest)
            elif word == "for":
                stated.days = int(rest.split()[0])
            elif part == "today" or part.endswith(" ago") or _DATE.fullmatch(part):
                stated.on = self._day(part)
            elif part in (*_VERIFICATION, *_CLINICAL, "preliminary", "undated"):
                stated.words.append(part)
            else:
                raise ChartError(f"'{part}' is no clause: {line}")
        return stated

    def _day(self, words: str) -> str:
        if words == "today":
            return self.now.date().isoformat()
        if _DATE.fullmatch(words):
            return words
        read = _AGO.fullmatch(words)
        if read is None:
            raise ChartError(f"'{words}' is no date")
        return (self.now.date() - timedelta(days=int(read["n"]) * _DAYS[read["unit"]])).isoformat()

    @property
    def _today(self) -> str:
        return self.now.date().isoformat()

    def _person(self, head: str, stated: _Clauses) -> Json:
        read = _PERSON.fullmatch(head)
        if read is None:
            raise ChartError(f"'{head}' is no person")
        gender = {"gender": _GENDERS[read["who"]]} if read["who"] in _GENDERS else {}
        born = stated.born
        if read["age"]:
            today = self.now.date()
            born = f"{today.year - int(read['age'])}{today.isoformat()[4:]}"
        return {"resourceType": "Patient", "id": "p", **gender, **({"birthDate": born} if born else {})}

    def _about(self, kind: str, **content: Any) -> Json:
        subject = "patient" if kind in ("AllergyIntolerance", "Device") else "subject"
        return {"resourceType": kind, subject: {"reference": "Patient/p"}, **content}

    def _problem(self, name: str, stated: _Clauses) -> Json:
        status = next((word for word in stated.words if word in _CLINICAL), "active")
        sure = next((word for word in stated.words if word in _VERIFICATION), "confirmed")
        content: Json = {"code": self.codes.concept(name)}
        if sure != "entered-in-error":
            content["clinicalStatus"] = {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": status}]
            }
        content["verificationStatus"] = {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": sure}]
        }
        if stated.since:
            content["onsetDateTime"] = stated.since
        if stated.recorded:
            content["recordedDate"] = stated.recorded
        if stated.on:
            content["abatementDateTime"] = stated.on
        if stated.at:
            content["bodySite"] = [self.codes.concept(stated.at)]
        return self._about("Condition", **content)

    def _visit(self, name: str, stated: _Clauses) -> Json:
        kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
        period = {"start": stated.on or self._today, "end": stated.on or self._today}
        return self._about(
            "Encounter", status="finished", period=period, reasonCode=[self.codes.concept(name)], **{"class": kind}
        )

    def _answer(self, words: str, stated: _Clauses) -> Json:
        name, _, value = words.rpartition(" ")
        if value not in ("yes", "no"):
            raise ChartError("an answer is yes or no")
        return self._observed(f"answer {name}", stated, valueBoolean=value == "yes")

    def _lab(self, words: str, stated: _Clauses) -> Json:
        read = re.fullmatch(r"(?P<name>.+?) (?P<sign>[<>]?)(?P<value>-?[\d.]+)(?: (?P<unit>\S+))?", words)
        if read is None:
            raise ChartError("a result is a name and a number, with a unit where the name has none of its own")
        unit = read["unit"] or self.codes.units[read["name"]]
        quantity: Json = {"value": float(read["value"]), "unit": unit, "system": _UCUM, "code": unit}
        if read["sign"]:
            quantity["comparator"] = read["sign"]
        return self._observed(read["name"], stated, valueQuantity=quantity)

    def _coded(self, words: str, stated: _Clauses) -> Json:
        name, _, value = words.partition(" = ")
        return self._observed(name, stated, valueCodeableConcept=self.codes.concept(value))

    def _observed(self, name: str, stated: _Clauses, **value: Any) -> Json:
        status = "preliminary" if "preliminary" in stated.words else "final"
        when = {} if "undated" in stated.words else {"effectiveDateTime": stated.on or self._today}
        return self._about("Observation", status=status, code=self.codes.concept(name), **when, **value)

    def _drug(self, words: str, stated: _Clauses, *, status: str) -> Json:
        read = _DOSE.fullmatch(words)
        assert read is not None, words
        began = stated.since or stated.on or (self._today if status == "draft" else self._day("30 days"))
        content: Json = {
            "status": "completed" if stated.stopped else status,
            "intent": "order",
            "medicationCodeableConcept": self.codes.concept(read["name"]),
            "authoredOn": began,
        }
        dosage = self._dosage(read)
        if stated.stopped:
            bounds = {"boundsPeriod": {"start": began, "end": stated.stopped}}
            dosage.setdefault("timing", {}).setdefault("repeat", {}).update(bounds)
        if dosage:
            content["dosageInstruction"] = [dosage]
        if stated.days is not None:
            content["dispenseRequest"] = {
                "expectedSupplyDuration": {"value": stated.days, "unit": "days", "system": _UCUM, "code": "d"}
            }
        if stated.because:
            content["reasonCode"] = [self.codes.concept(stated.because)]
        return self._about("MedicationRequest", **content)

    def _dosage(self, read: re.Match[str]) -> Json:
        dosage: Json = {}
        if read["amount"]:
            amount = {"value": float(read["amount"]), "unit": "mg", "system": _UCUM, "code": "mg"}
            dosage["doseAndRate"] = [{"doseQuantity": amount}]
        if read["times"]:
            dosage["timing"] = {"repeat": {"frequency": int(read["times"]), "period": 1, "periodUnit": "d"}}
        if read["prn"]:
            dosage["asNeededBoolean"] = True
        if read["route"]:
            coding = {"system": _SYSTEMS["snomed"], "code": _ROUTES[read["route"]], "display": read["route"]}
            dosage["route"] = {"coding": [coding]}
        return dosage

    def _takes(self, words: str, stated: _Clauses) -> Json:
        return self._drug(words, stated, status="active")

    def _orders(self, words: str, stated: _Clauses) -> Json:
        return self._drug(words, stated, status="draft")

    def _reports_taking(self, words: str, stated: _Clauses) -> Json:
        read = _DOSE.fullmatch(words)
        assert read is not None, words
        period = {"start": stated.since or self._day("30 days")} | ({"end": stated.stopped} if stated.stopped else {})
        dosage = self._dosage(read)
        return self._about(
            "MedicationStatement",
            status="completed" if stated.stopped else "active",
            medicationCodeableConcept=self.codes.concept(read["name"]),
            effectivePeriod=period,
            **({"dosage": [dosage]} if dosage else {}),
        )

    def _service(self, name: str, stated: _Clauses, *, status: str) -> Json:
        reason = {"reasonCode": [self.codes.concept(stated.because)]} if stated.because else {}
        site = {"bodySite": [self.codes.concept(stated.at)]} if stated.at else {}
        code = self.codes.concept(name)
        authored = stated.on or self._today
        return self._about(
            "ServiceRequest", status=status, intent="order", code=code, authoredOn=authored, **reason, **site
        )

    def _asks_for(self, name: str, stated: _Clauses) -> Json:
        return self._service(name, stated, status="draft")

    def _referred(self, name: str, stated: _Clauses) -> Json:
        return self._service(name, stated, status="active")

    def _done(self, name: str, stated: _Clauses) -> Json:
        when = {} if "undated" in stated.words else {"performedDateTime": stated.on or self._today}
        return self._about("Procedure", status="completed", code=self.codes.concept(name), **when)

    def _report(self, name: str, stated: _Clauses) -> Json:
        code = self.codes.concept(name)
        return self._about("DiagnosticReport", status="final", code=code, effectiveDateTime=stated.on or self._today)

    def _allergy(self, name: str, stated: _Clauses) -> Json:
        clinical = next((word for word in stated.words if word in ("resolved", "inactive")), "active")
        sure = next((word for word in stated.words if word in ("refuted", "unconfirmed")), "confirmed")
        url = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"
        return self._about(
            "AllergyIntolerance",
            clinicalStatus={"coding": [{"system": f"{url}clinical", "code": clinical}]},
            verificationStatus={"coding": [{"system": f"{url}verification", "code": sure}]},
            code=self.codes.concept(name),
        )

    def _device(self, name: str, stated: _Clauses) -> Json:
        del stated
        return self._about("Device", status="active", type=self.codes.concept(name))

    def _goal(self, name: str, stated: _Clauses) -> Json:
        when = {"startDate": stated.on or self._today}
        return self._about("Goal", lifecycleStatus="active", description=self.codes.concept(name), **when)


def _plain(value: Any) -> Any:
    """Lists, mappings and numbers as JSON has them, whatever the file they were read from made of them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return float(value) if isinstance(value, Decimal) else value
