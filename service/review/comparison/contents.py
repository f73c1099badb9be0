"""Contents: what changed beside the logic of rules, with the rules that rest on it.

Facts, value sets, orders, sources, conclusions, services, settings and the frame of the rule set are compared as text.
That a fact now reads the record otherwise is shown on a chart made for it, where one can be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from service.finding import Finding, Status
from service.knowledge.digest import canonical, reached, value_sets_of
from service.knowledge.model import Code, Given, Knowledge, ValueSet
from service.record.builder.document import Builder
from service.record.derive import Derivation
from service.record.reader import read_bundle
from service.review.comparison.edits import field_changes
from service.review.comparison.model import ContentChange

# Parts of the rule set that hold things by id, with the word for one of them.
_KINDS: Mapping[str, str] = {
    "facts": "fact",
    "value_sets": "value set",
    "conclusions": "conclusion",
    "orders": "order",
    "sources": "source",
    "services": "service",
    "override_reasons": "override reason",
    "settings": "setting",
}
# Compared elsewhere, or not at all: the digest is the name of all the rest.
_APART = frozenset({*_KINDS, "digest", "approved", "phases", "retired"})
_NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def content_changes(before: Knowledge, after: Knowledge) -> Iterator[ContentChange]:
    """Everything that changed beside rules, one after another by kind and id."""
    resting = _Resting(before, after)
    for part, kind in _KINDS.items():
        old, new = getattr(before, part), getattr(after, part)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name) and canonical(old.get(name)) != canonical(new.get(name)):
                yield _change(kind, name, old.get(name), new.get(name), resting)
    frame = [_frame(knowledge) for knowledge in (before, after)]
    for name in frame[0]:
        changed = tuple(field_changes({name: frame[0][name]}, {name: frame[1][name]}))
        if changed:
            yield ContentChange("rule set", name, name.replace("_", " "), changed)


def _frame(knowledge: Knowledge) -> dict[str, Any]:
    frame = {part.name: canonical(getattr(knowledge, part.name)) for part in fields(Knowledge) if part.name not in _APART}
    phases = [
        {name: value for name, value in canonical(phase).items() if name != "rules"} for phase in knowledge.phases
    ]
    return {**frame, "phases": phases}


def _change(kind: str, name: str, old: Any, new: Any, resting: _Resting) -> ContentChange:
    title = getattr(new or old, "title", None) or getattr(new or old, "label", None) or name
    changed = tuple(field_changes(_without_codes(old), _without_codes(new)))
    removed, added = _codes_only_in(old, new), _codes_only_in(new, old)
    return ContentChange(
        kind=kind,
        id=name,
        title=title,
        fields=changed,
        rules=resting.on(kind, name),
        codes_added=tuple(_code_text(code) for code in added),
        codes_removed=tuple(_code_text(code) for code in removed),
        witness=resting.chart(kind, name, removed, added),
    )


def _without_codes(thing: Any) -> Any:
    """A value set without the codes that are told apart; anything else whole."""
    content = canonical(thing)
    if not isinstance(thing, ValueSet):
        return content
    # What a kept code says of itself (display, descendants) is told under the code.
    kept = {f"{code.system}|{code.code}": canonical(code) for code in thing.codes}
    return {**content, "codes": kept}


def _codes_only_in(one: Any, other: Any) -> list[Code]:
    if not isinstance(one, ValueSet):
        return []
    known = {(code.system, code.code) for code in other.codes} if isinstance(other, ValueSet) else set()
    return [code for code in one.codes if (code.system, code.code) not in known]


def _code_text(code: Code) -> str:
    below = " and all below" if code.descendants else ""
    return f"{code.code}{below} {code.display} ({code.system})"


class _Resting:
    """Which card rules rest on what, and whether a chart is read otherwise; worked out when first asked."""

    def __init__(self, before: Knowledge, after: Knowledge) -> None:
        self._sides = before, after
        self._index: dict[tuple[str, str], dict[str, None]] | None = None
        self._derivations: tuple[Derivation, Derivation] | None = None

    def on(self, kind: str, name: str) -> tuple[str, ...]:
        """The card rules of either rule set that rest on it."""
        if self._index is None:
            self._index = {}
            for knowledge in self._sides:
                for rule, key in _all_grounds(knowledge):
                    self._index.setdefault(key, {})[rule] = None
        return tuple(self._index.get((kind, name), ()))

    def chart(self, kind: str, name: str, removed: list[Code], added: list[Code]) -> Mapping[str, object] | None:
        """A chart that is read otherwise after the change, with what is read from it; None when none was found."""
        if kind == "fact":
            tried = self._of_fact(name)
        elif kind == "value set":
            tried = self._of_value_set(name, removed, added)
        else:
            return None
        return next((chart for chart in tried if chart is not None), None)

    def _of_fact(self, name: str) -> Iterator[Mapping[str, object] | None]:
        for knowledge in self._sides:
            if all(name in one.facts for one in self._sides):
                for status in (Status.PRESENT, Status.ABSENT):
                    yield self._tried(knowledge, name, status)

    def _of_value_set(self, name: str, removed: list[Code], added: list[Code]) -> Iterator[Mapping[str, object] | None]:
        for knowledge, codes in zip(self._sides, (removed, added), strict=True):
            if not codes:
                continue
            # The chart is written with a code that only one side knows.
            narrow = replace(knowledge.value_sets[name], codes=tuple(codes), patterns=())
            narrowed = replace(knowledge, value_sets={**knowledge.value_sets, name: narrow})
            for fact in narrowed.facts.values():
                if name in value_sets_of(fact) and all(fact.id in one.facts for one in self._sides):
                    yield self._tried(narrowed, fact.id, Status.PRESENT)

    def _tried(self, knowledge: Knowledge, fact: str, status: Status) -> Mapping[str, object] | None:
        case = Builder(knowledge).case({fact: Given(status.value)}, now=_NOW)
        if case.unmet:
            return None
        record = read_bundle(case.bundle(), complete=case.complete, order_hook=True)
        if self._derivations is None:
            self._derivations = Derivation(self._sides[0]), Derivation(self._sides[1])
        before, after = (derivation.findings(record, _NOW)[fact] for derivation in self._derivations)
        if _state(before) == _state(after):
            return None
        return {"fact": fact, "before": before.status.value, "after": after.status.value, "bundle": case.bundle()}


def _state(finding: Finding) -> tuple[object, ...]:
    return finding.status, finding.low, finding.high


def _all_grounds(knowledge: Knowledge) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every card rule with everything it rests on, as (rule, (kind, id))."""
    for rule in knowledge.rules:
        if rule.card is None:
            continue
        findings, drawing = reached(knowledge, rule)
        orders = {name for suggestion in rule.card.suggestions for name in suggestion.create}
        things = [knowledge.facts[name] for name in findings & knowledge.facts.keys()]
        yield from ((rule.id, ("fact", fact.id)) for fact in things)
        yield from ((rule.id, ("conclusion", name)) for name in findings & knowledge.conclusions.keys())
        yield from ((rule.id, ("order", name)) for name in orders)
        read_with = [*things, *(knowledge.orders[name] for name in orders)]
        yield from ((rule.id, ("value set", name)) for thing in read_with for name in value_sets_of(thing))
        cited = [one.source for one in (rule, *drawing) for one in one.citations]
        yield from ((rule.id, ("source", name)) for name in cited)
        yield from ((rule.id, ("override reason", code)) for code in rule.card.override_reasons)
        yield from ((rule.id, ("setting", fact.setting)) for fact in things if fact.setting is not None)
