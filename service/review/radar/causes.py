"""Why a fact is no longer known: what else changed for this client at that time, most telling first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.knowledge.model import FactDefinition, Knowledge, types_read
from service.record.input.prefetch_templates import templates_for
from service.review.radar.counts import Client, SeenSince
from service.review.radar.detection import BASELINE, Shift

_SLACK = timedelta(days=2)
"""A code may be seen some days before the fall is plain: the first days change little."""
_FEW = 0.2
"""A code that is new in fewer calls than this share of those that lost the fact explains nothing."""
_CANDIDATES = 3
_LOST = 0.3
_WORD = re.compile(r"[a-z0-9]+")
_NO_WORDS = frozenset({"in", "of", "the", "or", "and", "by", "a", "serum", "blood", "plasma"})
_SYSTEM = re.compile(r"(?:https?://|urn:)\S+")


@dataclass(frozen=True, slots=True)
class Cause:
    """What was found: its kind (``code``, ``unit``, ``prefetch``, ``rules``, ``none``), and what to do, in a sentence.

    ``lines`` are to be added to rules/site_codes.yaml once a person has looked at the code.
    """

    kind: str
    says: str
    lines: tuple[str, ...] = ()


def cause_of(knowledge: Knowledge, client: Client, fact: FactDefinition, shift: Shift) -> Cause:
    """The most telling cause of a fall of one fact."""
    return (
        _prefetch(knowledge, client, fact, shift)
        or _unit(client, fact, shift)
        or _code(knowledge, client, fact, shift)
        or _rules(client, shift)
        or Cause("none", f"nothing new of type {_types(fact)} arrived: ask the client whether it still sends this")
    )


def _prefetch(knowledge: Knowledge, client: Client, fact: FactDefinition, shift: Shift) -> Cause | None:
    """A prefetch key that brings the fact's lists came less often than before."""
    read = set(types_read(fact))
    hooks = sorted({service.hook for service in knowledge.services.values()})
    keys = {template.key for hook in hooks for template in templates_for(knowledge, hook) if read & set(template.types)}
    for key in sorted(keys & set(client.prefetch)):
        before = client.arrived(key, max(0, shift.since - BASELINE), shift.since)
        after = client.arrived(key, shift.since, client.days)
        had, has = (_share(change, ("sent", "null")) for change in (before, after))
        if had is not None and has is not None and has < (1 - _LOST) * had:
            state = max((name for name in after if name not in ("sent", "null")), key=lambda name: after[name])
            change = f"prefetch key {key} is {state} in {1 - has:.0%} of calls (before: {1 - had:.0%})"
            return Cause("prefetch", f"{change}: ask the client what changed in its query or its rights")
    return None


def _share(counts: dict[str, int], states: Iterable[str]) -> float | None:
    total = sum(counts.values())
    return sum(counts.get(state, 0) for state in states) / total if total else None


def _unit(client: Client, fact: FactDefinition, shift: Shift) -> Cause | None:
    """A known code came with a unit that cannot be read."""
    read, begin = set(types_read(fact)), client.day(shift.since)
    if fact.unit is None:
        return None
    new = [one for one in client.codes if one.unit and one.type in read and _is_new(client, one, shift)]
    words = _words_of(fact)
    for one in sorted(new, key=lambda seen: -seen.between(begin, client.day(client.days - 1))):
        if words & _words(one.display or ""):
            change = f"{_named(one)} comes with the unit {one.unit!r} since {one.first}"
            return Cause("unit", f"{change}: ask the client for UCUM ({fact.unit}), or report the unit to us")
    return None


