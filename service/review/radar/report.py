"""What the radar says: alarms with causes, and the shares behind them, as plain dicts for pages, JSON and terminals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from service.knowledge.model import FactDefinition, FactKind, FactSource, Knowledge, types_read
from service.review.radar.causes import Cause, cause_of
from service.review.radar.codes import Appeared, Gone, gone_codes
from service.review.radar.counts import Client, clients_of
from service.review.radar.detection import BASELINE, WINDOWS, Shift, may_fall, shifts
from service.store.database import Database
from service.store.radar import CodeCount, RadarDay, counted_codes, counted_days

Json = dict[str, Any]

DAYS = 30
"""How many days back alarms are listed."""
_RECENT = 7
_MOST_CODES = 50
_PRESENT, _ABSENT = 0, 1
_KINDS: Mapping[str, tuple[int, ...]] = {"unknown": (_PRESENT, _ABSENT), "not-present": (_PRESENT,)}
"""What an alarm says of a fact, and the states that have become rarer then."""
_NOT_OF_CHARTS = frozenset({FactKind.SETTING, FactKind.NOT_READ})
SOMETHING = "(any)"
"""In place of a fact: that anything on the chart could be spoken of at all."""
NO_ISSUER = "(not authenticated)"


def radar(database: Database, knowledge: Knowledge, today: date, days: int = DAYS) -> Json:
    """What clients sent up to ``today``, and the alarms found in the last ``days`` days. Raises StoreError."""
    begin = today - timedelta(days=days - 1 + BASELINE + max(WINDOWS))
    since = begin.isoformat()
    return report(knowledge, counted_days(database, since), counted_codes(database, since), today, days)


def report(
    knowledge: Knowledge, counts: Iterable[RadarDay], codes: Iterable[CodeCount], today: date, days: int = DAYS
) -> Json:
    """The same from counts. Every client, alarm and fact is a dict of text and numbers; shares lie between 0 and 1."""
    begin = today - timedelta(days=days - 1 + BASELINE + max(WINDOWS))
    clients = clients_of(counts, codes, begin, today)
    alarms = [alarm for client in clients for alarm in alarms_of(knowledge, client, client.days - days)]
    return {
        "as_of": today.isoformat(),
        "days": days,
        "alarms": alarms,
        "clients": [_client(knowledge, client) for client in clients],
    }


def alarms_of(knowledge: Knowledge, client: Client, first: int) -> list[Json]:
    """The alarms of one client found on day ``first`` or later; facts that fell for one cause stand together."""
    found: dict[tuple[object, ...], Json] = {}
    for fact, kind, shift in falls(knowledge, client, first):
        cause = cause_of(knowledge, client, fact, shift)
        key = (cause.kind, cause.says if cause.kind != "none" else (shift.since, fact.sources), shift.ended is None)
        if key in found:
            found[key]["also"].append(fact.id)
        else:
            found[key] = _alarm(client, fact, kind, shift, cause)
    for gone in gone_codes(knowledge, client, first):
        names = {fact.id for fact in gone.facts}
        alarm = next((alarm for alarm in found.values() if _is_of(alarm, names, client, gone)), None)
        if alarm is None:
            found["gone", gone.code] = _alarm_of_code(knowledge, client, gone)
        else:
            alarm["found"] = min(alarm["found"], client.day(gone.shift.found).isoformat())
            if alarm["cause"]["kind"] == "none":
                alarm["says"] = alarm["says"].replace(alarm["cause"]["says"], _code_says(client, gone))
                alarm["cause"] = {"kind": "gone", "says": _code_says(client, gone), "site_codes": []}
    return list(found.values())


def _is_of(alarm: Json, names: set[str], client: Client, gone: Gone) -> bool:
    """Whether an alarm of facts that are read from a code tells of its going already."""
    back = None if gone.shift.ended is None else client.day(gone.shift.ended).isoformat()
    overlaps = (back is None or alarm["since"] <= back) and (
        alarm["ended"] is None or client.day(gone.shift.since).isoformat() <= alarm["ended"]
    )
    return overlaps and not names.isdisjoint({alarm["fact"], *alarm["also"]})


def _code_says(client: Client, gone: Gone) -> str:
    code, shift = gone.code, gone.shift
    name = f"{code.system or '(no system)'} {code.code}" + (f" {code.display!r}" if code.display else "")
    share = f"before: {shift.before:.0%} of patients"
    return f"{name} in none of {shift.calls} patients since {client.day(shift.since)} ({share})"


def _alarm_of_code(knowledge: Knowledge, client: Client, gone: Gone) -> Json:
    fact, *others = gone.facts
    cause = cause_of(knowledge, client, fact, gone.shift)
    alarm = _alarm(client, fact, "code-gone", gone.shift, cause)
    ended = "" if alarm["ended"] is None else f", ended {alarm['ended']}"
    says = f"{fact.title} is read from {_code_says(client, gone)}{ended}; {cause.says}"
    return alarm | {"says": says, "also": [other.id for other in others]}


def falls(knowledge: Knowledge, client: Client, first: int) -> list[tuple[FactDefinition, str, Shift]]:
    """The falls of every fact, the deepest first; one that is less often known is not said to be less often present."""
    something = _something(knowledge)
    found = [(something, "not-present", shift) for shift in shifts(client.decided(), first)]
    appeared = Appeared(client)
    for name, fact in sorted(knowledge.facts.items()):
        if fact.kind in _NOT_OF_CHARTS or name not in client.findings:
            continue
        separate: list[Shift] = []
        came = appeared.of(types_read(fact))
        for kind, states in _KINDS.items():
            if not may_fall(*client.sums(name, states)):
                continue
            for shift in shifts(client.series(name, states), first, came):
                if not any(_overlap(shift, other) for other in separate):
                    separate.append(shift)
                    found.append((fact, kind, shift))
    return sorted(found, key=lambda one: (one[2].after - one[2].before, one[2].since, one[0].id))


def _something(knowledge: Knowledge) -> FactDefinition:
    """What stands for the charts in which something can be said: most of them hold a problem of the back."""
    source = FactSource("Condition", tuple(knowledge.episode))
    return FactDefinition(
        SOMETHING, "Something to look at", "a problem of the back", FactKind.CODED, "", sources=(source,)
    )


def _overlap(one: Shift, other: Shift) -> bool:
    return one.found <= (other.ended or one.found) and other.since <= (one.ended or other.since)


def _alarm(client: Client, fact: FactDefinition, kind: str, shift: Shift, cause: Cause) -> Json:
    since = client.day(shift.since)
    now, before = (1 - shift.after, 1 - shift.before) if kind == "unknown" else (shift.after, shift.before)
    state = "unknown" if kind == "unknown" else "present"
    ended = None if shift.ended is None else client.day(shift.ended)
    words = f"{fact.title} {state} in {now:.0%} of calls since {since} (before: {before:.0%})"
    return {
        "client": client.name or NO_ISSUER,
        "fact": fact.id,
        "title": fact.title,
        "kind": kind,
        "since": since.isoformat(),
        "found": client.day(shift.found).isoformat(),
        "ended": None if ended is None else ended.isoformat(),
        "before": round(before, 4),
        "now": round(now, 4),
        "calls": shift.calls,
        "cause": {"kind": cause.kind, "says": cause.says, "site_codes": list(cause.lines)},
        "says": f"{words}{'' if ended is None else f', ended {ended}'}; {cause.says}",
        "also": [],
    }


def _client(knowledge: Knowledge, client: Client) -> Json:
    """What a client sent lately: the last week beside the four weeks before it."""
    recent, earlier = client.days - _RECENT, client.days - _RECENT - BASELINE
    return {
        "client": client.name or NO_ISSUER,
        "calls": {service: sum(calls) for service, calls in sorted(client.calls.items())},
        "facts": list(_facts(knowledge, client, earlier, recent)),
        "prefetch": [
            {
                "key": key,
                "now": _shares(client.arrived(key, recent, client.days)),
                "before": _shares(client.arrived(key, earlier, recent)),
            }
            for key in sorted(client.prefetch)
        ],
        "unread": _codes_without_fact(client),
    }


def _facts(knowledge: Knowledge, client: Client, earlier: int, recent: int) -> Iterable[Json]:
    for name, fact in sorted(knowledge.facts.items()):
        now, before = client.totals(name, recent, client.days), client.totals(name, earlier, recent)
        if any(now) or any(before):
            yield {"fact": name, "title": fact.title, "now": _states(now), "before": _states(before)}


def _states(counts: Sequence[int]) -> Json:
    return _shares(dict(zip(("present", "absent", "unknown"), counts, strict=True)))


def _shares(counts: Mapping[str, int]) -> Json:
    total = sum(counts.values())
    return {name: round(count / total, 4) for name, count in sorted(counts.items())} if total else {}


def _codes_without_fact(client: Client) -> list[Json]:
    """The codes and units that nothing reads, the most frequent first."""
    rows = [
        {
            "type": one.type,
            "system": one.system,
            "code": one.code,
            "unit": one.unit,
            "display": one.display,
            "first": one.first.isoformat(),
            "calls": sum(one.calls.values()),
        }
        for one in client.codes
    ]
    return sorted(rows, key=lambda one: (-int(str(one["calls"])), str(one["code"])))[:_MOST_CODES]
