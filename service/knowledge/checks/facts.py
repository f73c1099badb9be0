"""Checks of how findings are read from the record."""

from __future__ import annotations

from collections.abc import Iterator

from service.errors import Issue, Severity
from service.finding import Status
from service.knowledge.checks.registry import Review, check
from service.knowledge.model import Conclusion, FactDefinition, FactKind, possible_states


@check(
    "K100-fact-without-absent-when",
    Severity.ERROR,
    "A fact that does not say when silence means no",
    avoid="a fact without absent_when",
    prefer="absent_when: Never; only a recorded no is a no.",
    why="When silence may count as a no is the most dangerous assumption of any rule; here it is a line one can sign.",
)
def fact_without_absent_when(review: Review) -> Iterator[Issue]:
    """Every fact says in one sentence when it may be called absent."""
    for fact in review.knowledge.facts.values():
        if not fact.absent_when:
            yield Issue(fact.at, f"{fact.id} does not say when silence counts as absent", "add absent_when")


@check(
    "K101-quantity-without-bounds",
    Severity.ERROR,
    "A measured number without unit, plausible range or look-back",
    avoid="kind: quantity\nfrom: …",
    prefer="unit: mL/min/{1.73_m2}\nplausible: [1, 200]\nlook_back_days: 365",
    why="A number without a unit is a guess, one outside the range an error, an old one history (H-03, H-04).",
)
def quantity_without_bounds(review: Review) -> Iterator[Issue]:
    """A fact of kind quantity names its unit, its plausible range and its look-back."""
    for fact in review.knowledge.facts.values():
        if fact.kind is FactKind.QUANTITY:
            parts = {"unit": fact.unit, "plausible": fact.plausible, "look_back_days": fact.look_back_days}
            missing = [name for name, value in parts.items() if value is None]
            if missing:
                yield Issue(fact.at, f"{fact.id} has no {', no '.join(missing)}")


@check(
    "K102-unused-fact",
    Severity.WARNING,
    "A fact that nothing uses",
    avoid="a fact that no rule reads, mentions or removes",
    prefer="use it, or remove it",
    why="Every fact is derived for every patient and asks the record for data; nobody should send what nobody reads.",
)
def unused_fact(review: Review) -> Iterator[Issue]:
    """Every fact is read or mentioned by a rule, removed by a suggestion, or named by another fact."""
    used = {fact.order for fact in review.knowledge.facts.values()}
    for rule in (*review.knowledge.rules, *review.knowledge.retired):
        used.update(rule.reads, rule.mentions)
        if rule.card is not None:
            used.update(
                name for suggestion in rule.card.suggestions for name in (*suggestion.remove, *suggestion.limit)
            )
    for fact in review.knowledge.facts.values():
        # What could not be read is named by every answer itself.
        if fact.id not in used and fact.kind is not FactKind.NOT_READ:
            yield Issue(fact.at, f"nothing uses {fact.id}")


@check(
    "K103-silence-contradicted",
    Severity.WARNING,
    "A fact whose words and options disagree about silence",
    avoid="absent_when: Never; only a recorded no is a no.\ncomplete: [Condition]",
    prefer="absent_when: When the whole problem list was sent and holds none of these.\ncomplete: [Condition]",
    why="The sentence is what a clinician signs; the option is what happens.",
)
def silence_contradicted(review: Review) -> Iterator[Issue]:
    """A fact that says silence is never a no has no list under complete (for numbers a list means zero)."""
    for fact in review.knowledge.facts.values():
        if fact.complete and not fact.is_numeric and fact.absent_when.lower().startswith("never"):
            yield Issue(fact.at, f"{fact.id} says never, and lets {', '.join(fact.complete)} decide by silence")
        elif fact.absent_when.lower().startswith("never:") and Status.ABSENT in possible_states(fact):
            yield Issue(fact.at, f"{fact.id} says never, and a recorded no makes it absent", "Never by silence: …")


@check(
    "K104-asks-is-no-phrase",
    Severity.WARNING,
    "The words for an unknown finding are not a phrase",
    avoid="asks: Is the bladder affected?",
    prefer="asks: bladder function",
    why="The phrase is put into lists after 'Not recorded'; a full sentence or a question does not fit there.",
)
def asks_is_no_phrase(review: Review) -> Iterator[Issue]:
    """What a fact or a conclusion asks is a phrase of one line without a full stop or question mark."""
    asking: list[FactDefinition | Conclusion] = [
        *review.knowledge.facts.values(),
        *review.knowledge.conclusions.values(),
    ]
    for thing in asking:
        if thing.asks.endswith((".", "?", "!", ":")) or "\n" in thing.asks:
            yield Issue(thing.at, f"{thing.id} asks {thing.asks!r}", "a phrase, such as: bladder function")
