"""Prefetch states: what arrived under one prefetch key, and how much silence in it means (RP-3 to RP-8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from service.note import Note, NoteCode
from service.record.input.left_out import is_loss, left_out, next_link, total_of

_SUCCESS = 2
_DEEPEST = 8


class State(StrEnum):
    """What arrived under a key."""

    SENT = "sent"
    NULL = "null"
    FAILED = "failed"
    NOT_SENT = "not-sent"
    FIRST_PAGE = "first-page"

    # As the text it is: an enum hashes itself in Python.
    __hash__ = str.__hash__


class PrefetchState(Struct, frozen=True):
    """One prefetch key: its state and the resources it brought (as received).

    ``full_urls`` runs beside ``resources``: the fullUrl of each Bundle entry, or None. ``reason`` says why it failed
    or why only a part came. ``next_url`` is where the next page is to be had when only the first came.
    ``is_bundle`` is False for a single resource. ``instead`` is what the client sent under the key in place of what was
    asked for, resources of another type: it is read, and tells nothing of the list.
    """

    key: str
    state: State
    resources: tuple[Any, ...] = ()
    full_urls: tuple[str | None, ...] = ()
    reason: Note | None = None
    next_url: str | None = None
    is_bundle: bool = False
    instead: PrefetchState | None = None


class Selection(Struct, frozen=True):
    """What a prefetch key asks for: resource types, and whether the query takes only a part of them.

    A narrowed query (``category=vital-signs``) never makes the list of its type complete.
    """

    types: tuple[str, ...]
    narrowed: bool = False


_NO_OBJECT: Mapping[type, NoteCode] = {str: NoteCode.TEXT_FOR_RESOURCE, list: NoteCode.LIST_FOR_BUNDLE}


def classify(key: str, value: object, *, sent: bool = True) -> PrefetchState:
    """The state of one raw prefetch value. ``sent=False``: the key was omitted. Total: never raises.

    Only null and a Bundle without entries mean "asked, nothing there"; an empty object is no answer at all.
    """
    if is_empty_list(value):
        return PrefetchState(key, State.NULL, is_bundle=True)
    if not sent:
        return _nothing(key, State.NOT_SENT, NoteCode.KEY_NOT_SENT)
    if value is None:
        return PrefetchState(key, State.NULL)
    if not isinstance(value, dict):
        nothing = _nothing(key, State.FAILED, _NO_OBJECT.get(type(value), NoteCode.NOT_A_RESOURCE))
        return replace(nothing, instead=within(key, value)) if isinstance(value, list) else nothing
    if not value:
        return _nothing(key, State.NOT_SENT, NoteCode.EMPTY_OBJECT)
    if "resourceType" not in value and ("response" in value or "resource" in value):
        return _of_wrapper(key, value)
    type_ = value.get("resourceType")
    if type_ == "OperationOutcome":
        return _nothing(key, State.FAILED, NoteCode.CLIENT_SENT_OUTCOME)
    if type_ == "Bundle" or (type_ is None and isinstance(value.get("entry"), list)):
        return _of_bundle(key, value)
    if not isinstance(type_, str):
        return _nothing(key, State.FAILED, NoteCode.NOT_A_RESOURCE)
    return PrefetchState(key, State.SENT, (value,), (None,))


def within(key: str, value: object) -> PrefetchState | None:
    """The resources that stand anywhere in a value of no shape that is asked for: a list, Bundles in a Bundle.

    They show what is there, and are no answer to what the key asks. None where it holds none.
    """
    held = list(_held(value, None, 0))
    if not held:
        return None
    resources, urls = zip(*held, strict=True)
    return PrefetchState(key, State.SENT, resources, urls, is_bundle=True)


def _held(value: object, url: str | None, depth: int) -> Iterator[tuple[Any, str | None]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for one in value:
            yield from _held(one, None, depth + 1)
    elif isinstance(value, dict):
        type_ = value.get("resourceType")
        if type_ == "Bundle" or (type_ is None and "entry" in value):
            yield from _held(value.get("entry"), None, depth + 1)
        elif type_ is None and "resource" in value:
            full_url = value.get("fullUrl")
            yield from _held(value["resource"], full_url if isinstance(full_url, str) else None, depth + 1)
        elif isinstance(type_, str):
            yield value, url


def _nothing(key: str, state: State, reason: NoteCode) -> PrefetchState:
    return PrefetchState(key, state, reason=Note(reason))


def _of_wrapper(key: str, value: Mapping[str, Any]) -> PrefetchState:
    """The old shape ``{response: {status}, resource}`` of CDS Hooks before 1.0."""
    response = value.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    # "200 OK", "200" and 200 are all seen.
    first = str(status).strip()[:1] if status is not None else str(_SUCCESS)
    if first != str(_SUCCESS):
        return _nothing(key, State.FAILED, NoteCode.CLIENT_QUERY_FAILED)
    if "resource" not in value:
        return _nothing(key, State.FAILED, NoteCode.RESPONSE_WITHOUT_RESOURCE)
    inner = value["resource"]
    if isinstance(inner, dict) and "resourceType" not in inner and "resource" in inner:
        return _nothing(key, State.FAILED, NoteCode.NOT_A_RESOURCE)
    return classify(key, inner)


_OF_NOTHING = frozenset({"resourceType", "id", "type", "timestamp", "total"})
"""All that a Bundle has which tells of no entry, no further page and nothing that was left out."""


def is_empty_list(value: object) -> bool:
    """Whether a value is a Bundle of nothing, as most lists of most charts are, in the words in which they say so."""
    return (
        type(value) is dict
        and value.get("resourceType") == "Bundle"
        and value.keys() <= _OF_NOTHING
        and not total_of(value)
    )


def _of_bundle(key: str, bundle: Mapping[str, Any]) -> PrefetchState:
    entries = bundle.get("entry")
    if isinstance(entries, dict):
        entries = [entries]
    if entries is not None and not isinstance(entries, list):
        return _nothing(key, State.FAILED, NoteCode.ENTRY_NOT_A_LIST)
    resources: list[Any] = []
    urls: list[str | None] = []
    lost = matches = 0
    for entry in entries or ():
        is_entry = isinstance(entry, dict)
        resource = entry.get("resource") if is_entry else entry
        if isinstance(resource, dict) and resource.get("resourceType") == "OperationOutcome":
            lost += is_loss(resource)
            continue
        url = entry.get("fullUrl") if is_entry else None
        resources.append(resource)
        urls.append(url if isinstance(url, str) else None)
        matches += not is_entry or "search" not in entry or is_match(entry["search"])
    next_url = next_link(bundle)
    if lost and not resources:
        return PrefetchState(key, State.FAILED, reason=Note(NoteCode.CLIENT_SENT_OUTCOME), is_bundle=True)
    reason = Note(NoteCode.CLIENT_SENT_OUTCOME_BESIDE) if lost and next_url is None else left_out(bundle, matches)
    state = State.FIRST_PAGE if reason else State.SENT if resources else State.NULL
    return PrefetchState(key, state, tuple(resources), tuple(urls), reason, next_url, is_bundle=True)


def is_match(search: object) -> bool:
    """Whether an entry is what was asked for, by what it says of the search."""
    # Compared, not looked up: what a client sends may be a list, which has no hash.
    return not (isinstance(search, dict) and search.get("mode") in ("include", "outcome"))