def _code(knowledge: Knowledge, client: Client, fact: FactDefinition, shift: Shift) -> Cause | None:
    """A code of a type that the fact is read from, in no value set, appeared when the fact went."""
    read = {source.resource for source in fact.sources} or set(types_read(fact))
    end = client.day(client.days - 1)
    lost = max(1.0, (shift.before - shift.after) * shift.calls)
    words = _words_of(fact) | _words_of_sets(knowledge, fact)

    def score(one: SeenSince) -> tuple[float, int]:
        seen = one.between(client.day(shift.since), end)
        alike = len(words & _words(one.display or ""))
        return alike + min(seen, lost) / max(seen, lost, 1.0), seen

    new = [one for one in client.codes if not one.unit and one.type in read and _is_new(client, one, shift)]
    new = [one for one in new if one.between(client.day(shift.since), end) >= _FEW * lost]
    if not new:
        return None
    best = sorted(new, key=score, reverse=True)[:_CANDIDATES]
    if words & _words(best[0].display or ""):
        best = best[:1]
    which_codes = "; ".join(f"{_named(one)}, in {one.between(client.day(shift.since), end)} calls" for one in best)
    which = "a code in no value set appeared" if len(best) == 1 else "codes in no value set appeared"
    advice = "if it means the same, add to rules/site_codes.yaml the lines given" if _can_add(best) else _ASK_SYSTEM
    return Cause("code", f"{which} on {best[0].first}: {which_codes}; {advice}", tuple(_lines(knowledge, fact, best)))


_ASK_SYSTEM = "it has no code system that a value set could name: ask the client to send one"


def _rules(client: Client, shift: Shift) -> Cause | None:
    before = client.rule_sets.get(shift.since - 1, set())
    for index in range(shift.since, min(shift.found + 1, client.days)):
        new = client.rule_sets.get(index, set()) - before
        if before and new:
            versions = ", ".join(sorted(f"{version} ({digest[:12]})" for digest, version in new))
            change = f"rule set {versions} came into use on {client.day(index)}"
            return Cause("rules", f"{change}: sciatica-cds compare shows what it reads otherwise")
    return None


def _is_new(client: Client, one: SeenSince, shift: Shift) -> bool:
    return client.day(shift.since) - _SLACK <= one.first <= client.day(shift.found) and one.first > client.begin


def _can_add(codes: Sequence[SeenSince]) -> bool:
    return any(_SYSTEM.fullmatch(one.system) for one in codes)


def _lines(knowledge: Knowledge, fact: FactDefinition, codes: Sequence[SeenSince]) -> Iterable[str]:
    """The lines for rules/site_codes.yaml, in its own form."""
    for one in codes:
        value_set = _value_set(knowledge, fact, one)
        if value_set is not None and _SYSTEM.fullmatch(one.system):
            cells = [one.system, one.code, one.display or one.code]
            row = ", ".join(json.dumps(text, ensure_ascii=False) for text in cells)
            yield f"{value_set}:\n  - [{row}, exact, {json.dumps(f'data radar: first seen {one.first}')}]"


def _value_set(knowledge: Knowledge, fact: FactDefinition, one: SeenSince) -> str | None:
    """The value set of the fact whose words are most like those of the code."""
    names = [name for source in fact.sources if source.resource == one.type for name in source.codes]
    names += [name for name in fact.codes if name in knowledge.value_sets]
    known = [name for name in names if name in knowledge.value_sets]
    said = _words(one.display or "")
    return max(known, key=lambda name: len(said & _words_of_set(knowledge, name)), default=None)


def _words_of_sets(knowledge: Knowledge, fact: FactDefinition) -> set[str]:
    names = [name for source in fact.sources for name in source.codes] + list(fact.codes)
    return {word for name in names for word in _words_of_set(knowledge, name)}


def _words_of_set(knowledge: Knowledge, name: str) -> set[str]:
    value_set = knowledge.value_sets.get(name)
    if value_set is None:
        return set()
    return _words(" ".join((value_set.title, *(code.display for code in value_set.codes))))


def _words_of(fact: FactDefinition) -> set[str]:
    return _words(f"{fact.title} {fact.asks}")


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower())) - _NO_WORDS


def _named(one: SeenSince) -> str:
    system = one.system or "(no system)"
    return f"{system} {one.code}" + (f" {one.display!r}" if one.display else "")


def _types(fact: FactDefinition) -> str:
    return " or ".join(types_read(fact)) or "any"
