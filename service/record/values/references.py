"""References: what a FHIR Reference points at, inside one record and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Target(NamedTuple):
    """Where a literal reference points: the server (None when relative), the resource type and the id."""

    base: str | None
    type: str
    id: str


def reference_text(reference: object) -> str | None:
    """The literal reference in a Reference element (or the text itself); None when there is none."""
    if isinstance(reference, dict):
        reference = reference.get("reference")
    return reference.strip() or None if isinstance(reference, str) else None


def parse_literal(text: str) -> Target | None:
    """``Type/id`` or an absolute URL ending so, without version and parameters; None for urn:, #contained, searches."""
    if text.startswith(("#", "urn:")) or "?identifier=" in text:
        return None
    path, _, _ = text.partition("?")[0].partition("/_history/")
    front, slash, id_ = path.rstrip("/").rpartition("/")
    base, _, type_ = front.rpartition("/")
    if not slash or not id_ or not type_[:1].isupper():
        return None
    return Target(base.rstrip("/") or None, type_, id_)


class References:
    """The resources of one record by fullUrl and by ``Type/id``."""

    def __init__(
        self, resources: Iterable[tuple[str | None, str, str | None, Mapping[str, Any]]], base: str | None = None
    ) -> None:
        self._by_url: dict[str, Mapping[str, Any]] = {}
        self._by_key: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._by_id: dict[str, Mapping[str, Any] | None] = {}
        self._base = base.rstrip("/") if base else None
        for full_url, type_, id_, resource in resources:
            if full_url:
                self._by_url.setdefault(full_url, resource)
            if id_:
                self._by_key.setdefault((type_, id_), resource)
                # An id that two types share says nothing without its type.
                self._by_id[id_] = None if id_ in self._by_id else resource

    def resolve(self, reference: object, within: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
        """The resource pointed at: contained first, then fullUrl, then ``Type/id``; None when it is not here.

        Of an absolute reference the last two parts are compared, unless it names another server than the record's own.
        """
        text = reference_text(reference)
        if text is None:
            return None
        if text.startswith("#"):
            return _contained(text[1:], within)
        found = self._by_url.get(text)
        if found is not None:
            return found
        if text.startswith("urn:"):
            # Some senders keep the uuid as the id and leave the fullUrl out.
            return self._by_id.get(text.rpartition(":")[2])
        target = parse_literal(text)
        if target is None or (target.base and self._base and not same_server(target.base, self._base)):
            return None
        return self._by_key.get((target.type, target.id))


def same_server(one: str, other: str) -> bool:
    """Whether two base URLs name the same server: scheme, a last slash and letter case of the host aside."""
    return plain_server(one) == plain_server(other)


def plain_server(base: str) -> str:
    """A base URL as it is compared with others."""
    _, _, rest = base.rstrip("/").rpartition("://")
    host, slash, path = rest.partition("/")
    return host.lower() + slash + path


def _contained(id_: str, within: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    inner = within.get("contained") if within else None
    if not isinstance(inner, list):
        return None
    for resource in inner:
        if isinstance(resource, dict) and str(resource.get("id", "")).lstrip("#") == id_:
            return resource
    return None
