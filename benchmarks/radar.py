"""How well the data radar sees: ``python -m benchmarks.radar`` simulates clinics of published patients.

Every day some of the patients come, on weekends fewer, from groups that come on different days; each chart is asked
about one to three times. First nothing is wrong: every alarm is a false one. Then one code at a time is taken out of
every chart from a day on, as if the laboratory had renamed it, and the days until its facts alarm are counted (with
``--vanish`` its entries are gone and nothing comes in their place).
"""

from __future__ import annotations

import argparse
import copy
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from benchmarks.patients import PROJECT, published
from service.decision import Prepared, prepare
from service.knowledge.loader import load
from service.population.visits import Visit, visits
from service.record.input.reader import read_bundle
from service.record.sent_codes import READ, SentCode, SentCodes
from service.review.radar.codes import gone_codes
from service.review.radar.counts import Client, SeenSince
from service.review.radar.detection import BASELINE, WINDOWS
from service.review.radar.report import alarms_of, falls
from service.store.database import Database, store_url
from service.store.outline import Outline
from service.store.radar import add_calls
from service.store.radar_codes import PATIENTS, SeenCodes

CALLS = 200
HISTORY = BASELINE + max(WINDOWS)
MONTH = 30
BEGIN = date(2026, 1, 5)
LOCAL = "urn:oid:2.16.840.1.113883.3.9999"
_WEEKEND = 5
_GROUPS = 5
_PER_PATIENT = (1, 1, 2, 3)
_STATES = {"present": "p", "absent": "a", "unknown": "u"}
# Fewer lost calls in two days than this prove nothing (a test at one in a hundred thousand).
PLAIN = 20


@dataclass(frozen=True, eq=False)
class Asked:
    """One chart as it is asked about: a letter for each fact, and its codes."""

    letters: str
    codes: frozenset[SentCode]


def charts(limit: int, per_patient: int = 2) -> list[Visit]:
    """The last visits of the published patients, as the charts stood then."""
    found: list[Visit] = []
    for patient in published("patients-r4-backpain", "patients-r4-mixed", "patients-r4-synthea2019"):
        people = sum(resource.get("resourceType") == "Patient" for resource in patient.resources)
        if people == 1:
            found += list(visits(patient.resources))[-per_patient:]
        if len(found) >= limit:
            break
    return found


def asked(
    prepared: Prepared,
    sent: SentCodes,
    visit: Visit,
    renamed: tuple[str, str] | None = None,
    gone: tuple[str, str] | None = None,
) -> Asked:
    """What a visit's chart answers; with ``renamed`` (system, code) under a local code in place of that one.

    With ``gone`` it answers without the entries that hold that code.
    """
    resources: Sequence[Any] = visit.chart
    if gone is not None:
        resources = [resource for resource in resources if not _holds(resource, gone)]
    if renamed is not None:
        resources = [_renamed(resource, renamed) for resource in resources]
    bundle, patient = _bundle(resources)
    record = read_bundle(bundle, patient=patient, complete="all")
    now = datetime.fromisoformat(visit.day).replace(tzinfo=UTC) + timedelta(hours=20)
    findings = prepared.derivation.findings(record, now)
    letters = "".join(_STATES[findings[name].status] for name in sorted(findings))
    return Asked(letters, frozenset(sent.of(record)))


def without(
    prepared: Prepared,
    sent: SentCodes,
    stood: Sequence[Visit],
    usual: Sequence[Asked],
    code: tuple[str, str],
    *,
    vanished: bool,
) -> list[Asked]:
    """What the charts answer under a local code in place of that one, or without; the others answer as ever."""
    given = {"gone" if vanished else "renamed": code}
    return [
        asked(prepared, sent, visit, **given) if any(_holds(one, code) for one in visit.chart) else as_ever
        for visit, as_ever in zip(stood, usual, strict=True)
    ]


def _renamed(resource: Mapping[str, Any], code: tuple[str, str]) -> Mapping[str, Any]:
    if not _holds(resource, code):
        return resource
    other = copy.deepcopy(dict(resource))
    for name in ("code", "medicationCodeableConcept"):
        if _has(other.get(name), code):
            other[name] = {"coding": [{"system": LOCAL, "code": f"L{code[1]}"}]}
    return other


def _holds(resource: Mapping[str, Any], code: tuple[str, str]) -> bool:
    return any(_has(resource.get(name), code) for name in ("code", "medicationCodeableConcept"))


def _has(concept: Any, code: tuple[str, str]) -> bool:
    codings = concept.get("coding", ()) if isinstance(concept, Mapping) else ()
    return any((one.get("system"), one.get("code")) == code for one in codings if isinstance(one, Mapping))


