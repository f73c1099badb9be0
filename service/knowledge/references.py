"""Whether everything that a rule file names exists, and is of the kind that is needed there."""

from __future__ import annotations

from collections.abc import Collection as Names
from collections.abc import Iterator
from typing import Any

from service.knowledge.collection import Collection
from service.knowledge.documents import Items, Table
from service.knowledge.hooks import HOOKS
from service.knowledge.model import FactKind, OrderTemplate, Rule, leaves
from service.knowledge.schemas.fields import did_you_mean

# Without ruleset.yaml these cannot be known, and its absence is issue enough.
_KINDS_OF_THE_HEADER = frozenset({"finding", "conclusion", "person", "phase"})
_FACT_VALUE_SETS = (
    *("codes", "yes", "no", "body_site", "ended_by", "not_at", "classes", "exclude", "site", "reasons", "began_after"),
)


def check_references(found: Collection) -> None:
    """Add an issue to ``found`` for every name that leads nowhere or to the wrong kind of thing."""
    _header(found)
    for name in found.declared("fact"):
        _fact(found, name)
    for order in found.orders.values():
        _order(found, order)
    for source in found.sources.values():
        if source.compared_by is not None:
            _known(found, source.compared_by, "person", _people(found), found.where("source", source.id, "compared_by"))
        for statement in source.statements:
            if statement.compared_by is not None:
                _known(found, statement.compared_by, "person", _people(found), statement.at)
    for rule in found.rules.values():
        _rule(found, rule)
    _approvals(found)


def _known(found: Collection, name: str, kind: str, known: Names[str], where: str) -> bool:
    if name in known:
        return True
    if kind in _KINDS_OF_THE_HEADER and not found.header_table:
        return False
    found.add_issue(where, f"{kind} {name} does not exist", did_you_mean(name, known))
    return False


def _people(found: Collection) -> list[str]:
    return list(found.header.get("people", ()))


def _findings(found: Collection) -> list[str]:
    return [*found.declared("fact"), *found.declared("conclusion")]


def _header(found: Collection) -> None:
    for name in found.declared("conclusion"):
        if name in found.declared("fact"):
            here, there = found.where("conclusion", name), found.where("fact", name)
            found.add_issue(here, f"{name} is a fact and a conclusion", f"the fact stands at {there}")
    for name in found.site_codes:
        where = f"site_codes.yaml:{found.site_table.key_lines[name]}"
        _known(found, name, "value set", found.declared("value set"), where)
    if not found.header:
        return
    for name in found.header["episode"]["codes"]:
        where = f"ruleset.yaml:{_line(found.header_table, 'episode', 'codes', name)}"
        _known(found, name, "value set", found.declared("value set"), where)
    _words_of_cards(found)
    for service in found.header["services"]:
        _known(found, service.hook, "hook", HOOKS, found.where("service", service.id, "hook"))
        for phase in service.info_phases:
            _known(found, phase, "phase", found.declared("phase"), found.where("service", service.id, "info_phases"))


def _words_of_cards(found: Collection) -> None:
    """What ruleset.yaml says about which findings cards name."""
    for key in ("background", "pathway_tried"):
        for name in found.header[key]:
            where = f"ruleset.yaml:{_line(found.header_table, key, name)}"
            _known(found, name, "finding", _findings(found), where)
    for asked in found.header["asked_only"]:
        for name in (*asked.findings, *(leaf.finding for leaf in leaves(asked.when))):
            _known(found, name, "finding", _findings(found), asked.at)
    for first in found.header["asked_first"]:
        _order_fact(found, first.order, first.at)
        for name in first.findings:
            _known(found, name, "finding", _findings(found), first.at)


def _line(table: Table, *path: str) -> int:
    """The line of a word in a list inside ``table``."""
    *keys, word = path
    value: Any = table
    for key in keys:
        value = value[key]
    line: int = value.item_lines[value.index(word)]
    return line


def _fact(found: Collection, name: str) -> None:
    table = found.declared("fact")[name]
    for key, value_set in _value_sets_named(table):
        _known(found, value_set, "value set", found.declared("value set"), key)
    fact = found.facts.get(name)
    if fact is None:
        return
    if fact.order is not None:
        _order_fact(found, fact.order, found.where("fact", name, "order"))
    if fact.setting is not None and found.header:
        known = [*found.header["settings"], "jurisdiction"]
        _known(found, fact.setting, "setting", known, found.where("fact", name, "setting"))


