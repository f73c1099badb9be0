"""What more rules and longer charts cost: one decision under the first rules and all; CPU per resource as charts grow.

``python -m benchmarks.growth``. The first rules are those the product began with; the figures to look at are the
ratios, because all is timed in turn on the same machine: a chart of twice as many resources may cost at most a
fifth more for each of them.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

import orjson

from benchmarks.bodies import DENSE_DRUGS, draft_order, measured, prescription, problem, record
from service.config import PROJECT
from service.decision import Prepared, decide, prepare
from service.engine.chaining import Program
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.record.input.reader import read_bundle

FIRST_RULES = frozenset(
    [
        "rf-cauda-equina-suspected",
        "rf-pvr-200-or-more",
        "rf-progressive-motor-deficit",
        "rf-cancer-history",
        "rf-infection-suspected",
        "rf-fracture-risk",
        "rf-screen-not-documented",
        "sf-nsaid-egfr-below-30",
        "sf-nsaid-egfr-30-59",
        "sf-nsaid-renal-unknown",
        "sf-nsaid-anticoagulant",
        "sf-nsaid-active-bleed",
        "sf-nsaid-hypersensitivity",
        "sf-nsaid-heart-failure",
        "sf-nsaid-pregnancy",
        "sf-relaxant-older-adult",
        "sf-cyclo-cardiac-thyroid",
        "sf-cyclo-maoi",
        "sf-cns-depressant-combination",
        "oc-imaging-early",
        "oc-opioid-acute",
        "oc-gabapentinoid",
        "oc-relaxant-too-long",
        "oc-duplicate-nsaid",
        "fl-stay-active",
        "fl-early-physical-therapy",
        "fl-nsaid-short-course",
        "fl-relaxant-short-course",
        "mo-six-week-decision",
        "es-mri-after-6-weeks",
        "es-esi-acute-severe",
        "es-surgical-opinion",
        "sc-low-impact-exercise",
    ]
)
HOOKS = ("patient-view", "order-select", "order-sign")
ROUNDS = 60
SIZES = (1000, 2000, 4000, 8000, 16_000)


def first_rules(knowledge: Knowledge) -> Knowledge:
    """The rule set with only the first card rules; conclusions stay, and only those needed are run."""
    phases = tuple(
        replace(phase, rules=tuple(rule for rule in phase.rules if rule.card is None or rule.id in FIRST_RULES))
        for phase in knowledge.phases
    )
    return replace(knowledge, phases=phases)


def main() -> None:
    """Print CPU per decision under both rule sets, and the ratio, for each of the main hooks."""
    knowledge = load(PROJECT / "rules")
    sets = {"first": prepare(first_rules(knowledge)), "all": prepare(knowledge)}
    for hook in HOOKS:
        counts = {name: len(ready.programs[hook].rules) for name, ready in sets.items()}
        medians = _medians({name: _decision(ready, hook) for name, ready in sets.items()})
        told = ", ".join(f"{counts[name]} rules {medians[name]:.2f} ms" for name in sets)
        print(f"{hook}: {told}, ratio {medians['all'] / medians['first']:.2f}")
    # As the server does (gunicorn.conf.py): what is loaded at the start is not collected again and again.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    for kind, make in KINDS.items():
        costs = [_per_resource(sets["all"], make(size)) for size in SIZES]
        told = ", ".join(f"{size} {cost:.0f} µs" for size, cost in zip(SIZES, costs, strict=True))
        ratios = [f"{after / before:.2f}" for before, after in pairwise(costs)]
        print(f"per resource, {kind}: {told}; per doubling {', '.join(ratios)}")


def rules_times_four() -> float:
    """How many times the CPU of the engine four times the rules take, on one chart under order-sign; medians."""
    prepared = prepare(load(PROJECT / "rules"))
    few = prepared.programs["order-sign"]
    more = [
        replace(rule, id=rule.id if not number else f"{rule.id}-{number}") for rule in few.rules for number in range(4)
    ]
    many = Program(more)
    chart = read_bundle([*record(200), draft_order()], order_hook=True)
    facts = prepared.derivation.findings(chart, datetime.now(UTC))
    found = _medians({"few": lambda: few.evaluate(facts), "many": lambda: many.evaluate(facts)})
    return found["many"] / found["few"]


def per_resource_growth() -> float:
    """How many times the CPU per resource a chart of 5,000 takes of one of 1,250."""
    prepared = prepare(load(PROJECT / "rules"))
    gc.collect()
    gc.freeze()
    few, many = (_per_resource(prepared, record(size)) for size in (1250, 5000))
    return many / few


def _of_one_kind(make: Callable[[int], dict[str, Any]]) -> Callable[[int], list[dict[str, Any]]]:
    return lambda size: [record(5)[0], *(make(number) for number in range(size))]


KINDS: Mapping[str, Callable[[int], list[dict[str, Any]]]] = {
    "mixed": record,
    "orders of drugs": _of_one_kind(prescription),
    "orders of drugs that rules read": _of_one_kind(partial(prescription, among=DENSE_DRUGS)),
    "results": _of_one_kind(measured),
    "problems": _of_one_kind(problem),
}
"""What charts that grow consist of."""


def _per_resource(ready: Prepared, resources: list[dict[str, Any]]) -> float:
    """Microseconds of CPU that reading a chart and deciding on it take for each of its resources; the best of three."""
    body, now = orjson.dumps(resources), datetime.now(UTC)
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        decide(ready, read_bundle(orjson.loads(body)), "patient-view", now)
        best = min(best, time.process_time() - begin)
    return best / len(resources) * 1e6


def _decision(ready: Prepared, hook: str) -> Callable[[], object]:
    orders = [draft_order()] if hook != "patient-view" else []
    chart = read_bundle([*record(200), *orders], order_hook=bool(orders))
    now = datetime.now(UTC)
    return lambda: decide(ready, chart, hook, now)


def _medians(questions: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(ROUNDS):
        for name, ask in questions.items():
            begin = time.process_time()
            ask()
            times[name].append((time.process_time() - begin) * 1000)
    return {name: statistics.median(found) for name, found in times.items()}


if __name__ == "__main__":
    main()
