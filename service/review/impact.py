"""Impact: which recorded patients get other cards under another rule set. Counts first, examples second.

Every chart is asked at every service. What both rule sets can see of a chart at a hook is a vector of small integers
(``engine.vector``): charts with the same two vectors get the same answers, so each pair of vectors is decided once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service.decision import Prepared, decide_on
from service.finding import Finding
from service.knowledge.digest import canonical
from service.knowledge.model import Rule, ServiceDefinition
from service.review.demographics import age_band, hidden_groups, sex_group

Json = dict[str, Any]
Facts = Mapping[str, Finding]

# What is decided on findings does not depend on the time; an answer needs one.
_NOW = datetime(2000, 1, 1, tzinfo=UTC)
_EXAMPLES = 5
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """The FHIR of a chart, as of when it was read, and which of its lists were whole."""

    document: Any
    now: str
    complete: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One chart at one service: the facts as each rule set reads them. ``chart`` is what an example is called by.

    ``source`` is what was read, for those who may see it again.
    """

    chart: str
    service: str
    before: Facts
    after: Facts
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """How one rule's card is other for one chart: shown newly, no longer shown, or shown with another text."""

    rule: str
    how: str


NEWLY, NO_LONGER, CHANGED = "shown newly", "no longer shown", "shown otherwise"
COUNTED = ((NEWLY, "shownNewly"), (NO_LONGER, "noLongerShown"), (CHANGED, "shownOtherwise"))
"""What is counted, and the name under which a report holds the sum."""


@dataclass
class _Counts:
    how: Counter[str] = field(default_factory=Counter)
    by_age: dict[str, Counter[str]] = field(default_factory=dict)
    by_sex: dict[str, Counter[str]] = field(default_factory=dict)
    charts: set[str] = field(default_factory=set)
    examples: list[Json] = field(default_factory=list)


class Impact:
    """Counts over recorded charts, fed one by one.

    Raises EngineError when the two engines disagree on a chart.
    """

    def __init__(self, before: Prepared, after: Prepared) -> None:
        self._sides = before, after
        self._rules = tuple({rule.id: rule for rule in side.knowledge.rules} for side in self._sides)
        self._rewritten = frozenset(_rewritten(*self._rules))
        self._known: dict[tuple[str, bytes, bytes], tuple[Other, ...]] = {}
        self._counts: dict[str, _Counts] = {}
        self._charts: set[str] = set()
        self._answered_otherwise: set[str] = set()
        self._questions = 0
        self._otherwise = 0

    def add(self, recorded: Recorded) -> tuple[Other, ...]:
        """Ask one chart at one service, and give back what is other for it."""
        self._questions += 1
        self._charts.add(recorded.chart)
        others = self._others(recorded)
        if others:
            self._otherwise += 1
            self._answered_otherwise.add(recorded.chart)
        for other in others:
            self._count(recorded, other)
        return others

    def add_all(self, recorded: Iterable[Recorded]) -> None:
        """Ask many."""
        for one in recorded:
            self.add(one)

    def _others(self, recorded: Recorded) -> tuple[Other, ...]:
        offered = tuple(side.knowledge.services.get(recorded.service) for side in self._sides)
        vectors = tuple(
            b"" if service is None else _vector_of(side, service, facts)
            for side, service, facts in zip(self._sides, offered, (recorded.before, recorded.after), strict=True)
        )
        key = recorded.service, vectors[0], vectors[1]
        if key not in self._known:
            shown = [
                frozenset[str]() if service is None else frozenset(_shown(side, service, facts))
                for side, service, facts in zip(self._sides, offered, (recorded.before, recorded.after), strict=True)
            ]
            self._known[key] = tuple(self._different(*shown))
        return self._known[key]

    def _different(self, before: frozenset[str], after: frozenset[str]) -> Iterator[Other]:
        yield from (Other(rule, NEWLY) for rule in sorted(after - before))
        yield from (Other(rule, NO_LONGER) for rule in sorted(before - after))
        yield from (Other(rule, CHANGED) for rule in sorted(before & after & self._rewritten))

    def _count(self, recorded: Recorded, other: Other) -> None:
        counts = self._counts.setdefault(other.rule, _Counts())
        counts.how[other.how] += 1
        counts.charts.add(recorded.chart)
        knowledge = self._sides[1].knowledge
        counts.by_age.setdefault(age_band(knowledge, recorded.after), Counter())[other.how] += 1
        counts.by_sex.setdefault(sex_group(knowledge, recorded.after), Counter())[other.how] += 1
        example: Json = {"chart": recorded.chart, "service": recorded.service, "how": other.how}
        if recorded.source is not None:
            example["source"] = recorded.source
        if sum(one["how"] == other.how for one in counts.examples) < _EXAMPLES:
            counts.examples.append(example)

    def report(self, *, hide_below: int = 0) -> Json:
        """All counts, the most severe rule first.

        ``hide_below`` hides the counts of an age band or sex that are smaller, and one more where the hidden one could
        be worked out from the total.
        """
        order = sorted(self._counts, key=lambda name: (-self._severity(name), name))
        return {
            "charts": len(self._charts),
            "questions": self._questions,
            "distinctStates": len(self._known),
            "chartsAnsweredOtherwise": len(self._answered_otherwise),
            "questionsAnsweredOtherwise": self._otherwise,
            "hideBelow": hide_below,
            "rules": [self._rule(name, hide_below) for name in order],
        }

    def _rule(self, name: str, hide_below: int) -> Json:
        counts, rule = self._counts[name], self._rules[1].get(name) or self._rules[0][name]
        assert rule.card is not None
        return {
            "id": name,
            "title": rule.title,
            "indicator": rule.card.indicator.value,
            "shownNewly": counts.how[NEWLY],
            "noLongerShown": counts.how[NO_LONGER],
            "shownOtherwise": counts.how[CHANGED],
            "charts": len(counts.charts),
            "per1000Questions": round(_THOUSAND * sum(counts.how.values()) / self._questions, 2),
            "per1000Charts": round(_THOUSAND * len(counts.charts) / len(self._charts), 2),
            "per1000": {
                how: round(_THOUSAND * counts.how[how] / self._questions, 2) for how in (NEWLY, NO_LONGER, CHANGED)
            },
            "byAge": _cells(counts.by_age, hide_below),
            "bySex": _cells(counts.by_sex, hide_below),
            "examples": counts.examples,
        }

    def _severity(self, name: str) -> int:
        rules = [rules[name] for rules in self._rules if name in rules]
        return max(rule.card.indicator.rank for rule in rules if rule.card is not None)


