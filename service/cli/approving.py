"""Commands for those who sign rules."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.output import echo_json, json_option
from service.cli.rules import rules_option
from service.config import read_settings
from service.knowledge.loader import load
from service.knowledge.model import Knowledge

if TYPE_CHECKING:
    from service.review.approvals import ApprovalState


@click.command()
@click.argument("rule")
@click.option("--by", required=True, metavar='"NAME, ROLE"', help="Who approves, and in which role.")
@click.option("--note", help="What the reviewer wants to have stored with it.")
@click.option("--with-foundations", is_flag=True, help="Also the rules that it rests on and that nobody approved yet.")
@click.option("--yes", is_flag=True, help="Sign without being asked; what is signed is shown all the same.")
@rules_option
def approve(rule: str, by: str, note: str | None, rules_folder: Path, *, with_foundations: bool, yes: bool) -> None:
    """Approve RULE exactly as it is now, with the facts, value sets, sources and orders it depends on.

    Shows all that the signature covers and what changed since the last one, and asks. Nothing is signed that lint, an
    example or an invariant rejects. Writes rules/approvals.yaml; any later change ends the approval.
    """
    from service.review.approvals import approval_of, approval_states
    from service.review.approvals import approve as write
    from service.review.objections import objections
    from service.review.objections import with_foundations as foundations

    knowledge = load(rules_folder, read_settings().knowledge_settings)
    today = datetime.now(UTC).date()
    if not all(part.strip() for part in by.partition(",")[::2]):
        raise click.UsageError(f'--by is {by!r}: name and role are meant, such as "Jane Doe, physiotherapist"')
    approval_of(knowledge, rule, by, today)
    signed = next(each for each in knowledge.rules if each.id == rule)
    names = foundations(knowledge, signed) if with_foundations else (rule,)
    for approval_state in approval_states(rules_folder, knowledge):
        if approval_state.rule in names:
            _show_content(knowledge, approval_state)
    against = list(objections(rules_folder, knowledge, frozenset(names), today))
    for objection in against:
        click.echo(objection, err=True)
    if against:
        raise click.ClickException(f"nothing was signed: {len(against)} objection(s)")
    if not yes:
        click.confirm(f"Sign {', '.join(names)} as {by}?", abort=True)
    for name in names:
        approval = approval_of(knowledge, name, by, today, note)
        write(rules_folder, knowledge, approval)
        now = load(rules_folder, read_settings().knowledge_settings)
        state = "approved" if name in now.approved else "needs the approval of another person"
        click.echo(f"{name} {approval.digest[:12]} approved by {approval.by}: {state}{_silent(now, name)}")


def _show_content(knowledge: Knowledge, approval_state: ApprovalState) -> None:
    """The page that a signature covers, and what differs from the content that was signed last."""
    from service.review.signing_page import rule_page

    click.echo(rule_page(knowledge, [rule for rule in knowledge.rules if rule.id == approval_state.rule]))
    if approval_state.former and not approval_state.present:
        last = approval_state.former[-1]
        click.echo(f"Changed since {last.by} approved it on {last.day}:")
        for change in approval_state.changes:
            click.echo(f"    {change}")


@click.command()
@click.argument("rule_ids", metavar="[RULE]...", nargs=-1)
@rules_option
@json_option
def approvals(rule_ids: tuple[str, ...], rules_folder: Path, *, as_json: bool) -> None:
    """Who approved which rule, and what changed where an approval no longer holds. Ends with 1 if one does not."""
    from service.review.approvals import approval_states

    knowledge = load(rules_folder, read_settings().knowledge_settings)
    found = [one for one in approval_states(rules_folder, knowledge) if not rule_ids or one.rule in rule_ids]
    ended = sum(bool(one.former) and not one.present for one in found)
    if as_json:
        echo_json([_approval_json(one) for one in found])
        sys.exit(1 if ended else 0)
    for one in found:
        if one.approved:
            given = "; ".join(f"{approval.by} ({approval.day})" for approval in one.present)
            click.echo(f"{one.rule}: approved by {given}{_silent(knowledge, one.rule)}")
        elif one.present:
            click.echo(f"{one.rule}: {len(one.present)} of {one.wanted} approvals")
        elif one.former:
            last = one.former[-1]
            click.echo(f"{one.rule}: no longer approved; {last.by} approved another content on {last.day}")
            for change in one.changes:
                click.echo(f"    {change}")
        elif rule_ids:
            click.echo(f"{one.rule}: never approved")
    approved = sum(one.approved for one in found)
    click.echo(f"{approved} of {len(found)} rules approved, {ended} no longer")
    sys.exit(1 if ended else 0)


def _approval_json(state: ApprovalState) -> dict[str, Any]:
    given = [{"by": one.by, "day": one.day, "digest": one.digest} for one in state.present]
    known = {"rule": state.rule, "approved": state.approved, "wanted": state.wanted}
    return known | {"given": given, "changes": list(state.changes)}


def _silent(knowledge: Knowledge, rule_id: str) -> str:
    """What keeps an approved rule from being shown all the same where only approved rules are served."""
    from service.knowledge.allowed_rules import unapproved_behind

    rule = next(rule for rule in knowledge.rules if rule.id == rule_id)
    others = sorted(unapproved_behind(knowledge, rule) - {rule_id})
    return f"; rests on {', '.join(others)}, not approved: withheld where approval is required" if others else ""
