"""Everything under ``rules/`` read file by file, before anything is compared with anything else.

A file that is wrong leaves its issues and its id: what refers to it is not blamed as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from service.errors import Issue
from service.knowledge.documents import Items, Table, line_of, read
from service.knowledge.fact_files import WrittenFact, written_facts
from service.knowledge.model import (
    Code,
    DangerTerms,
    FactDefinition,
    OrderTemplate,
    OtherWords,
    OverrideReason,
    Rule,
    Source,
    ValueSet,
)
from service.knowledge.schemas.fact import FactField
from service.knowledge.schemas.fields import did_you_mean
from service.knowledge.schemas.issues import issues_of, made, read_shape
from service.knowledge.schemas.order import OrderShape
from service.knowledge.schemas.rule import RuleShape
from service.knowledge.schemas.ruleset import Approval, ApprovalsShape, OverrideReasonsShape, RulesetShape
from service.knowledge.schemas.source import SourceShape
from service.knowledge.schemas.value_set import (
    CodeField,
    DangerTermsShape,
    OtherWordsShape,
    OwnCodeShape,
    ValueSetShape,
)
from service.knowledge.short_forms import full_order, full_rule, full_source, full_value_set
from service.knowledge.variants import flat_rules

_HEADER_FILES = (
    "ruleset.yaml",
    "override_reasons.yaml",
    "approvals.yaml",
    "danger_words.yaml",
    "invariants.yaml",
    "other_words.yaml",
    "site_codes.yaml",
    "topics.yaml",
)
_HEADER_LISTS = (
    ("phase", "phases"),
    ("service", "services"),
    ("conclusion", "conclusions"),
    ("guard", "guards"),
    ("family", "families"),
    ("pair", "pairs"),
)
_HOMES = {"source": "sources", "value set": "value_sets", "order": "orders"}
_FOLDERS = ("sources", "value_sets", "facts", "orders", "phases")


@dataclass
class Collection:
    """What was read, what was merely declared, and what was wrong.

    ``tables`` holds the raw mapping of every thing that declares an id, by kind and id, so that a
    later issue can find its line.
    """

    root: Path
    header: dict[str, Any] = field(default_factory=dict)
    header_table: Table = field(default_factory=lambda: Table("ruleset.yaml", 1))
    override_reasons: dict[str, OverrideReason] | None = None
    approvals: tuple[Approval, ...] = ()
    approvals_table: Table = field(default_factory=lambda: Table("approvals.yaml", 1))
    sources: dict[str, Source] = field(default_factory=dict)
    value_sets: dict[str, ValueSet] = field(default_factory=dict)
    orders: dict[str, OrderTemplate] = field(default_factory=dict)
    facts: dict[str, FactDefinition] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    danger_terms: DangerTerms = field(default_factory=DangerTerms)
    other_words: OtherWords = field(default_factory=OtherWords)
    site_codes: dict[str, tuple[Code, ...]] = field(default_factory=dict)
    site_table: Table = field(default_factory=lambda: Table("site_codes.yaml", 1))
    pair_sides: set[tuple[str, str]] = field(default_factory=set)
    tables: dict[str, dict[str, Table]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    def add_issue(self, where: str, text: str, hint: str | None = None) -> None:
        """Add an issue at a ``file:line``."""
        self.issues.append(Issue(where, text, hint))

    def declared(self, kind: str) -> dict[str, Table]:
        """The ids declared for a kind, with the raw mapping of each."""
        return self.tables.setdefault(kind, {})

    def where(self, kind: str, name: str, *path: str | int) -> str:
        """``file:line`` of a part of a declared thing."""
        table = self.declared(kind)[name]
        return f"{table.file}:{line_of(table, path, table.line)}"


def collect(root: Path) -> Collection:
    """Read every YAML file under ``root``; issues are gathered in the result, nothing is raised."""
    found = Collection(root)
    _header(found)
    releases, defaults = (_header_mapping(found, key) for key in ("releases", "source_defaults"))
    _one_per_file(found, "source", SourceShape(), found.sources, lambda table: full_source(table, defaults))
    _one_per_file(found, "value set", ValueSetShape(), found.value_sets, lambda table: full_value_set(table, releases))
    _one_per_file(found, "order", OrderShape(), found.orders, full_order)
    _facts(found)
    _rules(found)
    _strays(found)
    return found


def _document(found: Collection, path: Path) -> Any:
    file = path.relative_to(found.root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        found.add_issue(f"{file}:1", "is not UTF-8 text")
        return None
    data, issues = read(text, file)
    found.issues.extend(issues)
    if data is None and not issues:
        return Table(file, 1)
    return data


def _optional(found: Collection, name: str) -> Any:
    path = found.root / name
    return _document(found, path) if path.is_file() else None


def _header(found: Collection) -> None:
    if not (found.root / "ruleset.yaml").is_file():
        found.add_issue("ruleset.yaml:1", "this file is missing")
    elif (table := _optional(found, "ruleset.yaml")) is not None:
        header, issues = read_shape(RulesetShape(), table, "ruleset.yaml")
        found.issues.extend(issues)
        if isinstance(table, Table):
            found.header_table = table
            found.header = header or {}
            for kind, key in _HEADER_LISTS:
                _declare_items(found, kind, table.get(key))
    _override_reasons(found)
    approvals = _optional(found, "approvals.yaml")
    if isinstance(approvals, Table) and approvals:
        data, issues = read_shape(ApprovalsShape(), approvals, "approvals.yaml")
        found.issues.extend(issues)
        found.approvals = data["approvals"] if data else ()
        found.approvals_table = approvals
    _optional(found, "invariants.yaml")
    _danger_words(found)
    _other_words(found)
    _site_codes(found)


def _override_reasons(found: Collection) -> None:
    table = _optional(found, "override_reasons.yaml")
    if table is None:
        return
    data, issues = read_shape(OverrideReasonsShape(), table, "override_reasons.yaml")
    found.issues.extend(issues)
    found.override_reasons = {}
    for index, reason in enumerate(data["override_reasons"] if data else ()):
        if reason.code in found.override_reasons:
            line = line_of(table, ("override_reasons", index))
            found.add_issue(f"override_reasons.yaml:{line}", f"{reason.code} stands twice")
        found.override_reasons[reason.code] = reason
    if not data:
        # A broken file must not make every rule that names a reason look broken too.
        found.override_reasons = None


def _danger_words(found: Collection) -> None:
    table = _optional(found, "danger_words.yaml")
    if table is not None:
        terms, issues = read_shape(DangerTermsShape(), table, "danger_words.yaml")
        found.issues.extend(issues)
        found.danger_terms = terms or found.danger_terms


def _other_words(found: Collection) -> None:
    table = _optional(found, "other_words.yaml")
    if table is not None:
        words, issues = read_shape(OtherWordsShape(), table, "other_words.yaml")
        found.issues.extend(issues)
        found.other_words = words or found.other_words


def _site_codes(found: Collection) -> None:
    table = _optional(found, "site_codes.yaml")
    if not isinstance(table, Table):
        return
    found.site_table = table
    code_field = CodeField()
    for name, rows in table.items():
        codes = []
        for index, row in enumerate(rows if isinstance(rows, list) else [rows]):
            try:
                codes.append(code_field.read(row))
            except ValidationError as error:
                found.issues.extend(issues_of({name: {index: error.messages}}, table, table.file))
        found.site_codes[name] = tuple(codes)


def _declare_items(found: Collection, kind: str, items: Any) -> None:
    for item in items if isinstance(items, Items) else ():
        _declare_item(found, kind, item)


def _declare_item(found: Collection, kind: str, item: Any) -> None:
    if isinstance(item, Table) and isinstance(item.get("id"), str):
        _declare(found, kind, item["id"], item)


def _declare(found: Collection, kind: str, name: str, table: Table) -> bool:
    """Note that ``name`` exists; False and an issue when it existed before."""
    known = found.declared(kind)
    if name in known:
        line = table.key_lines.get("id", table.line)
        found.add_issue(f"{table.file}:{line}", f"{kind} {name} exists twice", f"first at {known[name].at}")
        return False
    known[name] = table
    return True


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.suffix == ".yaml" and path.is_file())


def _one_per_file(
    found: Collection,
    kind: str,
    shape: Schema,
    into: dict[str, Any],
    full_form: Callable[[Table], Table],
) -> None:
    for path in _files(found.root / _HOMES[kind]):
        file = path.relative_to(found.root).as_posix()
        data = _named(_document(found, path), path)
        if isinstance(data, Table):
            data = full_form(data)
        table = data if isinstance(data, Table) else Table(file, 1)
        # None was said to be unreadable already.
        thing, issues = (None, []) if data is None else read_shape(shape, data, file)
        found.issues.extend(issues)
        if _declare(found, kind, _name_of(found, path, table), table) and thing is not None:
            into[thing.id] = thing
        # Whoever refers to it by its file name is not to blame.
        found.declared(kind).setdefault(path.stem, table)


def _facts(found: Collection) -> None:
    fact_field = FactField()
    for path in _files(found.root / "facts"):
        table = _document(found, path)
        if table is None:
            continue
        if not isinstance(table, Table):
            found.add_issue(f"{path.relative_to(found.root).as_posix()}:1", "must hold a list of facts, or of drugs")
            continue
        written, issues = written_facts(table)
        found.issues.extend(issues)
        for one in written:
            _fact(found, fact_field, table, one)


def _fact(found: Collection, fact_field: FactField, table: Table, written: WrittenFact) -> None:
    for item in written.own_codes:
        _own_code(found, item, written.fact)
    try:
        fact = fact_field.read(written.fact)
    except ValidationError as error:
        messages: Any = error.messages
        for step in reversed(written.path):
            messages = {step: messages}
        found.issues.extend(issues_of(messages, table, table.file))
        _declare_item(found, "fact", written.fact)
        return
    if _declare(found, "fact", fact.id, written.fact):
        found.facts[fact.id] = fact


def _own_code(found: Collection, item: Any, fact: Table) -> None:
    """The value set of a code of our own that only one fact uses and that stands in the fact."""
    value_set, issues = read_shape(made(OwnCodeShape), item, fact.file)
    found.issues.extend(issues)
    if value_set is not None and _declare(found, "value set", value_set.id, item):
        found.value_sets[value_set.id] = value_set


def _rules(found: Collection) -> None:
    folder = found.root / "phases"
    phases = found.declared("phase")
    for phase in sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ():
        if phases and phase.name not in phases and any(_files(phase)):
            found.add_issue(
                f"phases/{phase.name}:1",
                f"phase {phase.name} is not in ruleset.yaml",
                did_you_mean(phase.name, phases),
            )
        for path in _files(phase):
            _rule_file(found, path, phases.get(phase.name))


def _rule_file(found: Collection, path: Path, phase: Table | None) -> None:
    """The flat rules of one file: one, or one for each of its variants."""
    file = path.relative_to(found.root).as_posix()
    data = _named(_document(found, path), path)
    table = full_rule(data) if isinstance(data, Table) else Table(file, 1)
    name = _name_of(found, path, table)
    if not _declare(found, "rule file", name, table):
        return
    if not table:
        # None was said to be unreadable already; whoever refers to it by its file name is not to blame.
        found.issues.extend([] if data is None else read_shape(made(RuleShape), data, file)[1])
        found.declared("rule").setdefault(path.stem, table)
        return
    guards = _guards(found)
    guard = phase.get("applies_when") if phase is not None else None
    # A guard that does not exist is said once, with the phase.
    pairs = {pair["id"]: pair for pair in found.header.get("pairs", ())}
    flat, issues = flat_rules(table, _rule_defaults(found), guards, guard if guard in guards else None, pairs)
    found.pair_sides.update(_sides_of(table))
    found.issues.extend(issues)
    for rank, written in enumerate(flat):
        rule, issues = read_shape(made(RuleShape), written, file)
        found.issues.extend(issues)
        flat_name = written.get("id", path.stem)
        if _declare(found, "rule", flat_name if isinstance(flat_name, str) else path.stem, written) and rule:
            variant_of = name if "variants" in table else None
            found.rules[rule.id] = replace(rule, phase=path.parent.name, variant_of=variant_of, rank=rank)


def _sides_of(rule: Table) -> Iterator[tuple[str, str]]:
    """The sides of pairs for which a rule file has a card, retired ones not counted."""
    for item in (rule, *(rule.get("variants") or ())):
        pair = item.get("pair") if isinstance(item, Table) and item.get("status") != "retired" else None
        if isinstance(pair, Table):
            yield str(pair.get("id")), str(pair.get("side"))


def _rule_defaults(found: Collection) -> dict[str, Any]:
    defaults = found.header_table.get("defaults")
    # What is wrong with them is said once, where they stand.
    return dict(defaults) if isinstance(defaults, Table) and found.header.get("defaults") else {}


def _header_mapping(found: Collection, key: str) -> dict[str, Any]:
    """A mapping of ``ruleset.yaml`` as it is written; empty where the file is wrong, which is said there."""
    written = found.header_table.get(key)
    return dict(written) if isinstance(written, Table) and found.header else {}


def _guards(found: Collection) -> dict[str, Any]:
    """The conditions of the guards as they are written; those of a ruleset.yaml that is wrong ask for nothing."""
    items = found.header_table.get("guards")
    guards = [item for item in items if isinstance(item, Table)] if isinstance(items, Items) else []
    return {item["id"]: item.get("when") if found.header else None for item in guards if "id" in item}


def _named(data: Any, path: Path) -> Any:
    """What a file holds, under the name of the file where it says no id of its own."""
    if isinstance(data, Table) and data and "id" not in data:
        data.put("id", path.stem, data.line)
    return data


def _name_of(found: Collection, path: Path, table: Table) -> str:
    """The id of what a file holds, which must be the name of the file."""
    name = table.get("id", path.stem)
    if isinstance(name, str) and name != path.stem:
        file = path.relative_to(found.root).as_posix()
        found.add_issue(f"{file}:{table.key_lines['id']}", f"id {name} differs from the file name", f"{name}.yaml")
    return name if isinstance(name, str) else path.stem


def _strays(found: Collection) -> None:
    """YAML files that nothing reads: a rule in the wrong folder must not vanish silently."""
    for path in sorted(found.root.rglob("*.y*ml")):
        parts = path.relative_to(found.root).parts
        if any(part.startswith(".") for part in parts):
            continue
        depth = 3 if parts[0] == "phases" else 2
        in_header = len(parts) == 1 and parts[0] in _HEADER_FILES
        in_folder = len(parts) == depth and parts[0] in _FOLDERS
        if path.suffix != ".yaml" or not (in_header or in_folder):
            file = "/".join(parts)
            found.add_issue(
                f"{file}:1", "this file is read by nothing", did_you_mean(parts[0], _HEADER_FILES + _FOLDERS)
            )
