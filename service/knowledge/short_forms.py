"""From the short forms of rules, sources, orders and value sets in the files to the full ones that the shapes read.

Works on the raw mappings, before :mod:`service.knowledge.variants`, and keeps the line of every part, so that an issue
still points at the words that are wrong. What is written in full already stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from service.knowledge.documents import Items, Table

OUTCOMES = ("fires", "silent", "undecided")
"""What an example may expect: the key under which its name stands."""

AGAINST = "opposes "
LEADS = "leads "
"""Stands before a statement that opposes the rule; a bare one supports it."""

BELOW = "-"
"""Ends a code that stands for everything below it as well, as in printed ICD-10: ``C00.-``, ``H40.2-``."""

NOTED = " | "
"""Stands between the display of a code and a note on it."""

ORDER_DEFAULTS = MappingProxyType({"resource": "ServiceRequest", "priority": "routine"})

_LIST_ITEM = re.compile(r"[-*] |\d+\. ")
_MARKER = re.compile(r"<(?P<name>[A-Za-z_]+)>")
_GROUP_KEYS = ("source", "note")


def full_rule(rule: Table) -> Table:
    """The rule with ``then``, whole citations and whole examples, also in its variants."""
    full = _full_part(rule)
    if isinstance(card := full.get("card"), Table) and "then" not in full:
        then = Table(card.file, card.line)
        then.put("card", card, full.key_lines["card"])
        line = full.key_lines.pop("card")
        del full["card"]
        full.put("then", then, line)
    elif isinstance(written := full.get("then"), Table) and isinstance(card := written.get("card"), Table):
        full["then"] = written.without()
        full["then"]["card"] = _card(card)
    if isinstance(variants := full.get("variants"), Items):
        written = Items(variants.line)
        for variant, line in zip(variants, variants.item_lines, strict=True):
            for one in _rows_of(variant):
                written.add(_full_part(one) if isinstance(one, Table) else one, getattr(one, "line", line))
        full["variants"] = written
    return full


def _rows_of(variant: Any) -> list[Any]:
    """The variants of a table ``{each, of}``: what stands under ``each``, once for every row of ``of``."""
    if not (isinstance(variant, Table) and set(variant) == {"each", "of"} and isinstance(variant["of"], Items)):
        return [variant]
    rows = [row for row in variant["of"] if isinstance(row, Table)]
    return [_filled_in(variant["each"], row) for row in rows]


def _filled_in(template: Any, row: Table) -> Any:
    """A copy in which ``<name>`` is what the row says under that name; ``<Name>`` the same with a capital."""
    if isinstance(template, Table):
        table = Table(row.file, row.line)
        for key, value in template.items():
            table.put(str(_filled_in(key, row)), _filled_in(value, row), row.line)
        return table
    if isinstance(template, Items):
        items = Items(row.line)
        for one in template:
            items.add(_filled_in(one, row), row.line)
        return items
    if not isinstance(template, str):
        return template
    if (alone := _MARKER.fullmatch(template)) and alone["name"] in row:
        return row[alone["name"]]
    return _MARKER.sub(lambda found: _cell(found["name"], row), template)


def _cell(name: str, row: Table) -> str:
    text = str(row.get(name, row.get(name.lower(), f"<{name}>")))
    return text[:1].upper() + text[1:] if name[:1].isupper() else text


def _full_part(part: Table) -> Table:
    full = with_citations(part)
    if isinstance(card := full.get("card"), Table):
        full["card"] = _card(card)
    if isinstance(examples := full.get("examples"), Items):
        full["examples"] = _each(examples, lambda one: _example(one) if isinstance(one, Table) else one)
    if isinstance(also := full.get("also"), Table):
        full["also"] = with_citations(also)
    return full


def with_citations(table: Table) -> Table:
    """A copy in which each citation is a mapping, and a single unverified part a list."""
    full = table.without()
    if isinstance(citations := full.get("citations"), Items):
        lines = citations.item_lines
        full["citations"] = _items(
            [_citation(one, table.file, line) for one, line in zip(citations, lines, strict=True)], lines
        )
    if isinstance(part := full.get("unverified_parts"), str):
        alone = Items(full.key_lines["unverified_parts"])
        alone.add(part, alone.line)
        full["unverified_parts"] = alone
    return full


def full_order(order: Table) -> Table:
    """The order with whole citations; unless it says otherwise, a routine service under a code of our own."""
    full = with_citations(order)
    if not order:
        return full
    for key, value in ORDER_DEFAULTS.items():
        full.setdefault(key, value)
    if "code" not in full and "id" in full:
        full.put("code", _row(["local", full["id"], full.get("title")], full.line), full.line)
    return full


def _citation(written: Any, file: str, line: int) -> Any:
    if not isinstance(written, str):
        return written
    full = Table(file, line)
    side = "opposes" if written.startswith(AGAINST) else "supports"
    full.put(side, written.removeprefix(AGAINST).removeprefix(LEADS).strip(), line)
    if written.startswith(LEADS):
        full.put("leads", True, line)  # noqa: FBT003  # the value as it would be written
    return full


def _example(written: Table) -> Table:
    for outcome in OUTCOMES:
        if outcome in written and "name" not in written and "expect" not in written:
            full = Table(written.file, written.line)
            full.put("name", written[outcome], written.key_lines[outcome])
            for key, value in written.items():
                if key != outcome:
                    full.put(key, value, written.key_lines[key])
            full.put("expect", outcome, written.key_lines[outcome])
            return full
    return written


def _card(card: Table) -> Table:
    full = card.without()
    if isinstance(detail := full.get("detail"), str):
        full["detail"] = paragraphs(detail)
    if isinstance(patient := full.get("patient"), Table) and isinstance(patient.get("detail"), str):
        full["patient"] = patient.without()
        full["patient"]["detail"] = paragraphs(patient["detail"])
    return full


def paragraphs(text: str) -> str:
    """The text with each paragraph on one line, as Markdown reads it: only a blank line or a list begins a new one."""
    lines: list[str] = []
    for line in text.strip().split("\n"):
        joins = lines and lines[-1].strip() and line.strip() and not _LIST_ITEM.match(line.lstrip())
        if joins:
            lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
        else:
            lines.append(line.rstrip())
    return "\n".join(lines)


def full_source(source: Table, defaults: Mapping[str, Any]) -> Table:
    """The source with what ``about`` says as keys of its own, and each statement with what its group shares."""
    if not source:
        return source
    full = Table(source.file, source.line)
    for key, value in source.items():
        if key == "about" and isinstance(value, Table):
            for name, said in value.items():
                full.put(name, said, value.key_lines[name])
        else:
            full.put(key, value, source.key_lines[key])
    for key, value in defaults.items():
        full.setdefault(key, value)
    if "url" in full and "locator" not in full:
        full.put("locator", full["url"], full.key_lines["url"])
    if isinstance(groups := full.get("statements"), Items):
        statements = Items(groups.line)
        for group, line in zip(groups, groups.item_lines, strict=True):
            alone = isinstance(group, Table) and "id" in group
            for one in [group] if alone or not isinstance(group, Table) else _statements(group):
                statements.add(one, one.line if isinstance(one, Table) else line)
        full["statements"] = statements
    return full


def _statements(group: Table) -> list[Table]:
    """One mapping for each statement of a group: its id, what it says, and what stands under ``from``."""
    shared = group.get("from")
    found = []
    for name, says in group.items():
        if name == "from":
            continue
        one = Table(group.file, group.key_lines[name])
        one.put("id", name, one.line)
        one.put("says", says, one.line)
        if isinstance(shared, Table):
            for key, value in shared.items():
                one.put(key, value, shared.key_lines[key])
        elif shared is not None:
            one.put("from", shared, group.key_lines["from"])
        found.append(one)
    return found


def full_value_set(value_set: Table, releases: Mapping[str, Any]) -> Table:
    """The value set with one row for each code. ``releases`` name code systems with the edition of their codes."""
    full = value_set.without()
    for key in ("codes", "unverified", "listed"):
        groups = full.get(key)
        if isinstance(groups, Table):
            # A single group needs no list.
            groups = _items([groups], [groups.line])
        if isinstance(groups, Items):
            rows = Items(groups.line)
            for group, line in zip(groups, groups.item_lines, strict=True):
                for row in _rows(group, releases, listed=key == "listed") if isinstance(group, Table) else [group]:
                    rows.add(row, getattr(row, "line", line))
            full[key] = rows
    return full


def _rows(group: Table, releases: Mapping[str, Any], *, listed: bool) -> list[Any]:
    """The rows of a group ``{RELEASE: codes, source, note}``; what is none of these stays, for the shape to refuse."""
    names = [name for name in group if name not in _GROUP_KEYS]
    if len(names) != 1:
        return [group]
    name, codes = names[0], group[names[0]]
    found = releases.get(name)
    release = found if isinstance(found, Mapping) else {}
    system, source = release.get("system", name), group.get("source", release.get("source", ""))
    line = group.key_lines[name]
    if listed:
        return [_row([system, source, codes], line)]
    if not isinstance(codes, Table):
        return [group]
    rows = []
    for code, said in codes.items():
        display, noted, own = said.partition(NOTED) if isinstance(said, str) else (said, "", "")
        note = own if noted else group.get("note", release.get("note"))
        match = "descendants" if code.endswith(BELOW) else "exact"
        parts = [system, code.removesuffix(BELOW).rstrip("."), display, match, source]
        rows.append(_row(parts if note is None else [*parts, note], codes.key_lines[code]))
    return rows


def _row(parts: list[Any], line: int) -> Items:
    row = Items(line)
    row.extend(parts)
    row.item_lines.extend([line] * len(parts))
    return row


def _items(values: list[Any], lines: list[int]) -> Items:
    items = Items(lines[0] if lines else 0)
    for value, line in zip(values, lines, strict=True):
        items.add(value, line)
    return items


def _each(items: Items, change: Any) -> Items:
    return _items([change(one) for one in items], items.item_lines)
