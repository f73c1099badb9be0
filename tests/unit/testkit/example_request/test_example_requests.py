"""Every rule with a card can be tried: the call made for it fires it, under each of its hooks; near misses miss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from click.testing import CliRunner

from service import make_services
from service.cli.main import group
from service.config import Settings
from service.errors import Severity
from service.knowledge.model import Rule
from service.protocol.evaluation import Services, answer_call
from service.record.releases.fhir_classes import Release
from service.testkit.example_request.request_for_rule import (
    ExampleRequest,
    ExampleRequestError,
    ExampleRequests,
    SettingsNeededError,
    near_misses,
)
from service.testkit.request_check.checking import check
from tests.thoroughness import some_of

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@cache
def services(**settings: str) -> Services:
    return make_services(replace(Settings(), **settings))


@cache
def example_requests(release: Release = Release.R4, **settings: str) -> ExampleRequests:
    return ExampleRequests(services(**settings), NOW, release)


# The builder of example patients makes no drug that was taken and stopped, which these rules need; the vignettes about
# epidurals and about tizanidine show them instead.
NOT_BUILT = frozenset({"es-esi-antithrombotic-stopped", "sf-new-1a2-inhibitor-ended-tizanidine"})


def speaking() -> Iterator[tuple[Rule, str]]:
    """Rules with a card and the hooks they speak under; every fifth pair, in a thorough run all of them."""
    yield from some_of(all_speaking(), 5)


def all_speaking() -> Iterator[tuple[Rule, str]]:
    offered = {service.hook for service in services().offered.values()}
    for rule in services().prepared.knowledge.rules:
        if rule.id in NOT_BUILT:
            continue
        if rule.card is not None:
            yield from ((rule, hook) for hook in rule.hooks if hook in offered)


def firing(rule: Rule, hook: str, release: Release = Release.R4) -> tuple[ExampleRequest, Services]:
    return made_to_fire(rule.id, hook, release)


@cache
def made_to_fire(rule_id: str, hook: str, release: Release) -> tuple[ExampleRequest, Services]:
    rule = next(one for one in services().prepared.knowledge.rules if one.id == rule_id)
    try:
        return example_requests(release).firing(rule, hook), services()
    except SettingsNeededError as error:
        return example_requests(release, **error.settings).firing(rule, hook), services(**error.settings)


def fired(made: ExampleRequest, hook: str, by: Services) -> bool:
    service = next(one for one in by.offered.values() if one.hook == hook)
    decision = answer_call(by, service, json.loads(json.dumps(made.body)), NOW).decision
    return made.rule.id in {one.rule.id for one in decision.outcomes if one.result.value == "fired"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_rule_fires_under_every_hook_it_names() -> None:
    silent = []
    for rule, hook in speaking():
        try:
            made, by = firing(rule, hook)
        except ExampleRequestError as error:
            silent.append(str(error))
            continue
        if not fired(made, hook, by):
            silent.append(f"{rule.id} under {hook}")
    assert silent == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_call_made_is_without_fault() -> None:
    wrong = []
    for rule, hook in speaking():
        made, by = firing(rule, hook)
        told = check(by, made.body, NOW)
        wrong += [f"{rule.id}: {one.path}: {one.text}" for one in told.issues if one.severity is Severity.ERROR]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_near_misses_do_not_fire_and_most_examples_can_be_made() -> None:
    made_up, impossible = 0, 0
    for rule, hook in speaking():
        for example in some_of(near_misses(rule)[:2], 2):
            try:
                made = example_requests().missing(rule, hook, example)
            except ExampleRequestError:
                # Examples speak of conclusions and of facts apart from each other; not every one is a patient.
                impossible += 1
                continue
            made_up += 1
            assert not fired(made, hook, services()), f"{rule.id}: {example.name}"
    assert made_up > 4 * impossible


def test_a_call_of_r5_fires_as_one_of_r4_does() -> None:
    rule = next(rule for rule, _ in all_speaking() if rule.id == "sf-nsaid-anticoagulant")
    made, by = firing(rule, "order-sign", Release.R5)
    assert fired(made, "order-sign", by)
    drafts = [entry["resource"] for entry in made.body["context"]["draftOrders"]["entry"]]
    drugs = [draft for draft in drafts if draft["resourceType"] == "MedicationRequest"]
    assert drugs
    assert all("concept" in drug["medication"] for drug in drugs)


def test_the_command_prints_a_body_that_fires_and_says_what_it_is() -> None:
    told = CliRunner().invoke(group, ["request", "--rule", "sf-nsaid-anticoagulant", "--hook", "order-sign"])
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert body["hook"] == "order-sign"
    assert "sf-nsaid-anticoagulant fires: " in told.stderr
    assert "Send it to /cds-services/sciatica-order-sign" in told.stderr


def test_the_command_knows_near_misses() -> None:
    listed = CliRunner().invoke(group, ["request", "--rule", "sf-nsaid-anticoagulant", "--list"])
    assert listed.output.splitlines()[0].startswith("  1  ")
    told = CliRunner().invoke(group, ["request", "--rule", "sf-nsaid-anticoagulant", "--near-miss", "1"])
    assert told.exit_code == 0, told.output
    assert "does not fire" in told.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rule", "no-such-rule"], "there is no rule"),
        (["--rule", "nsaid-contraindicated"], "draws a conclusion"),
        (["--rule", "sf-nsaid-anticoagulant", "--hook", "patient-view"], "runs on order-select"),
        (["--rule", "sf-nsaid-anticoagulant", "--near-miss", "999"], "near misses; --list shows them"),
    ],
)
def test_a_wrong_question_is_answered_with_what_there_is(arguments: list[str], words: str) -> None:
    told = CliRunner().invoke(group, ["request", *arguments])
    assert told.exit_code == 2
    assert words in told.output
