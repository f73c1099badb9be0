"""Unpacking: the resources in a document of any shape, each with its path. What cannot be read is listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from service.errors import Issue, RequestError
from service.note import Note, NoteCode
from service.record.input.left_out import is_loss, left_out
from service.record.input.prefetch_states import PrefetchState, is_match
from service.record.input.resource_types import RESOURCE_TYPES, meant
from service.record.model import UNTYPED, Entry, Problem
from service.record.values.concept import as_objects

_DEEPEST = 8
"""How many Bundles may be nested; real documents nest two."""


_PLAIN = RESOURCE_TYPES - {"Bundle", "OperationOutcome", "Parameters", "Binary", "DocumentReference"}
"""The types of resources that hold no others and stand in place of none."""


_WENT_WELL = frozenset("23")
"""How the status begins of a request of a batch that was answered."""
_WRAPPERS = frozenset({"Basic", "Binary", "Composition", "DocumentManifest", "DocumentReference", "List", "Media"})


Piece = Entry
"""One resource as received, where it stood, and the fullUrl of its entry: the entry of a record, if nothing of it has
to be brought into R4 shape."""


class Unpacked(Struct):
    """What a document holds. ``is_partial``: something was lost whose type cannot be known, or more pages follow.

    ``misspelt`` is what was lost because its type is written in other letter case.
    """

    pieces: list[Piece] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    is_partial: bool = False
    misspelt: list[Piece] = field(default_factory=list)

    def lose(self, path: str, reason: Note, unread: str | None = None) -> None:
        """Note that something could not be read, so that nothing may be concluded from silence.

        ``unread`` is the resource type of what was an entry.
        """
        self.problems.append(Problem(path, reason, unread))
        self.is_partial = True


def may_wrap(type_: str) -> bool:
    """Whether a type of resource holds papers, words or models in which an entry of a list may be told."""
    return type_ in _WRAPPERS or type_.endswith("Definition")


def unpack(document: object) -> Unpacked:
    """The resources of a Bundle of any type, of a list of resources or Bundles, or a single resource.

    Raises RequestError when the document is none of these.
    """
    into = Unpacked()
    if isinstance(document, dict) and ("resourceType" in document or isinstance(document.get("entry"), list)):
        named = document.get("resourceType", "Bundle")
        _refuse_misspelt(named)
        _take(document, named, None, into, 0)
    elif isinstance(document, list):
        pieces = into.pieces
        for number, part in enumerate(document):
            if isinstance(part, dict) and "resource" not in part and _is_plain(part):
                pieces.append(Piece(part, part["resourceType"], part["id"] or None, f"[{number}]", None))
                continue
            # A list of entries ({"resource": ...}) is a Bundle without its wrapping.
            _take_entry(part, f"[{number}]", into, 0)
    else:
        hint = "a CDS Hooks call goes to /cds-services/{id}" if _is_call(document) else None
        raise RequestError([Issue("body", "not a FHIR Bundle, a FHIR resource or a list of resources", hint)])
    return into


def _is_call(document: object) -> bool:
    return isinstance(document, dict) and "hook" in document and "context" in document


def _refuse_misspelt(name: object) -> None:
    """Refuse a document that would be set aside whole, the answer being silence: its type is none, or wraps others."""
    if name == "Parameters":
        raise RequestError([Issue("resourceType", "is Parameters", "send the Bundle itself, or a list of resources")])
    if isinstance(name, str) and name in RESOURCE_TYPES:
        return
    right = meant(name)
    hint = f"did you mean {right}? Letter case counts" if right else "such as Bundle"
    raise RequestError([Issue("resourceType", "is not the name of a FHIR resource type", hint)])


def unpack_state(state: PrefetchState) -> Unpacked:
    """The resources that arrived under one prefetch key."""
    into = Unpacked()
    pieces, urls, key, is_bundle = into.pieces, state.full_urls, state.key, state.is_bundle
    for number, resource in enumerate(state.resources):
        url = urls[number] if number < len(urls) else None
        path = f"prefetch.{key}.entry[{number}].resource" if is_bundle else f"prefetch.{key}"
        if isinstance(resource, dict) and _is_plain(resource):
            pieces.append(Piece(resource, resource["resourceType"], resource["id"] or None, path, url))
            continue
        _take(resource, path, url, into, 0)
    return into


def _is_plain(resource: Mapping[str, Any]) -> bool:
    """Whether a resource holds no others and has an id, as nearly every one does; of others it is looked at what."""
    type_ = resource.get("resourceType")
    return isinstance(type_, str) and type_ in _PLAIN and isinstance(resource.get("id"), str)


def unpack_context(value: Mapping[str, Any], path: str) -> Unpacked:
    """The resources of one field of a hook's context: a Bundle, a list of entries without one, or a single resource.

    Raises RequestError when it is none of these: what was brought must not be lost without a word.
    """
    into = Unpacked()
    if "resourceType" not in value and "entry" not in value:
        hint = "send a FHIR Bundle: {resourceType: Bundle, entry: [{resource: ...}]}"
        raise RequestError([Issue(path, "is no FHIR Bundle", hint)])
    if "resourceType" not in value or value["resourceType"] == "Bundle":
        _take_bundle(value, path, into, 0)
    else:
        _take(value, path, None, into, 0)
    return into


def _take(resource: object, path: str, full_url: str | None, into: Unpacked, depth: int) -> None:
    if not isinstance(resource, dict):
        into.lose(path, Note(NoteCode.NOT_AN_OBJECT), UNTYPED)
        return
    type_ = resource.get("resourceType")
    if type_ == "Bundle" or (type_ is None and isinstance(resource.get("entry"), list)):
        _take_bundle(resource, path, into, depth)
    elif not isinstance(type_, str) or type_ not in RESOURCE_TYPES:
        reason = Note(NoteCode.NO_RESOURCE_TYPE if type_ is None else NoteCode.NO_KNOWN_RESOURCE_TYPE)
        right = meant(type_)
        into.lose(path, reason, right or UNTYPED)
        if right is not None:
            into.misspelt.append(Piece(resource, right, None, path, None))
    elif type_ == "Parameters":
        _take_parameters(resource.get("parameter"), f"{path}.parameter", into, depth + 1)
    elif _holds_fhir(resource, type_):
        into.lose(path, Note(NoteCode.NOT_OPENED), UNTYPED)
    elif type_ == "OperationOutcome":
        if is_loss(resource):
            into.lose(path, Note(NoteCode.OUTCOME_FOR_DATA), UNTYPED)
        else:
            into.problems.append(Problem(path, Note(NoteCode.OUTCOME)))
    else:
        into.pieces.append(Piece(resource, type_, _id(resource, path, into), path, full_url))


def _take_parameters(listed: object, path: str, into: Unpacked, depth: int) -> None:
    """The resources that stand as parameters, as in the answer of an operation."""
    if depth >= _DEEPEST:
        into.lose(path, Note(NoteCode.TOO_DEEP))
        return
    for number, one in enumerate(listed if isinstance(listed, list) else [listed]):
        if isinstance(one, dict):
            if "resource" in one:
                _take(one["resource"], f"{path}[{number}].resource", None, into, depth)
            if "part" in one:
                _take_parameters(one["part"], f"{path}[{number}].part", into, depth + 1)


def _id(resource: Mapping[str, Any], path: str, into: Unpacked) -> str | None:
    id_ = resource.get("id")
    if isinstance(id_, str):
        return id_ or None
    if id_ is None:
        return None
    if isinstance(id_, int) and not isinstance(id_, bool):
        return str(id_)
    into.problems.append(Problem(f"{path}.id", Note(NoteCode.NOT_A_STRING)))
    return None


def _take_bundle(bundle: Mapping[str, Any], path: str, into: Unpacked, depth: int) -> None:
    if depth >= _DEEPEST:
        into.lose(path, Note(NoteCode.TOO_DEEP))
        return
    if (reason := left_out(bundle, _matches(bundle))) is not None:
        unread = UNTYPED if reason.code is NoteCode.ENTRIES_ELSEWHERE else None
        into.lose(f"{path}.link" if reason.code is NoteCode.MORE_PAGES else path, reason, unread)
    entries = bundle.get("entry")
    if isinstance(entries, dict):
        into.problems.append(Problem(f"{path}.entry", Note(NoteCode.OBJECT_FOR_LIST)))
        entries = [entries]
    if entries is None:
        return
    if not isinstance(entries, list):
        into.lose(f"{path}.entry", Note(NoteCode.NOT_A_LIST), UNTYPED)
        return
    for number, entry in enumerate(entries):
        _take_entry(entry, f"{path}.entry[{number}]", into, depth)


def _matches(bundle: Mapping[str, Any]) -> int | None:
    """How many entries answer a search; None where the Bundle is no answer to one, so that a total means nothing."""
    if bundle.get("type") != "searchset":
        return None
    return sum(is_match(entry.get("search")) for entry in as_objects(bundle.get("entry")))


def _take_entry(entry: object, path: str, into: Unpacked, depth: int) -> None:
    if not isinstance(entry, dict):
        into.lose(path, Note(NoteCode.NOT_AN_OBJECT), UNTYPED)
        return
    resource = entry.get("resource")
    if resource is None:
        if "resourceType" in entry:
            _take(entry, path, None, into, depth)
        elif ("request" in entry or "response" in entry) and not _is_failed(entry.get("response")):
            into.problems.append(Problem(path, Note(NoteCode.NO_RESOURCE)))
        else:
            into.lose(path, Note(NoteCode.NO_RESOURCE), UNTYPED)
        return
    url = entry.get("fullUrl")
    inner, full_url = f"{path}.resource", url if isinstance(url, str) and url else None
    if isinstance(resource, dict) and _is_plain(resource):
        into.pieces.append(Piece(resource, resource["resourceType"], resource["id"] or None, inner, full_url))
        return
    _take(resource, inner, full_url, into, depth + _is_bundle(resource))


def _is_failed(response: object) -> bool:
    """Whether the answer to one request of a batch says that it failed, or holds more than a word on how it went."""
    if not isinstance(response, dict):
        return response is not None
    outcome = response.get("outcome")
    if outcome is not None and not _is_harmless(outcome):
        return True
    status = response.get("status")
    return status is not None and str(status).strip()[:1] not in _WENT_WELL


def _is_harmless(outcome: object) -> bool:
    return isinstance(outcome, dict) and outcome.get("resourceType") == "OperationOutcome" and not is_loss(outcome)


def _holds_fhir(resource: Mapping[str, Any], type_: str) -> bool:
    """Whether resources may stand in it in a form that nobody opens: as data in a Binary or a document."""
    if type_ == "Binary":
        return "fhir" in str(resource.get("contentType"))
    if type_ != "DocumentReference":
        return False
    papers = [content.get("attachment") for content in as_objects(resource.get("content"))]
    return any("fhir" in str(paper.get("contentType")) and "data" in paper for paper in as_objects(papers))


def _is_bundle(resource: object) -> bool:
    return isinstance(resource, dict) and resource.get("resourceType") == "Bundle"