def days(count: int, visits_: int, seed: int) -> Iterator[list[int]]:
    """For every day the charts that are asked about, by number; a patient is asked about up to three times."""
    dice = random.Random(seed)  # noqa: S311 - a simulation
    groups = [[number for number in range(visits_) if number % _GROUPS == group] for group in range(_GROUPS)]
    for day in range(count):
        weekday = (BEGIN + timedelta(days=day)).weekday()
        wanted = CALLS * (0.4 if weekday >= _WEEKEND else 1.0)
        weights = [3 if group == weekday % _GROUPS else 1 for group in range(_GROUPS)]
        came: list[int] = []
        while len(came) < wanted:
            [group] = dice.choices(range(_GROUPS), weights)
            came += [dice.choice(groups[group])] * dice.choice(_PER_PATIENT)
        yield came


def client(names: Sequence[str], by_day: Sequence[Sequence[Asked]]) -> Client:
    """The counts of one simulated client, as the store would have them."""
    made = Client("simulated", BEGIN, len(by_day), calls={"patient-view": [len(day) for day in by_day]})
    codes: dict[SentCode, Counter[date]] = defaultdict(Counter)
    patients: dict[SentCode, set[int]] = defaultdict(set)
    for place, day in enumerate(by_day):
        for name, column in zip(names, zip(*(one.letters for one in day), strict=True), strict=True):
            said = "".join(column)
            made.findings[name].setdefault("patient-view", {})[place] = (
                said.count("p"),
                said.count("a"),
                said.count("u"),
            )
        # As the store does: a code is counted from the third patient on who has it, one that is read once a patient.
        for one in day:
            for code in one.codes:
                patients[code].add(id(one))
                codes[code][made.day(place)] += code.unit != READ and len(patients[code]) >= PATIENTS
        for one in {id(one): one for one in day}.values():
            for code in one.codes:
                codes[code][made.day(place)] += code.unit == READ and len(patients[code]) >= PATIENTS
    seen = [SeenSince(c.type, c.system, c.code, c.unit, c.display, +n) for c, n in codes.items() if +n]
    made.codes = [one for one in seen if one.unit != READ]
    made.read = [one for one in seen if one.unit == READ]
    made.patients = {made.day(place): len({id(one) for one in day}) for place, day in enumerate(by_day)}
    return made


def codes_in(visits_: Sequence[Visit], prepared: Prepared) -> Counter[tuple[str, str]]:
    """The codes that some fact reads, with the number of charts that hold them."""
    found: Counter[tuple[str, str]] = Counter()
    for visit in visits_:
        here = set()
        for resource in visit.chart:
            for name in ("code", "medicationCodeableConcept"):
                concept = resource.get(name)
                for one in concept.get("coding", ()) if isinstance(concept, Mapping) else ():
                    here.add((one.get("system"), one.get("code")))
        found.update(here)
    index = prepared.derivation.matcher.index
    drugs = prepared.derivation.matcher.drugs
    return Counter(
        {
            code: count
            for code, count in found.items()
            if index.match({"coding": [{"system": code[0], "code": code[1]}]}).sets
            or drugs.recognise_concept({"coding": [{"system": code[0], "code": code[1]}]}).recognised
        }
    )


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="benchmarks.radar", description=__doc__)
    options.add_argument("--months", type=int, default=100, help="months of nothing wrong")
    options.add_argument("--codes", type=int, default=60, help="how many codes are taken out, the most frequent first")
    options.add_argument("--charts", type=int, default=400)
    options.add_argument("--vanish", action="store_true", help="entries go, and nothing comes in their place")
    options.add_argument("--cost", action="store_true", help="only what the counting costs a call")
    return options.parse_args()


def main() -> None:
    """Print the figures."""
    given = _options()
    if given.cost:
        cost(given.charts)
        return
    prepared = prepare(load(PROJECT / "rules"))
    sent = SentCodes(prepared.derivation.matcher)
    names = sorted(prepared.knowledge.facts)
    stood = charts(given.charts)
    usual = [asked(prepared, sent, visit) for visit in stood]
    moving = sum(1 for column in zip(*(one.letters for one in usual), strict=True) if len(set(column)) > 1)
    print(f"{len(stood)} charts, {len(names)} facts, of which {moving} differ between charts")
    _nothing_wrong(prepared, names, usual, given.months, moving)
    delays: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    for code, count in codes_in(stood, prepared).most_common(given.codes):
        spoilt = without(prepared, sent, stood, usual, code, vanished=given.vanish)
        lost = sum(one.letters != other.letters for one, other in zip(usual, spoilt, strict=True)) / len(stood)
        delay, cause = found_after(prepared, names, usual, spoilt, seed=count)
        size = "plain" if 2 * CALLS * lost >= PLAIN else "rare" if lost else "read by other means"
        when = "not in 14 days" if delay is None else "in 2 days" if delay <= 2 else "in 3 to 14 days"
        delays[f"{size}: {when}"] += 1
        if delay is not None:
            causes["the code" if cause and f"L{code[1]}" in cause else "another cause"] += 1
        print(f"  {code[1]:>14} in {count} charts, {lost:.1%} of calls changed: {when}")
    for said, number in sorted(delays.items()) + sorted(causes.items()):
        print(f"{said}: {number}")


