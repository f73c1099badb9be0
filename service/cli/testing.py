"""Commands that hold the rules against their examples and the stories against their golden files."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click
import orjson

from service.cli.rules import rules_option
from service.cli.stories import EXAMPLES, Story, example_services, golden_text, read_stories
from service.config import PROJECT
from service.knowledge.model import Knowledge
from service.knowledge.schemas.fields import did_you_mean
from service.protocol.evaluation import Services
from service.review.examples import ExampleResult, run_examples
from service.review.meaning import differences, read_lock

SHIPPED = "sciatica-cds"
"""The name of the rule set for which the shipped stories are told."""
LOCK = PROJECT / "tests" / "rules" / "meaning.yaml"

stories_option = click.option(
    "--stories",
    "stories_folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=EXAMPLES,
    help="The folder of stories; the shipped ones by default.",
)


@click.command()
@rules_option
@stories_option
@click.option("--update", is_flag=True, help="Write the expected answers of stories anew and show what changed.")
@click.option("-k", "text", default="", metavar="TEXT", help="Only rules and stories whose id contains TEXT.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def test(rules_folder: Path, stories_folder: Path, *, update: bool, text: str, as_json: bool) -> None:
    """Run the examples inside the rules and the stories, and hold the shipped rules against the lock of their meanings.

    Ends with 1 when one differs or none ran.
    """
    services = example_services(rules_folder)
    stories = [story for story in _stories_of(services, stories_folder) if text in story.id]
    if update:
        _write_anew(services, stories)
    knowledge = services.prepared.knowledge
    results = [result for result in run_examples(knowledge) if text in result.rule.id]
    wrong = [result for result in results if not result.right]
    differences = {
        story.id: _difference(story.folder / "expected.json", golden_text(services, story)) for story in stories
    }
    differing = {name: difference for name, difference in differences.items() if difference}
    meant = list(_other_meanings(knowledge, rules_folder))
    ran = bool(results or stories) if text or knowledge.name != SHIPPED else bool(results and stories)
    if as_json:
        click.echo(_as_json(results, wrong, differences, differing, meant))
    else:
        for result in wrong:
            click.echo(_sentence(result))
        for name, difference in differing.items():
            click.echo(f"{name}: the answer differs from expected.json\n{difference}")
        for line in meant:
            click.echo(line)
        click.echo(
            f"{len(results)} examples of {len({result.rule.id for result in results})} rules, {len(wrong)} wrong; "
            f"{len(stories)} stories, {len(differing)} differing"
        )
    if not ran:
        click.echo("nothing ran: examples and stories are needed", err=True)
    sys.exit(1 if wrong or differing or meant or not ran else 0)


def _stories_of(services: Services, folder: Path) -> tuple[Story, ...]:
    """The stories of a folder; the shipped ones tell nothing of a rule set with another name."""
    if folder == EXAMPLES and services.prepared.knowledge.name != SHIPPED:
        click.echo(f"no stories: the shipped ones are for the rule set {SHIPPED} (--stories names others)", err=True)
        return ()
    return read_stories(folder)


def _sentence(result: ExampleResult) -> str:
    expected = f"expects {result.example.expect}, gives {result.gives}"
    return f"{result.example.at}: {result.rule.id}: '{result.example.name}' {expected}"


def _as_json(
    results: Sequence[ExampleResult],
    wrong: Sequence[ExampleResult],
    differences: Mapping[str, str],
    differing: Mapping[str, str],
    meant: Sequence[str],
) -> str:
    body = {
        "examples": len(results),
        "wrong": [_sentence(result) for result in wrong],
        "stories": len(differences),
        "differing": differing,
        "meanings": list(meant),
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def _write_anew(services: Services, stories: Iterable[Story]) -> None:
    changed = 0
    for story in stories:
        file = story.folder / "expected.json"
        text = golden_text(services, story)
        difference = _difference(file, text)
        if difference:
            changed += 1
            click.echo(f"{story.id}\n{difference}", err=True)
            file.write_text(text, encoding="utf-8")
    click.echo(f"{changed} golden file(s) changed", err=True)


def _other_meanings(knowledge: Knowledge, rules_folder: Path) -> Iterator[str]:
    """What the shipped rules mean otherwise than the lock says; other rule sets have no lock here."""
    if rules_folder.resolve() != PROJECT / "rules" or not LOCK.is_file():
        return
    changes = list(differences(knowledge, read_lock(LOCK.read_text(encoding="utf-8"), LOCK.name)))
    yield from changes
    if changes:
        name = LOCK.relative_to(PROJECT)
        yield f"meant so? then: sciatica-cds table --lock {name}, and commit it with the rule"


@click.command(hidden=True)
@rules_option
@stories_option
@click.argument("names", nargs=-1)
def golden(rules_folder: Path, stories_folder: Path, names: tuple[str, ...]) -> None:
    """Refresh the golden answers of the stories (all, or those named): ``test --update`` in this version."""
    stories = read_stories(stories_folder)
    known = [story.id for story in stories]
    for name in names:
        if name not in known:
            raise click.UsageError(
                f"there is no story {name}; {did_you_mean(name, known) or 'they stand in ' + str(stories_folder)}"
            )
    _write_anew(example_services(rules_folder), [story for story in stories if not names or story.id in names])


def _difference(file: Path, text: str) -> str:
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "expected", "now", n=1, lineterm="")
    return "\n".join(lines)
