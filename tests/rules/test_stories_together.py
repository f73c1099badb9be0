"""The stories side by side: loaded into one FHIR server, none of them overwrites another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from service.testkit.stories import EXAMPLES, read_stories


def resources_in(value: Any) -> Iterator[dict[str, Any]]:
    """The resources of a document that a server would store: not those contained in another."""
    if isinstance(value, dict):
        if isinstance(value.get("resourceType"), str) and "id" in value:
            yield value
        for name, inner in value.items():
            if name != "contained":
                yield from resources_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from resources_in(inner)


def test_no_two_stories_give_different_resources_the_same_id() -> None:
    held: dict[tuple[str, str], dict[str, str]] = {}
    for story in read_stories(EXAMPLES):
        for resource in resources_in(story.document):
            if resource["resourceType"] != "Bundle":
                result = held.setdefault((resource["resourceType"], resource["id"]), {})
                result.setdefault(json.dumps(resource, sort_keys=True), story.id)
    assert len(held) > 500
    twice = {f"{kind}/{id_}": sorted(result.values()) for (kind, id_), result in held.items() if len(result) > 1}
    assert twice == {}, "give each resource of a story the id of its patient in front, such as laurent-condition-3"


def test_no_card_calls_the_screen_unknown_where_every_answer_is_recorded_as_no() -> None:
    answered = 0
    for path in EXAMPLES.glob("*/expected.json"):
        result = path.read_text()
        if '"name": "red-flags-recorded-absent",\n          "status": "present"' in result:
            answered += 1
            assert "the red-flag screen" not in result.replace("the red-flag screen.", ""), path.parent.name
    assert answered > 5
