"""Checks of the words a clinician or a patient reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.errors import Issue, Severity
from service.knowledge.checks.registry import Review, check
from service.knowledge.digest import reached
from service.knowledge.model import CardText, Knowledge, Rule
from service.knowledge.summaries import LONGEST, Reference, all_words, alternatives, longest, references, without_values

LONGEST_SUMMARY = 139
_LONGEST_ACT = 45
_TO_DO = "TO DO"
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}|\{%.*?%\}|\$\{.*?\}", re.DOTALL)
_MARKDOWN = re.compile(r"\*\*|__|`|\[[^\]]*\]\(|^\s*(?:#|[-*+]\s|\d+\.\s|>)|[\r\n|]|\{\{")
_HTML = re.compile(r"</?[a-zA-Z][^>]*>|<!--|&[a-zA-Z]+;|&#\d+;")
_SLOW_TO_STOP = re.compile(
    r"opioid|benzodiazepine|baclofen|tizanidine|anticoagula|warfarin|apixaban|rivaroxaban|dabigatran|edoxaban"
    r"|tramadol|oxycodone|hydrocodone|morphine|codeine|fentanyl|methadone|tapentadol"
    r"|diazepam|lorazepam|alprazolam|clonazepam",
    re.IGNORECASE,
)
_STOP_NOW = re.compile(
    r"(?P<before>.{0,30})\b(?:stop|discontinue|cease|withdraw)\b[^.;\n]{0,50}?"
    r"\b(?:now|immediately|at once|today|abruptly|suddenly|straight away|right away)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|never|don't|avoid|nobody|no one|rather than|instead of)\b", re.IGNORECASE)
_SAFE_TO_STOP = re.compile(r"NSAID|ibuprofen|naproxen|diclofenac|ketorolac|celecoxib", re.IGNORECASE)
_CLINICIAN_WORDS = re.compile(
    r"\b(?:prescribe|order|remove the order|refer the patient|the patient|consider)\b|\{\{", re.IGNORECASE
)


def cards(review: Review) -> Iterator[tuple[Rule, CardText]]:
    """Every rule with a card, with that card."""
    for rule in review.knowledge.rules:
        if rule.card is not None:
            yield rule, rule.card


def _summaries(card: CardText) -> Iterator[str]:
    yield card.summary
    if card.patient_summary is not None:
        yield card.patient_summary


def _details(card: CardText) -> Iterator[str]:
    yield card.detail
    if card.patient_detail is not None:
        yield card.patient_detail


def _all_texts(card: CardText) -> Iterator[str]:
    yield from _summaries(card)
    yield from (text for text in (card.act, card.short) if text is not None)
    yield from _details(card)
    yield from (suggestion.label for suggestion in card.suggestions)


@check(
    "K020-summary-too-long",
    Severity.ERROR,
    "A summary of 140 characters or more",
    avoid="summary: (140 characters)",
    prefer="summary: (139 characters or fewer)",
    why="CDS Hooks asks for fewer than 140 characters (CA-1); clients cut or refuse the rest. Emoji and some "
    "other signs count as two, because many clients count in UTF-16.",
)
def summary_too_long(review: Review) -> Iterator[Issue]:
    """A summary has at most 139 characters with the longest values put in, counted in UTF-16 units."""
    for rule, card in cards(review):
        for summary in _summaries(card):
            length = longest(summary)
            if length > LONGEST_SUMMARY:
                yield Issue(rule.at, f"a summary of {rule.id} has {length} characters", "139 is the longest allowed")


@check(
    "K021-summary-markdown",
    Severity.ERROR,
    "Markdown, a placeholder or a line break in a summary",
    avoid="summary: '**Avoid** NSAIDs, {{ found }}'",
    prefer="summary: Avoid NSAIDs; an anticoagulant is active.",
    why="A summary is shown as it stands (CA-1); stars and braces would be read as text, a line break cuts it.",
)
def summary_markdown(review: Review) -> Iterator[Issue]:
    """A summary is one line of plain words."""
    for rule, card in cards(review):
        for summary in _summaries(card):
            if match := _MARKDOWN.search(all_words(summary)):
                yield Issue(
                    rule.at, f"a summary of {rule.id} holds {match[0].strip() or 'a line break'}", "plain words"
                )


@check(
    "K026-to-do",
    Severity.ERROR,
    "Words of a rule that nobody has written yet",
    avoid="limitations: TO DO what it gets wrong",
    prefer="limitations: A single value is no diagnosis.",
    why="`sciatica-cds new rule` marks with TO DO what only a clinician can say; a card must not show it.",
)
def to_do(review: Review) -> Iterator[Issue]:
    """No text of a rule holds the mark TO DO."""
    for rule in review.knowledge.rules:
        texts = [rule.title, rule.purpose, rule.rationale, rule.limitations or "", rule.unverified_parts or ""]
        texts += [*_all_texts(rule.card)] if rule.card is not None else []
        texts += [example.name for example in rule.examples]
        if any(_TO_DO in text for text in texts):
            yield Issue(rule.at, f"{rule.id} still holds {_TO_DO}", "say it, or leave the key out")


@check(
    "K028-summary-place",
    Severity.ERROR,
    "A slot in a summary that cannot be filled, or has nothing to say without a value",
    avoid="summary: '{$egfr.amount}: avoid NSAIDs.'",
    prefer="summary: '{eGFR $egfr.number$egfr.date | eGFR below 30}: avoid NSAIDs.'",
    why="What is put in comes from findings the rule rests on, as number, value, drug, date or duration; the words "
    "after the last bar are read when the record has none, so they must stand alone.",
)
def summary_place(review: Review) -> Iterator[Issue]:
    """Every slot names findings that the rule reads or mentions, in a kind they have, and ends with plain words."""
    for rule, card in cards(review):
        known = frozenset(reached(review.knowledge, rule)[0])
        for reference in references(card.summary):
            if unfit := _unfit(review.knowledge, reference, known):
                yield Issue(rule.at, f"the summary of {rule.id} asks for ${reference.finding}.{reference.kind}", unfit)
        for slot in alternatives(card.summary):
            if len(slot) == 1 or "$" in slot[-1]:
                yield Issue(rule.at, f"a slot in the summary of {rule.id} has no words without a value", "| words")
        left = without_values(card.summary)
        if set("{}$|") & set(left):
            yield Issue(rule.at, f"the summary of {rule.id} has a slot that is not closed or not named", left)


def _unfit(knowledge: Knowledge, reference: Reference, reached: frozenset[str]) -> str | None:
    """Why a reference cannot be filled, or None."""
    if reference.kind not in LONGEST:
        return f"one of {', '.join(LONGEST)}"
    if reference.finding not in reached:
        return "the rule neither reads nor mentions it"
    if reference.kind == "missing" and reference.finding not in knowledge.conclusions:
        return "it is no conclusion: only of one can be told which of its cases hold"
    fact = knowledge.facts.get(reference.finding)
    numeric = fact is not None and fact.is_numeric
    if reference.kind in {"number", "value", "duration", "week"} and not numeric:
        return "it is not a number"
    if reference.kind in {"duration", "week"} and (fact is None or fact.unit not in {"d", None}):
        return "it is not counted in days"
    return None


@check(
    "K029-act",
    Severity.ERROR,
    "An act of more than two sentences or 45 words",
    avoid="act: One. Two. Three.",
    prefer="act: Non-drug care or acetaminophen instead. Leave the anticoagulant to its prescriber.",
    why="The act is read in ten seconds beside its grounds; what explains it stands in the detail.",
)
def long_act(review: Review) -> Iterator[Issue]:
    """The act of a card has at most two sentences, 45 words and no placeholder."""
    for rule, card in cards(review):
        if card.act is None:
            continue
        if len(_SENTENCES.split(card.act)) > 2 or len(card.act.split()) > _LONGEST_ACT:  # noqa: PLR2004  # the two of the title
            yield Issue(rule.at, f"the act of {rule.id} is too long", "two sentences, 45 words")
        if "{{" in card.act:
            yield Issue(rule.at, f"the act of {rule.id} holds a placeholder", "plain words")


@check(
    "K022-html",
    Severity.ERROR,
    "HTML in a text",
    avoid="detail: Use <b>caution</b>.",
    prefer="detail: Use **caution**.",
    why="Some clients render raw HTML, others strip it, so the reader would see different cards (CA-4). "
    "Write 'under 30' instead of a sign followed by a letter.",
)
def html(review: Review) -> Iterator[Issue]:
    """No text holds an HTML tag, comment or entity."""
    for rule, card in cards(review):
        for text in _all_texts(card):
            if match := _HTML.search(text):
                yield Issue(rule.at, f"a text of {rule.id} holds {match[0]}", "markdown only")


@check(
    "K023-unknown-placeholder",
    Severity.ERROR,
    "A placeholder nobody fills",
    avoid="detail: The eGFR is {{ egfr }}.",
    prefer="detail: The kidneys are weak.   # the value found is listed below every detail",
    why="Braces would reach the reader as they stand. What was found, what was not recorded and the sources follow "
    "every detail without being asked for.",
)
def unknown_placeholder(review: Review) -> Iterator[Issue]:
    """A detail is the author's words alone: the card adds what was found, what was not recorded and the sources."""
    for rule, card in cards(review):
        for text in _details(card):
            for match in _PLACEHOLDER.finditer(text):
                hint = "what was found and what was not recorded follow every detail"
                yield Issue(rule.at, f"a text of {rule.id} holds {match[0]}", hint)


