"""From the full forms of rules, sources, orders, facts and value sets to the short ones of the files.

The other way round is :mod:`service.knowledge.short_forms`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

from service.knowledge.documents import Items, Table
from service.knowledge.fact_files import CODED, NEVER_WITHOUT_ENTRY, QUESTION, answers_count
from service.knowledge.short_forms import AGAINST, BELOW, LEADS, NOTED, ORDER_DEFAULTS, full_value_set

Header = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Row:
    """One code as it is written in full."""

    system: str
    code: str
    display: str
    match: str
    source: str = ""
    note: str = ""

    @property
    def written(self) -> str:
        """The code, with the sign for everything below it."""
        if self.match != "descendants":
            return self.code
        return self.code + (f".{BELOW}" if self.system.startswith("icd-10") and len(self.code) == _CATEGORY else BELOW)


_ABOUT = ("kind", "year", "jurisdiction", "status", "bibliography_mark", "publisher")
_SOURCE_ORDER = ("id", "title", "label", "about", "citation", "locator", "url", "grading", "status_note")
_CATEGORY = 3
_LINE = 110


def _rule(rule: Table, _: Header, __: Header) -> Table:
    short = _part(rule)
    then = short.get("then")
    if isinstance(then, Table) and list(then) == ["card"]:
        placed = Table(short.file, short.line)
        for key, value in short.items():
            if key == "then":
                placed.put("card", then["card"], short.key_lines[key])
            else:
                placed.put(key, value, short.key_lines[key])
        short = placed
    if isinstance(variants := short.get("variants"), Items):
        short["variants"] = _each(variants, _part)
    return short


def _part(part: Table) -> Table:
    short = _cited(part, Table("", 1), Table("", 1))
    if isinstance(examples := short.get("examples"), Items):
        short["examples"] = _each(examples, _example)
    if isinstance(also := short.get("also"), Table):
        short["also"] = _cited(also, Table("", 1), Table("", 1))
    return short


def _cited(table: Table, _: Header, __: Header) -> Table:
    short = table.without()
    if isinstance(citations := short.get("citations"), Items):
        short["citations"] = _each(citations, _citation)
    parts = short.get("unverified_parts")
    if isinstance(parts, Items) and len(parts) == 1:
        short["unverified_parts"] = parts[0]
    return short


def _order(order: Table, _: Header, __: Header) -> Table:
    short = _cited(order, _, __)
    own_code = order.get("code") == ["local", order.get("id"), order.get("title")]
    usual = [key for key, value in ORDER_DEFAULTS.items() if order.get(key) == value]
    return short.without(*usual, *(["code"] if own_code else []))


def _citation(citation: Any) -> Any:
    if not isinstance(citation, Table) or citation.get("why") is not None:
        return citation
    if set(citation) == {"supports", "leads"} and citation["leads"] is True:
        return LEADS + citation["supports"]
    if len(citation) != 1:
        return citation
    if "supports" in citation:
        return citation["supports"]
    return AGAINST + citation["opposes"] if "opposes" in citation else citation


def _example(example: Any) -> Any:
    if not isinstance(example, Table) or "name" not in example or "expect" not in example:
        return example
    short = Table(example.file, example.line)
    short.put(example["expect"], example["name"], example.line)
    if example.get("given"):
        short.put("given", example["given"], example.line)
    return short


def _source(source: Table, _: Header, defaults: Header) -> Table:
    about = source.get("about")
    found = source.without("about", "statements", *(key for key in defaults if source.get(key) == defaults[key]))
    mine = about.without() if isinstance(about, Table) else Table(source.file, source.line)
    for key in _ABOUT:
        if key in found:
            mine.put(key, found.pop(key), found.key_lines.pop(key))
    if found.get("locator") == found.get("url"):
        found = found.without("locator")
    short = Table(source.file, source.line)
    found.put("about", mine, source.line)
    for key in (*_SOURCE_ORDER, *(key for key in found if key not in _SOURCE_ORDER)):
        if key in found:
            short.put(key, found[key], found.key_lines[key])
    if isinstance(statements := source.get("statements"), Items):
        short.put("statements", _groups(statements), source.key_lines["statements"])
    return short


def _groups(statements: Items) -> Items:
    """Statements that follow one another and share everything but their words stand in one group."""

    def shared(one: Any) -> Any:
        return one.without("id", "says") if isinstance(one, Table) and "id" in one else id(one)

    groups = Items(statements.line)
    for common, members in groupby(statements, key=shared):
        together = list(members)
        if not isinstance(common, Table):
            for one in together:
                groups.add(one, one.line if isinstance(one, Table) else statements.line)
            continue
        group = Table(common.file, common.line)
        for one in together:
            group.put(one["id"], one["says"], one.line)
        group.put("from", common, common.line)
        groups.add(group, group.line)
    return groups


def _fact_file(table: Table, _: Header, __: Header) -> Table:
    short = table.without()
    if isinstance(facts := short.get("facts"), Items):
        short["facts"] = _each(facts, _fact)
    return short


def _fact(fact: Any) -> Any:
    if not isinstance(fact, Table):
        return fact
    short = fact.without(*(["kind"] if fact.get("kind") == CODED else []))
    if isinstance(looked_in := short.get("from"), Items):
        merged = _alike_together(looked_in)
        short["from"] = merged[0] if len(merged) == 1 else merged
    return _question(short)


def _question(fact: Table) -> Table:
    """The fact with the one code of our own that it asks for as its question, where it says no more than that."""
    own, looked_in = fact.get("own_codes"), fact.get("from")
    if not isinstance(own, Items) or len(own) != 1 or looked_in is None:
        return fact
    *before, answer = looked_in if isinstance(looked_in, Items) else [looked_in]
    code = own[0]
    if answer.get("resource") != ["Observation", "QuestionnaireResponse"] or answer["codes"] != [
        f"local-{code['code']}"
    ]:
        return fact
    question = code.without(*(["title"] if code["title"] == fact["title"] else []))
    for key, value in answer.without("resource", "codes").items():
        question.put(key, value, answer.key_lines[key])
    usual = {"absent_when": NEVER_WITHOUT_ENTRY, "product_choice": answers_count(answer.get("within_days", 0))}
    short = Table(fact.file, fact.line)
    for key, value in fact.without("own_codes", *(key for key in usual if fact.get(key) == usual[key])).items():
        if key != "from":
            short.put(key, value, fact.key_lines[key])
            continue
        if before:
            short.put("from", before[0] if len(before) == 1 else _list_of(before), fact.key_lines[key])
        short.put(QUESTION, question, fact.key_lines[key])
    if "product_choice" not in fact and "within_days" in answer:
        short.put("product_choice", None, fact.line)
    return short


def _list_of(tables: Sequence[Table]) -> Items:
    items = Items(tables[0].line)
    for table in tables:
        items.add(table, table.line)
    return items


def _alike_together(entries: Items) -> Items:
    """Entries that follow one another and differ only in the resource type become one with both types."""
    merged = Items(entries.line)
    for rest, alike in groupby(entries, key=lambda one: one.without("resource")):
        types: list[str] = []
        for one in alike:
            named = one["resource"]
            types.extend(named if isinstance(named, list) else [named])
        together = Table(rest.file, rest.line)
        several = Items(rest.line)
        for one in types:
            several.add(one, rest.line)
        together.put("resource", several if len(types) > 1 else types[0], rest.line)
        for key, value in rest.items():
            together.put(key, value, rest.key_lines[key])
        merged.add(together, together.line)
    return merged


def _value_set(value_set: Table, releases: Header, _: Header) -> Table:
    full = full_value_set(value_set, releases)
    names = {(one["system"], one["source"], one.get("note", "")): name for name, one in releases.items()}
    for key in ("codes", "unverified"):
        if isinstance(rows := full.get(key), Items):
            full[key] = _code_groups(rows, names)
    if isinstance(rows := full.get("listed"), Items):
        groups = Items(rows.line)
        for system, source, codes in rows:
            groups.add(_group(system, source, "", codes, names), rows.line)
        full["listed"] = groups
    for key in ("codes", "unverified", "listed"):
        alone = full.get(key)
        if isinstance(alone, Items) and len(alone) == 1 and len(alone[0]) == 1 and _is_short(alone[0], key):
            full[key] = alone[0]
    return full


def _is_short(group: Table, key: str) -> bool:
    """Whether a group stands on the line of its key."""
    return len(key) + len(str(group)) < _LINE


def _code_groups(rows: Items, names: Mapping[tuple[str, str, str], str]) -> Items:
    """Codes of one release together, in the order of the releases; a note that several of them bear stands once."""
    found = [_Row(*row) for row in rows]
    releases = list(dict.fromkeys((row.system, row.source) for row in found))
    borne = Counter((row.system, row.source, row.note) for row in found)

    def shared(row: _Row) -> str:
        return row.note if borne[row.system, row.source, row.note] > 1 else ""

    found.sort(key=lambda row: (releases.index((row.system, row.source)), shared(row)))
    groups = Items(rows.line)
    for (system, source, note), members in groupby(found, key=lambda row: (row.system, row.source, shared(row))):
        codes = Table("", rows.line)
        for row in members:
            said = row.display if row.note == note else f"{row.display}{NOTED}{row.note}"
            if row.written in codes:
                # One code under two names: a mapping holds it once.
                groups.add(_group(system, source, note, codes, names), rows.line)
                codes = Table("", rows.line)
            codes.put(row.written, said, rows.line)
        groups.add(_group(system, source, note, codes, names), rows.line)
    return groups


def _group(system: str, source: str, note: str, codes: Any, names: Mapping[tuple[str, str, str], str]) -> Table:
    group = Table("", 1)
    name = names.get((system, source, note))
    if name is None:
        name = names.get((system, source, ""))
    else:
        note = ""
    group.put(name or system, codes, 1)
    if name is None and source:
        group.put("source", source, 1)
    if note:
        group.put("note", note, 1)
    return group


def _each(items: Items, change: Callable[[Any], Any]) -> Items:
    changed = Items(items.line)
    for one, line in zip(items, items.item_lines, strict=True):
        changed.add(change(one), line)
    return changed


SHORTEN: Mapping[str, Callable[[Table, Header, Header], Table]] = MappingProxyType(
    {"phases": _rule, "sources": _source, "orders": _order, "facts": _fact_file, "value_sets": _value_set}
)
"""Folder -> how a file of it becomes short; takes the releases and the defaults of sources as well."""
