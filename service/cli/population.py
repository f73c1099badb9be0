"""The command that decides on a whole population."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.input import read_time
from service.cli.rules import rules_option
from service.config import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Any

    from service.population.export import Export
    from service.population.inputs import Inputs
    from service.population.running import Run
    from service.protocol.evaluation import Services

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_EXTRA = "this command needs pyarrow and msgspec: install sciatica-cds[population]"


class Size(click.ParamType[int]):
    """A number of bytes, such as 200M."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+)\s*([KMG]?)B?", str(value).strip().upper())
        if found is None:
            self.fail(f"{value} is no size, such as 200M or 2G", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder of results.")
@click.option("--hook", default="patient-view", show_default=True, help="The moment in care to ask for.")
@click.option("--now", metavar="TIME", help="The as-of time, ISO 8601; needed without a manifest.")
@click.option("--workers", type=click.IntRange(1), help="Processes; one for each core by default.")
@click.option("--memory", type=Size(), default="200M", show_default=True, help="Memory of one worker.")
@click.option("--fhir", is_flag=True, help="Also MeasureReport, DetectedIssue and Group, as NDJSON.")
@click.option("--findings", is_flag=True, help="Also findings.parquet: what was found of every decided patient.")
@click.option(
    "--pseudonym",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="KEYFILE",
    help="Replace ids of patients and resources by codes made with this key.",
)
@click.option(
    "--largest-patient",
    type=click.IntRange(1),
    default=40_000,
    show_default=True,
    metavar="N",
    help="The most resources of one patient; the rest is left out and named.",
)
@click.option("--incremental-means-partial", is_flag=True, help="Take an export with _since: no list in it is whole.")
@click.option("--hide-below", type=click.IntRange(0), default=11, show_default=True, help="Hide smaller counts.")
@click.option("--visits", is_flag=True, help="Also replay each chart visit by visit: cards per 1,000 visits.")
@click.option("--no-gate", is_flag=True, help="Decide every chart in full, also where no card is possible.")
@click.option("--spark", metavar="MASTER", help="Run on this Spark, such as local[2] or yarn (needs pyspark).")
@rules_option
def population(  # noqa: PLR0913, PLR0917  # click hands over every option
    data: Path,
    out: Path,
    rules_folder: Path,
    hook: str,
    now: str | None,
    workers: int | None,
    memory: int,
    key_file: Path | None,
    largest_patient: int,
    hide_below: int,
    spark: str | None,
    *,
    fhir: bool,
    findings: bool,
    visits: bool,
    incremental_means_partial: bool,
    no_gate: bool,
) -> None:
    """Decide on every patient of a folder of bulk data, and count the cards.

    DATA is a folder of NDJSON as a Bulk Data export gives it (plain, .gz or .zst), its manifest, a folder of
    bundles, or NDJSON of bundles. The as-of time is that of the export. A run that was ended goes on when it
    is called again.
    """
    _find_libraries()
    from service.population.plan import Question
    from service.population.running import Run, prepared_inputs

    with _errors_explained():
        inputs, export = prepared_inputs(data, incremental_means_partial=incremental_means_partial)
        question = Question(
            hook=hook,
            now=_moment(export, now),
            largest=largest_patient,
            findings=findings,
            fhir=fhir,
            pseudonyms=None if key_file is None else _key(key_file),
            use_gate=not no_gate,
            visits=visits,
            small=hide_below,
        )
        asked = Run(data, out, question, workers or _cores(), memory)
        result = _decided(spark, asked, inputs, export, rules_folder)
    _print_result(data, out, result)


def _find_libraries() -> None:
    """Looked for and not loaded: a library that runs threads keeps workers from being copied."""
    if any(find_spec(name) is None for name in ("pyarrow", "msgspec")):
        raise click.ClickException(_EXTRA)


@contextmanager
def _errors_explained() -> Iterator[None]:
    """What cannot be decided as it was asked ends the command with its reason."""
    from service.population.limits import PopulationError

    try:
        yield
    except PopulationError as error:
        raise click.UsageError(str(error)) from None


def _decided(spark: str | None, asked: Run, inputs: Inputs, export: Export, rules_folder: Path) -> dict[str, Any]:
    """What ``run.json`` says when every patient is decided: on Spark where one is named, else on this machine."""
    from service import make_services
    from service.cli.population_progress import watched
    from service.population.running import run

    settings = replace(read_settings(), rules=rules_folder)
    services, make = make_services(settings), partial(make_services, settings)
    _offered(services, asked.question.hook)
    if spark is not None:
        return _on_spark(spark, asked, inputs, export, services, make)
    with watched() as progress:
        return run(asked, inputs, export, services, make, progress)


def _print_result(data: Path, out: Path, result: dict[str, Any]) -> None:
    from service.population.run_folder import read_json
    from service.population.summary import first_words

    summary = read_json(out / "summary.json")
    click.echo(first_words(summary))
    click.echo(f"{out / 'summary.html'}    {result['measured']['seconds']} s")
    if not summary["patients"]["all"]:
        raise click.ClickException(f"there is no patient in {data}; {out / 'rejects.ndjson'} says what cannot be read")


def _on_spark(  # all that a run knows
    master: str, asked: Run, inputs: Inputs, export: Export, services: Services, make: Callable[[], Services]
) -> dict[str, Any]:
    if find_spec("pyspark") is None:
        raise click.ClickException("--spark needs pyspark and a Java: install sciatica-cds[spark]")
    from service.population.spark import run_on_spark, session_on

    session = session_on(master)
    try:
        return run_on_spark(session, asked, inputs, export, services, make)
    finally:
        session.stop()


def _moment(export: Export, now: str | None) -> datetime:
    if now is not None:
        return read_time(now)
    if export.now is None:
        raise click.UsageError("there is no manifest that says when the data was exported: give --now")
    return export.now


def _offered(services: Services, hook: str) -> None:
    hooks = [service.hook for service in services.offered.values()]
    if hook not in hooks:
        raise click.UsageError(f"no service answers {hook}; there are {', '.join(hooks)}")


def _key(path: Path) -> bytes:
    key = path.read_bytes().strip()
    if len(key) < 16:  # noqa: PLR2004  # 128 bits
        raise click.UsageError(f"{path.name}: a key has at least 16 bytes")
    return key


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
