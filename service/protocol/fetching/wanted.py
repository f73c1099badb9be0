"""Wanted: one prefetch key on its way from what the client sent to what could be had (section 5, decision table)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import httpx2
from msgspec.structs import replace

from service.note import Note, NoteCode
from service.protocol.fetching.access import Access
from service.protocol.fetching.scopes import Coverage, Interaction, coverage
from service.protocol.fetching.servers import below
from service.record.input.left_out import total_of
from service.record.input.prefetch_states import PrefetchState, State, classify
from service.security.address_guard import UnansweredError

_QUERY = re.compile(r"(?P<type>[A-Z][A-Za-z]+)(?:/(?P<id>[A-Za-z0-9\-._]{1,128})|\?(?P<parameters>[!-~]+))")
_PARTLY = Note(NoteCode.SCOPE_COVERS_PART)


class Wanted:
    """One key: its query, and in ``state`` what is known of it so far. One thread writes, others may read ``state``.

    ``sent`` is the state of what the client sent and ``document`` that value itself, which may be the first of several
    pages. A query with ``_count`` asks for the newest so many: with those, its further pages are not asked for (QR-6).
    """

    def __init__(self, key: str, query: str, sent: PrefetchState | None, document: object = None) -> None:
        self.key = key
        self.state = sent or PrefetchState(key, State.NOT_SENT)
        self._query = query
        self._parts = _QUERY.fullmatch(query)
        # What was sent in place of what was asked for is not lost when the right list comes, nor when it does not.
        self._instead = self.state if self.state.state is State.SENT and self._is_other_type() else None
        has_page = self.state.state is State.FIRST_PAGE and isinstance(document, Mapping)
        self._bundle: Mapping[str, Any] = document if has_page and isinstance(document, Mapping) else {}
        self.pages = 1 if has_page else 0

    @property
    def is_missing(self) -> bool:
        """Whether the server has to be asked: not sent, something else sent, or more pages to come."""
        if self.state.state is State.FIRST_PAGE:
            return self.pages > 0 and self.has_more
        return self.state.state is State.NOT_SENT or (self.state.state is State.SENT and self._is_other_type())

    @property
    def has_more(self) -> bool:
        """Whether a further page is wanted and is said to exist."""
        return bool(self.state.next_url) and len(self.state.resources) < self._enough()

    def _enough(self) -> float:
        asked = dict(parse_qsl(self._parts["parameters"] or "" if self._parts else ""))
        count = asked.get("_count", "")
        return int(count) if count.isdecimal() else float("inf")

    def _is_other_type(self) -> bool:
        types = [one.get("resourceType") for one in self.state.resources if isinstance(one, Mapping)]
        return self._parts is not None and bool(types) and self._parts["type"] not in types

    def start(self, access: Access) -> tuple[httpx2.URL, Coverage]:
        """The URL to begin with and how much of its answer the token covers. Raises UnansweredError if none."""
        if self._parts is None:
            raise UnansweredError("the query cannot be sent")
        interaction = Interaction.READ if self._parts["id"] else Interaction.SEARCH
        in_scope = Coverage.FULL
        if access.scopes is not None:
            in_scope = coverage(access.scopes, self._parts["type"], interaction, self._parts["parameters"] or "")
        if in_scope is Coverage.NONE:
            raise UnansweredError(f"the scope of the access token does not cover {self._parts['type']}")
        folder = httpx2.URL(f"{str(access.base).rstrip('/')}/")
        if self.pages and self.state.next_url:
            return below(access.base, folder, self.state.next_url), in_scope
        return httpx2.URL(f"{folder}{self._query}"), in_scope

    def add(self, document: object) -> None:
        """Take one answer of the server into the state. Raises UnansweredError if it is not what was asked for."""
        if classify(self.key, document).state is State.FAILED:
            raise UnansweredError("the server answered with an OperationOutcome")
        wanted = self._parts["type"] if self._parts and self._parts["id"] else "Bundle"
        if not isinstance(document, Mapping) or document.get("resourceType") != wanted:
            raise UnansweredError(f"the answer is not a {wanted}")
        if self.pages:
            # All pages as one Bundle, so that its total is compared with all entries.
            entries = [*_entries(self._bundle), *_entries(document)]
            # An empty last page of some servers says 0.
            total = max(total_of(self._bundle), total_of(document))
            whole = {"entry": entries, "link": document.get("link"), "total": total}
            document = {**self._bundle, **document, **whole}
        earlier, self._bundle = self.state.reason if self.pages else None, document
        self.state = classify(self.key, document)
        if earlier is not None and earlier.code not in (NoteCode.MORE_PAGES, NoteCode.FEWER_THAN_TOTAL):
            # What was left out of an earlier page stays left out.
            self.state = replace(self.state, state=State.FIRST_PAGE, reason=self.state.reason or earlier)
        self.pages += 1

    def finished(self, in_scope: Coverage) -> PrefetchState:
        """The state when the server has said all; never complete if the token shows only a part."""
        if in_scope is Coverage.PART:
            return replace(self.state, state=State.FIRST_PAGE, reason=_PARTLY, instead=self._instead)
        return self.state if self._instead is None else replace(self.state, instead=self._instead)

    def failed(self, reason: Note) -> PrefetchState:
        """The state when the server was asked and did not say all."""
        if self.pages:
            return replace(self.state, state=State.FIRST_PAGE, reason=reason, instead=self._instead)
        return PrefetchState(self.key, State.FAILED, reason=reason, instead=self._instead)

    def left_alone(self, reason: Note) -> PrefetchState:
        """The state when nobody could be asked."""
        if self.state.state is State.SENT:
            other = Note(NoteCode.OTHER_TYPE_SENT, of=(reason,))
            return PrefetchState(self.key, State.FAILED, reason=other, instead=self._instead)
        return replace(self.state, reason=reason)


def _entries(bundle: Mapping[str, Any]) -> Sequence[Any]:
    entries = bundle.get("entry")
    return entries if isinstance(entries, list) else [] if entries is None else [entries]
