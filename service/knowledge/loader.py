"""Reads a folder of rule files into one checked :class:`Knowledge`, or says everything that is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from service.errors import Issue, KnowledgeError
from service.garbage import uncollected
from service.knowledge.chains import check_chains
from service.knowledge.collection import Collection, collect
from service.knowledge.digest import knowledge_digest, rule_digest
from service.knowledge.documents import line_of
from service.knowledge.linking import link
from service.knowledge.model import Knowledge, Phase, Rule, ValueSet
from service.knowledge.pairs import missing_sides
from service.knowledge.references import check_references
from service.knowledge.schemas.fields import did_you_mean
from service.knowledge.schemas.ruleset import Approval

JURISDICTIONS = ("us", "uk")
REVIEWERS = "reviewers"
_NUMBERS = ("1", "2", "3")


def load(path: Path, settings: Mapping[str, str] | None = None) -> Knowledge:
    """Everything under ``path``, checked, with its digest.

    ``settings`` replace those of ``ruleset.yaml`` (also ``jurisdiction``); a name the rule set does
    not have is an issue. ``reviewers`` is how many persons must have approved a rule; one unless set.
    Files that a site may leave out: override_reasons, approvals, invariants, site_codes, danger_words, other_words.
    Retired rules stay in ``retired`` and stand in no phase.

    Raises:
        KnowledgeError: with every issue found, sorted by file and line.
    """
    if not path.is_dir():
        hint = "a pack is named by SCIATICA_CDS_PACK" if path.is_file() else None
        raise KnowledgeError([Issue(f"{path.name}:1", "there is no such folder of rules", hint)])
    if not (path / "ruleset.yaml").is_file():
        raise KnowledgeError([Issue("ruleset.yaml:1", "this file is missing", f"is {path.name} the folder of rules?")])
    with uncollected():
        return _loaded(path, settings or {})


def _loaded(path: Path, settings: Mapping[str, str]) -> Knowledge:
    found = collect(path)
    link(found)
    check_references(found)
    check_chains(found)
    chosen = _settings(found, settings)
    _check_order(found)
    pairs = {pair["id"]: pair for pair in found.header.get("pairs", ())}
    found.issues.extend(missing_sides(pairs, found.declared("pair"), found.pair_sides))
    if found.issues:
        raise KnowledgeError(sorted_issues(found.issues))
    knowledge = _knowledge(found, chosen)
    knowledge = replace(knowledge, approved=_approved(knowledge, found.approvals))
    return replace(knowledge, digest=knowledge_digest(knowledge))


def sorted_issues(issues: Iterable[Issue]) -> list[Issue]:
    """Each issue once, by file and line."""
    return sorted(dict.fromkeys(issues), key=lambda issue: (*issue.file_and_line, issue.text))


def _settings(found: Collection, overrides: Mapping[str, str]) -> dict[str, str]:
    if not found.header:
        return {}
    settings: dict[str, str] = {**found.header["settings"], "jurisdiction": found.header["jurisdiction"]}
    for name, value in overrides.items():
        if name not in {*settings, REVIEWERS}:
            found.add_issue(f"settings.{name}", "the rule set has no such setting", did_you_mean(name, settings))
        settings[name] = value
    if settings.get(REVIEWERS, "1") not in _NUMBERS:
        found.add_issue(f"settings.{REVIEWERS}", f"must be one of {', '.join(_NUMBERS)}")
    if settings["jurisdiction"] not in JURISDICTIONS:
        found.add_issue("settings.jurisdiction", "must be one of " + ", ".join(JURISDICTIONS))
    return settings


def _check_order(found: Collection) -> None:
    concern = found.header.get("concern")
    if concern is not None and concern not in found.declared("conclusion"):
        line = line_of(found.header_table, ("concern",))
        hint = did_you_mean(concern, found.declared("conclusion"))
        found.add_issue(f"ruleset.yaml:{line}", f"conclusion {concern} does not exist", hint)
    phases = [phase["id"] for phase in found.header.get("phases", ())]
    order = found.header.get("card_order", ())
    if order and sorted(order) != sorted(phases):
        line = line_of(found.header_table, ("card_order",))
        found.add_issue(f"ruleset.yaml:{line}", "must name every phase once", ", ".join(phases))
    guards = found.declared("guard")
    for number, phase in enumerate(found.header.get("phases", ())):
        guard = phase["applies_when"]
        if guard is not None and guard not in guards:
            line = line_of(found.header_table, ("phases", number, "applies_when"))
            found.add_issue(f"ruleset.yaml:{line}", f"guard {guard} does not exist", did_you_mean(guard, guards))
        line = line_of(found.header_table, ("phases", number, "order"))
        files = {rule.file_id for rule in found.rules.values() if rule.phase == phase["id"]}
        for name in phase["order"]:
            if name not in files and found.rules:
                found.add_issue(
                    f"ruleset.yaml:{line}", f"no rule file {name} is in this phase", did_you_mean(name, files)
                )
        for name, count in Counter(phase["order"]).items():
            if count > 1:
                found.add_issue(f"ruleset.yaml:{line}", f"{name} is named {count} times")


def _knowledge(found: Collection, settings: dict[str, str]) -> Knowledge:
    header = found.header
    serving = [rule for rule in found.rules.values() if rule.status != "retired"]
    return Knowledge(
        name=header["name"],
        version=header["version"],
        digest="",
        intended_use=header["intended_use"],
        out_of_scope=header["out_of_scope"],
        jurisdiction=settings["jurisdiction"],
        settings=settings,
        not_clearance=header["not_clearance"],
        max_info_cards=header["max_info_cards"],
        most_cards=header["most_cards"],
        pathway=header["pathway"],
        pathway_tried=header["pathway_tried"],
        background=header["background"],
        asked_only=header["asked_only"],
        asked_first=header["asked_first"],
        order_words=header["order_words"],
        danger_terms=found.danger_terms,
        other_words=found.other_words,
        concern=header["concern"],
        card_order=header["card_order"] or tuple(phase["id"] for phase in header["phases"]),
        episode=header["episode"]["codes"],
        phases=tuple(_phase(phase, serving) for phase in header["phases"]),
        conclusions={conclusion.id: conclusion for conclusion in header["conclusions"]},
        facts=dict(sorted(found.facts.items())),
        value_sets={name: _with_site_codes(found, found.value_sets[name]) for name in sorted(found.value_sets)},
        sources=dict(sorted(found.sources.items())),
        orders=dict(sorted(found.orders.items())),
        services={service.id: service for service in header["services"]},
        override_reasons=found.override_reasons or {},
        people=header["people"],
        approved=frozenset(),
        retired=tuple(rule for _, rule in sorted(found.rules.items()) if rule.status == "retired"),
    )


def _approved(knowledge: Knowledge, approvals: Iterable[Approval]) -> frozenset[str]:
    """The rules of which enough persons approved exactly the present content."""
    by: dict[str, set[str]] = {}
    for approval in approvals:
        if approval.digest == rule_digest(knowledge, approval.rule):
            by.setdefault(approval.rule, set()).add(person(approval.by))
    enough = int(knowledge.settings.get(REVIEWERS, "1"))
    return frozenset(rule for rule, persons in by.items() if len(persons) >= enough)


def person(by: str) -> str:
    """Who approved, without the role and however it was typed: one person in two roles is one person."""
    return " ".join(by.partition(",")[0].casefold().split())


def _phase(phase: Mapping[str, Any], rules: Iterable[Rule]) -> Phase:
    return Phase(
        phase["id"], phase["title"], _rules_of(phase, rules), phase["order"], phase["own_cards"], phase["checks_orders"]
    )


def _rules_of(phase: Mapping[str, Any], rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules by name, but those whose files the phase orders in the written order among themselves."""
    rank = {name: number for number, name in enumerate(phase["order"])}
    mine = sorted((rule for rule in rules if rule.phase == phase["id"]), key=lambda rule: rule.id)
    written = iter(sorted((rule for rule in mine if rule.file_id in rank), key=lambda rule: rank[rule.file_id]))
    return tuple(next(written) if rule.file_id in rank else rule for rule in mine)


def _with_site_codes(found: Collection, value_set: ValueSet) -> ValueSet:
    added = found.site_codes.get(value_set.id, ())
    return replace(value_set, codes=value_set.codes + added) if added else value_set