def _vector_of(side: Prepared, service: ServiceDefinition, facts: Facts) -> bytes:
    vector = side.programs[service.hook].layout.vector(facts)
    return b",".join(str(number).encode() for number in vector)


def _shown(side: Prepared, service: ServiceDefinition, facts: Facts) -> Iterator[str]:
    for item in decide_on(side, facts, service.hook, _NOW).advice:
        if service.shows(item.rule):
            yield item.rule.id


def _rewritten(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> Iterator[str]:
    """The rules whose card says or offers something else."""
    for name in before.keys() & after.keys():
        if canonical(before[name].card) != canonical(after[name].card):
            yield name


def _cells(counted: Mapping[str, Counter[str]], hide_below: int) -> list[Json]:
    """The counts of one breakdown; None is a count that is hidden."""
    hidden = hidden_groups({name: sum(counts.values()) for name, counts in counted.items()}, hide_below)
    return [
        {"group": name, "hidden": name in hidden}
        | ({} if name in hidden else {how: counted[name][how] for how in (NEWLY, NO_LONGER, CHANGED)})
        for name in sorted(counted)
    ]


def impact_lines(report: Json, names: Sequence[str]) -> Iterator[str]:
    """The report as lines of text."""
    charts, questions = report["charts"], report["questions"]
    from_store = report.get("data") == "store"
    yield (
        f"impact {'..'.join(names)}    {charts:,} charts, {questions:,} questions: "
        f"{report['questionsAnsweredOtherwise']:,} answered otherwise, on {report['chartsAnsweredOtherwise']:,} charts "
        f"({report['distinctStates']:,} distinct states decided)"
    )
    for rule in report["rules"]:
        yield ""
        yield f"{rule['id']} ({rule['indicator']})    {rule['per1000Questions']} of 1,000 questions"
        yield "    " + ", ".join(
            f"{word} {rule[name]:,} ({rule['per1000'][word]} of 1,000)" for word, name in COUNTED if rule[name]
        )
        for title, cells in (("by age", rule["byAge"]), ("by sex", rule["bySex"])):
            yield f"    {title}: " + ", ".join(_cell(cell, report["hideBelow"]) for cell in cells)
        for example in rule["examples"]:
            # The address of a decision is short; one that holds a chart is for pages and programs.
            address = f"  {example['link']}" if from_store and "link" in example else ""
            yield f"    {example['how']}: {example['chart']} ({example['service']}){address}"
    if from_store and report["rules"]:
        yield ""
        yield "No chart is stored with a decision, so an example is the id of its page, and opens in no playground."


def impact_rows(report: Json) -> Iterator[Json]:
    """The counts of a report as the rows of a table: of each rule all together, then by age, then by sex."""
    for rule in report["rules"]:
        whole = {"group": None, "hidden": False, **{how: rule[name] for how, name in COUNTED}}
        parts = (("all", [whole]), ("age", rule["byAge"]), ("sex", rule["bySex"]))
        for by, cells in parts:
            for cell in cells:
                for how, _ in COUNTED:
                    yield {
                        "rule": rule["id"],
                        "indicator": rule["indicator"],
                        "how": how,
                        "by": by,
                        "group": cell["group"],
                        "hidden": cell["hidden"],
                        "count": cell.get(how),
                        "per1000": rule["per1000"][how] if by == "all" else None,
                    }


def _cell(cell: Json, hide_below: int) -> str:
    if cell["hidden"]:
        return f"{cell['group']} (fewer than {hide_below}, or hidden with one that is)"
    return f"{cell['group']} {sum(cell[how] for how in (NEWLY, NO_LONGER, CHANGED))}"
