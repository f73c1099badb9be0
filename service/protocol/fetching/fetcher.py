"""Fetcher: the prefetch keys that did not arrive, asked in parallel inside one time budget (RP-1, RP-8, PE-1).

Settings that fill FetchSettings: ``FETCH_SERVERS``, ``FETCH_OPEN_SERVERS``, ``FETCH_PRIVATE_HOSTS``,
``FETCH_BUDGET_MS``, ``FETCH_MAX_PAGES``, ``FETCH_MAX_BYTES``, ``FETCH_CA_FILE``, and ``MODE`` (development allows http
to loopback).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from service.errors import RequestError
from service.note import Note, NoteCode
from service.protocol.fetching.access import Access, Offer, open_access
from service.protocol.fetching.servers import Servers, below
from service.protocol.fetching.wanted import Wanted
from service.record.input.prefetch_states import PrefetchState
from service.security.address_guard import UnansweredError
from service.security.http_client import Allowance, Answer, GuardedClient
from service.security.limits import parse_json

_LATE = Note(NoteCode.NOT_ANSWERED, words="the server did not answer in time")
_THREADS = 32


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How much one call may cost: seconds of all queries together, pages per key, bytes of all answers together.

    One answer may take half of the bytes, so that a single endless one does not starve the others.
    """

    budget: float = 0.45
    max_pages: int = 10
    max_bytes: int = 5 * 1024 * 1024
    max_depth: int = 100
    open_servers: bool = False


class Fetcher:
    """Asks FHIR servers for what is missing. One per process; safe for threads."""

    def __init__(self, client: GuardedClient, servers: Servers, settings: FetchSettings) -> None:
        self._client = client
        self._servers = servers
        self._settings = settings
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="fetch")

    def fetch_missing(
        self,
        queries: Mapping[str, str],
        states: Mapping[str, PrefetchState],
        offer: Offer,
        prefetch: Mapping[str, Any] | None = None,
    ) -> dict[str, PrefetchState]:
        """The state of every key of ``queries`` after what was missing has been asked for, as far as it could be had.

        ``queries`` are the prefetch templates with their tokens filled in, ``states`` what arrived, ``prefetch`` the
        values behind the states, needed only to go on from a first page. Asked for: keys that were not sent or brought
        another resource type, and the further pages of those of which only the first came. Whatever a server does,
        this does not raise: what could not be had is FAILED, NOT_SENT (nobody could be asked) or FIRST_PAGE (only a
        part came), with the reason. Ends within the budget, and after it no call is made (FA-10).
        """
        wanted = [Wanted(key, query, states.get(key), (prefetch or {}).get(key)) for key, query in queries.items()]
        missing = [one for one in wanted if one.is_missing]
        outcome = self._fetch(missing, offer) if missing else {}
        return {one.key: outcome.get(one.key, one.state) for one in wanted}

    def _fetch(self, missing: Sequence[Wanted], offer: Offer) -> dict[str, PrefetchState]:
        deadline = time.monotonic() + self._settings.budget
        try:
            access = open_access(offer, self._servers, open_servers=self._settings.open_servers)
        except UnansweredError as error:
            return {one.key: one.left_alone(_why(error)) for one in missing}
        if access.good_until is not None:
            deadline = min(deadline, access.good_until)
        visit = _Visit(access, deadline, Allowance(self._settings.max_bytes, self._settings.max_bytes // 2))
        try:
            futures = {self._threads.submit(self._ask, one, visit): one for one in missing}
            done, late = wait(futures, timeout=max(deadline - time.monotonic(), 0.0))
            for future in late:
                future.cancel()
            answered = {futures[future].key: future.result() for future in done}
            return answered | {futures[future].key: futures[future].failed(_LATE) for future in late}
        finally:
            access.forget()

    def _ask(self, one: Wanted, visit: _Visit) -> PrefetchState:
        """Ask for one key, page after page. In ``one.state`` stands what has come so far, for whoever cannot wait."""
        try:
            url, in_scope = one.start(visit.access)
            for _ in range(one.pages, self._settings.max_pages):
                answer = self._client.get(
                    url, headers=visit.access.headers, deadline=visit.deadline, allowance=visit.allowance
                )
                one.add(self._read(answer))
                if not one.has_more:
                    return one.finished(in_scope)
                url = below(visit.access.base, url, one.state.next_url or "")
        except UnansweredError as error:
            return one.failed(_why(error))
        return one.failed(Note(NoteCode.TOO_MANY_PAGES, number=self._settings.max_pages))

    def _read(self, answer: Answer) -> Any:
        if answer.media_type and not answer.media_type.endswith("json"):
            raise UnansweredError("the answer is not JSON")
        try:
            return parse_json(answer.body, max_depth=self._settings.max_depth)
        except RequestError:
            raise UnansweredError("the answer is not JSON") from None


def _why(error: UnansweredError) -> Note:
    """The text of the error, which is ours and holds no word of a record."""
    return Note(NoteCode.NOT_ANSWERED, words=str(error))


@dataclass(frozen=True, slots=True)
class _Visit:
    """What all queries of one call share."""

    access: Access
    deadline: float
    allowance: Allowance
