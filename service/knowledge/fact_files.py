"""From a file of facts as it is written to one mapping for each fact: defaults of its kind, drugs declared once.

Works on the raw mappings, as :mod:`service.knowledge.variants` does for rules: the strict shape of a fact reads the
result, and every issue points at the line where its words stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.errors import Issue
from service.knowledge.documents import Items, Table, line_of
from service.knowledge.schemas.fields import did_you_mean

KEYS = ("kinds", "facts", "drugs")
"""What a file of facts may hold: what each kind says by default, facts, and drugs."""

CODED = "coded"
"""The kind of a fact that names none: it is looked for by codes."""

# What a drug gives: the id made from its name, and what is fixed by it.
_GIVEN = {
    "active": ("{}-active", {"kind": "drug"}),
    "ordered": ("{}-ordered", {"kind": "order", "resource": "MedicationRequest"}),
    "days": ("{}-days", {"kind": "course", "measure": "current"}),
    "ordered_days": ("ordered-{}-days", {"kind": "course", "measure": "ordered"}),
    "total_days": ("total-{}-days", {"kind": "course", "measure": "both"}),
}
_SHARED = ("classes", "exclude", "route")

QUESTION = "question"
"""A question of our own code system that the fact asks: its code, title, patterns, and how long an answer counts."""

NEVER_WITHOUT_ENTRY = "Never by silence: only a recorded no."
"""When a question that says nothing of it is absent."""

_ASKED_IN = ("Observation", "QuestionnaireResponse")
_OF_THE_CODE = ("code", "title", "patterns")


@dataclass(frozen=True, slots=True)
class WrittenFact:
    """One fact in full, the path of what was written for it in the file, and the codes of our own that only it uses."""

    fact: Any
    path: tuple[str | int, ...]
    own_codes: Items


def written_facts(table: Table) -> tuple[list[WrittenFact], list[Issue]]:
    """Every fact of a file, and what is wrong with the file as such."""
    issues = [
        Issue(f"{table.file}:{line}", f"{key}: this key is not known here", did_you_mean(key, KEYS))
        for key, line in table.key_lines.items()
        if key not in KEYS
    ]
    if not isinstance(table.get("facts"), Items) and not isinstance(table.get("drugs"), Items):
        issues.append(Issue(f"{table.file}:1", "must hold a list of facts, or of drugs"))
    kinds = table.get("kinds")
    defaults = kinds if isinstance(kinds, Table) else Table(table.file, table.line)
    found = [_one(item, ("facts", index), defaults) for index, item in enumerate(_items(table, "facts"))]
    for index, drug in enumerate(_items(table, "drugs")):
        if not isinstance(drug, Table) or not isinstance(drug.get("drug"), str):
            line = line_of(table, ("drugs", index), table.line)
            issues.append(Issue(f"{table.file}:{line}", "drugs: each must name its drug", "- drug: baclofen"))
            continue
        issues.extend(_strangers(drug))
        found.extend(_one(fact, ("drugs", index, key), defaults) for key, fact in _given(drug))
    return found, issues


def _items(table: Table, key: str) -> Items:
    items = table.get(key)
    return items if isinstance(items, Items) else Items(table.line)


def _strangers(drug: Table) -> Iterator[Issue]:
    known = ("drug", *_SHARED, *_GIVEN)
    for key, line in drug.key_lines.items():
        if key not in known:
            yield Issue(f"{drug.file}:{line}", f"drugs: {key} is not known here", did_you_mean(key, known))


def _given(drug: Table) -> Iterator[tuple[str, Table]]:
    """The facts that a drug gives, each under its key, with the classes of the drug."""
    for key, (name, fixed) in _GIVEN.items():
        written = drug.get(key)
        if not isinstance(written, Table):
            continue
        fact = written.without()
        fact.setdefault("id", name.format(drug["drug"]))
        for shared in _SHARED:
            if shared in drug:
                fact.setdefault(shared, drug[shared])
                fact.key_lines.setdefault(shared, drug.key_lines[shared])
        for more, value in fixed.items():
            fact.setdefault(more, value)
        yield key, fact


def _one(item: Any, path: tuple[str | int, ...], defaults: Table) -> WrittenFact:
    """The item with what its kind says by default, and its own codes apart."""
    if not isinstance(item, Table):
        return WrittenFact(item, path, Items(0))
    fact = item.without(QUESTION)
    own_codes = fact.pop("own_codes", None)
    if isinstance(question := item.get(QUESTION), Table):
        own_codes = _asked(fact, question, item.key_lines[QUESTION])
    kind = item.get("kind", CODED)
    said = defaults.get(kind) if isinstance(kind, str) else None
    if isinstance(said, Table):
        for key, value in said.items():
            fact.setdefault(key, value)
            fact.key_lines.setdefault(key, said.key_lines[key])
    fact.setdefault("kind", CODED)
    if "from" in fact:
        fact["from"] = _each_resource(fact["from"])
    return WrittenFact(fact, path, own_codes if isinstance(own_codes, Items) else Items(item.line))


def _asked(fact: Table, question: Table, line: int) -> Items:
    """The code of a question of our own, which ``fact`` looks for where answers stand, behind all else."""
    code = question.without(*(key for key in question if key not in _OF_THE_CODE))
    if "title" in fact:
        code.setdefault("title", fact["title"])
    looked_in = Items(line)
    before = fact.get("from")
    for one in before if isinstance(before, Items) else [] if before is None else [before]:
        looked_in.add(one, getattr(one, "line", line))
    types, codes = Items(line), Items(line)
    for resource in _ASKED_IN:
        types.add(resource, line)
    codes.add(f"local-{question.get('code')}", line)
    answer = question.without(*_OF_THE_CODE)
    answer.put("resource", types, line)
    answer.put("codes", codes, line)
    looked_in.add(answer, line)
    fact.put("from", looked_in, line)
    fact.setdefault("absent_when", NEVER_WITHOUT_ENTRY)
    if "within_days" in question:
        fact.setdefault("product_choice", answers_count(question["within_days"]))
    own = Items(line)
    own.add(code, line)
    return own


def answers_count(days: int) -> str:
    """What is said of a question whose answers count for so many days."""
    return f"Answers count for {days} days."


def _each_resource(looked_in: Any) -> Any:
    """One entry for each resource type: ``resource: [Observation, QuestionnaireResponse]`` stands for two alike."""
    entries = looked_in if isinstance(looked_in, Items) else [looked_in]
    if not any(isinstance(entry, Table) and isinstance(entry.get("resource"), Items) for entry in entries):
        return looked_in
    each = Items(getattr(looked_in, "line", 1))
    for entry in entries:
        types = entry.get("resource") if isinstance(entry, Table) else None
        for one in types if isinstance(types, Items) else [types]:
            copy = entry
            if isinstance(types, Items):
                copy = entry.without()
                copy["resource"] = one
            each.append(copy)
            each.item_lines.append(entry.line if isinstance(entry, Table) else each.line)
    return each
