"""A request body for one rule and one of its examples, tried before it is given out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

from service.engine.trace import Result
from service.errors import ServiceError
from service.knowledge.model import Example, Rule
from service.protocol.evaluation import Services, answer_call, fetch_nothing
from service.record.releases.fhir_classes import Release
from service.review.decision_table import decision_table
from service.testkit.example_patient.case import Case
from service.testkit.example_patient.document import Builder
from service.testkit.example_request.assignment import Assignments, States
from service.testkit.example_request.body import call_of

_PATIENTS_TRIED = 4


class ExampleRequestError(ServiceError):
    """No patient could be made of whom the example is true. Names rule and example."""


class SettingsNeededError(ExampleRequestError):
    """The rule applies only where the rule set is set up otherwise: ``settings`` says how."""

    def __init__(self, rule: Rule, settings: Mapping[str, str]) -> None:
        self.settings = dict(settings)
        settings_text = ", ".join(f"{name}={value}" for name, value in self.settings.items())
        super().__init__(f"{rule.id}: needs the rule set to be set up with {settings_text}")


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """A request body that was tried: what the rule did with it, which example it tells, and the patient it is about."""

    body: dict[str, Any]
    case: Case
    rule: Rule
    example: Example
    fired: bool


def near_misses(rule: Rule) -> tuple[Example, ...]:
    """The examples of a rule in which it does not fire, in their order."""
    return tuple(example for example in rule.examples if example.expect != "fires")


@dataclass(frozen=True)
class ExampleRequests:
    """Makes request bodies for the rules of one service set, about an invented patient. Nothing is fetched."""

    services: Services
    now: datetime
    release: Release = Release.R4

    @cached_property
    def _builder(self) -> Builder:
        return Builder(self.services.prepared.knowledge, self.services.prepared.derivation)

    @cached_property
    def _assignments(self) -> dict[str, Assignments]:
        return {}

    def firing(self, rule: Rule, hook: str) -> ExampleRequest:
        """A call under which the rule fires, from its first case that can be made. Raises ExampleRequestError."""
        needed: SettingsNeededError | None = None
        # What a person wrote makes the plainer patient; the derived cases are for what could not be made into one.
        for example in (*rule.examples, *decision_table(self.services.prepared.knowledge, rule)):
            if example.expect == "fires":
                try:
                    made = next(self._tried(rule, hook, example), None)
                except SettingsNeededError as error:
                    needed = needed or error
                    continue
                if made is not None:
                    return made
        raise needed or ExampleRequestError(
            f"{rule.id}: none of its firing examples could be made into a call of {hook}"
        )

    def missing(self, rule: Rule, hook: str, example: Example) -> ExampleRequest:
        """A call under which the rule just does not fire. Raises ExampleRequestError."""
        made = next(self._tried(rule, hook, example), None)
        if made is None:
            raise ExampleRequestError(
                f"{rule.id}: the example '{example.name}' could not be made into a call of {hook}"
            )
        return made

    def _tried(self, rule: Rule, hook: str, example: Example) -> Iterator[ExampleRequest]:
        """The calls made for an example, the simplest first, under which the rule fires, or does not."""
        fires = example.expect == "fires"
        for case, body in self._bodies(rule, hook, example):
            result = self._result(rule, hook, body)
            # Whether a miss is decided or undecided may turn on what else is in the record.
            if result is not None and (result is Result.FIRED) is fires:
                yield ExampleRequest(body, case, rule, example, fires)

    def _bodies(self, rule: Rule, hook: str, example: Example) -> Iterator[tuple[Case, dict[str, Any]]]:
        knowledge = self.services.prepared.knowledge
        service = next(one for one in self.services.offered.values() if one.hook == hook)
        templates = self.services.templates[service.id]
        cases: list[Case] = []
        for states in self._states(rule, hook, example):
            for wanted in self._assignments[hook].fuller(rule, states):
                case = self._builder.case(wanted, now=self.now, release=self.release)
                if not _fits(case.settings, knowledge.settings):
                    raise SettingsNeededError(rule, case.settings)
                cases.append(case)
                # A call with every list sent whole is the plainest; some rules apply only where something is missing.
                yield case, call_of(case, hook, templates)
        for case in cases:
            yield case, call_of(case, hook, templates, all_sent=False)

    def _states(self, rule: Rule, hook: str, example: Example) -> Iterator[States]:
        """Assignments to try, those put together of examples first."""
        if hook not in self._assignments:
            self._assignments[hook] = Assignments(self.services.prepared.knowledge, hook)
        yield from islice(self._assignments[hook].of(rule, example), _PATIENTS_TRIED)
        # Examples name conclusions freely; where no patient fits one that fires, the rule alone must do.
        for loosely in (False, True) if example.expect == "fires" else (False,):
            solved = self._assignments[hook].solved(rule, example, loosely=loosely)
            if solved is not None:
                yield solved

    def _result(self, rule: Rule, hook: str, body: Mapping[str, Any]) -> Result | None:
        service = next(one for one in self.services.offered.values() if one.hook == hook)
        try:
            answered = answer_call(replace(self.services, fetch_missing=fetch_nothing), service, body, self.now)
        except ServiceError:
            return None
        return next((one.result for one in answered.decision.outcomes if one.rule.id == rule.id), None)


def _fits(wanted: Mapping[str, str], settings: Mapping[str, str]) -> bool:
    """Whether the rule set is set up as a case needs it."""
    return all(settings.get(name) == value for name, value in wanted.items())
