"""What one card says, part by part, before it is written as Markdown.

The sections are chosen from the decision; ``write`` is where they become Markdown, and nothing cuts or
joins Markdown afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache, lru_cache

from msgspec import Struct

from service.bounded import Bounded
from service.cards.finding_words import GROUNDS, asked, short_lines
from service.cards.of_rules import of_rule, of_rule_set
from service.cards.sources import short_source_lines
from service.cards.summary import also
from service.cards.writing import Writing
from service.decision import Advice
from service.finding import Finding
from service.knowledge.model import CardText, Indicator, Knowledge, Rule
from service.knowledge.summaries import references

# The longest summary (CA-1).
LONGEST = 139
SENTENCES = 2
# What is not known is named up to this number: a critical card may turn on more.
UNKNOWNS = 3
_FEWER = 2
NOT_KNOWN = "**Not known:** "
SOURCES = "**Sources**"
# The checks of a drug that is offered are named beyond what other cards name: a draft must not hide one.
_DRUG_CHECKS = 6
_DRUG_ORDER = "MedicationRequest"

# A sentence ends before a blank and a capital; "vs. ", "e.g. " and single letters do not end one.
_SENTENCE = re.compile(r"(?<![A-Z0-9]\.)(?<!\bvs\.)(?<!\be\.g\.)(?<=[.!?*])\s+(?=[*A-Z0-9])")


class Sections(Struct, frozen=True):
    """The parts of one card below its summary. What is quoted from the record carries marks.

    ``end`` is all that stands below the grounds, as Markdown.
    """

    act: str
    also: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    end: str = ""


def sections(knowledge: Knowledge, advice: Advice, writing: Writing) -> Sections:
    """The sections of the card of one rule."""
    rule = advice.rule
    assert rule.card is not None
    grounds = _grounds(knowledge, rule.card, advice.deciding)
    is_danger = rule.card.indicator is not Indicator.INFO
    return Sections(
        act=act(rule.card),
        also=tuple(also(advice, writing)),
        because=tuple(first_of(short_lines(knowledge, grounds, writing, naming_all=is_danger), GROUNDS)),
        end=end_of(knowledge, [advice], writing.today, _most_unknown(rule.card), names_sources=True),
    )


def end_of(
    knowledge: Knowledge, group: Sequence[Advice], today: date, most: int = UNKNOWNS, *, names_sources: bool = False
) -> str:
    """What stands below the grounds of a card: what is not known (``most`` things), sources of the first rule, foot.

    It is the same for all patients of whom the same is not known, so it is written once for each such case.
    """
    rules = [item.rule for item in group]
    case = tuple([(id(item.rule), item.changing, item.rule.review_by < today) for item in group])
    known = _known_ends(knowledge)
    found = known.get((case, most, names_sources))
    if found is None:
        sources = short_source_lines(knowledge, rules[0]) if names_sources else ()
        checks, others = before_the_drug(knowledge, group), unknown_line(_other_unknowns(knowledge, group), most)
        found = rules, "\n\n".join(_end(checks, others, sources, foot(knowledge, rules, today)))
        known[case, most, names_sources] = found
    return found[1]


@of_rule_set
def _known_ends(knowledge: Knowledge) -> Bounded[Hashable, tuple[Sequence[Rule], str]]:
    """The ends written last. The rules are stored with them, so that no other rule has the address of one of them."""
    del knowledge
    return Bounded(512)


def _end(before_the_drug: str, not_known: str, sources: Sequence[str], said_last: str) -> Iterator[str]:
    if before_the_drug:
        yield f"**Not known, ask before the drug:** {before_the_drug}."
    if not_known:
        yield f"{NOT_KNOWN}{not_known}."
    if sources:
        yield f"{SOURCES}\n\n" + _list(sources)
    yield closing(said_last)


def closing(said: str) -> str:
    """The last line of a card."""
    return f"*{said}*"


@of_rule
def suggests_a_drug(knowledge: Knowledge, rule: Rule) -> bool:
    """Whether the card of a rule offers to draft a drug."""
    made = () if rule.card is None else rule.card.suggestions
    return any(knowledge.orders[name].resource == _DRUG_ORDER for one in made for name in one.create)


def drug_checks(knowledge: Knowledge, group: Iterable[Advice]) -> list[str]:
    """What nobody knows of the safety facts that rules list which offer a drug (product choice no. 21, hazard H-01)."""
    found: dict[str, None] = {}
    for item in group:
        if item.changing and suggests_a_drug(knowledge, item.rule):
            changing = set(item.changing)
            found.update((name, None) for name in item.rule.mentions if name in changing)
    return list(found)


def before_the_drug(knowledge: Knowledge, group: Iterable[Advice]) -> str:
    """What is to be asked before one of the drugs that a card offers is given; empty where all is known."""
    return unknown_line(asked(knowledge, drug_checks(knowledge, group)), _DRUG_CHECKS)


def _other_unknowns(knowledge: Knowledge, group: Sequence[Advice]) -> tuple[str, ...]:
    """What else is not known and could change a card, as it is asked for."""
    checks = set(drug_checks(knowledge, group))
    changing = dict.fromkeys(name for item in group for name in item.changing)
    return asked(knowledge, (name for name in changing if name not in checks))


def _grounds(knowledge: Knowledge, card: CardText, deciding: Sequence[Finding]) -> list[Finding]:
    """What a card depends on, without the one order that its summary names and without what lets it apply here."""
    in_front = [one for one in deciding if one.name not in knowledge.background] or list(deciding)
    if not _names_an_order(card.summary):
        return in_front
    return [one for one in in_front if not (_is_order(one) and len(one.evidence) == 1)] or in_front


@cache
def _names_an_order(summary: str) -> bool:
    return any(one.kind == "drug" and one.finding.endswith("ordered") for one in references(summary))


def _most_unknown(card: CardText) -> int:
    return UNKNOWNS if card.indicator is Indicator.CRITICAL else _FEWER


def _is_order(finding: Finding) -> bool:
    return finding.name.endswith("-ordered")


def act(card: CardText) -> str:
    """What to do: the author's words, or else the first two sentences of the detail."""
    return _first_sentences(card.detail) if card.act is None else card.act