def _nothing_wrong(prepared: Prepared, names: Sequence[str], usual: Sequence[Asked], months: int, moving: int) -> None:
    """Print how often the radar speaks in so many months of a clinic where nothing is wrong."""
    false = false_codes = codes = 0
    began = time.process_time()
    for seed in range(months):
        simulated = client(
            names, [[usual[number] for number in day] for day in days(HISTORY + MONTH, len(usual), seed)]
        )
        told = falls(prepared.knowledge, simulated, HISTORY)
        gone = list(gone_codes(prepared.knowledge, simulated, HISTORY))
        false += len(told)
        false_codes += len(gone)
        codes += len(simulated.read)
        for fact, kind, shift in told:
            print(f"  false: {fact.id} {kind} {shift}")
        for one in gone:
            print(f"  false: {one.code.code} {one.shift}")
    spent = (time.process_time() - began) / months
    print(f"nothing wrong: {false} false alarms in {months * len(names)} fact-months", end=" ")
    print(f"({months * moving} of facts that differ): {1000 * false / (months * moving):.2f} per 1,000")
    print(f"codes that are read: {false_codes} false alarms in {codes} code-months: ", end="")
    print(f"{1000 * false_codes / max(codes, 1):.2f} per 1,000; together {false + false_codes} alarms in ", end="")
    print(f"{months} months of a client")
    print(f"CPU of a month of one client, simulation and detection: {spent:.2f} s")


def cost(limit: int) -> None:
    """Print what the counting adds to a call: while it is answered, and when its row is drained to SQLite."""
    prepared = prepare(load(PROJECT / "rules"))
    sent = SentCodes(prepared.derivation.matcher)
    records = []
    for one in charts(limit):
        bundle, patient = _bundle(one.chart)
        records.append((one, read_bundle(bundle, patient=patient, complete="all")))
    seen = SeenCodes()
    for number, (_, record) in enumerate(records):
        seen.add("2026-03-01", None, str(number), sent.of(record))
    taken = []
    for number, (_, record) in enumerate(records):
        began = time.process_time_ns()
        seen.add("2026-03-01", None, str(number), sent.of(record))
        taken.append((time.process_time_ns() - began) / 1e6)
    sizes = [len(one.chart) for one, _ in records]
    print(f"codes of a call that is looked at: median {statistics.median(taken):.3f} ms", end=" ")
    print(f"of {statistics.median(sizes):.0f} resources")
    print(f"  longest {max(taken):.3f} ms, of {sizes[taken.index(max(taken))]} resources")
    letters = asked(prepared, sent, records[0][0]).letters + "u" * 150
    prefetch = {
        "sent": [f"key-{number}" for number in range(12)],
        "null": [f"key-{number}" for number in range(12, 20)],
    }
    row = Outline(
        id="", at="2026-03-01T09:00", service="s", hook="h", hook_instance=None, issuer=None, ruleset="d" * 64,
        patient=None, cards=(), findings=letters, problem_count=0, microseconds=0, prefetch=prefetch,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        database = Database(store_url(f"{folder}/store.db"))
        for batch in (1, 20, 200):
            times = []
            for _ in range(20 + 400 // batch):
                with database.writing() as connection:
                    began = time.process_time_ns()
                    add_calls(connection, [row] * batch)
                    times.append((time.process_time_ns() - began) / 1e6 / batch)
            print(f"row of a call, {batch} drained together: {statistics.median(times):.3f} ms")
        database.close()


def _bundle(chart: Sequence[Any]) -> tuple[Any, str | None]:
    [patient] = [one.get("id") for one in chart if one["resourceType"] == "Patient"]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in chart]}, patient


def found_after(
    prepared: Prepared, names: Sequence[str], usual: Sequence[Asked], spoilt: Sequence[Asked], seed: int
) -> tuple[int | None, str | None]:
    """After how many days with spoilt charts the radar alarms, up to 14, and the cause it names."""
    came = list(days(HISTORY + 14, len(usual), seed))
    by_day = [[(spoilt if day >= HISTORY else usual)[number] for number in numbers] for day, numbers in enumerate(came)]
    alarms = alarms_of(prepared.knowledge, client(names, by_day), HISTORY)
    if not alarms:
        return None, None
    first = min(alarms, key=lambda alarm: alarm["found"])
    delay = (date.fromisoformat(first["found"]) - BEGIN).days - HISTORY + 1
    return delay, " ".join(alarm["cause"]["says"] for alarm in alarms)


if __name__ == "__main__":
    main()
