"""From a rule as it is written to flat rules: defaults filled in, the guard of the phase added, variants written out.

Works on the raw mappings, so that a flat rule is read by the same strict shape as ever and every issue still points
at the line where its words stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from service.errors import Issue
from service.knowledge.documents import Items, Table, line_of
from service.knowledge.pairs import findings_of, pair_condition
from service.knowledge.schemas.fields import did_you_mean

ALWAYS = "always"
"""The word after ``applies_when`` of a rule that its phase's guard does not bind."""

_OWN_WORDS = ("adds", "card", "also")
# What a variant never takes from the one it is like.
_OF_ITS_OWN = ("id", "pair", "status", "version", "history", "examples")
_EXTENDED = ("citations", "mentions", "unverified_parts", "limitations", "names_conflict_with")


def flat_rules(
    rule: Table,
    defaults: Mapping[str, Any],
    guards: Mapping[str, Any],
    phase_guard: str | None,
    pairs: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> tuple[list[Table], list[Issue]]:
    """One mapping in the shape of a flat rule for each variant of ``rule``, or one when it has none; and what is wrong.

    ``guards`` are the conditions of ``ruleset.yaml`` by name; ``phase_guard`` is the one that binds every rule of the
    phase that shows a card and names no other. An example starts from what the guard, and what variants share, ask to
    be present. A ``pair`` of ``pairs`` gives the condition of one of its directions.
    """
    issues: list[Issue] = []
    guard = _guard(rule, guards, phase_guard, issues)
    flat = []
    for written, adds in _variants(rule, issues):
        written.pop("applies_when", None)
        pair = written.pop("pair", None)
        direction = _direction(pair, pairs, issues)
        if isinstance(pair, Table) and pair.get("written") is True:
            _all_written(pair, direction, [written.get("when"), adds], issues)
            direction = None
        if "when" in written or adds is not None or direction is not None:
            written["when"] = _joined([guard, written.get("when"), direction, adds], written)
        # What the guard asks for, and what all variants share, need not be told in every example.
        shared = _joined([guard, rule.get("when") if "variants" in rule else None], written)
        if shared is not None and isinstance(examples := written.get("examples"), Items):
            written["examples"] = _started_from(shared, examples)
        for key, value in defaults.items():
            written.setdefault(key, value)
        flat.append(written)
    return flat, issues


def _guard(rule: Table, guards: Mapping[str, Any], phase_guard: str | None, issues: list[Issue]) -> Any:
    name = rule.get("applies_when", phase_guard if _shows_a_card(rule) else None)
    if name is None or name == ALWAYS:
        return None
    if not isinstance(name, str) or name not in guards:
        line = line_of(rule, ("applies_when",), rule.line)
        hint = did_you_mean(name, [*guards, ALWAYS]) if isinstance(name, str) else None
        issues.append(Issue(f"{rule.file}:{line}", f"applies_when: guard {name} is not in ruleset.yaml", hint))
        return None
    return guards[name]


def _direction(pair: Any, pairs: Mapping[str, Mapping[str, Any]], issues: list[Issue]) -> Any:
    if not isinstance(pair, Table):
        return None
    condition, issue = pair_condition(pair, pairs)
    issues.extend([issue] if issue is not None else [])
    return condition


def _all_written(pair: Table, direction: Any, conditions: list[Any], issues: list[Issue]) -> None:
    read = {name for condition in conditions for name in findings_of(condition)}
    if lacking := sorted(findings_of(direction) - read):
        issues.append(Issue(f"{pair.file}:{pair.line}", f"pair: the condition does not read {', '.join(lacking)}"))


def _shows_a_card(rule: Table) -> bool:
    return isinstance(rule.get("then"), Table) and "card" in rule["then"]


def _variants(rule: Table, issues: list[Issue]) -> Iterator[tuple[Table, Any]]:
    """The rule with the words of each variant in place of its own, and what the variant adds to the condition."""
    variants = rule.get("variants")
    common = rule.without("variants")
    if "variants" not in rule:
        yield common, None
        return
    if not isinstance(variants, Items) or not all(isinstance(item, Table) and "id" in item for item in variants):
        line = rule.key_lines["variants"]
        issues.append(Issue(f"{rule.file}:{line}", "variants: must be a list of mappings, each with an id"))
        return
    if "examples" in rule:
        line = rule.key_lines["examples"]
        text = "examples: stand under the variant that they show, not beside variants"
        issues.append(Issue(f"{rule.file}:{line}", text))
    above: dict[str, Table] = {}
    for variant in variants:
        whole = _like(variant, above, issues)
        above[str(whole["id"])] = whole
        yield _with_variant(common, whole, issues), whole.get("adds")


def _like(variant: Table, above: Mapping[str, Table], issues: list[Issue]) -> Table:
    """The variant with what it does not say itself from the one above that it is ``like``; cards key by key."""
    if "like" not in variant:
        return variant
    if variant["like"] not in above:
        where = f"{variant.file}:{variant.key_lines['like']}"
        issues.append(Issue(where, "like: must name a variant above", did_you_mean(str(variant["like"]), above)))
        return variant.without("like")
    whole = above[variant["like"]].without(*_OF_ITS_OWN)
    whole.line = variant.line
    for key, value in variant.items():
        before = whole.get(key)
        together = key in ("card", "also") and isinstance(before, Table) and isinstance(value, Table)
        if key != "like":
            whole.put(key, _merged(before, value) if together else value, variant.key_lines[key])
    return whole


def _with_variant(common: Table, variant: Table, issues: list[Issue]) -> Table:
    written = common.without("examples")
    written.line = variant.line
    for key, value in variant.items():
        if key not in _OWN_WORDS:
            written.put(key, value, variant.key_lines[key])
    card = variant.get("card")
    if isinstance(card, Table) and isinstance(then := written.get("then"), Table):
        changed = then.without()
        changed.put("card", _merged(then.get("card"), card), variant.key_lines["card"])
        written.put("then", changed, variant.key_lines["card"])
    also = variant.get("also")
    if not isinstance(also, Table):
        return written
    for key, value in also.items():
        if key not in _EXTENDED:
            where = f"{also.file}:{also.key_lines[key]}"
            issues.append(Issue(where, f"also.{key}: cannot be added to", did_you_mean(key, _EXTENDED)))
        else:
            written.put(key, _extended(written.get(key), value), also.key_lines[key])
    return written


def _merged(card: Any, changes: Table) -> Table:
    merged = card.without() if isinstance(card, Table) else Table(changes.file, changes.line)
    for key, value in changes.items():
        merged.put(key, value, changes.key_lines[key])
    return merged


def _extended(before: Any, more: Any) -> Any:
    """A list with more entries, a text with more sentences."""
    if before is None:
        return more
    if isinstance(before, str) and isinstance(more, str):
        return f"{before.strip()} {more.strip()}"
    if not isinstance(before, Items) or not isinstance(more, Items):
        return more
    both = Items(more.line)
    both.extend([*before, *more])
    both.item_lines.extend([*before.item_lines, *more.item_lines])
    return both


def _parts(condition: Any) -> list[tuple[Any, int]]:
    """What must hold together, each with its line: the list under ``all``, or the one condition."""
    if isinstance(condition, Table) and list(condition) == ["all"] and isinstance(condition["all"], Items):
        items = condition["all"]
        return list(zip(items, items.item_lines, strict=True))
    return [(condition, condition.line if isinstance(condition, Table) else 0)]


def _joined(conditions: list[Any], rule: Table) -> Any:
    """One condition that asks for all of them. A single one stays as it is written, with its lines."""
    given = [condition for condition in conditions if condition is not None]
    if len(given) <= 1:
        return given[0] if given else None
    joined = Items(rule.line)
    for condition in given:
        for part, line in _parts(condition):
            # What a pair asks may be written out already in what its rule shares.
            if part not in joined:
                joined.append(part)
                joined.item_lines.append(line or rule.line)
    table = Table(rule.file, rule.line)
    table.put("all", joined, rule.key_lines.get("when", rule.line))
    return table


def _started_from(guard: Any, examples: Items) -> Items:
    """The examples with what the guard asks to be present given as present, where they do not say otherwise."""
    asked = {
        name: test
        for part, _ in _parts(guard)
        if isinstance(part, Table)
        for name, test in part.items()
        if test == "present"
    }
    started = Items(examples.line)
    started.item_lines.extend(examples.item_lines)
    for example in examples:
        given = example.get("given", Table(example.file, example.line)) if isinstance(example, Table) else None
        if not isinstance(given, Table):
            started.append(example)
            continue
        table = given.without()
        for name, test in asked.items():
            table.setdefault(name, test)
        copy = example.without()
        copy.put("given", table, example.key_lines.get("given", example.line))
        started.append(copy)
    return started
