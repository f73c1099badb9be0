"""The prefetch of one call against its templates: the state of each key (RP-1 to RP-8), and the Record they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.protocol.context import Brought
from service.protocol.request import HookCall
from service.record.input.prefetch_states import PrefetchState, Selection, State, classify
from service.record.input.prefetch_templates import Template
from service.record.input.reader import read_prefetch
from service.record.model import Record

BACKGROUND = "context.background"
ENTRIES = "context.entries"

# Read key: null means the client has no such resource, which is as good as not knowing (decision table of chapter 5).
_NOTHING = frozenset({State.NOT_SENT, State.FAILED})


def states_of(call: HookCall, templates: Sequence[Template]) -> dict[str, PrefetchState]:
    """The state of every key that was asked for. Keys that were not asked for are ignored (RP-7)."""
    return {
        template.key: classify(template.key, call.prefetch.get(template.key), sent=template.key in call.prefetch)
        for template in templates
    }


def missing(states: Mapping[str, PrefetchState], templates: Sequence[Template]) -> tuple[Template, ...]:
    """The templates whose data could not be had: not sent, failed, or a single resource the client does not have."""
    return tuple(
        template
        for template in templates
        if states[template.key].state in _NOTHING or (template.is_read and states[template.key].state is State.NULL)
    )


def partly(states: Mapping[str, PrefetchState], templates: Sequence[Template]) -> tuple[Template, ...]:
    """The templates that ask for a whole list and of which only a part could be had."""
    return tuple(
        template for template in templates if states[template.key].state is State.FIRST_PAGE and not template.narrowed
    )


def record_of(
    call: HookCall, states: Mapping[str, PrefetchState], templates: Sequence[Template], brought: Brought
) -> Record:
    """The Record of the call. Raises RequestError where it is about another patient or another FHIR release."""
    arrived = dict(states)
    selections = {template.key: template.selection for template in templates}
    for key, resources in ((BACKGROUND, brought.background), (ENTRIES, brought.entries)):
        if resources:
            # What stands in the context is never the whole list of its type.
            types = tuple(dict.fromkeys(str(resource["resourceType"]) for resource in resources))
            selections[key] = Selection(types, narrowed=True)
            arrived[key] = PrefetchState(key, State.SENT, resources, (None,) * len(resources))
    record = read_prefetch(
        arrived,
        patient_id=call.patient_id,
        selections=selections,
        orders=brought.orders,
        base=call.fhir_server,
    )
    return replace(record, problems=(*record.problems, *brought.problems))
