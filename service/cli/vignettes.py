"""Vignettes: a patient in words, the chart, and what an expert wants to be said and not to be said.

Each file of ``tests/vignettes`` tells one patient and, where it helps, how the same patient would be judged with one
thing changed. They are written from the evidence, not from the conditions of the rules, so that an issue in a condition
shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from service.cards.redaction import FULL
from service.cli.charts import Chart, Codes
from service.cli.input import read_time
from service.decision import Decision
from service.knowledge.documents import read
from service.protocol.evaluation import BundleQuestion, Services, decide_bundle
from service.review.expectations import Expectation
from service.review.mutation import Case
from service.testkit.vignette_index import CODES, FOLDER

NOW = "2026-11-24T09:00:00Z"

# The lists that a record system sends with every call; a vignette says which of them did not come.
_LISTS = frozenset(
    {
        "AllergyIntolerance",
        "Condition",
        "Device",
        "DiagnosticReport",
        "Encounter",
        "MedicationRequest",
        "Observation",
        "Procedure",
        "QuestionnaireResponse",
        "ServiceRequest",
    }
)
_EXPECTED = frozenset(("says", "silent", "may", "findings", "only", "offers", "offers_not", "to_mend"))
_KEYS = _EXPECTED | {"patient", "source", "now", "hook", "chart", "not_sent", "but"}
_VARIANT = _EXPECTED | {"case", "with", "without", "hook", "not_sent"}


class VignetteError(ValueError):
    """A file that cannot be read as a vignette; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The decision on a vignette and the cards that it brings."""

    decision: Decision
    cards: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Vignette:
    """One chart with one expectation."""

    id: str
    patient: str
    source: tuple[str, ...]
    hook: str
    now: datetime
    bundle: Mapping[str, Any]
    complete: frozenset[str]
    expects: Expectation
    words: Mapping[str, tuple[str, ...]]
    offers: tuple[str, ...]
    offers_not: tuple[str, ...]
    to_mend: str | None

    def breaches(self, services: Services, answered: Shown) -> Iterator[str]:
        """Every departure of an answer from what is expected, in words."""
        cards = answered.cards
        indicators = {rule.id: rule.card.indicator.value for rule in services.prepared.knowledge.rules if rule.card}
        # A danger that a card names beside its own is listed as well.
        advised = [rule for item in answered.decision.advice for rule in (item.rule, *item.also)]
        shown = {rule.id: indicators[rule.id] for rule in advised}
        states = {name: finding.status.value for name, finding in answered.decision.findings.items()}
        yield from self.expects.breaches(shown, states)
        for rule, words in self.words.items():
            text = _text_of(cards, rule, full=indicators[rule] == "info")
            yield from (f"the card of {rule} does not say '{word}'" for word in words if word.lower() not in text)
        offered = _offered(cards)
        yield from (f"{name} is not offered" for name in self.offers if name.lower() not in offered)
        yield from (f"{name} is offered" for name in self.offers_not if name.lower() in offered)

    @cached_property
    def question(self) -> BundleQuestion:
        """How the service is asked about it."""
        return BundleQuestion(self.hook, self.now, complete=self.complete)


def read_vignettes(folder: Path = FOLDER) -> tuple[Vignette, ...]:
    """Every vignette of a folder and its folders, by name. Raises VignetteError."""
    codes = read_codes(folder / CODES)
    files = [file for file in sorted(folder.rglob("*.yaml")) if file.name != CODES]
    return tuple(vignette for file in files for vignette in _vignettes(file, folder, codes))


def read_codes(file: Path) -> Codes:
    """The names that charts may use."""
    table = _document(file)
    return Codes(table["codes"], table["units"])


def answered(services: Services, vignette: Vignette) -> Shown:
    """The decision on a vignette and its cards, without the description of every rule: nobody reads it here."""
    _, decision, cards = decide_bundle(services, vignette.bundle, vignette.question, vignette.hook)
    return Shown(decision, cards)


def vignette_case(services: Services, vignette: Vignette) -> Case:
    """The facts of a vignette and what is expected of it, for questions about rules alone."""
    decision = answered(services, vignette).decision
    facts = services.prepared.knowledge.facts
    found = {name: finding for name, finding in decision.findings.items() if name in facts}
    return Case(vignette.id, decision.hook, found, vignette.expects)


def _document(file: Path) -> Mapping[str, Any]:
    document, issues = read(file.read_text(encoding="utf-8"), file.name)
    if issues:
        raise VignetteError("; ".join(str(fault) for fault in issues))
    return dict(document)


def _vignettes(file: Path, folder: Path, codes: Codes) -> Iterator[Vignette]:
    about = _document(file)
    name = file.relative_to(folder).with_suffix("").as_posix()
    _known(about, _KEYS, name)
    yield _vignette(name, about, about, codes)
    for number, variant in enumerate(about.get("but", ()), 1):
        _known(variant, _VARIANT, name)
        yield _vignette(f"{name}:{number}", about, variant, codes)


def _known(given: Mapping[str, Any], known: frozenset[str], name: str) -> None:
    if unknown := sorted(set(given) - known):
        raise VignetteError(f"{name}: nobody reads {', '.join(unknown)}")


def _vignette(name: str, about: Mapping[str, Any], expected: Mapping[str, Any], codes: Codes) -> Vignette:
    now = read_time(about.get("now", NOW))
    lines = list(about["chart"]) if expected is about else list(_changed(about["chart"], expected, name))
    says = {rule: _said(parts) for rule, parts in (expected.get("says") or {}).items()}
    silent = expected.get("silent") or ()
    return Vignette(
        id=name,
        patient=" ".join([about["patient"], *([expected["case"]] if expected is not about else [])]),
        source=tuple(about["source"]),
        hook=str(expected.get("hook") or about.get("hook") or "patient-view"),
        now=now,
        bundle=Chart(codes, now).bundle(lines),
        complete=_LISTS - frozenset(expected.get("not_sent") or about.get("not_sent") or ()),
        expects=Expectation(
            shown={rule: indicator for rule, (indicator, _) in says.items()},
            silent=frozenset(silent),
            allowed=frozenset(expected.get("may") or ()),
            findings={key: str(value) for key, value in (expected.get("findings") or {}).items()},
            nothing_else=bool(expected.get("only")),
        ),
        words={rule: words for rule, (_, words) in says.items() if words},
        offers=tuple(expected.get("offers") or ()),
        offers_not=tuple(expected.get("offers_not") or ()),
        to_mend=expected.get("to_mend"),
    )


def _said(parts: Any) -> tuple[str, tuple[str, ...]]:
    if isinstance(parts, str):
        return parts, ()
    indicator, *words = parts
    return str(indicator), tuple(str(word) for word in words)


def _changed(chart: Sequence[Any], change: Mapping[str, Any], name: str) -> Iterator[Any]:
    """The chart of a variant: some lines left out (each named by its beginning), others added."""
    without = list(change.get("without") or ())
    for start in without:
        if not any(isinstance(line, str) and line.startswith(start) for line in chart):
            raise VignetteError(f"{name}: no line begins with '{start}'")
    for line in chart:
        if not (isinstance(line, str) and any(line.startswith(start) for start in without)):
            yield line
    yield from change.get("with") or ()


def _text_of(cards: Sequence[Mapping[str, Any]], rule: str, *, full: bool) -> str:
    """Summary and detail of the card on which a rule is shown, in small letters.

    ``full`` adds the text behind the short card, where information is gathered. A warning must say its word on the
    card.
    """
    shown = [
        card
        for card in cards
        if any(item["id"] == rule for item in card.get("extension", {}).get("sciatica-cds.why", {}).get("rules", ()))
    ]
    behind = [str(card["extension"].get(FULL, "")) for card in shown] if full else []
    return "\n".join([*(f"{card['summary']}\n{card.get('detail', '')}" for card in shown), *behind]).lower()


def _offered(cards: Sequence[Mapping[str, Any]]) -> str:
    """The names of all orders that any suggestion would create, in small letters."""
    return "\n".join(
        str(action.get("description", "")) + str(action["resource"])
        for card in cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "create"
    ).lower()
