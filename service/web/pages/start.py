"""The integrator's first page: for each hook the smallest chart that brings a card, how to send it, what comes back."""

from __future__ import annotations

import shlex
from typing import Any

import orjson

from service.knowledge.hooks import HOOKS
from service.protocol.evaluation import Answered, Services
from service.testkit.smallest_charts import NOW, smallest_call, smallest_chart

Json = dict[str, Any]
DEFAULT_HOOK = "order-sign"


def start_page(services: Services, hook: str, answered: Answered, address: str) -> Json:
    """The hooks that are offered, and of one the smallest chart as a Bundle and as a call. ``address`` is ours."""
    offered = [one for one in services.offered.values() if one.hook in HOOKS]
    service = next(one for one in offered if one.hook == hook)
    templates = services.templates[service.id]
    return {
        "address": address,
        "hooks": [{"hook": one.hook, "service": one.id, "title": one.title} for one in offered],
        "hook": hook,
        "service": service.id,
        "title": service.title,
        "description": service.description,
        "context": [
            {"name": field.name, "required": field.required, "kind": field.kind.value} for field in HOOKS[hook].fields
        ],
        "prefetch": [{"key": one.key, "query": one.query} for one in templates],
        "bundle": _text(smallest_chart(hook)),
        "call": _text(smallest_call(hook)),
        "curlBundle": _curl(f"{address}/evaluate?hook={hook}&now={NOW}", "bundle.json"),
        "curlCall": _curl(f"{address}/cds-services/{service.id}", "call.json"),
        "cards": [
            {"indicator": card["indicator"], "summary": card["summary"], "source": card["source"]["label"]}
            for card in answered.body["cards"]
        ],
    }


def _text(document: Json) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _curl(address: str, file: str) -> str:
    return f"curl -s -H 'Content-Type: application/json' --data @{file} {shlex.quote(address)}"
