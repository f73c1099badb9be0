"""What a run over a population promises: the same bytes however the data lies, and of each patient the answer alone."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import orjson
import pytest

from service.population.tables import rows_of
from service.protocol.evaluation import BundleQuestion, answer_bundle
from tests.population_data import NOW, all_lines, asked, by_type, digests, in_file, people, ran, rows
from tests.shipped import shipped_services


@pytest.fixture(scope="module")
def as_exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Everybody by type, and a run over it in one process."""
    folder = tmp_path_factory.mktemp("population")
    ran(by_type(folder / "data", all_lines()), folder / "out")
    return folder / "data", folder / "out"


def test_each_patient_gets_the_answer_that_its_chart_alone_gets(as_exported: tuple[Path, Path]) -> None:
    data, out = as_exported
    exported = frozenset(path.stem for path in data.iterdir())
    cards: dict[str, list[object]] = {}
    for row in rows(out, "cards"):
        cards.setdefault(row["patient"], []).append(orjson.loads(row["card"]))
    decisions = {row["patient"]: row for row in rows(out, "decisions")}
    assert decisions.keys() == people().keys()
    for patient, resources in people().items():
        question = BundleQuestion("patient-view", NOW, patient, complete=exported)
        alone = answer_bundle(shipped_services(), list(resources), question)
        assert cards.get(patient, []) == alone.body["cards"], patient
        assert decisions[patient]["decision"] in (alone.decision.id, None)
        assert set(decisions[patient]["notAssessed"]) <= set(alone.decision.not_assessed)
    assert len(cards) > 5


def test_bundles_are_answered_as_each_bundle_alone(tmp_path: Path) -> None:
    for number, resources in enumerate(people().values()):
        bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.json").write_bytes(orjson.dumps(bundle, option=orjson.OPT_INDENT_2))
    ran(tmp_path / "data", tmp_path / "out")
    cards: dict[str, list[object]] = {}
    for row in rows(tmp_path / "out", "cards"):
        cards.setdefault(row["patient"], []).append(orjson.loads(row["card"]))
    for patient, resources in people().items():
        bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}
        alone = answer_bundle(shipped_services(), bundle, BundleQuestion("patient-view", NOW))
        assert cards.get(patient, []) == alone.body["cards"], patient


def test_order_split_and_compression_of_lines_change_nothing(as_exported: tuple[Path, Path], tmp_path: Path) -> None:
    lines = all_lines()
    random.Random(7).shuffle(lines)
    data = tmp_path / "data"
    for line in lines:
        kind = orjson.loads(line)["resourceType"]
        for number in range(3):
            (data / f"{number}").mkdir(parents=True, exist_ok=True)
            in_file(data / f"{number}" / f"{kind}.{number}.ndjson", [])
    for number, line in enumerate(lines):
        kind, part = orjson.loads(line)["resourceType"], number % 3
        with (data / f"{part}" / f"{kind}.{part}.ndjson").open("ab") as file:
            file.write(line + (b"\r\n" if part else b"\n"))
    for path in sorted((data / "1").iterdir()):
        (data / "1" / f"{path.name}.gz").write_bytes(
            gzip.compress(path.read_bytes()[:40]) + gzip.compress(path.read_bytes()[40:])
        )
        path.unlink()
    import pyarrow as pa

    for path in sorted((data / "2").iterdir()):
        content = path.read_bytes()
        with pa.CompressedOutputStream(pa.OSFile(f"{path}.zst", "wb"), "zstd") as file:
            file.write(content)
        path.unlink()
    ran(data, tmp_path / "out")
    assert digests(tmp_path / "out") == digests(as_exported[1])


@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_changes_nothing(
    as_exported: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    # Small enough tasks that there is one for each worker.
    monkeypatch.setattr("service.population.limits._LEAST_TASK", 1 << 12)
    result = ran(as_exported[0], tmp_path / "out", workers=workers, memory=1 << 14)
    names = ("decisions.parquet", "cards.parquet", "summary.json", "summary.html", "rejects.ndjson")
    assert digests(tmp_path / "out", names) == digests(as_exported[1], names)
    assert len(result["measured"]["peakMemoryOfWorkers"]) == workers


def test_the_memory_allowed_changes_nothing(as_exported: tuple[Path, Path], tmp_path: Path) -> None:
    ran(as_exported[0], tmp_path / "out", memory=1 << 30)
    assert digests(tmp_path / "out") == digests(as_exported[1])


def test_states_decided_once_change_nothing(as_exported: tuple[Path, Path], tmp_path: Path) -> None:
    result = ran(as_exported[0], tmp_path / "out", asked(use_memo=False))
    assert digests(tmp_path / "out") == digests(as_exported[1])
    assert result["measured"]["memo"]["hits"] == 0


def test_the_gate_changes_no_card_and_no_count(as_exported: tuple[Path, Path], tmp_path: Path) -> None:
    in_full = ran(as_exported[0], tmp_path / "out", asked(use_gate=False))
    names = ("cards.parquet", "rejects.ndjson")
    assert digests(tmp_path / "out", names) == digests(as_exported[1], names)
    summaries = [orjson.loads((out / "summary.json").read_bytes()) for out in (tmp_path / "out", as_exported[1])]
    assert summaries[1]["patients"].pop("noCardPossible") > 0
    assert summaries[0]["patients"].pop("noCardPossible") == 0
    assert summaries[0]["patients"].pop("decided") == in_full["patients"]["decided"]
    assert summaries[1]["patients"].pop("decided") < in_full["patients"]["decided"]
    assert summaries[0] == summaries[1]


def test_a_row_that_the_gate_let_pass_names_the_gate_as_the_run_does(as_exported: tuple[Path, Path]) -> None:
    gate = orjson.loads((as_exported[1] / "run.json").read_bytes())["gate"]
    assert gate["open"]
    reasons = {row["reason"] for row in rows_of(as_exported[1] / "decisions.parquet") if row["how"] == "gated"}
    assert reasons == {f"gate {gate['digest']}"}
