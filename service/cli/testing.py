"""Commands that hold the rules against their examples and the stories against their golden files."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from service.cli.rules import rules_option
from service.cli.stories import EXAMPLES, example_services, golden_text, read_stories
from service.config import PROJECT
from service.knowledge.model import Knowledge
from service.review.examples import run_examples
from service.review.meaning import differences, read_lock

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
def test(rules_folder: Path, stories_folder: Path) -> None:
    """Run the examples inside the rules and the stories, and hold the shipped rules against the lock of their meanings.

    Ends with 1 when one differs or none ran.
    """
    services = example_services(rules_folder)
    results = run_examples(services.prepared.knowledge)
    wrong = [result for result in results if not result.right]
    for result in wrong:
        expected = f"expects {result.example.expect}, gives {result.gives}"
        click.echo(f"{result.example.at}: {result.rule.id}: '{result.example.name}' {expected}")
    stories = read_stories(stories_folder)
    differing = 0
    for story in stories:
        difference = _difference(story.folder / "expected.json", golden_text(services, story))
        if difference:
            differing += 1
            click.echo(f"{story.id}: the answer differs from expected.json\n{difference}")
    meant = list(_other_meanings(services.prepared.knowledge, rules_folder))
    for line in meant:
        click.echo(line)
    click.echo(
        f"{len(results)} examples of {len(services.prepared.knowledge.rules)} rules, {len(wrong)} wrong; "
        f"{len(stories)} stories, {differing} differing"
    )
    if not results or not stories:
        click.echo("nothing ran: examples and stories are needed", err=True)
    sys.exit(1 if wrong or differing or meant or not results or not stories else 0)


def _other_meanings(knowledge: Knowledge, rules_folder: Path) -> Iterator[str]:
    """What the shipped rules mean otherwise than the lock says; other rule sets have no lock here."""
    if rules_folder.resolve() != PROJECT / "rules" or not LOCK.is_file():
        return
    told = list(differences(knowledge, read_lock(LOCK.read_text(encoding="utf-8"), LOCK.name)))
    yield from told
    if told:
        name = LOCK.relative_to(PROJECT)
        yield f"meant so? then: sciatica-cds table --lock {name}, and commit it with the rule"


@click.command()
@rules_option
@stories_option
@click.argument("names", nargs=-1)
def golden(rules_folder: Path, stories_folder: Path, names: tuple[str, ...]) -> None:
    """Refresh the golden answers of the stories (all, or those named) and show what changed. Read the difference."""
    services = example_services(rules_folder)
    changed = 0
    for story in read_stories(stories_folder):
        if names and story.id not in names:
            continue
        file = story.folder / "expected.json"
        text = golden_text(services, story)
        difference = _difference(file, text)
        if difference:
            changed += 1
            click.echo(f"{story.id}\n{difference}")
            file.write_text(text, encoding="utf-8")
    click.echo(f"{changed} golden file(s) changed")


def _difference(file: Path, text: str) -> str:
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "expected", "now", n=1, lineterm="")
    return "\n".join(lines)
