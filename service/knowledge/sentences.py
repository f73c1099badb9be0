"""A condition in sentences, as a clinician reads it."""

from __future__ import annotations

from collections.abc import Iterator

from service.knowledge.model import AllOf, Condition, Knowledge, Leaf, Word

_SAID = {
    Word.PRESENT: "is on record",
    Word.ABSENT: "is ruled out",
    Word.UNKNOWN: "is not known",
    Word.NOT_PRESENT: "is not on record (ruled out or not known)",
    Word.NOT_ABSENT: "is not ruled out (on record or not known)",
}


def sentence(knowledge: Knowledge, leaf: Leaf) -> str:
    """One test: "eGFR: below 30 mL/min/{1.73_m2}", "Dialysis or kidney failure: is on record"."""
    title = title_of(knowledge, leaf.finding)
    if leaf.word is not None:
        return f"{title}: {_SAID[leaf.word]}"
    fact = knowledge.facts.get(leaf.finding)
    unit = f" {fact.unit}" if fact is not None and fact.unit else ""
    limits = (
        ("at least", leaf.at_least),
        ("more than", leaf.more_than),
        ("below", leaf.less_than),
    )
    return f"{title}: " + " and ".join(f"{word} {limit:f}{unit}" for word, limit in limits if limit is not None)


def sentences(knowledge: Knowledge, condition: Condition, depth: int = 0) -> Iterator[str]:
    """The condition as a nested Markdown list; what must hold together and what is enough alone say so."""
    pad = "  " * depth
    if isinstance(condition, Leaf):
        yield f"{pad}- {sentence(knowledge, condition)}"
        return
    yield f"{pad}- {'all of' if isinstance(condition, AllOf) else 'any of'}"
    for part in condition.parts:
        yield from sentences(knowledge, part, depth + 1)


def title_of(knowledge: Knowledge, finding: str) -> str:
    """The title of a fact or of a conclusion."""
    return knowledge.facts[finding].title if finding in knowledge.facts else knowledge.conclusions[finding].title
