"""Contents: what changed beside the logic of rules, with the rules that depend on it.

Facts, value sets, orders, sources, conclusions, services, settings and the rest of ruleset.yaml are compared as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from service.knowledge.digest import canonical, reached, value_sets_of
from service.knowledge.model import Code, FactDefinition, Knowledge, OrderTemplate, ValueSet
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
# Those that stand whole in the content that a reviewer of a rule judges, so that any change of them is one to judge.
JUDGED = frozenset({"fact", "value set", "conclusion", "order", "override reason"})
# Compared elsewhere, or not at all: the digest is the name of all the rest.
_APART = frozenset({*_KINDS, "digest", "approved", "phases", "retired"})


def content_changes(before: Knowledge, after: Knowledge) -> Iterator[ContentChange]:
    """Everything that changed beside rules, one after another by kind and id."""
    dependents = _Dependents(before, after)
    for part, kind in _KINDS.items():
        old, new = getattr(before, part), getattr(after, part)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name) and canonical(old.get(name)) != canonical(new.get(name)):
                yield _change(kind, name, old.get(name), new.get(name), dependents)
    header = [_header(knowledge) for knowledge in (before, after)]
    for name in header[0]:
        changed = tuple(field_changes({name: header[0][name]}, {name: header[1][name]}))
        if changed:
            yield ContentChange("rule set", name, name.replace("_", " "), changed)


def _header(knowledge: Knowledge) -> dict[str, Any]:
    header = {
        part.name: canonical(getattr(knowledge, part.name)) for part in fields(Knowledge) if part.name not in _APART
    }
    phases = [
        {name: value for name, value in canonical(phase).items() if name != "rules"} for phase in knowledge.phases
    ]
    return {**header, "phases": phases}


def _change(kind: str, name: str, old: Any, new: Any, dependents: _Dependents) -> ContentChange:
    title = getattr(new or old, "title", None) or getattr(new or old, "label", None) or name
    changed = tuple(field_changes(_of_common_codes(old, new), _of_common_codes(new, old)))
    removed, added = _codes_only_in(old, new), _codes_only_in(new, old)
    words = [[f"words that match {one}" for one in _patterns_only_in(*sides)] for sides in ((old, new), (new, old))]
    return ContentChange(
        kind=kind,
        id=name,
        title=title,
        fields=changed,
        rules=dependents.on(kind, name),
        codes_added=(*(_code_text(code) for code in added), *words[1]),
        codes_removed=(*(_code_text(code) for code in removed), *words[0]),
    )


def _of_common_codes(thing: Any, other: Any) -> Any:
    """A value set with the codes only that the other one has too; anything else whole."""
    content = canonical(thing)
    if not isinstance(thing, ValueSet):
        return content
    known = _keys(other)
    common = {key: canonical(code) for key, code in _keys(thing).items() if key in known}
    words = {"patterns": [one for one in thing.patterns if other is not None and one in other.patterns]}
    return {**content, **words, "codes": {f"{system}|{code}": content for (system, code), content in common.items()}}


def _keys(thing: Any) -> dict[tuple[str, str], Code]:
    return {(code.system, code.code): code for code in thing.codes} if isinstance(thing, ValueSet) else {}


def _codes_only_in(one: Any, other: Any) -> list[Code]:
    known = _keys(other)
    return [code for key, code in _keys(one).items() if key not in known]


def _patterns_only_in(one: Any, other: Any) -> list[str]:
    if not isinstance(one, ValueSet):
        return []
    known = other.patterns if isinstance(other, ValueSet) else ()
    return [pattern for pattern in one.patterns if pattern not in known]


def _code_text(code: Code) -> str:
    below = " and all below" if code.descendants else ""
    return f"{code.code}{below} {code.display} ({code.system})"


class _Dependents:
    """Which rules depend on what; worked out when first asked."""

    def __init__(self, before: Knowledge, after: Knowledge) -> None:
        self._sides = before, after
        self._index: dict[tuple[str, str], dict[str, None]] | None = None

    def on(self, kind: str, name: str) -> tuple[str, ...]:
        """The rules of either rule set that depend on it."""
        if self._index is None:
            self._index = {}
            for knowledge in self._sides:
                for rule, key in _all_grounds(knowledge):
                    self._index.setdefault(key, {})[rule] = None
        return tuple(self._index.get((kind, name), ()))


def _all_grounds(knowledge: Knowledge) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every rule with everything it depends on, as (rule, (kind, id))."""
    for rule in knowledge.rules:
        findings, drawing = reached(knowledge, rule)
        suggestions = rule.card.suggestions if rule.card else ()
        reasons = rule.card.override_reasons if rule.card else ()
        orders = {name for suggestion in suggestions for name in suggestion.create}
        things = [knowledge.facts[name] for name in findings & knowledge.facts.keys()]
        yield from ((rule.id, ("fact", fact.id)) for fact in things)
        yield from ((rule.id, ("conclusion", name)) for name in findings & knowledge.conclusions.keys())
        yield from ((rule.id, ("order", name)) for name in orders)
        read_with: list[FactDefinition | OrderTemplate] = [*things, *(knowledge.orders[name] for name in orders)]
        yield from ((rule.id, ("value set", name)) for thing in read_with for name in value_sets_of(thing))
        cited = [citation.source for one in (rule, *drawing) for citation in one.citations]
        yield from ((rule.id, ("source", name)) for name in cited)
        yield from ((rule.id, ("override reason", code)) for code in reasons)
        yield from ((rule.id, ("setting", fact.setting)) for fact in things if fact.setting is not None)
