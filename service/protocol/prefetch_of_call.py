"""The prefetch of one call against its templates: the state of each key (RP-1 to RP-8), and the Record they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from service.cards.not_assessed import Lacking
from service.note import Note, NoteCode
from service.protocol.context import Brought
from service.protocol.request import HookCall
from service.record.input.prefetch_states import PrefetchState, Selection, State, classify, within
from service.record.input.prefetch_templates import Template
from service.record.input.reader import read_prefetch
from service.record.model import Record

# Of nearly all keys: a member of an enum is looked up in Python.
_SENT, _NULL = State.SENT, State.NULL


def states_of(call: HookCall, templates: Sequence[Template]) -> dict[str, PrefetchState]:
    """The state of every key that was asked for."""
    return {template.key: _state(call.prefetch, template) for template in templates}


def _state(prefetch: Mapping[str, Any], template: Template) -> PrefetchState:
    value = prefetch.get(template.key)
    if value is not None:
        return classify(template.key, value)
    if template.key in prefetch and not template.is_about_patient_only:
        # With a token that a client may not know, null may mean that it could not ask (product choice no. 50).
        return PrefetchState(template.key, State.NOT_SENT, reason=Note(NoteCode.NULL_FOR_RECORDS))
    return classify(template.key, None, sent=template.key in prefetch)


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


def lacking(states: Mapping[str, PrefetchState], templates: Sequence[Template]) -> Lacking:
    """The templates whose data could not be had, whole or in part.

    Absent is what was not sent or failed, and a single resource that the client does not have; in part came a list that
    was asked for whole. Failed are the keys of which the client tried to give the data and could not.
    """
    absent: list[Template] = []
    partly: list[Template] = []
    failed: set[str] = set()
    for template in templates:
        state = states[template.key].state
        if state is _SENT or (state is _NULL and not template.is_read):
            continue
        if state is not State.FIRST_PAGE:
            absent.append(template)
        elif not template.narrowed:
            partly.append(template)
        if state is State.FAILED:
            failed.add(template.key)
    return Lacking(tuple(absent), tuple(partly), frozenset(failed))


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
