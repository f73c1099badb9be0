"""Checks of versions, reviews and approvals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from service.errors import Issue, Severity
from service.knowledge.checks.registry import Review, check


@check(
    "K140-review-overdue",
    Severity.WARNING,
    "A rule whose review is overdue",
    avoid="review_by: (a day in the past)",
    prefer="review the rule against its sources, then set the next date",
    why="Guidelines change; a rule nobody has looked at since its date may be wrong (hazard H-10).",
)
def review_overdue(review: Review) -> Iterator[Issue]:
    """The day in review_by has not passed."""
    for rule in review.knowledge.rules:
        if rule.review_by < review.today:
            yield Issue(rule.at, f"{rule.id} was to be reviewed by {rule.review_by}")


@check(
    "K141-active-unapproved",
    Severity.ERROR,
    "An active rule that nobody has approved",
    avoid="status: active   # no approval of this content in approvals.yaml",
    prefer="status: draft, until a named clinician has approved exactly this content",
    why="Active means that somebody answers for it. An approval holds for one content; any change ends it.",
)
def active_unapproved(review: Review) -> Iterator[Issue]:
    """A rule with status active has an approval of exactly its present content."""
    for rule in review.knowledge.rules:
        if rule.status == "active" and rule.id not in review.knowledge.approved:
            yield Issue(rule.at, f"{rule.id} is active without a valid approval", "approve it, or make it a draft")


@check(
    "K142-history-version",
    Severity.ERROR,
    "A version that the history does not end with",
    avoid="version: 1.1.0\nhistory: [{version: 1.0.0, …}]",
    prefer="version: 1.1.0\nhistory: [{version: 1.0.0, …}, {version: 1.1.0, …}]",
    why="The card shows the version; the history must be able to say what changed in it.",
)
def history_version(review: Review) -> Iterator[Issue]:
    """The last entry of a rule's history is its version."""
    for rule in review.knowledge.rules:
        last = rule.history[-1].version if rule.history else None
        if last != rule.version:
            end = f"ends with {last}" if last else "is empty"
            yield Issue(rule.at, f"{rule.id} has version {rule.version}, its history {end}", "add what changed")


@check(
    "K143-history-order",
    Severity.WARNING,
    "A history that goes back in time",
    avoid="a newer entry above an older one",
    prefer="oldest entry first",
    why="The history is read from top to bottom, and its last entry counts.",
)
def history_order(review: Review) -> Iterator[Issue]:
    """The entries of a history stand in the order of their dates, none of them in the future."""
    for rule in review.knowledge.rules:
        if any(later.day < earlier.day for earlier, later in pairwise(rule.history)):
            yield Issue(rule.at, f"the history of {rule.id} is not in order", "oldest first")
        elif rule.history and rule.history[-1].day > review.today:
            yield Issue(rule.at, f"the history of {rule.id} reaches into the future")
