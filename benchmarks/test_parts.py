"""Where the time of a call goes: each part alone, inside this process (``make bench``)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.bodies import draft_order, record
from service.decision import Prepared, decide, decide_on, prepare
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from service.record.input.reader import read_bundle

RULES = Path(__file__).resolve().parent.parent / "rules"
NOW = datetime.now(UTC)
HOOK = "order-sign"

sizes = pytest.mark.parametrize("size", [5, 50, 200])
pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(RULES)


@pytest.fixture(scope="module")
def prepared(knowledge: Knowledge) -> Prepared:
    return prepare(knowledge)


def bundle(size: int) -> dict[str, Any]:
    resources = [*record(size), draft_order()]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def test_loading_the_rule_set(benchmark: Any) -> None:
    benchmark.pedantic(load, args=(RULES,), rounds=3)


def test_compiling_the_rule_set(benchmark: Any, knowledge: Knowledge) -> None:
    benchmark.pedantic(prepare, args=(knowledge,), rounds=3)


@sizes
def test_decoding_the_body(benchmark: Any, size: int) -> None:
    benchmark(orjson.loads, orjson.dumps(bundle(size)))


@sizes
def test_reading_the_record(benchmark: Any, size: int) -> None:
    benchmark(read_bundle, bundle(size), order_hook=True)


@sizes
def test_deriving_the_facts(benchmark: Any, prepared: Prepared, size: int) -> None:
    benchmark(prepared.derivation.findings, read_bundle(bundle(size), order_hook=True), NOW)


def test_chaining_and_the_second_reading(benchmark: Any, prepared: Prepared) -> None:
    facts = prepared.derivation.findings(read_bundle(bundle(50), order_hook=True), NOW)
    benchmark(decide_on, prepared, facts, HOOK, NOW)


@sizes
def test_the_whole_decision(benchmark: Any, prepared: Prepared, size: int) -> None:
    benchmark(decide, prepared, read_bundle(bundle(size), order_hook=True), HOOK, NOW)