@check(
    "K024-abrupt-stop",
    Severity.ERROR,
    "A text that can be read as: stop at once",
    avoid="Stop the benzodiazepine now.",
    prefer="Do not stop it abruptly; agree a taper with the prescriber.",
    why="Stopping an opioid, benzodiazepine, baclofen, tizanidine or anticoagulant at once can cause withdrawal, "
    "rebound or thrombosis (hazard H-16).",
)
def abrupt_stop(review: Review) -> Iterator[Issue]:
    """No card about a drug that must be tapered or replaced says stop now, immediately, at once or today."""
    for rule, card in cards(review):
        named = _SLOW_TO_STOP.search(f"{rule.title} {card.summary}")
        for text in _all_texts(card):
            for sentence in re.split(r"(?<=[.!?;])\s+|\n", text):
                match = _STOP_NOW.search(sentence)
                meant = _SLOW_TO_STOP.search(sentence) or (named and not _SAFE_TO_STOP.search(sentence))
                if match and meant and not _NEGATED.search(match["before"]):
                    yield Issue(rule.at, f"{rule.id} says: {sentence.strip()}", "taper; contact the prescriber")


@check(
    "K025-patient-card-in-clinician-words",
    Severity.WARNING,
    "A patient's card that addresses a clinician",
    avoid="patient: {summary: Consider MRI; prescribe …}",
    prefer="patient: {summary: Tell your doctor today if …}",
    why="Patients and relatives get plain words and no orders; an instruction meant for a clinician misleads them.",
)
def patient_card_in_clinician_words(review: Review) -> Iterator[Issue]:
    """The plain-language card orders, prescribes and refers nothing and has no placeholders."""
    for rule, card in cards(review):
        for text in (card.patient_summary, card.patient_detail):
            if text is not None and (match := _CLINICIAN_WORDS.search(text)):
                yield Issue(rule.at, f"the patient's card of {rule.id} says {match[0]!r}", "say it to the patient")
