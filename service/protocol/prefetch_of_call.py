"""The prefetch of one call against its templates: the state of each key (RP-1 to RP-8), and the Record they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from service.note import Note, NoteCode
from service.protocol.context import Brought
from service.protocol.request import HookCall
from service.record.input.prefetch_states import PrefetchState, Selection, State, classify, within
from service.record.input.prefetch_templates import Template
from service.record.input.reader import read_prefetch
from service.record.model import Record

# Read key: null means the client has no such resource, which is as good as not knowing (decision table of chapter 5).
_NOTHING = frozenset({State.NOT_SENT, State.FAILED})


def states_of(call: HookCall, templates: Sequence[Template]) -> dict[str, PrefetchState]:
    """The state of every key that was asked for."""
    return {template.key: _state(call, template) for template in templates}


def _state(call: HookCall, template: Template) -> PrefetchState:
    value = call.prefetch.get(template.key)
    if value is None and template.key in call.prefetch and not template.is_about_patient_only:
        # With a token that a client may not know, null may mean that it could not ask (product choice no. 50).
        return PrefetchState(template.key, State.NOT_SENT, reason=Note(NoteCode.NULL_FOR_RECORDS))
    return classify(template.key, value, sent=template.key in call.prefetch)


def unasked(call: HookCall, templates: Sequence[Template]) -> dict[str, PrefetchState]:
    """What came under keys that nobody asked for and is of a type that is asked for (product choice no. 49).

    It is used for what it shows to be there and never as a whole list. Patients of other ids are left out.
    """
    own_keys = call.prefetch.keys() - {template.key for template in templates}
    if not own_keys:
        return {}
    types = {type_ for template in templates for type_ in template.types}
    found = {}
    for key in sorted(own_keys):
        state = within(key, call.prefetch[key])
        if state is None:
            continue
        left = [
            (resource, url)
            for resource, url in zip(state.resources, state.full_urls, strict=True)
            if resource["resourceType"] in types
            and (resource["resourceType"] != "Patient" or resource.get("id") == call.patient_id)
        ]
        if left:
            resources, urls = zip(*left, strict=True)
            found[key] = replace(state, resources=resources, full_urls=urls)
    return found


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


def failed(states: Mapping[str, PrefetchState]) -> frozenset[str]:
    """The keys whose data the client tried to give and could not."""
    return frozenset(key for key, state in states.items() if state.state is State.FAILED)


def record_of(
    call: HookCall,
    states: Mapping[str, PrefetchState],
    templates: Sequence[Template],
    brought: Brought,
    own_keys: Mapping[str, PrefetchState],
) -> Record:
    """The Record of the call; ``own_keys`` is what came ``unasked``.

    Raises RequestError where it is about another patient or another FHIR release.
    """
    arrived = dict(states)
    selections = {template.key: template.selection for template in templates}
    for key, state in own_keys.items():
        types = tuple(dict.fromkeys(str(resource["resourceType"]) for resource in state.resources))
        selections[key] = Selection(types, narrowed=True)
        arrived[key] = state
    return read_prefetch(
        arrived,
        patient_id=call.patient_id,
        selections=selections,
        orders=brought.orders,
        beside=brought.beside,
        base=call.fhir_server,
        awaits_orders=call.hook.has_orders,
    )
