"""Commands that say what a change of rules means: for every possible patient, and for recorded ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.rules import rules_option
from service.config import bind_address, read_settings
from service.errors import IssuesError, NotFoundError, ServiceError

if TYPE_CHECKING:
    from service.knowledge.model import ServiceDefinition
    from service.review.comparison.origin import RuleSet

Json = dict[str, Any]
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
SAME, DIFFERS, CANNOT_SAY = 0, 1, 2


class CannotSayError(click.ClickException):
    """Why the question cannot be answered; ends with 2."""

    exit_code = CANNOT_SAY


@click.command()
@click.argument("names", metavar="A B", nargs=-1)
@rules_option
@click.option("--keys", "keys_file", type=_FILE, help="The trusted keys, for packs that are signed.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, with a chart for each example.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The comment of a pull request.")
@click.option("--page", "folder", type=_FOLDER, help="Write it as a page into this folder.")
@click.option("--link", metavar="URL", help="Where the rule files of B can be read, for links in the comment.")
@click.option("--impact", "impact_file", type=_FILE, help="What `impact --json` wrote, to be shown in the comment.")
@click.option("--invariants/--no-invariants", default=True, help="Prove again what a change can reach (the default).")
def compare(  # noqa: PLR0913  # click hands over every option
    names: tuple[str, ...],
    rules_folder: Path,
    keys_file: Path | None,
    link: str | None,
    impact_file: Path | None,
    folder: Path | None,
    *,
    as_json: bool,
    as_markdown: bool,
    invariants: bool,
) -> None:
    """What differs between the rule sets A and B, and for which patients.

    A and B are folders, packs, revisions of git, or digests of the store; also A..B. Without B it is the
    folder of rules as it is. Ends with 0 when no patient and no reader gets anything else, 1 when one does,
    2 when it cannot be said.
    """
    before, after = both(names, rules_folder, keys_file)
    report = _compared(before, after, invariants=invariants, with_charts=as_json or folder is not None)
    if folder is not None:
        from service.web.pages.book import write_comparison

        click.echo(write_comparison(after.knowledge, report, folder))
    elif as_json:
        click.echo(_written(report))
    elif as_markdown:
        from service.review.comparison.markdown import Comment

        recorded = json.loads(impact_file.read_bytes()) if impact_file is not None else None
        click.echo(Comment(link, recorded).of(report), nl=False)
    else:
        from service.review.comparison.terminal import lines

        for line in lines(report):
            click.echo(line)
    sys.exit(DIFFERS if report["differs"] else SAME)


def _compared(before: RuleSet, after: RuleSet, *, invariants: bool, with_charts: bool) -> Json:
    """The report of a comparison. Raises CannotSayError."""
    from service.review.comparison.comparing import compare as differences
    from service.review.comparison.invariants import with_invariants
    from service.review.comparison.report import Report
    from service.review.comparison.wording import Wording
    from service.testkit.comparison_charts import Charts

    try:
        found = differences(before.knowledge, after.knowledge, (before.label, after.label))
        if invariants:
            found = with_invariants(found, before, after)
    except (ServiceError, RuntimeError) as error:
        raise CannotSayError(f"cannot say: {error}") from None
    charts = Charts(before.knowledge, after.knowledge)
    report = Report(Wording(before.knowledge, after.knowledge), charts.of if with_charts else None).of(found)
    for content in report["contents"]:
        content["chart"] = charts.read_otherwise(content["kind"], content["id"])
    return report


def _written(report: Json) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False)


@click.command()
@click.argument("names", metavar="A B", nargs=2)
@click.argument("data", type=click.Path(exists=True, path_type=Path), required=False)
@rules_option
@click.option("--store", "from_store", is_flag=True, help="Decide what the store keeps again, in place of DATA.")
@click.option("--since", metavar="DAY", help="With --store: from this day on.")
@click.option(
    "--now", metavar="TIME", help="The as-of time of charts, ISO 8601; the present by default. Stories have theirs."
)
@click.option("--keys", "keys_file", type=_FILE, help="The trusted keys, for packs that are signed.")
@click.option("--hide-below", type=click.IntRange(0), help="Hide smaller counts by age and sex. [11; 0 for stories]")
@click.option("--links", is_flag=True, help="Each example with a link that holds its chart; stories have theirs.")
@click.option("--parquet", "table", type=_NEW, help="Write the counts as a Parquet file too.")
@click.option("--page", type=_NEW, metavar="FILE.html", help="Write it as one page too, beside it the same as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
def impact(  # noqa: PLR0913  # click hands over every option
    names: tuple[str, ...],
    data: Path | None,
    rules_folder: Path,
    since: str | None,
    now: str | None,
    keys_file: Path | None,
    hide_below: int | None,
    *,
    table: Path | None,
    page: Path | None,
    from_store: bool,
    links: bool,
    as_json: bool,
) -> None:
    """How many recorded patients get other cards under B than under A.

    DATA is a folder of stories (the shipped ones by default), a folder or file of bundles or requests, or bulk
    data as `population` reads it; with --store it is what the store holds. Ends with 0 when none gets another
    card, 1 when one does.
    """
    if page is not None and page.suffix == ".json":
        raise click.UsageError("--page names the page, such as impact.html; its data is written beside it as .json")
    before, after = both(names, rules_folder, keys_file)
    report = _counted(before, after, _Data(data, now, since, from_store, links), hide_below)
    if table is not None:
        _write_table(table, report, before, after)
    if page is not None:
        _write_page(page, report, after)
    if as_json:
        click.echo(_written(report))
    else:
        from service.review.impact import impact_lines

        for line in impact_lines(report, (before.label, after.label)):
            click.echo(line)
        for line in report["refused"]:
            click.echo(f"not read: {line}", err=True)
    sys.exit(DIFFERS if report["questionsAnsweredOtherwise"] else SAME)


@dataclass(frozen=True, slots=True)
class _Data:
    """Which recorded charts are asked, and whether examples of patients may hold them."""

    path: Path | None
    now: str | None
    since: str | None
    from_store: bool
    links: bool

    @property
    def kind(self) -> str:
        """``stories``, which are invented, ``charts`` of patients, or decisions of the ``store``."""
        if self.from_store:
            return "store"
        return "stories" if self.path is None or any(self.path.glob("*/story.json")) else "charts"


def _counted(before: RuleSet, after: RuleSet, data: _Data, hide_below: int | None) -> Json:
    """The report of an impact, with links in place of the charts of its examples."""
    from service.cli.input import read_time
    from service.cli.recorded_charts import Reader
    from service.cli.stories import EXAMPLES
    from service.decision import prepare
    from service.review.demographics import SMALL
    from service.review.impact import Impact

    sides = prepare(before.knowledge), prepare(after.knowledge)
    is_invented = data.kind == "stories"
    found, refused = Impact(*sides), list[str]()
    reader = Reader(*sides, refused, with_links=data.links or is_invented)
    if data.from_store:
        from service.cli.open_store import day, open_store

        found.add_all(reader.of_store(open_store().reading, day(data.since)))
    else:
        found.add_all(reader.of(data.path or EXAMPLES, None if data.now is None else read_time(data.now)))
    report = found.report(hide_below=SMALL if hide_below is None and not is_invented else hide_below or 0)
    report |= {"before": before.label, "after": after.label, "data": data.kind, "refused": refused}
    _link_examples(report, {**before.knowledge.services, **after.knowledge.services})
    return report


def _link_examples(report: Json, services: Mapping[str, ServiceDefinition]) -> None:
    """Put a link instead of the chart of each example; a stored decision has a page and no chart."""
    from service.testkit.playground_link import playground_link

    base = read_settings().public_url
    for example in (example for rule in report["rules"] for example in rule["examples"]):
        source = example.pop("source", None)
        if source is not None:
            hook = services[example["service"]].hook
            below = playground_link(source.document, hook=hook, now=source.now, complete=source.complete)
            example["link"] = f"{base or ''}{below}"
        elif report["data"] == "store" and base is not None:
            example["link"] = f"{base}/decisions/{example['chart']}"


def _write_table(table: Path, report: Json, before: RuleSet, after: RuleSet) -> None:
    from service.population.tables import write_table
    from service.review.impact import impact_rows

    digests = {"before": before.knowledge.digest, "after": after.knowledge.digest}
    write_table(table, "impact", list(impact_rows(report)), digests)


def _write_page(page: Path, report: Json, after: RuleSet) -> None:
    """The page, and beside it its data, which is what ``--json`` prints."""
    from service.web.pages.impact import impact_page

    settings, twin = read_settings(), page.with_suffix(".json")
    service = settings.public_url or f"http://{bind_address()}{settings.path_prefix}"
    twin.write_text(f"{_written(report)}\n", encoding="utf-8")
    page.write_text(impact_page(after.knowledge, report, twin.name, service), encoding="utf-8")


def both(names: tuple[str, ...], rules_folder: Path, keys_file: Path | None) -> tuple[RuleSet, RuleSet]:
    """The two rule sets that were named. Raises CannotSayError when one cannot be had."""
    from service.review.comparison.origin import Origins

    if len(names) == 1 and ".." in names[0] and not Path(names[0]).exists():
        first, _, second = names[0].partition("..")
        names = (first, second.lstrip(".") or "HEAD")
    if len(names) == 1:
        names = (*names, str(rules_folder))
    if len(names) != 2:  # noqa: PLR2004  # A and B
        raise click.UsageError("name two rule sets: A B, or A..B")
    origins = Origins(rules_folder, read_settings().knowledge_settings, keys_file, _stored)
    try:
        return origins.find(names[0]), origins.find(names[1])
    except IssuesError as error:
        text = "\n".join(str(issue) for issue in error.issues[:20])
        raise CannotSayError(f"cannot say: one of the rule sets cannot be read\n{text}") from None
    except (ServiceError, OSError) as error:
        raise CannotSayError(f"cannot say: {error}") from None


def _stored(digest: str) -> tuple[str, Mapping[str, bytes], Mapping[str, str]] | None:
    """The files of a rule set of the store; None where there is no store or no such rule set."""
    from service.cli.open_store import open_store
    from service.store.archive import files_in

    try:
        stored = open_store().reading.rule_set_beginning(digest)
    except (click.UsageError, NotFoundError):
        return None
    return None if stored.archive is None else (stored.digest, files_in(stored.archive), stored.settings)
