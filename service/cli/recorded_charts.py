"""Recorded charts as both rule sets read them: stories, bundles, NDJSON, and the decisions of the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from service.cli.input import read_document
from service.cli.stories import Story, read_stories
from service.decision import Prepared
from service.errors import ServiceError
from service.finding import Finding
from service.knowledge.hooks import HOOKS
from service.knowledge.model import Knowledge, ServiceDefinition
from service.population.charts import BulkCharts, is_bulk
from service.protocol.context import read_context
from service.protocol.discovery import linted_templates
from service.protocol.prefetch_of_call import record_of, states_of, unasked
from service.protocol.request_schemas import read_call
from service.record.input.reader import read_bundle
from service.record.model import Record
from service.review.impact import Recorded, Source
from service.store.decisions import facts_of, is_skipped
from service.store.reading import Reading
from service.testkit.stories import is_request

Facts = Mapping[str, Finding]


@dataclass(frozen=True)
class Reader:
    """Reads charts for two rule sets. What could not be read is listed in ``refused``, never left out in silence."""

    before: Prepared
    after: Prepared
    refused: list[str]
    with_links: bool = False
    """Whether examples come with their charts, to be opened in the playground."""

    def of(self, data: Path, now: datetime | None) -> Iterator[Recorded]:
        """Every chart below a path at every service: a folder of stories or of files, a bundle, a request, NDJSON.

        Without ``now`` bulk data is read as of its export, anything else as of the present.
        """
        stories = read_stories(data) if data.is_dir() else []
        if stories:
            for story in stories:
                yield from self._of_story(story)
        elif is_bulk(data):
            yield from self._of_bulk(data, now)
        else:
            for path in sorted(data.rglob("*.json")) if data.is_dir() else [data]:
                read_at = now or datetime.now(tz=UTC)
                yield from self._of_document(path.name, read_document(path), read_at, frozenset())

    def _of_bulk(self, data: Path, now: datetime | None) -> Iterator[Recorded]:
        """Every patient of an export, read as ``population`` reads it: nothing is an order under review there."""
        charts, refused = BulkCharts(data), 0
        read_at = now or charts.now or datetime.now(tz=UTC)
        for chart in charts:
            if chart.read.record is None:
                refused += 1
                continue
            before, after = self._facts(chart.read.record, read_at)
            source = Source(list(chart.resources), read_at.isoformat()) if self.with_links else None
            for service in self._services():
                if not HOOKS[service.hook].has_orders:
                    yield Recorded(chart.patient, service.id, before, after, source)
        self.refused.extend((*charts.warnings, *([f"{refused} charts were refused"] if refused else [])))

    def of_store(self, reading: Reading, since: datetime) -> Iterator[Recorded]:
        """Every stored decision since then, at its own service, on the findings that were stored.

        Of what the gate let pass only the sample has findings: so many as it stands for are listed in ``refused``.
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
        source = Source(document, now.isoformat(), tuple(sorted(complete))) if self.with_links else None
        for service in self._services():
            before, after = facts[HOOKS[service.hook].has_orders]
            yield Recorded(name, service.id, before, after, source)

    def _services(self) -> Iterable[ServiceDefinition]:
        return {**self.before.knowledge.services, **self.after.knowledge.services}.values()

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
        arrived, own_keys = states_of(call, templates), unasked(call, templates)
        return record_of(call, arrived, templates, read_context(call), own_keys)

    def _facts(self, record: Record, now: datetime) -> tuple[Facts, Facts]:
        before = self.before.derivation.findings(record, now)
        return before, before if self._read_alike else self.after.derivation.findings(record, now)

    @cached_property
    def _read_alike(self) -> bool:
        return _reading(self.before.knowledge) == _reading(self.after.knowledge)


def _reading(knowledge: Knowledge) -> tuple[object, ...]:
    """All on which it rests what a rule set reads from a chart."""
    return knowledge.facts, knowledge.value_sets, knowledge.episode, knowledge.settings
