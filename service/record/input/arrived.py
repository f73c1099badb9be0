"""Arrived: how much of the list of a type came under a prefetch key."""

from __future__ import annotations

from collections.abc import Mapping

from service.record.input.prefetch_states import PrefetchState, Selection, State
from service.record.input.unpacking import Unpacked
from service.record.model import Completeness

RANK = {
    state: rank
    for rank, state in enumerate(
        (Completeness.NOT_SENT, Completeness.FAILED, Completeness.PARTIAL, Completeness.COMPLETE)
    )
}


_BY_STATE: Mapping[State, Completeness] = {
    State.NOT_SENT: Completeness.NOT_SENT,
    State.FAILED: Completeness.FAILED,
    State.FIRST_PAGE: Completeness.PARTIAL,
}
"""The states that tell how much came, whatever came."""
# A member of an enum is looked up in Python, and each call has dozens of lists.
_NULL, _PARTIAL, _COMPLETE = State.NULL, Completeness.PARTIAL, Completeness.COMPLETE


def is_silent(state: PrefetchState) -> bool:
    """Whether a key was asked and nothing came, as for most lists of most charts."""
    return state.state is _NULL and state.instead is None


def of_nothing(selection: Selection) -> Mapping[str, Completeness]:
    """How much of each list came under a key that was asked and brought nothing."""
    return dict.fromkeys(selection.types, _PARTIAL if selection.narrowed else _COMPLETE)


def completeness_of(
    state: PrefetchState, selection: Selection, unpacked: Unpacked, name: str, is_complete: bool
) -> Completeness:
    """How much of the list of one type came under one key; ``is_complete``: all that came could be used."""
    if (told := _BY_STATE.get(state.state)) is not None:
        return told
    if state.resources and not any(piece.type in selection.types for piece in unpacked.pieces):
        # Something else came than what was asked for.
        return Completeness.NOT_SENT
    if selection.narrowed or not is_complete:
        return Completeness.PARTIAL
    if state.state is State.SENT and not state.is_bundle and name != "Patient":
        # One resource where a search was asked for: perhaps the only one, perhaps not.
        return Completeness.PARTIAL
    return Completeness.COMPLETE
