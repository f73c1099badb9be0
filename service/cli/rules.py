"""Commands for those who write and review rules."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.output import echo_json, json_option
from service.config import PREFIX, PROJECT
from service.knowledge.coverage import RuleCoverage
from service.knowledge.loader import load
from service.knowledge.model import Knowledge, Rule
from service.knowledge.schemas.fields import did_you_mean

if TYPE_CHECKING:
    from service.review.mutation import Mutant, Result
    from service.review.proof import Proof

GATE_LOCK = PROJECT / "tests" / "rules" / "gates.yaml"

rules_option = click.option(
    "--rules",
    "rules_folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    # The folder that the service itself would load: an approval must not go to another one.
    envvar=f"{PREFIX}RULES",
    default=PROJECT / "rules",
    help="The folder of rule files; that of SCIATICA_CDS_RULES, or else the shipped ones.",
)


@click.command()
@rules_option
@click.option("--all", "show_all", is_flag=True, help="List every rule, and what its examples have not seen.")
@json_option
def coverage(rules_folder: Path, *, show_all: bool, as_json: bool) -> None:
    """How much of every rule its examples and its decision table show. Ends with 1 when a table leaves a gap.

    The table is derived and locked (tests/rules/meaning.yaml); the examples are what a person wrote.
    """
    from service.knowledge.coverage import coverage as coverage_of
    from service.knowledge.coverage import rule_coverage
    from service.review.decision_table import decision_table

    knowledge = load(rules_folder)
    by_examples = coverage_of(knowledge)
    by_tables = [
        rule_coverage(knowledge, replace(rule, examples=decision_table(knowledge, rule))) for rule in knowledge.rules
    ]
    pairs = list(zip(by_examples, by_tables, strict=True))
    if as_json:
        echo_json([_covered(example, table) for example, table in pairs])
    for example, table in () if as_json else pairs:
        if show_all or table.missing:
            click.echo(f"{table.rule}: examples {_share([example])}, table {_share([table])}")
        for line in (example if show_all else table).gaps():
            click.echo(f"    {line}")
    if not as_json:
        click.echo(f"States of conditions and sides of limits shown by the examples: {_share(by_examples)}")
        click.echo(f"By the decision tables: {_share(by_tables)}")
    sys.exit(1 if any(table.missing for table in by_tables) else 0)


def _covered(example: RuleCoverage, table: RuleCoverage) -> dict[str, Any]:
    shown = {"examples": example.wanted - example.missing, "table": table.wanted - table.missing}
    return {"rule": table.rule, "wanted": table.wanted, **shown, "gaps": list(example.gaps())}


def _share(coverages: Iterable[RuleCoverage]) -> str:
    rules = list(coverages)
    wanted = sum(rule.wanted for rule in rules)
    seen = wanted - sum(rule.missing for rule in rules)
    return f"{seen} of {wanted} ({100 * seen / max(wanted, 1):.1f} %)"


@click.command()
@click.argument("names", metavar="[RULE]...", nargs=-1)
@rules_option
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
@click.option(
    "--lock",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Say what differs from the meanings locked in FILE and the gates in gates.yaml beside it; write both anew.",
)
@json_option
def table(names: tuple[str, ...], rules_folder: Path, lock: Path | None, *, markdown: bool, as_json: bool) -> None:
    """Print the decision table of RULE: the cases in which each test alone decides, and both sides of every limit.

    Of a rule with variants it says which variant is shown.
    """
    from service.review.decision_table import as_markdown, table_of
    from service.review.meaning import as_lock, differences, read_lock

    knowledge = load(rules_folder)
    if lock is not None:
        locked = read_lock(lock.read_text(encoding="utf-8"), lock.name) if lock.is_file() else {}
        for line in differences(knowledge, locked):
            click.echo(line)
        lock.write_text(as_lock(knowledge), encoding="utf-8")
        click.echo(f"{lock.name}: the meaning of {len(knowledge.rules)} rules")
        _lock_gates(knowledge, lock.with_name("gates.yaml"))
    tables = {name: table_of(knowledge, rules_named(knowledge, name)) for name in names}
    if as_json:
        echo_json({name: [{"case": row.case, "result": row.result} for row in rows] for name, rows in tables.items()})
        return
    for name, rows in tables.items():
        click.echo(f"{'## ' if markdown else ''}{name}\n")
        width = max((len(row.result) for row in rows), default=0)
        for line in as_markdown(rows) if markdown else (f"{row.result:<{width}}  {row.case}" for row in rows):
            click.echo(line)
        click.echo()


def rules_named(knowledge: Knowledge, name: str, others: Iterable[str] = ()) -> list[Rule]:
    """The flat rules that a name means: the variants of a rule file, or one rule.

    Raises UsageError with "did you mean", among the rules and the ``others`` that could have been named.
    """
    named = [rule for rule in knowledge.rules if rule.variant_of == name]
    named = named or [rule for rule in knowledge.rules if rule.id == name]
    if not named:
        known = {rule.id for rule in knowledge.rules} | {rule.variant_of or rule.id for rule in knowledge.rules}
        hint = did_you_mean(name, [*sorted(known), *others])
        raise click.UsageError(f"there is no rule {name}" + (f"; {hint}" if hint else ""))
    return named


@click.command()
@click.argument("rule_ids", nargs=-1, required=True)
@rules_option
@click.option("--write", is_flag=True, help="Add them to the examples in the rule files; nothing there is changed.")
def propose(rule_ids: tuple[str, ...], rules_folder: Path, *, write: bool) -> None:
    """Propose the examples in which each test of a rule alone decides, as far as it has none like them.

    What a case is expected to give is computed from the rule itself: compare each with the source
    before you keep it. A few that a person would ask are enough: the rest stands in the table.
    """
    from service.review.decision_table import decision_table
    from service.review.proposals import as_yaml, with_examples

    for rule_id in rule_ids:
        # Loaded anew each time: what was written moves the lines of what follows in the file.
        knowledge = load(rules_folder)
        rule = next((rule for rule in knowledge.rules if rule.id == rule_id), None)
        if rule is None:
            hint = did_you_mean(rule_id, [rule.id for rule in knowledge.rules])
            raise click.UsageError(f"there is no rule {rule_id}" + (f"; {hint}" if hint else ""))
        known = [example.given for example in rule.examples]
        fresh = [example for example in decision_table(knowledge, rule) if example.given not in known]
        if not write:
            click.echo(as_yaml(fresh))
            continue
        if not rule.examples:
            raise click.UsageError(f"{rule_id} has no examples yet: write the first by hand")
        name, _, line = rule.examples[-1].at.rpartition(":")
        file = rules_folder / name
        file.write_text(with_examples(file.read_text(encoding="utf-8"), int(line), fresh), encoding="utf-8")
        click.echo(f"{name}: {len(fresh)} examples added")


@click.command()
@rules_option
@click.option("--invariant", "only", metavar="NAME", help="Prove only this invariant.")
@json_option
def prove(rules_folder: Path, only: str | None, *, as_json: bool) -> None:
    """Prove rules/invariants.yaml for every possible patient. A broken invariant prints a witness.

    Before it is said what the gates depend on otherwise than tests/rules/gates.yaml says.
    """
    from service.review.proof import invariant_names, prove_all

    if only is not None and only not in (names := invariant_names(rules_folder)):
        hint = did_you_mean(only, names)
        raise click.UsageError(f"there is no invariant {only}; {hint or 'there are ' + ', '.join(sorted(names))}")
    if not as_json:
        for line in _changes_of_gates(rules_folder):
            click.echo(f"differs {line}")
    proofs = []
    for proof in prove_all(rules_folder, only=only):
        proofs.append(proof)
        if not as_json:
            _show_proof(proof)
    if as_json:
        echo_json([_proof_json(proof) for proof in proofs])
    sys.exit(0 if all(proof.holds for proof in proofs) else 1)


def _lock_gates(knowledge: Knowledge, lock: Path) -> None:
    from service.review.gate_lock import gate_differences, gates_as_lock, locked_gates, read_gate_lock

    gates = locked_gates(knowledge)
    before = read_gate_lock(lock.read_text(encoding="utf-8"), lock.name) if lock.is_file() else {}
    for line in gate_differences(gates, before):
        click.echo(line)
    lock.write_text(gates_as_lock(gates), encoding="utf-8")
    click.echo(f"{lock.name}: the gates of {len(gates)} hooks")


def _changes_of_gates(rules_folder: Path) -> list[str]:
    """What the gates of the shipped rules depend on otherwise than their lock says; other rule sets have none."""
    from service.review.gate_lock import gate_differences, locked_gates, read_gate_lock

    if rules_folder.resolve() != PROJECT / "rules" or not GATE_LOCK.is_file():
        return []
    locked = read_gate_lock(GATE_LOCK.read_text(encoding="utf-8"), GATE_LOCK.name)
    return list(gate_differences(locked_gates(load(rules_folder)), locked))


def _show_proof(proof: Proof) -> None:
    from service.review.proof import witness_lines

    click.echo(f"{'proved' if proof.holds else 'BROKEN'}  {proof.id}: {proof.says}")
    for breach in proof.breaches:
        click.echo(f"    {breach.text}" + (f" [{breach.hook}]" if breach.hook else ""))
        for line in witness_lines(breach):
            click.echo(f"        {line}")


def _proof_json(proof: Proof) -> dict[str, Any]:
    from service.review.proof import witness_lines

    breaches = [{"text": one.text, "hook": one.hook, "patient": witness_lines(one)} for one in proof.breaches]
    return {"invariant": proof.id, "says": proof.says, "holds": proof.holds, "breaches": breaches}


@click.command()
@rules_option
@click.option("--sample", default=1, show_default=True, type=click.IntRange(1), help="Plant only every n-th fault.")
@click.option(
    "--floor",
    default=98.0,
    show_default=True,
    help="Fail below this share in per cent: of all that notices, or with --charts-only of the charts.",
)
@click.option("--charts-only", is_flag=True, help="Ask stories and vignettes alone, no example of a rule.")
@click.option("--alarms", is_flag=True, help="Plant into rules of red flags and contraindications only.")
@click.option("--rule", "only", metavar="RULE", multiple=True, help="Plant into these rules only.")
@click.option(
    "--all",
    "show_all",
    is_flag=True,
    help="List also what only the locked tables notice, or what is proved equal.",
)
@json_option
def mutate(  # noqa: PLR0913  # click hands over every option
    rules_folder: Path,
    *,
    sample: int,
    floor: float,
    charts_only: bool,
    alarms: bool,
    only: tuple[str, ...],
    show_all: bool,
    as_json: bool,
) -> None:
    """Make mutants of the rules and see what notices: examples, stories, vignettes, or only the decision tables.

    The tables are derived from the rules: they lock a meaning and do not show that it is right, so they are counted
    apart. With --charts-only the share of the rules that warn of red flags and of contraindications is given apart,
    and a fault that is proved to change nothing for any patient is left out: "equivalent (proved)".
    """
    from service.cli.stories import example_services, read_stories, story_case
    from service.cli.vignettes import read_vignettes, vignette_case
    from service.review.mutation import notice_mutants

    services = example_services(rules_folder)
    knowledge = services.prepared.knowledge
    cases = [story_case(services, story) for story in read_stories()]
    cases += [vignette_case(services, vignette) for vignette in read_vignettes()]
    planted = [rule for rule in knowledge.rules if (not only or rule.id in only) and (not alarms or _is_alarm(rule))]
    result = notice_mutants(knowledge, cases, planted, every=sample, examples=not charts_only)
    same: tuple[Mutant, ...] = ()
    if charts_only:
        from service.review.equivalence import without_equivalent

        result, same = without_equivalent(knowledge, result)
    if as_json:
        echo_json(_counted(result, same))
    else:
        _show_mutants(knowledge, result, same, charts_only=charts_only, show_all=show_all)
    reached = result.evident if charts_only else result.share
    sys.exit(0 if 100 * reached >= floor else 1)


def _counted(result: Result, same: Sequence[Mutant]) -> dict[str, Any]:
    """What became of all mutants: those noticed, proved equivalent, noticed by a locked table only or by nothing."""

    def listed(mutants: Iterable[Mutant]) -> list[dict[str, str]]:
        return [{"rule": mutant.rule.id, "fault": mutant.fault} for mutant in mutants]

    return {
        "mutants": len(result.made_mutants),
        "equivalent": listed(same),
        "noticed": result.by_people,
        "missed": {"byAll": listed(result.survivors), "byAllButTables": listed(result.by_table_only)},
    }


def _show_mutants(
    knowledge: Knowledge, result: Result, same: Sequence[Mutant], *, charts_only: bool, show_all: bool
) -> None:
    listed = [(mutant, "nothing notices") for mutant in result.survivors]
    if show_all or charts_only:
        listed += [(mutant, "only the locked table notices") for mutant in result.by_table_only]
    if show_all:
        listed += [(mutant, "equivalent (proved)") for mutant in same]
    for mutant, text in listed:
        click.echo(f"{mutant.rule.id}: {mutant.fault}: {text}")
    if charts_only:
        click.echo(f"{len(same)} mutants are equivalent (proved for every patient), and left out")
    by = "stories and vignettes" if charts_only else "examples, stories and vignettes"
    click.echo(f"{_noticed('mutants', result)} by {by}")
    if charts_only:
        alarming = {rule.id for rule in knowledge.rules if _is_alarm(rule)}
        click.echo(_noticed("of them in rules of red flags and contraindications", result.among(alarming)))
    click.echo(f"{len(result.by_table_only)} more by the locked decision tables ({100 * result.share:.1f} % in all)")


def _is_alarm(rule: Rule) -> bool:
    """Whether a rule warns of a red flag or of a contraindication, or finds one for others."""
    if rule.card is None:
        return rule.phase == "1_red_flags" or str(rule.concludes).endswith("contraindicated")
    return rule.phase in ("1_red_flags", "3_safety") and rule.card.indicator.value == "critical"


def _noticed(what: str, result: Result) -> str:
    return f"{result.by_people} of {len(result.made_mutants)} {what} noticed ({100 * result.evident:.1f} %)"


@click.command()
@rules_option
@click.option("--write", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write the page into this file.")
def topics(rules_folder: Path, page: Path | None) -> None:
    """Print where each claim of the article stands: its verdict, evidence, rules and the facts they read."""
    from service.knowledge.topics import load_topics
    from service.review.topics import topics_page

    knowledge = load(rules_folder)
    text = topics_page(knowledge, load_topics(rules_folder, knowledge))
    if page is None:
        click.echo(text, nl=False)
        return
    page.write_text(text, encoding="utf-8")
    click.echo(f"{page.name} written")
