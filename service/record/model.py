"""Record: the resources of one patient for one call, with what could not be read or was not sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from msgspec import Struct

from service.finding import Finding
from service.note import Note
from service.record.once import once
from service.record.releases.fhir_classes import Release
from service.record.values.references import References
from service.record.values.statuses import StatusClass, status_class

Resource = Mapping[str, Any]
"""One FHIR resource as parsed JSON. Nothing about its content may be taken for granted."""


class Completeness(StrEnum):
    """How much of the list of one resource type arrived. Only ``complete`` may make silence count."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_SENT = "not-sent"

    # As the text it is: an enum hashes itself in Python.
    __hash__ = str.__hash__


class Problem(Struct, frozen=True):
    """Something in the input that was passed over or taken with doubt. Never quotes a value.

    ``unread`` is set where an entry could not be read or used, whole or in part, so that the list it belongs to is not
    whole: the resource type of the entry, or ``UNTYPED``.
    """

    path: str
    reason: Note
    unread: str | None = None


UNTYPED = "of no known type"
"""What stands for the resource type of an entry that does not name one."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What arrived in a call and could not be read: entries by resource type, and how many of how many orders.

    ``not_final`` are the facts for which a result or answer that is not final was set aside, ``pressing`` those of them
    that would raise a warning if it were; ``doubted`` are the facts known from an older result while a newer one could
    not be used, where a warning hangs on it.
    """

    entries: Mapping[str, int] = field(default_factory=dict)
    orders: int = 0
    of_orders: int = 0
    not_final: Sequence[str] = ()
    pressing: Sequence[str] = ()
    doubted: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.entries or self.orders or self.not_final or self.doubted)


NOTHING_UNREAD = Unread()


class Entry(Struct, frozen=True, eq=False, dict=True):
    """One resource of the record, in R4 shape, with where it stood in the input.

    Two entries are equal only when they are the same object, so entries may stand in sets.
    """

    resource: Resource
    type: str
    id: str | None
    path: str
    full_url: str | None = None

    @once
    def reference(self) -> str:
        """``Type/id``, or the path in the input when the resource has no id."""
        return f"{self.type}/{self.id}" if self.id else self.path

    @once
    def status_class(self) -> StatusClass:
        """What its status makes it count as."""
        return status_class(self.resource)

    def with_resource(self, resource: Resource) -> Entry:
        """The same entry with other content."""
        return Entry(resource, self.type, self.id, self.path, self.full_url)


@dataclass(frozen=True, eq=False)
class Record:
    """The resources of one patient for one call.

    ``entries`` are in a canonical order that does not depend on the order of the input. ``orders`` are what is being
    ordered in this call (draft requests under an order hook); they are not among the entries. A type that
    ``completeness`` does not name was not sent. ``not_understood`` are, by type, the entries whose codes and words
    could not be understood: they may be anything, so that their list proves no absence. ``drafts`` names the entries
    that are drugs of the same call which are not being decided now. ``unread_orders`` names what was ordered and could
    not be reviewed, by reference or path; some of it may stand among ``orders`` too.
    """

    patient_id: str | None
    entries: tuple[Entry, ...]
    completeness: Mapping[str, Completeness]
    problems: tuple[Problem, ...] = ()
    orders: tuple[Entry, ...] = ()
    release: Release = Release.R4
    base: str | None = field(default=None)
    not_understood: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    unread_orders: tuple[str, ...] = ()
    drafts: frozenset[str] = frozenset()

    @once
    def silence(self) -> dict[tuple[tuple[str, ...], bool], bool]:
        """Whether silence counts as absent, by the lists that must be whole and whether they must hold something."""
        return {}

    @once
    def by_type(self) -> Mapping[str, tuple[Entry, ...]]:
        """The entries by resource type, each in record order."""
        index: dict[str, list[Entry]] = {}
        for entry in self.entries:
            index.setdefault(entry.type, []).append(entry)
        return {name: tuple(found) for name, found in index.items()}

    def of_type(self, name: str) -> tuple[Entry, ...]:
        """The entries of one resource type; empty when there are none."""
        return self.by_type.get(name, ())

    def completeness_of(self, name: str) -> Completeness:
        """How much of the list of this resource type arrived."""
        return self.completeness.get(name, Completeness.NOT_SENT)

    @once
    def unread(self) -> Mapping[str, int]:
        """How many entries could not be read or used, by resource type."""
        return Counter(sorted(problem.unread for problem in self.problems if problem.unread is not None))

    @once
    def silences(self) -> dict[object, Finding]:
        """What finding nothing means, where it was worked out, by what it depends on."""
        return {}

    @property
    def patient(self) -> Entry | None:
        """The Patient resource, if it was sent."""
        found = self.of_type("Patient")
        return found[0] if found else None

    @once
    def references(self) -> References:
        """What references in this record point at."""
        everything = (*self.entries, *self.orders)
        return References(((entry.full_url, entry.type, entry.id, entry.resource) for entry in everything), self.base)

    def resolve(self, reference: object, within: Resource | None = None) -> Resource | None:
        """The resource a Reference points at, or None.

        ``reference`` is a Reference element (or its text); ``within`` the resource it stands in, whose
        ``contained`` resources are looked at first. A reference to another server is never resolved.
        """
        return self.references.resolve(reference, within)
