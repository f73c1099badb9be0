"""Step: the fetcher as the step of a call between its prefetch and its record (RP-1)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from service.protocol.fetching.access import Offer
from service.protocol.fetching.fetcher import Fetcher
from service.protocol.request import HookCall
from service.record.input.prefetch_states import PrefetchState, State
from service.record.input.prefetch_templates import Template

_TOKEN = re.compile(r"\{\{([^{}]*)\}\}")


class FetchStep:
    """Asks for what a call did not bring. ``evaluation.FetchMissing`` is its shape."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def __call__(
        self, states: Mapping[str, PrefetchState], call: HookCall, templates: Sequence[Template], servers: Sequence[str]
    ) -> Mapping[str, PrefetchState]:
        """The states after asking. A template with a token that the call does not fill is not asked for (TK-8)."""
        if not any(_may_lack(template, states[template.key]) for template in templates):
            return states
        tokens = call.tokens
        queries = {template.key: fill(template.query, tokens) for template in templates}
        offer = Offer(
            fhir_server=call.fhir_server,
            authorization=call.fhir_authorization,
            patient_id=call.patient_id,
            received=time.monotonic(),
            own_servers=servers,
        )
        askable = {key: query for key, query in queries.items() if query is not None}
        return {**states, **self._fetcher.fetch_missing(askable, states, offer, call.prefetch)}


def _may_lack(template: Template, state: PrefetchState) -> bool:
    """Whether the server may have to be asked: not sent, sent in part, or nothing of the type that was asked for."""
    if state.state is _NULL:
        return False
    if state.state is not State.SENT:
        return state.state in _OPEN
    resources = state.resources
    return bool(resources) and not any(
        isinstance(one, dict) and one.get("resourceType") == template.asked for one in resources
    )


_NULL = State.NULL
_OPEN = frozenset({State.NOT_SENT, State.FIRST_PAGE})


def fill(query: str, tokens: Mapping[str, str]) -> str | None:
    """The query with its tokens filled in; None if the call has no value for one of them."""
    if any(name not in tokens for name in _TOKEN.findall(query)):
        return None
    return _TOKEN.sub(lambda found: tokens[found[1]], query)