@lru_cache(maxsize=1024)
def _first_sentences(detail: str) -> str:
    return " ".join(_SENTENCE.split(" ".join(detail.split()))[:SENTENCES])


def first_of(lines: Sequence[str], most: int) -> Iterator[str]:
    """The first lines; the last of them counts those left out."""
    left = len(lines) - most
    for number, line in enumerate(lines[:most], 1):
        yield f"{line} (+{left})" if left > 0 and number == most else line


def unknown_line(phrases: Sequence[str], most: int = UNKNOWNS) -> str:
    """What is not known, ``most`` things and a count; empty when all is known."""
    left = len(phrases) - most
    return "; ".join(phrases[:most]) + (f" (+{left})" if left > 0 else "")


def foot(knowledge: Knowledge, rules: Sequence[Rule], today: date) -> str:
    """Whether somebody approved what the card says, and whether its review is late."""
    lines = [] if all(rule.id in knowledge.approved for rule in rules) else ["Draft rule, not approved."]
    late = [rule.review_by for rule in rules if rule.review_by < today]
    lines += [f"Review was due by {min(late)}."] if late else []
    return " ".join([*lines, knowledge.not_clearance])


def write(parts: Sections) -> str:
    """The Markdown of a card's detail (CA-4)."""
    because = _list(parts.because)
    return "\n\n".join([part for part in (parts.act, *map(as_also, parts.also), because, parts.end) if part])


def as_also(said: str) -> str:
    """A danger that a card names beside its own."""
    return f"**Also:** {said}"


def _list(lines: Sequence[str]) -> str:
    return "\n".join([f"- {line}" for line in lines])
