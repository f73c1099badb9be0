"""Reactions: what an allergy tells besides its own code: in notes, and in how a reaction is described.

"Penicillin", with the note "also reacts to ibuprofen": the code is that of another drug. Such words are named and leave
the list of allergies unanswered; they are not read as an allergy, for a note may mean many things.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from service.record.chart.elsewhere import Statement, said_in
from service.record.model import Entry
from service.record.values.coding import CodeIndex
from service.record.values.concept import as_objects, wordings
from service.record.values.negation import of_an_allergy

_PART = re.compile(r"(?<=[.;!])\s+")
_MOST = 20

Sets = Callable[[str], frozenset[str]]
"""The value sets of allergies that facts ask about, in which the drug of a name lies."""


def of_the_reaction(concept: object) -> object:
    """A concept without the parts of its text that say what is tolerated, or speak of somebody else."""
    text = concept.get("text") if isinstance(concept, dict) else None
    if not isinstance(concept, dict) or not isinstance(text, str):
        return concept
    said = of_an_allergy(text)
    return concept if said == text else {**concept, "text": said}


def told_beside(entry: Entry, own: Iterable[object], index: CodeIndex, sets_of: Sets) -> Iterator[str]:
    """The sentences about drugs of which facts ask and that ``own``, what the entry itself is about, does not name."""
    known: frozenset[str] | None = None
    for statement in _statements(entry):
        for text in wordings(statement):
            for sentence in _PART.split(of_an_allergy(text))[:_MOST]:
                names = index.drugs_named(sentence)
                if names and known is None:
                    told = {name for concept in own for words in wordings(concept) for name in index.drugs_named(words)}
                    known = frozenset[str]().union(*map(sets_of, told))
                if names and known is not None and not frozenset[str]().union(*map(sets_of, names)) <= known:
                    yield sentence


def _statements(entry: Entry) -> Iterator[Statement]:
    for name in ("note", "extension"):
        if name in entry.resource:
            yield from said_in(entry.resource[name])
    for reaction in as_objects(entry.resource.get("reaction")):
        yield from said_in({name: value for name, value in reaction.items() if name != "substance"})
