"""Checks of sources and of what is said to rest on them."""

from __future__ import annotations

from collections.abc import Iterator

from service.errors import Issue, Severity
from service.knowledge.checks.registry import Review, check
from service.knowledge.model import Citation, Knowledge, Mark, SourceStatus

_WEAK = frozenset({Mark.NOT_VERIFIED, Mark.SECONDARY})


def _citations(knowledge: Knowledge) -> Iterator[Citation]:
    for rule in knowledge.rules:
        yield from rule.citations
    for order in knowledge.orders.values():
        yield from order.citations


@check(
    "K001-uncited-rule",
    Severity.ERROR,
    "A rule without a source",
    avoid="citations: []",
    prefer="citations:\n  - supports: NICE-NG59/REC-029",
    why="Advice nobody can look up is an opinion with the authority of a screen (hazard H-10).",
)
def uncited_rule(review: Review) -> Iterator[Issue]:
    """Every rule, also one that only concludes, names at least one source."""
    for rule in review.knowledge.rules:
        if not rule.citations:
            yield Issue(rule.at, f"{rule.id} cites nothing", "add the source it rests on")


@check(
    "K002-citation-without-section",
    Severity.ERROR,
    "A statement without its section",
    avoid="- {id: REC-029, says: …, mark: verified}",
    prefer="- {id: REC-029, section: 1.2.1, says: …, mark: verified}",
    why="A reviewer must find the sentence in a minute, not read two hundred pages.",
)
def statement_without_section(review: Review) -> Iterator[Issue]:
    """A statement names the section, statement or recommendation number of its source."""
    for source in review.knowledge.sources.values():
        for statement in source.statements:
            if not statement.section:
                text = f"{source.id}/{statement.id} names no section"
                yield Issue(statement.at, text, "section or recommendation number")


@check(
    "K003-unlabelled-source",
    Severity.ERROR,
    "An outdated or disputed source that does not say so",
    avoid="status: superseded\nlabel: ACR 2015",
    prefer="status: superseded\nstatus_note: replaced by the 2021 edition\nlabel: ACR 2015 (superseded)",
    why="The label is all that a hurried reader sees of a source; its age must be part of it (hazard H-10).",
)
def unlabelled_source(review: Review) -> Iterator[Issue]:
    """A source that is superseded, expired or disputed explains it in a note and, in brackets, in its label."""
    for source in review.knowledge.sources.values():
        if source.status is SourceStatus.CURRENT:
            continue
        if not source.status_note:
            yield Issue(source.at, f"{source.id} is {source.status} and says nothing about it", "add status_note")
        elif "(" not in source.label and source.status is not SourceStatus.DISPUTED:
            hint = f"for example: {source.label} ({source.status})"
            yield Issue(source.at, f"the label of {source.id} does not say that it is {source.status}", hint)


@check(
    "K004-source-never-compared",
    Severity.INFORMATION,
    "A source nobody has compared with its original",
    avoid="compared: null",
    prefer="compared: 2027-01-15\ncompared_by: (a key of people in ruleset.yaml)",
    why="Paraphrases drift. Until a named person has read the original, every card says that nobody has.",
)
def source_never_compared(review: Review) -> Iterator[Issue]:
    """Somebody has held our words against the original and signed with a date."""
    for source in review.knowledge.sources.values():
        if source.compared is None:
            yield Issue(source.at, f"{source.id} has not been compared with the original")


@check(
    "K005-unused-source",
    Severity.INFORMATION,
    "A source that nothing cites",
    avoid="a file in sources/ that no rule and no order names",
    prefer="cite it, or remove the file",
    why="A bibliography longer than the evidence looks like more evidence than there is.",
)
def unused_source(review: Review) -> Iterator[Issue]:
    """Every source is cited by a rule or an order template."""
    cited = {citation.source for citation in _citations(review.knowledge)}
    cited.update(citation.source for rule in review.knowledge.retired for citation in rule.citations)
    for source in review.knowledge.sources.values():
        if source.id not in cited:
            yield Issue(source.at, f"nothing cites {source.id}")


@check(
    "K009-unused-statement",
    Severity.WARNING,
    "A statement that nothing cites",
    avoid="a statement in a source that no rule and no order names",
    prefer="cite it, or take it out",
    why="A statement is compared with its original by hand; work on one that no card shows is work lost.",
)
def unused_statement(review: Review) -> Iterator[Issue]:
    """Every statement is cited by a rule or an order template."""
    cited = {citation.reference for citation in _citations(review.knowledge)}
    cited.update(citation.reference for rule in review.knowledge.retired for citation in rule.citations)
    for source in review.knowledge.sources.values():
        for statement in source.statements:
            if f"{source.id}/{statement.id}" not in cited:
                yield Issue(statement.at, f"nothing cites {source.id}/{statement.id}")


@check(
    "K006-uncited-order",
    Severity.ERROR,
    "An order template without a source",
    avoid="dose: {quantity: 5, unit: mg, …}\ncitations: []",
    prefer="dose: {quantity: 5, unit: mg, …}\ncitations: [{supports: LBL-CYCLO/REC-125}]",
    why="A dose is the most dangerous number in the product; it is printed from its source or not at all.",
)
def uncited_order(review: Review) -> Iterator[Issue]:
    """What a card offers to order names where it is recommended, and a dose where it is printed."""
    for order in review.knowledge.orders.values():
        if not order.citations:
            yield Issue(order.at, f"order {order.id} cites nothing", "add where it is recommended")


@check(
    "K007-nothing-supports",
    Severity.WARNING,
    "A rule of which every source disagrees",
    avoid="citations: only entries that say opposes:",
    prefer="one source that supports the advice, the others beside it",
    why="Sources that oppose belong on the card, but advice needs one that stands behind it.",
)
def nothing_supports(review: Review) -> Iterator[Issue]:
    """At least one citation of a rule supports what the rule does."""
    for rule in review.knowledge.rules:
        if rule.citations and not any(citation.supports for citation in rule.citations):
            yield Issue(rule.at, f"every source of {rule.id} opposes it")


@check(
    "K008-unverified-only",
    Severity.WARNING,
    "A rule that rests only on statements nobody has seen",
    avoid="every citation marked not-verified or secondary, and no unverified_parts",
    prefer="unverified_parts: [The interval is from general knowledge.]",
    why="The build must not show an unverified source without a label (hazard H-10).",
)
def unverified_only(review: Review) -> Iterator[Issue]:
    """A rule whose supporting citations are all unverified or second-hand says on its card what that concerns."""
    for rule in review.knowledge.rules:
        marks = {citation.mark for citation in rule.citations if citation.supports}
        if marks and marks <= _WEAK and not rule.unverified_parts and rule.card is not None:
            yield Issue(rule.at, f"{rule.id} rests only on unverified statements", "name them in unverified_parts")
