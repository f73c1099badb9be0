"""Charts for a comparison: a FHIR bundle for a witness, and one that a changed fact or value set reads otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from service.decision import Prepared, decide, prepare
from service.finding import Status
from service.knowledge.digest import value_sets_of
from service.knowledge.model import Code, FactKind, Given, Knowledge
from service.record.derive import Derivation
from service.record.input.reader import read_bundle
from service.review.comparison.model import Witness
from service.testkit.example_patient.case import Case
from service.testkit.example_patient.document import Builder

Json = dict[str, Any]

# A chart is written for this time, so that the same comparison gives the same bytes.
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Charts:
    """Writes charts for two rule sets. Builders are made when first asked."""

    before: Knowledge
    after: Knowledge

    def of(self, witness: Witness) -> Json:
        """The chart of a witness, written for the second rule set: ``bundle``, ``complete``, ``now``, ``hook``.

        ``unmet`` names the facts that no chart could be given together with the others, ``settings`` how the rule set
        must be set. ``before`` and ``after`` are the rules that each rule set shows for this chart, of all its cards.
        """
        findings = witness.findings
        known = {name: one for name, one in findings.items() if name in self.after.facts}
        states = {name: Given(one.status.value, one.low, one.high) for name, one in known.items()}
        case = self._builder.case(states, now=NOW)
        return {
            "bundle": case.bundle(),
            "complete": sorted(case.complete),
            "now": NOW.isoformat(),
            "settings": dict(case.settings),
            "unmet": [*case.unmet, *sorted(findings.keys() - known.keys())],
            **self._shown(case, witness.service),
        }

    def _shown(self, case: Case, service: str) -> Json:
        """What both rule sets show for the chart, read whole as the service reads it."""
        record = read_bundle(case.bundle(), complete=case.complete, order_hook=True)
        body: Json = {}
        for side, prepared in zip(("before", "after"), self._prepared, strict=True):
            offered = prepared.knowledge.services.get(service)
            if offered is not None:
                decision = decide(prepared, record, offered.hook, NOW)
                body["hook"] = offered.hook
                body[side] = [item.rule.id for item in decision.advice]
        return body

    @cached_property
    def _prepared(self) -> tuple[Prepared, Prepared]:
        return prepare(self.before), prepare(self.after)

    def read_otherwise(self, kind: str, name: str) -> Json | None:
        """A chart from which a fact is read otherwise since this fact or value set changed.

        With the name of the ``fact``, its state ``before`` and ``after``, and the chart. None when the change is of
        another kind, or when no chart was found: that is no proof that there is none.
        """
        if kind == "fact":
            tried = self._of_fact(name)
        elif kind == "value set":
            tried = self._of_value_set(name)
        else:
            return None
        return next((chart for chart in tried if chart is not None), None)

    @cached_property
    def _builder(self) -> Builder:
        return Builder(self.after)

    @cached_property
    def _derivations(self) -> tuple[Derivation, Derivation]:
        return Derivation(self.before), Derivation(self.after)

    def _of_fact(self, name: str) -> Iterator[Json | None]:
        if self._is_read_by_both(name):
            for knowledge in (self.before, self.after):
                for status in (Status.PRESENT, Status.ABSENT):
                    yield self._tried(knowledge, name, status)

    def _of_value_set(self, name: str) -> Iterator[Json | None]:
        sides = (self.before, self.after), (self.after, self.before)
        for knowledge, other in sides:
            for code in _only_in(knowledge, other, name):
                # The chart is written with a code that only one of the rule sets knows, and without words for it:
                # words are read by patterns, and may still say what the code no longer says.
                wordless = replace(code, display=code.code)
                narrow = replace(knowledge.value_sets[name], codes=(wordless,), patterns=(), link_ids=())
                narrowed = replace(knowledge, value_sets={**knowledge.value_sets, name: narrow})
                yield from self._with_this_set(narrowed, name)

    def _with_this_set(self, narrowed: Knowledge, name: str) -> Iterator[Json | None]:
        for fact in narrowed.facts.values():
            # An order fact and a fact of drugs are built from ingredients, not from the codes of one set.
            if name in value_sets_of(fact) and self._is_read_by_both(fact.id):
                only = replace(fact, sources=_reading(fact.sources, name)) if fact.kind is FactKind.CODED else fact
                yield self._tried(replace(narrowed, facts={**narrowed.facts, fact.id: only}), fact.id, Status.PRESENT)

    def _is_read_by_both(self, fact: str) -> bool:
        return fact in self.before.facts and fact in self.after.facts

    def _tried(self, knowledge: Knowledge, fact: str, status: Status) -> Json | None:
        case = Builder(knowledge).case({fact: Given(status.value)}, now=NOW)
        if case.unmet:
            return None
        record = read_bundle(case.bundle(), complete=case.complete, order_hook=True)
        before, after = (derivation.findings(record, NOW)[fact] for derivation in self._derivations)
        if (before.status, before.low, before.high) == (after.status, after.low, after.high):
            return None
        return {
            "fact": fact,
            "before": before.status.value,
            "after": after.status.value,
            "bundle": case.bundle(),
            "complete": sorted(case.complete),
            "now": NOW.isoformat(),
        }


def _reading(sources: Sequence[Any], value_set: str) -> tuple[Any, ...]:
    """The sources that read this value set, reading nothing else."""
    return tuple(
        replace(source, codes=tuple(name for name in source.codes if name == value_set) or source.codes)
        for source in sources
        if value_set in (*source.codes, *source.yes, *source.no, *source.body_site)
    )


def _only_in(knowledge: Knowledge, other: Knowledge, name: str) -> list[Code]:
    if name not in knowledge.value_sets:
        return []
    known = other.value_sets[name].codes if name in other.value_sets else ()
    codes = {(code.system, code.code) for code in known}
    return [code for code in knowledge.value_sets[name].codes if (code.system, code.code) not in codes][:3]
