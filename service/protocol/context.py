"""What the context of a call itself brings: orders to check, entries being made, and drafts in the background.

Lenient with FHIR content (RQ-10): a Bundle without type, an entry that is no object, an order
without an id. A missing subject means the patient of the call, here and nowhere else (RQ-13).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from service.errors import Issue, RequestError
from service.knowledge.hooks import Role
from service.note import Note, NoteCode
from service.protocol.appointments import APPOINTMENT, reasons_as_problems
from service.protocol.request import HookCall
from service.record.input.reviewed import BESIDE_ORDERS, ORDER_TYPES
from service.record.input.unpacking import Piece, Unpacked, unpack_context
from service.record.model import UNTYPED, Problem
from service.record.notes import text_of
from service.record.values.statuses import status_word

# What is not meant to happen is not checked (ST-7); any other status is: active on re-signing, completed at issue.
_DROPPED = frozenset({"entered-in-error", "cancelled", "revoked", "stopped"})
_PATIENT_MEMBER = {"AllergyIntolerance": "patient"}


@dataclass(frozen=True, slots=True)
class Brought:
    """What a context brought. ``orders`` are advised on; ``beside`` is known but not being decided now (ST-8).

    Both hold the problems of what could not be read among them.
    """

    orders: Unpacked = field(default_factory=Unpacked)
    beside: Unpacked = field(default_factory=Unpacked)

    @property
    def brings_something(self) -> bool:
        """Whether there is anything to be advised on or known."""
        return bool(self.orders.pieces or self.beside.pieces or self.orders.problems)


def read_context(call: HookCall) -> Brought:
    """The resources of the call's context by the part they play. A bad entry is a problem and costs only itself.

    Raises RequestError 400 where a field holds no FHIR at all, or nothing that stands in one can be read.
    """
    brought = Brought()
    for field_ in call.hook.fields:
        if field_.role is Role.NONE or field_.name not in call.context:
            continue
        unpacked = unpack_context(call.context[field_.name], f"context.{field_.name}")
        is_of_orders = field_.role is Role.ORDERS
        read = (_read(piece, call.patient_id, is_order=is_of_orders) for piece in unpacked.pieces)
        unpacked.pieces = [one for pieces in read for one in pieces]
        _refuse_unreadable(unpacked, "order" if is_of_orders else "entry")
        if is_of_orders:
            _split(unpacked, call.context.get("selections"), brought)
        else:
            brought.beside.pieces += unpacked.pieces
            brought.beside.problems += unpacked.problems
    return brought


def _refuse_unreadable(unpacked: Unpacked, what: str) -> None:
    """Refuse a context whose entries cannot be read, every one of them: what is lost must not look checked."""
    if unpacked.pieces:
        return
    if lost := [problem for problem in unpacked.problems if problem.reason.code is not NoteCode.OUTCOME]:
        raise RequestError(
            [Issue(problem.path, f"no {what} that can be read: {text_of(problem.reason)}") for problem in lost]
        )


def _read(piece: Piece, patient_id: str, *, is_order: bool) -> Iterator[Piece]:
    # Among orders a visit is one of a kind that is not checked, and is named as such.
    if piece.type == APPOINTMENT and not is_order:
        yield from reasons_as_problems(piece, patient_id)
    else:
        yield _with_subject(piece, patient_id)


def _with_subject(piece: Piece, patient_id: str) -> Piece:
    resource = piece.resource
    if piece.type == "Medication" or resource.get("subject") or resource.get("patient"):
        return piece
    member = _PATIENT_MEMBER.get(piece.type, "subject")
    return piece.with_resource({**resource, member: {"reference": f"Patient/{patient_id}"}})


def _split(unpacked: Unpacked, selections: object, brought: Brought) -> None:
    """The drafts to advise on and the others. Where selections name none of the drafts, all are advised on."""
    drafts = [piece for piece in unpacked.pieces if piece.type not in BESIDE_ORDERS and not _is_dropped(piece)]
    chosen = drafts
    brought.orders.problems += unpacked.problems
    if isinstance(selections, list):
        wanted = {reference.strip() for reference in selections}
        _note_missing(unpacked, selections, drafts, brought)
        chosen = [piece for piece in drafts if _names(piece) & wanted]
        if drafts and not chosen:
            none = Note(NoteCode.SELECTS_NO_DRAFT)
            brought.orders.problems.append(Problem("context.selections", none))
            chosen = drafts
    chosen_ids = {id(piece) for piece in chosen}
    for piece in unpacked.pieces:
        if id(piece) in chosen_ids or not drafts or _is_dropped(piece):
            # What is over already is told by the reader; where no order was brought, all of it is named.
            brought.orders.pieces.append(piece)
        else:
            brought.beside.pieces.append(piece)


def _note_missing(unpacked: Unpacked, selections: list[str], drafts: list[Piece], brought: Brought) -> None:
    """Write down what was selected and did not come, unless no draft is named at all: then the names are at fault."""
    there = {name for piece in unpacked.pieces for name in _names(piece)}
    if drafts and not any(_names(piece) & {one.strip() for one in selections} for piece in drafts):
        return
    for index, reference in enumerate(selections):
        if reference.strip() not in there:
            type_ = next((part for part in reference.strip().split("/") if part in ORDER_TYPES), UNTYPED)
            brought.orders.problems.append(
                Problem(f"context.selections[{index}]", Note(NoteCode.SELECTION_NOT_THERE), type_)
            )


def _is_dropped(piece: Piece) -> bool:
    return piece.type not in BESIDE_ORDERS and status_word(piece.resource.get("status")) in _DROPPED


def _names(piece: Piece) -> set[str]:
    names = {f"{piece.type}/{piece.id}"}
    if piece.full_url is not None:
        names.add(piece.full_url)
        names.add("/".join(piece.full_url.split("/")[-2:]))
    return names
