"""Summary: what a run says in numbers, small counts hidden, for somebody who will look at nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.knowledge.model import Knowledge, types_read
from service.population.export import EVERYTHING
from service.population.judging import Tally
from service.population.plan import Question
from service.population.small_cells import ALL, hidden_cells, hidden_parts
from service.population.visits import HOOKS_OF_A_VISIT
from service.review.demographics import AGES, OLDEST, UNKNOWN

Json = dict[str, Any]
_THOUSAND = 1000
_ON_A_CARD_OF_ITS_OWN = "what could not be assessed is told on a card of its own"
_MOST_CODES = 200
_BANDS = (*(band for _, band in AGES), OLDEST, UNKNOWN)
_RANKS = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Known:
    """All that was counted. ``codes_without_fact`` are those that no fact reads, of ``codes`` different ones.

    Of the ``rejects`` so many are ``deleted``: resources that the export says are no longer there.
    """

    tally: Tally
    lines: dict[str, int]
    rejects: int
    deleted: int
    whole: Sequence[str]
    partial: Mapping[str, str]
    codes_without_fact: Sequence[Json]
    codes: int


def summarised(known: Known, knowledge: Knowledge, question: Question) -> Json:
    """The summary as JSON; None stands for a count that is hidden because it is small."""
    tally, small = known.tally, question.small
    patients = sum(tally.patients.values())
    return {
        "first": list(_first_lines(known, patients)),
        "now": question.now.isoformat(),
        "hook": question.hook,
        "ruleset": {"version": knowledge.version, "digest": knowledge.digest},
        "hideBelow": small,
        "patients": {
            "all": patients,
            "decided": tally.patients["decided"],
            "noCardPossible": tally.patients["gated"],
            "refused": tally.patients["refused"],
            "withCard": _shown(sum(tally.with_card.values()), small),
            "withCardPer1000": _rate(sum(tally.with_card.values()), patients, small),
            "notAssessed": _shown(tally.figures["patientsNotAssessed"], small),
            "notAssessedPer1000": _rate(tally.figures["patientsNotAssessed"], patients, small),
        },
        "cards": {
            "all": _shown(tally.figures["cards"], small),
            "per1000": _rate(tally.figures["cards"], patients, small),
        },
        "loudest": _most_severe(tally, patients, small),
        "groups": _groups(tally.groups, small),
        "rules": _rules(tally, knowledge, patients, small),
        "missing": _missing(tally, knowledge, patients, small),
        "undecided": _undecided(tally, knowledge, patients, small),
        "visits": _visits(tally, knowledge, small),
        "codesNotRead": [one for one in known.codes_without_fact if one["number"] >= small][:_MOST_CODES],
        "codes": {
            "different": known.codes,
            "notRead": len(known.codes_without_fact),
            "hidden": sum(one["number"] < small for one in known.codes_without_fact),
        },
        "lists": {"whole": list(known.whole), "partial": dict(known.partial)},
        "lines": known.lines,
        "rejects": known.rejects,
        "duplicates": tally.figures["duplicates"],
        "patientsCut": tally.figures["patientsCut"],
        "resourcesLeftOut": tally.figures["resourcesLeftOut"],
        "patientsWithUnreadLines": tally.figures["patientsWithUnreadLines"],
    }


def _patients(number: int) -> str:
    return "1 patient" if number == 1 else f"{number:,} patients"


def _patients_have(number: int) -> str:
    return f"{_patients(number)} {'has' if number == 1 else 'have'}"


def _first_lines(known: Known, patients: int) -> Iterator[str]:
    """What must be known before any number is believed."""
    figures = known.tally.figures
    if EVERYTHING in known.partial:
        yield (
            f"No list counts as whole for anybody ({known.partial[EVERYTHING]}): nothing was taken for absent because "
            "it is not there."
        )
    elif known.partial:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in known.partial.items())
        yield f"In part for everybody: {reasons}. Nothing of these types was taken for absent."
    if known.rejects > known.deleted:
        yield f"{known.rejects - known.deleted:,} lines could not be used; rejects.ndjson says which and why."
    if known.deleted:
        yield f"{known.deleted:,} resources were left out because the export says that they were deleted."
    if figures["patientsWithUnreadLines"]:
        have = _patients_have(figures["patientsWithUnreadLines"])
        yield f"{have} lines that could not be read; their lists count as partial."
    if figures["patientsCut"]:
        yield (
            f"{_patients_have(figures['patientsCut'])} more resources than one may have (--largest-patient): "
            f"{figures['resourcesLeftOut']:,} were left out, and their lists count as partial."
        )
    if known.tally.patients["refused"]:
        yield f"The charts of {known.tally.patients['refused']:,} patients were refused; decisions.parquet says why."
    if figures["patientsNotReplayed"]:
        of = _patients(figures["patientsNotReplayed"])
        yield f"The visits of {of} are not counted: their charts are refused visit by visit."
    if not patients:
        yield "There are no patients in these files."


def _shown(number: int, small: int) -> int | None:
    return None if 0 < number < small else number


def _rate(number: int, patients: int, small: int) -> float | None:
    if not patients or 0 < number < small:
        return None
    return round(_THOUSAND * number / patients, 2)


def _most_severe(tally: Tally, patients: int, small: int) -> list[Json]:
    counts: Counter[str] = Counter()
    for (indicator, _, _), number in tally.with_card.items():
        counts[indicator] += number
    hidden = hidden_parts(counts, small)
    return [
        {"indicator": name, "patients": None, "per1000": None}
        if name in hidden
        else {"indicator": name, "patients": counts[name], "per1000": _rate(counts[name], patients, 0)}
        for name in _RANKS
    ]


def _groups(groups: Mapping[tuple[str, str], int], small: int) -> list[Json]:
    by_age, by_sex = Counter[str](), Counter[str]()
    for (band, sex), number in groups.items():
        by_age[band] += number
        by_sex[sex] += number
    return [
        {"by": name, "cells": _cells(counts, hidden_parts(counts, small))}
        for name, counts in (("age", by_age), ("sex", by_sex))
    ]


def _cells(counts: Mapping[str, int], hidden: Collection[str]) -> list[Json]:
    order = sorted(counts, key=lambda name: (_BANDS.index(name) if name in _BANDS else 0, name))
    return [{"group": name, "number": None if name in hidden else counts[name]} for name in order]


def _rules(tally: Tally, knowledge: Knowledge, patients: int, small: int) -> list[Json]:
    found: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for (rule, indicator, band, sex), number in tally.cards.items():
        found.setdefault((rule, indicator), Counter())[band, sex] += number
    titles = {rule.id: rule.title for rule in knowledge.rules}
    rows: list[Json] = []
    for (rule, indicator), cells in found.items():
        number, hidden = sum(cells.values()), hidden_cells(cells, small)
        is_shown = (ALL, ALL) not in hidden
        by_age, by_sex = Counter[str](), Counter[str]()
        for (band, sex), count in cells.items():
            by_age[band] += count
            by_sex[sex] += count
        rows.append(
            {
                "rule": rule,
                "title": titles.get(rule, _ON_A_CARD_OF_ITS_OWN),
                "indicator": indicator,
                "cards": number if is_shown else None,
                "per1000": _rate(number, patients, 0) if is_shown else None,
                "byAgeAndSex": [
                    {"age": band, "sex": sex, "cards": None if (band, sex) in hidden else cells[band, sex]}
                    for band, sex in sorted(cells, key=lambda cell: (_BANDS.index(cell[0]), cell[1]))
                ],
                "byAge": _cells(by_age, {band for band in by_age if (band, ALL) in hidden}),
                "bySex": _cells(by_sex, {sex for sex in by_sex if (ALL, sex) in hidden}),
                "order": number,
            }
        )
    rows.sort(key=lambda one: (_RANKS[one["indicator"]], -one["order"], one["rule"]))
    for one in rows:
        del one["order"]
    return rows


def _missing(tally: Tally, knowledge: Knowledge, patients: int, small: int) -> list[Json]:
    by_fact: dict[str, Counter[str]] = {}
    for (fact, why), number in tally.missing.items():
        by_fact.setdefault(fact, Counter())[why] += number
    rows = [_missing_fact(fact, whys, knowledge, patients, small) for fact, whys in by_fact.items()]
    return _in_order(rows, "fact")


def _missing_fact(fact: str, whys: Mapping[str, int], knowledge: Knowledge, patients: int, small: int) -> Json:
    # A small count is not in the sum: it would be the difference from the others.
    number = sum(number for number in whys.values() if number >= small)
    return {
        "fact": fact,
        "asks": knowledge.asks(fact),
        "patients": number or None,
        "per1000": _rate(number, patients, 0) if number else None,
        "why": [{"why": why, "patients": _shown(number, small)} for why, number in sorted(whys.items())],
        "readFrom": _read_from(knowledge, fact),
        "order": sum(whys.values()),
    }


def _read_from(knowledge: Knowledge, fact: str) -> list[str]:
    definition = knowledge.facts.get(fact)
    return [] if definition is None else sorted(types_read(definition))


def _undecided(tally: Tally, knowledge: Knowledge, patients: int, small: int) -> list[Json]:
    titles = {rule.id: rule.title for rule in knowledge.rules}
    rows = [
        {
            "rule": rule,
            "title": titles[rule],
            "patients": _shown(number, small),
            "per1000": _rate(number, patients, small),
            "order": number,
        }
        for rule, number in tally.undecided.items()
    ]
    return _in_order(rows, "rule")


def _visits(tally: Tally, knowledge: Knowledge, small: int) -> list[Json]:
    """For each hook: how many calls the visits brought, what they showed and what they could not, per 1,000 calls.

    What was shown to a patient before counts only where it would be shown again; ``withoutMemory`` counts it each time.
    """
    return [
        _visits_of(hook, calls, tally, knowledge, small) for hook in HOOKS_OF_A_VISIT if (calls := tally.visits[hook])
    ]


def _visits_of(hook: str, calls: int, tally: Tally, knowledge: Knowledge, small: int) -> Json:
    titles = {rule.id: rule.title for rule in knowledge.rules}

    def figures(number: int) -> Json:
        return {"number": _shown(number, small), "per1000": _rate(number, calls, small)}

    indicators = {name: tally.visit_indicators[hook, name] for name in _RANKS}
    hidden = hidden_parts(indicators, small)
    rules: list[Json] = [
        {
            "rule": one[1],
            "title": titles.get(one[1], _ON_A_CARD_OF_ITS_OWN),
            "indicator": one[2],
            "order": tally.visit_cards[one],
            **figures(tally.visit_cards[one]),
            "withoutMemory": figures(tally.visit_cards_without_memory[one]),
        }
        # A rule that another covers may be shown where that one is not said again.
        for one in sorted(tally.visit_cards.keys() | tally.visit_cards_without_memory.keys())
        if one[0] == hook
    ]
    not_known: list[Json] = [
        {"asks": asks, "order": number, **figures(number)}
        for (at, asks), number in tally.visits_not_known.items()
        if at == hook
    ]
    return {
        "hook": hook,
        "calls": calls,
        "cards": figures(sum(indicators.values())),
        "indicators": [
            {"indicator": name, **({"number": None, "per1000": None} if name in hidden else figures(number))}
            for name, number in indicators.items()
        ],
        "withCard": figures(tally.visits_with_card[hook]),
        "withMoreThanThree": figures(tally.visits_with_many[hook]),
        "withoutMemory": {
            name: figures(tally.visits_without_memory[hook, name])
            for name in ("cards", "withCard", "withMoreThanThree")
        },
        "notAssessed": figures(tally.visits_not_assessed[hook]),
        "notKnown": _in_order(not_known, "asks"),
        "rules": _in_order(rules, "rule"),
    }


def _in_order(unordered: Iterable[Json], name: str) -> list[Json]:
    rows = sorted(unordered, key=lambda one: (-int(one["order"]), str(one[name])))
    for one in rows:
        del one["order"]
    return rows


def first_words(summary: Json) -> str:
    """The summary in a few lines for a terminal."""
    patients, cards = summary["patients"], summary["cards"]

    def counted(number: int | None) -> str:
        return f"fewer than {summary['hideBelow']}" if number is None else f"{number:,}"

    lines = [
        *summary["first"],
        (
            f"{patients['all']:,} patients: {patients['decided']:,} decided, {patients['noCardPossible']:,} without "
            f"anything that could bring a card, {patients['refused']:,} refused"
        ),
        f"{counted(cards['all'])} cards; {counted(patients['withCard'])} patients with a card",
    ]
    return "\n".join(lines)
