"""On Spark a run gives the same bytes as on one machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from tests.population_data import all_lines, asked, by_type, digests, ran
from tests.shipped import shipped_services

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="no pyspark: pip install pyspark"),
    pytest.mark.skipif(shutil.which("java") is None, reason="no Java for Spark"),
]
NAMES = ("decisions.parquet", "cards.parquet", "findings.parquet", "summary.json", "summary.html", "rejects.ndjson")


def test_spark_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.population.running import Run, prepared_inputs
    from service.population.spark import run_on_spark, session_on

    data = by_type(tmp_path / "data", all_lines())
    with (data / "Condition.ndjson").open("ab") as file:
        file.write(b'{"resourceType":"Condition","subject":{"reference":"Patient/nobody"},\n')
    question = asked(findings=True)
    ran(data, tmp_path / "alone", question)
    project = Path(__file__).parents[3]
    # As the command does it, with nothing said of the Python that Spark is to run; what it says is taken back.
    monkeypatch.setenv("PYSPARK_PYTHON", "")
    monkeypatch.delenv("PYSPARK_PYTHON")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(project), *filter(None, [os.environ.get("PYTHONPATH")])]))
    session = session_on("local[2]")
    try:
        inputs, export = prepared_inputs(data, incremental_means_partial=False)
        run = Run(data, tmp_path / "spark", question, 2, 1 << 20)
        run_on_spark(session, run, inputs, export, shipped_services(), shipped_services)
    finally:
        session.stop()
    assert digests(tmp_path / "spark", NAMES) == digests(tmp_path / "alone", NAMES)
