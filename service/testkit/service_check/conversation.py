"""Conversation: calls to any CDS service, good and bad, and what its answers break. ``sciatica-cds check service``.

Knows no network: how a call is sent is handed in, so the same conversation runs against this service in a test.
"""

from __future__ import annotations

import copy
import re
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from service.errors import Issue, RequestError
from service.knowledge.hooks import HOOKS
from service.security.limits import parse_json
from service.testkit.sample_calls import sample_call
from service.testkit.service_check.answers import judge_answer
from service.testkit.service_check.offers import judge_discovery
from service.testkit.service_check.requirements import broken

_OK, _PRECONDITION_FAILED = 200, 412
_DEEPEST = 100
_SLOW_MS = 500
# What may differ between two answers to the same call.
_OWN = frozenset({"uuid", "decision"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\s\"]*")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: status, media type, body, and how long it took in milliseconds."""

    status: int
    media_type: str
    body: bytes
    milliseconds: float = 0.0


class Send(Protocol):
    """Sends one request below the base URL. Raises OSError when there is no answer."""

    def __call__(self, method: str, path: str, body: bytes | None) -> Reply: ...


@dataclass
class Findings:
    """What was looked at and which issues were found. ``looked`` are requirement numbers, in order."""

    looked: dict[str, None] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    calls: int = 0

    def look(self, *requirements: str) -> None:
        """Note that requirements were looked at."""
        self.looked |= dict.fromkeys(requirements)

    def expect(self, holds: bool, requirement: str, where: str, text: str) -> None:
        """Note a requirement as looked at, and an issue where it is not met."""
        self.look(requirement)
        if not holds:
            self.issues.append(broken(requirement, where, text))


def check_conversation(send: Send, own_calls: Sequence[Mapping[str, Any]] = ()) -> Findings:
    """Discover, call every service well and badly, and judge all answers. ``own_calls`` are sent as they are besides.

    Services of hooks that are not in the library are only looked at, unless ``own_calls`` has one for them.
    """
    conversation = _Conversation(send, Findings())
    services = conversation.discover()
    for service in services:
        hook, id_ = service.get("hook"), service.get("id")
        if not isinstance(hook, str) or not isinstance(id_, str):
            continue
        calls = [dict(call) for call in own_calls if call.get("hook") == hook]
        if hook in HOOKS:
            prefetch = service.get("prefetch")
            calls.insert(0, sample_call(hook, prefetch if isinstance(prefetch, Mapping) else {}))
        for call in calls:
            conversation.call_well(f"/cds-services/{id_}", call)
        if calls:
            conversation.call_badly(f"/cds-services/{id_}", calls[0])
    conversation.call_nobody()
    return conversation.findings


@dataclass
class _Conversation:
    send: Send
    findings: Findings

    def _ask(self, method: str, path: str, body: Any = None) -> Reply:
        self.findings.calls += 1
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        started = time.perf_counter()
        reply = self.send(method, path, data)
        return Reply(reply.status, reply.media_type, reply.body, (time.perf_counter() - started) * 1000)

    def _read(self, reply: Reply, where: str) -> Any:
        """The JSON of an answer; None, and an issue, when it is none."""
        is_json = reply.media_type.partition(";")[0].strip().lower() == "application/json"
        self.findings.expect(is_json, "TR-1", where, "must be application/json")
        self.findings.expect(not reply.body.startswith(b"\xef\xbb\xbf"), "TR-7", where, "has a byte order mark")
        try:
            return parse_json(reply.body, max_depth=_DEEPEST)
        except RequestError as error:
            self.findings.expect(False, "TR-1", where, f"is not JSON: {error.issues[0].text}")  # noqa: FBT003
            return None

    def discover(self) -> list[Mapping[str, Any]]:
        """The services on offer, judged."""
        path = "/cds-services"
        reply = self._ask("GET", path)
        self.findings.expect(reply.status == _OK, "DI-1", path, f"must answer 200, answers {reply.status}")
        if reply.status != _OK:
            return []
        body = self._read(reply, path)
        if body is None:
            return []
        self.findings.look("DI-2", "DI-4", "DI-5", "DI-6", "DI-7", "DI-8", "DI-10", "DI-11", "DI-15", "TR-3", "TR-4")
        self.findings.look("PF-3", "TK-1", "TK-2", "QR-1", "EX-2")
        self.findings.issues += judge_discovery(body)
        again = self._ask("GET", path)
        self.findings.expect(again.body == reply.body, "DI-14", path, "two calls should give the same answer")
        listed = body.get("services") if isinstance(body, Mapping) else None
        return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []

    def call_well(self, path: str, call: dict[str, Any]) -> None:
        """A good call, the same again, and the same with what nobody knows in it."""
        where = f"POST {path}"
        first = self._ask("POST", path, call)
        text = f"should answer 200 or 412 to a good call, answers {first.status}"
        self.findings.expect(first.status in {_OK, _PRECONDITION_FAILED}, "SC-1", where, text)
        if first.status != _OK:
            return
        body = self._read(first, where)
        if body is None:
            return
        self.findings.look("RS-1", "TR-3", "TR-4", "CA-1", "CA-2", "CA-3", "CA-5", "SO-2", "SU-1", "AC-1", "AC-2")
        self.findings.look("AC-3", "AC-5", "OR-2", "LI-1", "LI-2", "SY-2", "EX-2", "EX-3")
        found = judge_answer(body)
        self.findings.issues += [broken(one.code, f"{where} {one.path}", one.text) for one in found]
        self._again(path, call, body)
        self._without_prefetch(path, call)
        self._quickly(path, call)

    def _again(self, path: str, call: dict[str, Any], body: Any) -> None:
        where = f"POST {path}"
        second = self._ask("POST", path, call)
        same = second.status == _OK and _plain(self._read(second, where)) == _plain(body)
        self.findings.expect(same, "RQ-15", where, "the same call should give the same cards")
        odd = copy.deepcopy(call) | {"x-unknown": 1}
        odd["context"] = {**odd.get("context", {}), "x-unknown": 1}
        odd["prefetch"] = {**(odd.get("prefetch") or {}), "x-unknown": None}
        third = self._ask("POST", path, odd)
        same = third.status == _OK and _plain(self._read(third, where)) == _plain(body)
        self.findings.expect(same, "RQ-9", where, "members that are not known should change nothing")

    def _without_prefetch(self, path: str, call: dict[str, Any]) -> None:
        bare = {name: value for name, value in call.items() if name != "prefetch"}
        reply = self._ask("POST", path, bare)
        text = f"without prefetch the answer is 200 or 412, not {reply.status}"
        self.findings.expect(reply.status in {_OK, _PRECONDITION_FAILED}, "RP-2", f"POST {path}", text)

    def _quickly(self, path: str, call: dict[str, Any]) -> None:
        times = [self._ask("POST", path, call).milliseconds for _ in range(3)]
        middle = statistics.median(times)
        text = f"should answer in about {_SLOW_MS} ms, took {middle:.0f} ms"
        self.findings.expect(middle <= _SLOW_MS, "PE-1", f"POST {path}", text)

    def call_badly(self, path: str, call: dict[str, Any]) -> None:
        """Calls that are wrong: each must be refused as the caller's fault, and none may break the service."""
        for requirement, mistake, body in _bad_calls(call):
            reply = self._ask("POST", path, body)
            text = f"{mistake} should be refused with a status from 400 to 499, not {reply.status}"
            self.findings.expect(_is_refusal(reply), requirement, f"POST {path}", text)
        reply = self._ask("GET", path)
        self.findings.expect(_is_refusal(reply), "RQ-1", f"GET {path}", f"should be 405, is {reply.status}")

    def call_nobody(self) -> None:
        """A service that is not there."""
        reply = self._ask("POST", "/cds-services/no-such-service", {"hook": "patient-view"})
        where = "POST /cds-services/no-such-service"
        self.findings.expect(_is_refusal(reply), "RQ-1", where, f"should be 404, is {reply.status}")


def _bad_calls(call: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for requirement, name in (("RQ-2", "hook"), ("RQ-3", "hookInstance"), ("RQ-4", "context")):
        yield requirement, f"a call without {name}", {key: value for key, value in call.items() if key != name}
    yield "RQ-2", "a call of another hook", {**call, "hook": "org.example.other-hook"}
    yield "RQ-4", "a context that is a list", {**call, "context": []}
    yield "TR-1", "a body that is cut off", orjson.dumps(call)[:-10]
    yield "TR-1", "a body that is a list", b"[]"


def _is_refusal(reply: Reply) -> bool:
    return reply.status // 100 == 4  # noqa: PLR2004  # the caller's fault


def _plain(value: Any) -> Any:
    """An answer without what is new in every answer."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items() if name not in _OWN}
    if isinstance(value, str):
        # A draft says when it was made.
        return _MOMENT.sub("", value)
    return [_plain(part) for part in value] if isinstance(value, list) else value
