"""Resources: what a run found as FHIR R4: a MeasureReport and a Group for each rule, a DetectedIssue for each card.

NDJSON, one file a type, in the order of the tables. Counts that are hidden in the summary are left out here too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from service.knowledge.model import Knowledge
from service.population.plan import Question
from service.population.run_folder import written

Json = dict[str, Any]
_IDS = uuid.UUID("0b1f6a3a-4b0e-4a43-9a6e-3f7f4a4a5f10")
_BASE = "urn:sciatica-cds"
_MEASURES = "http://terminology.hl7.org/CodeSystem/measure-population"
_SEVERITY = {"critical": "high", "warning": "moderate", "info": "low"}


def write_resources(out: Path, summary: Json, knowledge: Knowledge, question: Question) -> dict[str, int]:
    """Write the three files and return how many resources each has. Patients are named as in the tables."""
    from service.population.tables import rows_of

    versions = {rule.id: rule.version for rule in knowledge.rules}
    asked = _Asked(question, summary["ruleset"]["digest"], versions)
    return {
        "MeasureReport": _write(out / "MeasureReport.ndjson", asked.reports(summary)),
        "DetectedIssue": _write(out / "DetectedIssue.ndjson", asked.issues(rows_of(out / "cards.parquet"))),
        "Group": _write(out / "Group.ndjson", asked.groups(out / "cards.parquet", summary)),
    }


def _write(path: Path, resources: Iterator[Json]) -> int:
    count = 0
    with written(path) as file:
        for resource in resources:
            file.write(orjson.dumps(resource) + b"\n")
            count += 1
    return count


class _Asked:
    def __init__(self, question: Question, digest: str, versions: Mapping[str, int | str]) -> None:
        self._now = question.now.isoformat()
        self._hook = question.hook
        self._digest = digest
        self._versions = versions

    def _id(self, *parts: object) -> str:
        return str(uuid.uuid5(_IDS, "\n".join(map(str, (self._digest, self._hook, self._now, *parts)))))

    def reports(self, summary: Json) -> Iterator[Json]:
        """One MeasureReport for each rule and indicator: of how many patients it was asked, how many cards came."""
        patients = summary["patients"]["all"]
        for one in summary["rules"]:
            if one["rule"] not in self._versions:
                continue
            yield {
                "resourceType": "MeasureReport",
                "id": self._id("MeasureReport", one["rule"], one["indicator"]),
                "status": "complete",
                "type": "summary",
                "measure": f"{_BASE}:rule:{one['rule']}|{self._versions[one['rule']]}",
                "date": self._now,
                "period": {"start": self._now, "end": self._now},
                "group": [
                    {
                        "code": {"text": f"{one['indicator']} cards of {one['rule']}"},
                        "population": [
                            _counted("initial-population", patients),
                            _counted("numerator", one["cards"]),
                        ],
                        "stratifier": [
                            _stratifier(name, one[key]) for name, key in (("age", "byAge"), ("sex", "bySex"))
                        ],
                    }
                ],
            }

    def issues(self, cards: Iterator[Json]) -> Iterator[Json]:
        """One DetectedIssue for each card."""
        for card in cards:
            yield {
                "resourceType": "DetectedIssue",
                "id": self._id("DetectedIssue", card["patient"], card["place"]),
                "status": "final",
                "code": {
                    "coding": [{"system": f"{_BASE}:rule", "code": rule} for rule in card["rules"]],
                    "text": card["summary"],
                }
                if card["rules"]
                else {"text": card["summary"]},
                "severity": _SEVERITY[card["indicator"]],
                "patient": {"reference": f"Patient/{card['patient']}"},
                "identifiedDateTime": self._now,
                "detail": card["summary"],
            }

    def groups(self, cards: Path, summary: Json) -> Iterator[Json]:
        """One Group for each rule: the patients for whom it spoke. Lists of patients, so small ones are there too."""
        from service.population.tables import rows_of

        named = sorted({one["rule"] for one in summary["rules"]} & self._versions.keys())
        members: dict[str, list[str]] = {rule: [] for rule in named}
        for card in rows_of(cards):
            for rule in card["rules"]:
                if not members[rule] or members[rule][-1] != card["patient"]:
                    members[rule].append(card["patient"])
        for rule in named:
            yield {
                "resourceType": "Group",
                "id": self._id("Group", rule),
                "active": True,
                "type": "person",
                "actual": True,
                "code": {"coding": [{"system": f"{_BASE}:rule", "code": rule}]},
                "name": f"Patients for whom {rule} spoke",
                "quantity": len(members[rule]),
                "member": [{"entity": {"reference": f"Patient/{patient}"}} for patient in members[rule]],
            }


def _counted(code: str, number: int | None) -> Json:
    part: Json = {"code": {"coding": [{"system": _MEASURES, "code": code}]}}
    return part if number is None else part | {"count": number}


def _stratifier(name: str, cells: list[Json]) -> Json:
    return {
        "code": [{"text": name}],
        "stratum": [
            {"value": {"text": cell["group"]}, "population": [_counted("numerator", cell["number"])]} for cell in cells
        ],
    }
