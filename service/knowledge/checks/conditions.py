"""Checks of what rules ask and what they conclude."""

from __future__ import annotations

from collections.abc import Iterator

from service.errors import Issue, Severity
from service.knowledge.checks.feasibility import can_hold_together
from service.knowledge.checks.registry import Review, check
from service.knowledge.model import Condition, Indicator, Leaf, Word, leaves


@check(
    "K060-idle-test",
    Severity.WARNING,
    "A test that stands twice on one path",
    avoid="all:\n  - nsaid-ordered: present\n  - any:\n      - nsaid-ordered: present\n      - egfr: {less_than: 30}",
    prefer="each test once",
    why="The second test decides nothing, or makes a whole group idle; somebody meant something else.",
)
def idle_test(review: Review) -> Iterator[Issue]:
    """No test repeats one that stands beside it or around it."""
    for rule in review.knowledge.rules:
        for leaf in _repeated(rule.when, frozenset()):
            yield Issue(leaf.at, f"{leaf} is tested twice in {rule.id}")


def _repeated(condition: Condition, around: frozenset[Leaf]) -> Iterator[Leaf]:
    if isinstance(condition, Leaf):
        if condition in around:
            yield condition
        return
    beside: set[Leaf] = set()
    for part in condition.parts:
        if isinstance(part, Leaf):
            if part in around or part in beside:
                yield part
            beside.add(part)
    for part in condition.parts:
        if not isinstance(part, Leaf):
            yield from _repeated(part, around | beside)


@check(
    "K061-never-fires",
    Severity.ERROR,
    "A rule that can never fire",
    avoid="all:\n  - egfr: {less_than: 30}\n  - egfr: {at_least: 60}",
    prefer="any: with the same two tests, or one limit",
    why="A rule whose tests exclude each other protects nobody and looks as if it did.",
)
def never_fires(review: Review) -> Iterator[Issue]:
    """The tests of a rule, with what its conclusions rest on, do not exclude each other."""
    for rule in review.knowledge.rules:
        drawn = {other.concludes for other in review.knowledge.rules}
        # A conclusion that nobody draws is another check's; here it would be said of every reader.
        undrawn = rule.reads & (review.knowledge.conclusions.keys() - drawn)
        if not undrawn and not can_hold_together(review.knowledge, (rule.when,)):
            yield Issue(rule.at, f"the tests of {rule.id} exclude each other")


@check(
    "K062-conclusion-undrawn",
    Severity.ERROR,
    "A conclusion that no rule draws",
    avoid="conclusions: [{id: relaxant-contraindicated, …}]   # no rule concludes it",
    prefer="a rule with then: {conclude: relaxant-contraindicated}",
    why="Every rule that asks for it would always read absent: a contraindication that is never found.",
)
def conclusion_undrawn(review: Review) -> Iterator[Issue]:
    """Every conclusion in ruleset.yaml is drawn by a rule."""
    drawn = {rule.concludes for rule in review.knowledge.rules}
    for name, conclusion in review.knowledge.conclusions.items():
        if name not in drawn:
            yield Issue(conclusion.at, f"no rule concludes {name}")


@check(
    "K063-conclusion-unread",
    Severity.WARNING,
    "A conclusion that no rule reads",
    avoid="a rule that concludes something nobody asks for",
    prefer="a rule that reads it, or neither",
    why="Work that changes no card hides the one place where it was meant to.",
)
def conclusion_unread(review: Review) -> Iterator[Issue]:
    """Every conclusion is read or mentioned by a rule."""
    read = {name for rule in review.knowledge.rules for name in (*rule.reads, *rule.mentions)}
    for name, conclusion in review.knowledge.conclusions.items():
        if name not in read:
            yield Issue(conclusion.at, f"no rule reads {name}")


@check(
    "K064-limit-not-plausible",
    Severity.ERROR,
    "A limit outside the plausible range of its fact",
    avoid="egfr: {less_than: 500}   # plausible: [1, 200]",
    prefer="a limit inside the range, or a wider range",
    why="Values outside the range are refused as errors, so such a test is always true or never (hazard H-04).",
)
def limit_not_plausible(review: Review) -> Iterator[Issue]:
    """Every limit lies inside the plausible range of the fact it compares."""
    for rule in review.knowledge.rules:
        for leaf in leaves(rule.when):
            fact = review.knowledge.facts.get(leaf.finding)
            if fact is None or fact.plausible is None:
                continue
            low, high = fact.plausible
            for limit in leaf.limits():
                if not low <= limit <= high:
                    yield Issue(leaf.at, f"{limit} is outside the plausible {low} to {high} of {fact.id}")


@check(
    "K065-undated-excuse",
    Severity.ERROR,
    "A danger that an undated entry silences",
    avoid="- nsaid-tolerated: not present   # in a warning; the fact: within_days: 365, undated left out",
    prefer="undated: false where the fact looks, so that an entry without a date leaves it unknown",
    why="An entry of unknown age counts as new: caution for a danger, false reassurance for an excuse. An old answer "
    "would silence a warning for good.",
)
def undated_excuse(review: Review) -> Iterator[Issue]:
    """What does nothing but silence a warning or critical rule counts for a time only where it is dated."""
    knowledge = review.knowledge
    warnings = [rule for rule in knowledge.rules if rule.card and rule.card.indicator is not Indicator.INFO]
    drawing = [rule for rule in knowledge.rules if rule.concludes]
    dangers = {
        leaf.finding for rule in (*warnings, *drawing) for leaf in leaves(rule.when) if leaf.word not in _EXCUSES
    }
    for rule in warnings:
        for leaf in leaves(rule.when):
            fact = knowledge.facts.get(leaf.finding)
            if fact is None or leaf.word not in _EXCUSES or fact.id in dangers:
                continue
            if any(source.within_days is not None and source.undated for source in fact.sources):
                yield Issue(
                    leaf.at, f"an undated entry of {fact.id} silences {rule.id}", "add undated: false to the fact"
                )


_EXCUSES = frozenset({Word.NOT_PRESENT, Word.ABSENT})
