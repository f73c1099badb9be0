"""A seeded fuzz of calls that knows their structure: ``python -m tests.properties.fuzz --calls 1000000 --seed 1``.

One to three changes at once, of elements or of a whole call, more often of the small charts than of the large ones. The
oracle is the law of ``law.py``: nothing is a server error, and no loud card disappears without a word. Where a change
leaves every finding what it was, the same rules speak; of such calls only every tenth is answered to the end. Prints
what breaks the law, with the seed that shows it again.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import orjson

from service.finding import Finding
from service.protocol.evaluation import Services
from service.record.budget import NO_BUDGET, Budget
from service.record.chart.index import Chart
from tests.properties.changes import LAWS, Path, elements, is_loss, result, spoilt
from tests.properties.charts import Call, Said, ask, story_calls
from tests.properties.law import breaks
from tests.shipped import shipped_services

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e20, 1e300, 2**63, 0.1, "", " ", "x", "9" * 5000, "\u0000", "\U0001f600", "9999-12-31",
    "0001-01-01", "2026-13-45", "http://", "#", "urn:uuid:", [], {}, [[]], [{}], {"coding": [{}]}, {"value": 1e28},
    {"reference": "#x"}, {"resourceType": "Bundle", "entry": [{}]}, ["Condition"], {"start": "9999", "end": "0001"},
)  # fmt: skip
_SPOILS = ("list", "number", "object", "text", "missing")
_SLOW_SECONDS = 1.0
_TO_THE_END = 0.1
_WHOLE, _PLAIN = 0.1, 0.5
"""How often a whole call is changed first, and how often an element is spoilt in one of the plain ways."""


@dataclass
class Report:
    """What came of a run: how many calls were answered and refused, and what broke the law."""

    answered: int = 0
    refused: int = 0
    unchanged: int = 0
    faults: list[str] = field(default_factory=list)


class _UnchangedError(Exception):
    """Every finding is what it was before the change, so that the same rules speak."""


def run(services: Services, *, calls: int, seed: int, whole: float = _WHOLE, progress: bool = False) -> Report:
    """Make so many calls, the same for the same seed. ``whole`` is the share in which a whole call is changed."""
    report = Report()
    bases = [(call, ask(services, call, call.body)) for call in story_calls(services)]
    places = [list(elements(call.body)) for call, _ in bases]
    weights = [1 / len(paths) for paths in places]
    for number in range(calls):
        chance = random.Random(f"{seed}/{number}")
        (which,) = chance.choices(range(len(bases)), weights)
        call, before = bases[which]
        body, changes, loses = _changed(chance, call, places[which], whole)
        with _stopped_where_nothing_changed(services, before, to_the_end=chance.random() < _TO_THE_END):
            fault = _fault(services, call, body, before, loses=loses, report=report)
        if fault:
            report.faults.append(f"{seed}/{number} {call.name}: {'; '.join(changes)}: {fault}")
        if progress and number % 10_000 == 0:
            sys.stderr.write(f"{number} calls, {report.refused} refused, {len(report.faults)} faults\n")
    return report


@contextmanager
def _stopped_where_nothing_changed(services: Services, before: Said, *, to_the_end: bool) -> Iterator[None]:
    derivation = services.prepared.derivation
    findings_before = before.decision.findings if before.decision is not None else {}
    values_before = {name: _value(finding) for name, finding in findings_before.items()}
    read = derivation.findings_of

    def findings_of(chart: Chart, budget: Budget = NO_BUDGET) -> dict[str, Finding]:
        found = read(chart, budget)
        if not to_the_end and all(values_before.get(name) == _value(finding) for name, finding in found.items()):
            raise _UnchangedError
        return found

    with mock.patch.object(derivation, "findings_of", findings_of):
        yield


def _value(finding: Finding) -> tuple[object, ...]:
    return finding.status, finding.low, finding.high


def sweep(services: Services) -> Report:
    """Every element of every story in every way it can be spoilt, once each."""
    report = Report()
    for call in story_calls(services):
        before = ask(services, call, call.body)
        chance = random.Random(call.name)
        for path in elements(call.body):
            for spoil in _SPOILS:
                body, loses = spoilt(call.body, path, spoil), is_loss(path, spoil)
                with _stopped_where_nothing_changed(services, before, to_the_end=chance.random() < _TO_THE_END):
                    fault = _fault(services, call, body, before, loses=loses, report=report)
                if fault:
                    report.faults.append(f"{call.name}: {result(path, spoil)}: {fault}")
                    sys.stderr.write(f"{report.faults[-1]}\n")
        sys.stderr.write(f"{call.name}: {report.answered + report.refused} calls, {len(report.faults)} faults\n")
    return report


def _changed(chance: random.Random, call: Call, places: list[Path], whole: float) -> tuple[Any, list[str], bool]:
    """The body after one to three changes, what they are, and whether one of them takes an entry away whole."""
    body: Any = call.body
    changes: list[str] = []
    loses = False
    if chance.random() < whole:
        name = chance.choice(list(LAWS))
        body = LAWS[name](body)
        changes.append(name)
    for _ in range(chance.randint(0 if changes else 1, 3)):
        path = chance.choice(places)
        if not _leads(body, path):
            continue
        if chance.random() < _PLAIN:
            spoil = chance.choice(_SPOILS)
            body = spoilt(body, path, spoil)
            changes.append(result(path, spoil))
            loses = loses or is_loss(path, spoil)
        else:
            odd = chance.choice(ODD)
            body = spoilt(body, path, "odd", odd)
            changes.append(f"{'.'.join(map(str, path))} = {odd!r:.40}")
            loses = loses or not odd
    return body, changes, loses


def _leads(body: Any, path: Path) -> bool:
    place = body
    for step in path:
        is_there = step in place if isinstance(place, dict) else type(place) is list and step in range(len(place))
        if not is_there:
            return False
        place = place[step]
    return True


def _fault(services: Services, call: Call, body: Any, before: Said, *, loses: bool, report: Report) -> str | None:
    begin = time.thread_time()
    try:
        after = ask(services, call, body)
        if after.body is not None:
            orjson.dumps(after.body)
    except _UnchangedError:
        report.answered += 1
        report.unchanged += 1
        return None
    except Exception as error:  # noqa: BLE001  # whatever it is, it would be a 500
        return f"{type(error).__name__}: {error}"[:300]
    if time.thread_time() - begin > _SLOW_SECONDS:
        return "slow"
    report.refused += bool(after.refused)
    report.answered += not after.refused
    return None if loses else breaks(before, after)


def _faults(report: Report) -> Iterator[str]:
    yield from report.faults[:100]
    answered = f"{report.answered} answered ({report.unchanged} with no finding changed)"
    yield f"{answered}, {report.refused} refused, {len(report.faults)} broke the law"


def main() -> None:
    """Run, print what breaks the law, and exit 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sweep", action="store_true", help="spoil every element of every story instead")
    options = parser.parse_args()
    services = shipped_services()
    report = sweep(services) if options.sweep else run(services, calls=options.calls, seed=options.seed, progress=True)
    sys.stdout.write("\n".join([*_faults(report), ""]))
    sys.exit(bool(report.faults))


if __name__ == "__main__":
    main()
