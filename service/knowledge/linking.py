"""Joins what stands in different files: citations with the statements they name, rules with their family."""

from __future__ import annotations

from dataclasses import replace

from service.knowledge.collection import Collection
from service.knowledge.model import Citation, Rule
from service.knowledge.schemas.fields import did_you_mean


def link(found: Collection) -> None:
    """Give every citation the words of its statement, and every rule its family and its place in it.

    Adds an issue for a statement or a rule that does not exist, and for a rule that stands in two families.
    """
    _statements_once(found)
    found.rules.update(
        {rule.id: replace(rule, citations=_cited(found, rule.citations)) for rule in found.rules.values()}
    )
    found.orders.update(
        {order.id: replace(order, citations=_cited(found, order.citations)) for order in found.orders.values()}
    )
    _families(found)


def _statements_once(found: Collection) -> None:
    for source in found.sources.values():
        seen: dict[str, str] = {}
        for statement in source.statements:
            if statement.id in seen:
                found.add_issue(statement.at, f"statement {source.id}/{statement.id} exists twice", seen[statement.id])
            seen.setdefault(statement.id, f"first at {statement.at}")


def _cited(found: Collection, citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
    return tuple(_with_words(found, citation) for citation in citations)


def _with_words(found: Collection, citation: Citation) -> Citation:
    source = found.sources.get(citation.source)
    if source is None:
        if citation.source not in found.declared("source"):
            hint = did_you_mean(citation.source, found.declared("source"))
            found.add_issue(citation.at, f"source {citation.source} does not exist", hint)
        return citation
    for statement in source.statements:
        if statement.id == citation.statement:
            return citation.of(statement)
    hint = did_you_mean(citation.statement, [statement.id for statement in source.statements])
    found.add_issue(citation.at, f"{source.id} has no statement {citation.statement}", hint)
    return citation


def _families(found: Collection) -> None:
    """Rank every rule: by the order written for its family, then by the order of its variants.

    A rule with variants that stands in no family is a family of its own.
    """
    ranks = _written_ranks(found)
    families: dict[str, list[tuple[int, Rule, bool]]] = {}
    for rule in found.rules.values():
        family, rank, named = ranks.get(rule.variant_of or rule.id, (rule.variant_of, 0, False))
        if family is not None:
            families.setdefault(family, []).append((rank, rule, named))
    for family, members in families.items():
        in_order = sorted(members, key=lambda member: (member[0], member[1].rank))
        for rank, (_, rule, named) in enumerate(in_order):
            if rule.card is None and rule.variant_of != family:
                found.add_issue(
                    rule.at, f"{rule.id} is in family {family} and shows no card", "conclusions have no family"
                )
            found.rules[rule.id] = replace(rule, family=family, rank=rank, named_when_covered=named)


def _written_ranks(found: Collection) -> dict[str, tuple[str, int, bool]]:
    """For every rule file of a family: which, its rank as written, and whether it is named when it is suppressed."""
    ranks: dict[str, tuple[str, int, bool]] = {}
    files = found.declared("rule file")
    for family in found.header.get("families", ()):
        name = family["id"]
        for index, rule in enumerate(family["order"]):
            if rule not in files:
                where = found.where("family", name, "order", index)
                found.add_issue(where, f"rule {rule} does not exist", did_you_mean(rule, files))
            elif rule in ranks:
                where = found.where("family", name, "order", index)
                found.add_issue(where, f"{rule} stands in a family already", ranks[rule][0])
            ranks.setdefault(rule, (name, index, rule in family["named_when_covered"]))
        for index, rule in enumerate(family["named_when_covered"]):
            if rule not in family["order"]:
                where = found.where("family", name, "named_when_covered", index)
                found.add_issue(where, f"{rule} is not in this family", did_you_mean(rule, family["order"]))
    return ranks
