"""By concept: what was worked out of a CodeableConcept and holds for every one of the same content.

Charts name the same few hundred concepts again and again, in codes and in statuses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from service.bounded import Bounded
from service.record.values.concept import single_key

V = TypeVar("V")


class ByConcept(Generic[V]):
    """What a function says of concepts, kept for those with one coding, which are nearly all."""

    def __init__(self, most: int, work_out: Callable[[object], V]) -> None:
        """``work_out`` must depend on nothing but the system, code and display of the codings, and on the text."""
        self._known: Bounded[tuple[object, ...], V] = Bounded(most)
        self._work_out = work_out

    def read(self, concept: object) -> V:
        """What the function says of a concept. Any JSON."""
        # `single_key` without its checks: kept are keys of texts and None only, to which nothing else is equal.
        try:
            (coding,) = concept["coding"]  # type: ignore[index]
            get = coding.get
            return self._known[get("system"), get("code"), get("display"), concept.get("text")]  # type: ignore[attr-defined]
        except (KeyError, TypeError, ValueError, AttributeError):
            return self._anew(concept)

    def _anew(self, concept: object) -> V:
        key = single_key(concept)
        if key is None:
            return self._work_out(concept)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._work_out(concept)
        return found
