"""The stories of ``fhir_examples``: one folder each, answered as the service would answer, held against golden files.

A folder holds ``bundle.json`` (a plain chart) or ``request.json`` (the body of a CDS Hooks call),
``story.json`` (hook and the time at which it is told), ``expected.json`` (the whole answer) and a
``README.md`` whose first line is its title.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from service.config import PROJECT, Settings
from service.protocol.bundle_answer import answer
from service.protocol.evaluation import Answered, BundleQuestion, Services, answer_bundle, answer_call
from service.review.mutation import Case
from service.testkit.stories import EXAMPLES, Story, read_stories

__all__ = ["EXAMPLES", "Story", "answered", "example_services", "golden_text", "read_stories", "story_case"]

# Cards of a hook call carry fresh random ids (CA-7); a golden file needs the same ones every time.
_GOLDEN_ID = uuid.UUID("00000000-0000-4000-8000-000000000000")


def answered(services: Services, story: Story) -> Answered:
    """What the service answers to a story, at the story's own time."""
    if story.is_request:
        service = next(item for item in services.offered.values() if item.hook == story.hook)
        return answer_call(services, service, story.document, story.now, decision_id=_GOLDEN_ID)
    return answer_bundle(
        services, story.document, BundleQuestion(story.hook, story.now, complete=story.complete or frozenset())
    )


def golden_text(services: Services, story: Story) -> str:
    """The whole answer of a story as its golden file holds it: the cards, the rules that fired, what was not known."""
    result = answered(services, story)
    full = answer(services.prepared.knowledge, result.decision, result.body["cards"])
    return json.dumps(_without_digest(full), indent=2, ensure_ascii=False) + "\n"


def _without_digest(full: dict[str, Any]) -> dict[str, Any]:
    """Drop what changes with every edit of any rule file and says nothing about this story."""
    (decision,) = full["extension"].values()
    decision["ruleset"].pop("digest")
    decision.pop("id")
    for member in _members(full["cards"]):
        member.pop("uuid", None)
        member.pop("decision", None)
    decision["rules"] = [rule for rule in decision["rules"] if rule["outcome"] != "not-met"]
    decision["findings"] = [finding for finding in decision["findings"] if finding["status"] == "present"]
    return full


def _members(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner)


def story_case(services: Services, story: Story) -> Case:
    """The facts a story tells, for questions about rules alone."""
    decision = answered(services, story).decision
    facts = services.prepared.knowledge.facts
    return Case(story.id, decision.hook, {name: found for name, found in decision.findings.items() if name in facts})


def example_services(rules_folder: Path = PROJECT / "rules") -> Services:
    """The services with default settings, whatever the environment says, so that golden files hold everywhere."""
    from service import make_services

    return make_services(Settings(rules=rules_folder))
