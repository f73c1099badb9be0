"""What clinicians would have seen of the published patients, as a page: ``make alert-burden``.

The patients are replayed by ``sciatica-cds population --visits``; its tables are read here.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.burden import Followed, Repeat, Shown, followed, repeats, speaking_most, unexplained
from benchmarks.patients import PROJECT, SETS
from service.population.judging import MANY, NOT_ASSESSED
from service.population.run_folder import read_json

Json = dict[str, Any]
PAGE = PROJECT / "docs" / "alert-burden.md"
SHOWN_RULES = 25
NAMED = 4

_EXPLAINED = """
No rule speaks for them. "(not assessed)" on opening a chart: the document holds no problem list, so it is not known
whether there is a back problem, and the answer names the checks that were not made. At ordering: the drug is not
recognised (misspelt, or under a name that stands in no table), so it may be a muscle relaxant.
"""

_HEAD = """\
# Alert burden

How many cards a clinician would see. Every whole patient of the published test data ({patients} patients, {days} days
with an encounter) goes through the service twice: once as the record stands on {now:%d %B %Y}, as a plain Bundle; and
once visit by visit, with what had been recorded by that day, as an EHR that answers every prefetch key would send it:
opening the chart (`patient-view`), then choosing and signing what was ordered that day (`order-select`, `order-sign`).

*Relevant* is a patient with a problem of the back, the nerve to the leg or spasm at that time (`in-scope-problem`). The
data are synthetic and thin in acute sciatica: few patients are relevant, and most of those have chronic low back pain.
These numbers show what does not happen (cards for everybody else, cards at every visit) better than what does.

Visits are counted in two ways. *Each call by itself*: everything is said at every visit, as by a service that stores
nothing. *With memory*: advice that was shown lately and depends on the same entries is not said again, as by a service
that stores its decisions; this is what a clinician would see. Nobody is taken to have answered a card.

