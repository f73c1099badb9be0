"""Checks of value sets and order templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from service.errors import Issue, Severity
from service.knowledge.checks.registry import Review, check
from service.knowledge.digest import reads_problems, value_sets_of
from service.knowledge.model import FactDefinition, Knowledge, OrderTemplate


def _used(knowledge: Knowledge) -> set[str]:
    used = set(knowledge.episode)
    naming: list[FactDefinition | OrderTemplate] = [*knowledge.facts.values(), *knowledge.orders.values()]
    for thing in naming:
        used.update(value_sets_of(thing))
    return used


@check(
    "K120-empty-value-set",
    Severity.ERROR,
    "A value set that can match nothing",
    avoid="codes: []",
    prefer="a verified code, a linkId, or a reviewed pattern",
    why="A fact that looks for nothing finds nothing, and calls it absent or unknown.",
)
def empty_value_set(review: Review) -> Iterator[Issue]:
    """A value set holds at least one verified code, linkId or pattern."""
    for value_set in review.knowledge.value_sets.values():
        if not any(code.verified for code in value_set.codes) and not value_set.link_ids and not value_set.patterns:
            yield Issue(value_set.at, f"{value_set.id} holds nothing that can match")


@check(
    "K121-unused-value-set",
    Severity.WARNING,
    "A value set that nothing uses",
    avoid="a file in value_sets/ that no fact and no order names",
    prefer="use it, or remove the file",
    why="Codes nobody reads still have to be reviewed.",
)
def unused_value_set(review: Review) -> Iterator[Issue]:
    """Every value set is named by a fact, an order template or the episode.

    Drug classes (`med-…`) are left out: a drug of a class no rule asks about must still be recognised. So are
    statements about a whole list (`says`).
    """
    used = _used(review.knowledge)
    for value_set in review.knowledge.value_sets.values():
        if value_set.id not in used and not value_set.id.startswith("med-") and value_set.says is None:
            yield Issue(value_set.at, f"nothing uses {value_set.id}")


@check(
    "K122-unverified-codes",
    Severity.INFORMATION,
    "A value set in use with codes nobody has verified",
    avoid="unverified: [[snomed, …]]",
    prefer="look the code up, then move it to codes with the source where it was seen",
    why="Unverified codes are switched off, so what they stand for is missed; somebody should know which.",
)
def unverified_codes(review: Review) -> Iterator[Issue]:
    """A value set that is used has no codes waiting to be verified."""
    for name in sorted(_used(review.knowledge) & review.knowledge.value_sets.keys()):
        value_set = review.knowledge.value_sets[name]
        waiting = [code.code or code.display for code in value_set.codes if not code.verified]
        if waiting:
            yield Issue(value_set.at, f"{name} has {len(waiting)} unverified codes, switched off: {', '.join(waiting)}")


@check(
    "K123-code-twice",
    Severity.WARNING,
    "The same code twice in one value set",
    avoid="two rows with the same system and code",
    prefer="one row",
    why="Two rows can say two things about one code.",
)
def code_twice(review: Review) -> Iterator[Issue]:
    """Each code stands once in a value set."""
    for value_set in review.knowledge.value_sets.values():
        counts = Counter((code.system, code.code, code.descendants) for code in value_set.codes)
        for (_, code, _), count in counts.items():
            if count > 1:
                yield Issue(value_set.at, f"{value_set.id} holds {code} {count} times")


@check(
    "K130-unused-order",
    Severity.WARNING,
    "An order template that no card offers",
    avoid="a file in orders/ that no suggestion creates",
    prefer="offer it, or remove the file",
    why="A dose that nobody sees is a dose that nobody reviews.",
)
def unused_order(review: Review) -> Iterator[Issue]:
    """Every order template is created by a suggestion."""
    created = {
        name
        for rule in (*review.knowledge.rules, *review.knowledge.retired)
        if rule.card is not None
        for suggestion in rule.card.suggestions
        for name in suggestion.create
    }
    for order in review.knowledge.orders.values():
        if order.id not in created:
            yield Issue(order.at, f"no card offers {order.id}")


@check(
    "K131-drug-order-without-class",
    Severity.WARNING,
    "A drug order that does not say which class it belongs to",
    avoid="resource: MedicationRequest\ndrug_class: null",
    prefer="resource: MedicationRequest\ndrug_class: med-nsaid-nonselective",
    why="That no card suggests a contraindicated drug is proved class by class; a drug without one escapes the proof.",
)
def drug_order_without_class(review: Review) -> Iterator[Issue]:
    """An order of a drug names the value set of its class."""
    for order in review.knowledge.orders.values():
        if order.resource == "MedicationRequest" and order.drug_class is None:
            yield Issue(order.at, f"{order.id} orders a drug and names no drug_class")


@check(
    "K124-no-danger-words",
    Severity.WARNING,
    "Problems are read, and no words leave one unread",
    avoid="facts that read Condition, and no danger_words.yaml",
    prefer="danger_words.yaml with the words of organs, events and drugs that the rules ask about",
    why="An English problem that matches nothing is something else; without these words so is a solitary kidney.",
)
def no_danger_words(review: Review) -> Iterator[Issue]:
    """A rule set that reads problems says which words leave one unread."""
    facts = list(review.knowledge.facts.values())
    if reads_problems(facts) and not review.knowledge.danger_terms.problems:
        fact = next(fact for fact in facts if reads_problems([fact]))
        yield Issue(fact.at, "problems are read, and there are no danger words", "add danger_words.yaml")
