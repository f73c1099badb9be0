"""Recorded charts as both rule sets read them: stories, bundles, NDJSON, and the decisions of the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import orjson

from service.cli.input import read_document
from service.cli.stories import Story, read_stories
from service.decision import Prepared
from service.errors import ServiceError
from service.finding import Finding
from service.knowledge.hooks import HOOKS
from service.knowledge.model import Knowledge
from service.protocol.context import read_context
from service.protocol.discovery import linted_templates
from service.protocol.prefetch import record_of, states_of
from service.protocol.request_schemas import read_call
from service.record.input.reader import read_bundle
from service.record.model import Record
from service.review.impact import Recorded
from service.store.decisions import facts_of, is_skipped
from service.store.reading import Reading
from service.testkit.stories import is_request

Facts = Mapping[str, Finding]
# Where a resource names the patient it is about.
_SUBJECTS = ("subject", "patient", "beneficiary", "individual")


@dataclass(frozen=True)
class Reader:
    """Reads charts for two rule sets. What could not be read is told by ``refused``, never left out in silence."""

    before: Prepared
    after: Prepared
    refused: list[str]

    def of(self, data: Path, now: datetime) -> Iterator[Recorded]:
        """Every chart below a path at every service: a folder of stories or of files, a bundle, a request, NDJSON."""
        if data.is_dir():
            stories = read_stories(data)
            for story in stories:
                yield from self._of_story(story)
            if not stories:
                for path in sorted(data.rglob("*")):
                    if path.suffix in (".json", ".ndjson"):
                        yield from self.of(path, now)
        elif data.suffix == ".ndjson":
            for name, document in _charts_of_lines(data):
                yield from self._of_document(f"{data.name}: {name}", document, now, frozenset())
        else:
            yield from self._of_document(data.name, read_document(data), now, frozenset())

    def of_store(self, reading: Reading, since: datetime) -> Iterator[Recorded]:
        """Every kept decision since then, at its own service, on the findings that were kept.

        Of what the gate let pass only the sample has findings: so many as it stands for are told by ``refused``.
        """
        findings: dict[str, tuple[str, ...]] = {}
        skipped = 0
        for stored in reading.decisions(since):
            if is_skipped(stored.body):
                skipped += 1
                continue
            digest = stored.body["ruleset"]
            if digest not in findings:
                findings[digest] = reading.rule_set(digest).findings
            read = [facts_of(stored.body, findings[digest], side.knowledge.facts) for side in (self.before, self.after)]
            yield Recorded(stored.id, stored.body["service"], read[0], read[1])
        if skipped:
            self.refused.append(
                f"{skipped} calls that the gate let pass have no findings; one of a hundred stands here"
            )

    def _of_story(self, story: Story) -> Iterator[Recorded]:
        yield from self._of_document(story.id, story.document, story.now, story.complete)

    def _of_document(self, name: str, document: Any, now: datetime, complete: frozenset[str]) -> Iterator[Recorded]:
        try:
            records = self._records(document, complete)
        except ServiceError as error:
            self.refused.append(f"{name}: {error}")
            return
        facts = {orders: self._facts(record, now) for orders, record in records.items()}
        services = {**self.before.knowledge.services, **self.after.knowledge.services}
        for service in services.values():
            before, after = facts[HOOKS[service.hook].has_orders]
            yield Recorded(name, service.id, before, after)

    def _records(self, document: Any, complete: frozenset[str]) -> dict[bool, Record]:
        """The chart read without and with its draft orders under review."""
        if is_request(document):
            record = self._record_of_call(document)
            return {False: record, True: record}
        return {orders: read_bundle(document, complete=complete, order_hook=orders) for orders in (False, True)}

    def _record_of_call(self, document: Any) -> Record:
        knowledge = self.after.knowledge
        service = next((one for one in knowledge.services.values() if one.hook == document["hook"]), None)
        if service is None:
            raise click.UsageError(f"no service answers {document['hook']}")
        templates = linted_templates(knowledge, knowledge.services)[service.id]
        call = read_call(document, hook=service.hook, strict=False)
        return record_of(call, states_of(call, templates), templates, read_context(call))

    def _facts(self, record: Record, now: datetime) -> tuple[Facts, Facts]:
        before = self.before.derivation.findings(record, now)
        return before, before if self._read_alike else self.after.derivation.findings(record, now)

    @cached_property
    def _read_alike(self) -> bool:
        return _reading(self.before.knowledge) == _reading(self.after.knowledge)


def _reading(knowledge: Knowledge) -> tuple[object, ...]:
    """All on which it rests what a rule set reads from a chart."""
    return knowledge.facts, knowledge.value_sets, knowledge.episode, knowledge.settings


def _charts_of_lines(path: Path) -> Iterator[tuple[str, Any]]:
    """The charts of an NDJSON file: one bundle a line, or the resources of many patients as bulk data sends them."""
    gathered: dict[str, list[Any]] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                resource = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise click.UsageError(f"{path}:{number}: not JSON: {error.msg}") from None
            if resource.get("resourceType") == "Bundle":
                yield f"line {number}", resource
            else:
                gathered.setdefault(_patient_of(resource), []).append(resource)
    yield from gathered.items()


def _patient_of(resource: Mapping[str, Any]) -> str:
    if resource.get("resourceType") == "Patient":
        return str(resource.get("id"))
    for name in _SUBJECTS:
        about = resource.get(name)
        if isinstance(about, dict) and isinstance(about.get("reference"), str):
            return str(about["reference"]).rpartition("/")[2]
    return "without a patient"
