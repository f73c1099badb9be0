"""The codes of one clinical idea."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a value set. ``descendants`` holds for every code below it (ICD-10-CM, ATC: by prefix)."""

    system: str
    code: str
    display: str
    descendants: bool
    verified: bool
    source: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DangerTerms:
    """Patterns of whole words that leave a problem unread where no value set explains them (``danger_words.yaml``).

    ``problems`` name organs, events and states, ``drugs`` classes and brands of drugs; ``harmless`` sound alike and are
    none of it, ``harmless_drugs`` are names of the value sets of drugs that do not count. ``harmless_sets`` are value
    sets of problems that are not named where they stand outside the problem list, ``red_flags`` words of the red flags.
    """

    problems: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    harmless_drugs: tuple[str, ...] = ()
    harmless_sets: tuple[str, ...] = ()
    red_flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherWords:
    """What an entry may say that no rule judges, so that it counts as read without a value set (``other_words.yaml``).

    Patterns of whole words: ``substances`` of an allergy, ``problems``, ``procedures`` that were done, ``orders`` and
    ``orders_perhaps_ours`` that win over them. ``reactions`` and ``filling`` are words that name nothing by
    themselves, those ``beside`` add to what is named; an order in words ``orders_saying_nothing`` alone may be any.
    ``codes_of_no_substance`` are categories of ICD-10-CM that tell of an allergy and not to what.
    """

    substances: tuple[str, ...] = ()
    codes_of_no_substance: tuple[str, ...] = ()
    reactions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    orders_perhaps_ours: tuple[str, ...] = ()
    orders_saying_nothing: tuple[str, ...] = ()
    filling: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The codes of one clinical idea, and the reviewed patterns that find it in words.

    ``says`` marks a set of statements about a whole list: ``nothing-known`` ("no information about allergies") leaves
    it unanswered, ``none`` ("no known problems") answers it. ``unless`` are patterns of words that sound alike and mean
    something else: a text in which one of them is found is not read by ``patterns``. ``lasts`` marks
    what does not end: a history of it ("H/O heart failure") is it.
    """

    id: str
    title: str
    codes: tuple[Code, ...]
    link_ids: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    says: str | None = None
    lasts: bool = False
    note: str | None = None
    at: str = field(default="", compare=False)