def _value_sets_named(table: Table) -> Iterator[tuple[str, str]]:
    looked_in = table.get("from")
    parts = looked_in if isinstance(looked_in, Items) else [looked_in]
    for part in [table, *parts]:
        for key in _FACT_VALUE_SETS:
            names = part.get(key) if isinstance(part, Table) else None
            if isinstance(names, Items):
                for line, name in zip(names.item_lines, names, strict=True):
                    if isinstance(name, str):
                        yield f"{table.file}:{line}", name


def _order_fact(found: Collection, name: str, where: str) -> None:
    if not _known(found, name, "fact", found.declared("fact"), where):
        return
    fact = found.facts.get(name)
    if fact is not None and fact.kind is not FactKind.ORDER:
        found.add_issue(where, f"{name} is not a fact of kind order", "only draft orders can be meant here")


def _order(found: Collection, order: OrderTemplate) -> None:
    for key, name in (("drug_class", order.drug_class), ("procedure", order.procedure)):
        if name is not None:
            _known(found, name, "value set", found.declared("value set"), found.where("order", order.id, key))


def _rule(found: Collection, rule: Rule) -> None:
    if found.header:
        _known(found, rule.owner, "person", _people(found), found.where("rule", rule.id, "owner"))
    for index, hook in enumerate(rule.hooks):
        _known(found, hook, "hook", HOOKS, found.where("rule", rule.id, "hooks", index))
    if rule.concludes is not None:
        where = found.where("rule", rule.id, "then", "conclude")
        _known(found, rule.concludes, "conclusion", found.declared("conclusion"), where)
    for index, name in enumerate(rule.mentions):
        _known(found, name, "finding", _findings(found), found.where("rule", rule.id, "mentions", index))
    for index, name in enumerate(rule.names_conflict_with):
        where = found.where("rule", rule.id, "names_conflict_with", index)
        if name == rule.id:
            found.add_issue(where, "a rule cannot disagree with itself")
        _known(found, name, "rule", found.declared("rule"), where)
    _condition(found, rule)
    _examples(found, rule)
    _card(found, rule)


def _condition(found: Collection, rule: Rule) -> None:
    for leaf in leaves(rule.when):
        if not _known(found, leaf.finding, "finding", _findings(found), leaf.at) or not leaf.is_comparison:
            continue
        if not _may_be_number(found, leaf.finding):
            found.add_issue(leaf.at, f"{leaf.finding} is not a number", "write present, absent or unknown")


def _examples(found: Collection, rule: Rule) -> None:
    for index, example in enumerate(rule.examples):
        for name, given in example.given.items():
            where = found.where("rule", rule.id, "examples", index, "given", name)
            if not _known(found, name, "finding", _findings(found), where):
                continue
            if (given.low is not None or given.high is not None) and not _may_be_number(found, name):
                found.add_issue(where, f"{name} is not a number", "write present, absent or unknown")


def _may_be_number(found: Collection, name: str) -> bool:
    """Whether a finding carries a number; a fact that could not be read is given the benefit of the doubt."""
    if name in found.declared("fact"):
        fact = found.facts.get(name)
        return fact is None or fact.is_numeric
    return False


def _card(found: Collection, rule: Rule) -> None:
    if rule.card is None:
        return
    for index, suggestion in enumerate(rule.card.suggestions):
        path = ("then", "card", "suggestions", index)
        for number, name in enumerate(suggestion.create):
            where = found.where("rule", rule.id, *path, "create", number)
            _known(found, name, "order", found.declared("order"), where)
        for number, name in enumerate(suggestion.remove):
            _order_fact(found, name, found.where("rule", rule.id, *path, "remove", number))
        for number, name in enumerate(suggestion.limit):
            _order_fact(found, name, found.where("rule", rule.id, *path, "limit", number))
    for index, code in enumerate(rule.card.override_reasons):
        if found.override_reasons is not None:
            where = found.where("rule", rule.id, "then", "card", "override_reasons", index)
            _known(found, code, "override reason", found.override_reasons, where)


def _approvals(found: Collection) -> None:
    for approval in found.approvals:
        _known(found, approval.rule, "rule", found.declared("rule"), approval.at)
        # An approval names its person and role itself; a single word is one of the people of the rule set.
        if found.header and "," not in approval.by:
            _known(found, approval.by, "person", _people(found), approval.at)