*Made by `make alert-burden`, which runs `sciatica-cds population --visits` over each set, with rule set {version}. A
card counts once, whatever it folds; "(not assessed)" is the one that names checks that could not be made.*
"""


def main() -> int:
    """Read the runs, print the page, and with ``--write`` put it where the documents are."""
    options = argparse.ArgumentParser(prog="benchmarks.alert_burden", description=__doc__)
    options.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}")
    options.add_argument(
        "runs", nargs="+", type=Path, help="the folders of the runs, each called as its set of patients"
    )
    given = options.parse_args()
    text = page([patient for run in given.runs for patient in followed(run)], read_json(given.runs[0] / "run.json"))
    sys.stdout.write(text)
    if given.write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def page(patients: Sequence[Followed], run: Json) -> str:
    """The whole page in GFM, of patients of runs like this one."""
    days = sum(len(patient.days) for patient in patients)
    now = datetime.fromisoformat(run["now"])
    head = _HEAD.format(patients=len(patients), days=days, now=now, version=run["ruleset"]["version"])
    parts = [head, *_now(patients), *_visits(patients), *_orders(patients), *_others(patients)]
    parts += [*_repeating(patients), *_busiest(patients)]
    return "\n".join(parts) + "\n"


def _table(*heads: str) -> list[str]:
    return ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _spread(numbers: Sequence[int]) -> tuple[str, str, str, str]:
    """How many calls brought 0, 1, 2 … cards; the mean; the most; the share with more than three."""
    if not numbers:
        return "none", "-", "-", "-"
    counts = ", ".join(f"{cards} cards: {count}" for cards, count in sorted(Counter(numbers).items()))
    share = 100 * sum(number > MANY for number in numbers) / len(numbers)
    return counts, f"{statistics.mean(numbers):.2f}", str(max(numbers)), f"{share:.0f} %"


def _now(patients: Sequence[Followed]) -> Iterator[str]:
    yield "## The record as it stands: cards per patient\n"
    yield from _table("Set", "Patients", "Relevant", "Cards, relevant patients", "Mean", "Most", "More than three")
    for name in (*SETS, "all"):
        mine = [patient for patient in patients if name == "all" or patient.name.startswith(f"{name}:")]
        if mine:
            relevant = [len(patient.now.cards) for patient in mine if patient.now and patient.now.relevant]
            yield _row(name, len(mine), len(relevant), *_spread(relevant))
    refused = [patient for patient in patients if patient.refused]
    yield f"\nRefused: {len(refused)}" + "".join(f"; {patient.name} ({patient.refused})" for patient in refused) + "."


def _visits(patients: Sequence[Followed]) -> Iterator[str]:
    yield "\n## Opening the chart: cards per day with an encounter\n"
    yield from _table("Days", "Number", "Memory", "Cards", "Cards per 1,000", "Most", "More than three")
    kinds: list[tuple[str, Callable[[Shown], bool]]] = [
        ("relevant problem", lambda shown: shown.relevant),
        ("no relevant problem", lambda shown: not shown.relevant),
    ]
    opened = [day.opened for patient in patients for day in patient.days]
    for name, wanted in kinds:
        yield from _with_and_without((name,), [shown for shown in opened if wanted(shown)])
    yield from _with_and_without(("all",), opened)
    relevant = [patient for patient in patients if patient.episode]
    many = [patient for patient in relevant if any(len(day.opened.again) > MANY for day in patient.episode)]
    yield f"\n{len(relevant)} patients have a visit with a relevant problem; {len(many)} of them see more than three"
    yield "cards on at least one day" + ("" if not many else ": " + ", ".join(patient.name for patient in many)) + "."


def _with_and_without(names: tuple[str, ...], calls: Sequence[Shown]) -> Iterator[str]:
    """Two rows: each call by itself, and what is left of it with the memory of earlier calls."""
    for memory, numbers in (
        ("each call by itself", [len(call.cards) for call in calls]),
        ("with memory", [len(call.again) for call in calls]),
    ):
        counts, _, most, many = _spread(numbers)
        per_1000 = f"{1000 * statistics.mean(numbers):.0f}" if numbers else "-"
        yield _row(*names, len(numbers), memory, counts, per_1000, most, many)


def _orders(patients: Sequence[Followed]) -> Iterator[str]:
    yield "\n## Choosing and signing orders: cards per day with orders\n"
    yield from _table("Hook", "Problem", "Days", "Memory", "Cards", "Cards per 1,000", "Most", "More than three")
    for hook in ("order-select", "order-sign"):
        for name, wanted in (("relevant", True), ("not relevant", False)):
            calls = [shown for patient in patients for day in patient.days for shown in day.ordered]
            some = [call for call in calls if call.hook == hook and call.relevant is wanted]
            yield from _with_and_without((hook, name), some)


def _others(patients: Sequence[Followed]) -> Iterator[str]:
    found = list(unexplained(patients))
    others = [patient for patient in patients if not patient.relevant and not patient.refused]
    yield "\n## Patients who never have a relevant problem\n"
    yield f"{len(others)} patients; {len({patient.name for patient, _ in found})} of them get any card."
    if found:
        yield ""
        yield from _table("Hook", "Rules that speak", "First of what is not known", "Calls", "Patients")
        rows: dict[tuple[str, str, str], list[str]] = {}
        for patient, shown in found:
            rows.setdefault((shown.hook, ", ".join(shown.rules), "".join(shown.lacking[:1])), []).append(patient.name)
        for row, names in sorted(rows.items(), key=lambda item: -len(item[1])):
            yield _row(*row, len(names), _first_of(sorted(set(names))))
        if {rule for _, shown in found for rule in shown.rules} == {NOT_ASSESSED}:
            yield _EXPLAINED.rstrip()


def _first_of(words: Sequence[str]) -> str:
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return ", ".join(words[:NAMED]) + more


def _repeating(patients: Sequence[Followed]) -> Iterator[str]:
    number, found = repeats(patients)
    yield "\n## What repeats within an episode\n"
    yield f"{number} patients have three visits or more with a relevant problem. For how many of them each rule spoke"
    yield "on opening the chart: at all, at half of these visits or more, at every one; and the last two with memory.\n"
    yield from _table(
        "Rule", "At all", "Half or more", "Every visit", "Half or more, with memory", "Every visit, with memory"
    )
    yield from (
        _row(item.rule, item.ever, item.often, item.always, item.again_often, item.again_always) for item in found
    )
    defects = [item.rule for item in found if _is_defect(item, number)]
    yield "\nSpeaks at every visit for most of these patients (a defect): " + (", ".join(defects) or "none") + "."


def _is_defect(item: Repeat, patients: int) -> bool:
    return 2 * item.always > patients


def _busiest(patients: Sequence[Followed]) -> Iterator[str]:
    yield "\n## Rules that speak most\n"
    yield from _table("Rule", "Calls", "Patients")
    calls = ((patient.name, shown) for patient in patients for shown in patient.calls)
    yield from (_row(*line) for line in speaking_most(calls)[:SHOWN_RULES])


if __name__ == "__main__":
    sys.exit(main())
