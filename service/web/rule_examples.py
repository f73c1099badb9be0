"""An invented patient for each rule, of whom it holds: made from the examples in it, kept for the next visitor."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from service.engine.trace import Result
from service.errors import ServiceError
from service.knowledge.model import Rule
from service.protocol.evaluation import BundleQuestion, Services, answer_bundle
from service.testkit.example_patient.case import Case
from service.testkit.smallest_charts import NOW
from service.web.pages.playground import Asked

_MOST_STORED = 256
# A conclusion is drawn at no hook of its own; most are drawn at one of these.
_USUAL = ("patient-view", "order-sign")


@dataclass
class RuleExamples:
    """Makes the patients for the rules in use; one at a time, and each once. Safe for threads."""

    _made: OrderedDict[tuple[str, str], Asked | None] = field(default_factory=OrderedDict)
    _makers: dict[str, Any] = field(default_factory=dict)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def of(self, services: Services, name: str) -> Asked | None:
        """The question about a patient of whom the rule holds; None where there is no such rule, or none was found."""
        knowledge = services.prepared.knowledge
        rule = next((one for one in knowledge.rules if one.id == name), None)
        if rule is None:
            return None
        key = knowledge.digest, name
        with self._mutex:
            if key not in self._made:
                self._made[key] = self._asked(services, rule)
                if len(self._made) > _MOST_STORED:
                    self._made.popitem(last=False)
            return self._made[key]

    def _asked(self, services: Services, rule: Rule) -> Asked | None:
        # The solver, which some examples need, is loaded when the first is asked for.
        from service.testkit.example_request.request_for_rule import ExampleRequestError, ExampleRequests

        digest = services.prepared.knowledge.digest
        if digest not in self._makers:
            self._makers = {digest: ExampleRequests(services, datetime.fromisoformat(NOW))}
        offered = {one.hook for one in services.offered.values()}
        for hook in (one for one in rule.hooks or _USUAL if one in offered):
            try:
                made = self._makers[digest].firing(rule, hook)
            except ExampleRequestError:
                continue
            return _as_chart(services, rule, hook, made.case, made.body)
        return None


def _as_chart(services: Services, rule: Rule, hook: str, case: Case, body: dict[str, Any]) -> Asked:
    """The patient as a plain chart, which is easier to read; as a call where the rule holds only there."""
    is_chart = _holds(services, rule, hook, case)
    text = orjson.dumps(case.bundle() if is_chart else body, option=orjson.OPT_INDENT_2).decode()
    # As short as its field.
    return Asked(
        text, hook, NOW.replace(":00Z", "Z"), ", ".join(sorted(case.complete)) if is_chart else "", rule=rule.id
    )


def _holds(services: Services, rule: Rule, hook: str, case: Case) -> bool:
    question = BundleQuestion(hook, datetime.fromisoformat(NOW), complete=case.complete)
    try:
        outcomes = answer_bundle(services, case.bundle(), question).decision.outcomes
    except ServiceError:
        return False
    return any(one.rule.id == rule.id and one.result is Result.FIRED for one in outcomes)
