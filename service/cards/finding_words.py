"""Findings in the words of a card: what was found with value and date, and what was not recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from types import MappingProxyType

from service.bounded import Bounded
from service.cards.markdown import escaped, plain
from service.cards.of_rules import of_rule_set
from service.cards.redaction import mark_quoted
from service.cards.writing import Writing
from service.finding import Evidence, Finding
from service.knowledge.model import FactKind, Knowledge
from service.knowledge.summaries import LONGEST
from service.note import Note
from service.record.notes import text_of
from service.store.redaction import is_storable_date, is_storable_note

SHOWN = 3
GROUNDS = 3
# A unit that UCUM only annotates, such as {score}: the title of the finding already says what is counted.
_ANNOTATION = re.compile(r"(?<=\d) \{[^{}]*\}$")
_TAKEN = "Taken: "
_ANSWERS = ("Observation/", "QuestionnaireResponse/")
# What a title explains in brackets stands in the full text.
_BRACKETS = re.compile(r" \([^()]*\)")
_WITHOUT_PART = frozenset({"a", "d", "wk"})
_PLACES = Decimal("0.01")
_RELEASE = re.compile(r"^(?:\{\d+ \(|(?:[\d.]+ ?(?:hr|ml|actuat)|(?:once|twice)[- ]daily) )(?=\w)", re.IGNORECASE)
"""What RxNorm writes before the name of a drug: 24 HR cyclobenzaprine, {21 (methylprednisolone."""
_PRODUCT = re.compile(r"^product (?:containing |with )?(?:only |precisely |exactly )?(?=\w)", re.IGNORECASE)
"""What SNOMED writes before the name of a drug."""
_BARE_CODE = re.compile(r"[A-Z]\d\d[A-Z]{0,2}\d{0,2}")
_LONG_WINDED = tuple(
    (re.compile(words, re.IGNORECASE), short)
    for words, short in (
        (r"\s*\((?:disorder|finding|procedure|situation|event)\)", ""),
        (r"\s*[(\[](?:female|male|adult|pediatric|hepatic|HIV)[)\]]", ""),
        (r"^presence of ", ""),
        (r"^nontraumatic ", ""),
        (r", (?:uncomplicated|without rupture|site not specified)$", ""),
        (r" without (?:\(acute\) )?(?:exacerbation|acute exacerbation)$", ""),
        (r"^chronic obstructive pulmonary disease", "COPD"),
        (r"^human immunodeficiency virus", "HIV"),
        (r"of unspecified (?:site|part|lower limb) of ", "of "),
        (r",? (?:unspecified\b.*|initial encounter\b.*|not elsewhere classified)$", ""),
        (r"^(?:unspecified|other) ", ""),
        (r"^personal history of ", "history of "),
        (r"^long[- ]term \(current\) (?:use|drug therapy) of ", "long-term "),
        (r"malignant neoplasm", "cancer"),
        (r": (?:yes|true|present|positive)$", ""),
        (r"\?$", ""),
    )
)
"""What classifications and answers add to a name, and a reader of one line can do without."""
_LAST_PART = re.compile(r"[-/][^-/]*$")
"""What is left of the last part of a joined name that was cut off: lisinopril-hydrochloroth."""
_JOINED = re.compile(r"\s*(?:[+;,&/]|-(?=[A-Za-z])|\b(?:and|with|plus)\b)\s*", re.IGNORECASE)
_WITH_STRENGTH = re.compile(r"[A-Za-z][^\d]*\d[\d.,]*\s*(?:mg|mcg|ug|g|ml|iu|units?|%)(?![A-Za-z])", re.IGNORECASE)
_SIGNS = re.compile(r"[*`_|\\<>\[\]{}$]")
_NO_NAME_ALONE = frozenset(
    {"ethinyl", "acetylsalicylic", "mefenamic", "tolfenamic", "valproic", "folic", "sodium", "potassium"}
)
"""First words that name no drug without the second."""
_DANGLING = frozenset({"without", "with", "of", "and", "for", "the", "wo", "w", "oral"})

# UCUM as a clinician writes it. A unit that is not here is shown as it is.
_UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "a": ("year", "years"),
        "d": ("day", "days"),
        "wk": ("week", "weeks"),
        "mo": ("month", "months"),
        "h": ("hour", "hours"),
        "mL/min/{1.73_m2}": ("mL/min/1.73 m²", "mL/min/1.73 m²"),
        "{score}": ("point", "points"),
        "{INR}": ("", ""),
        "{T-score}": ("(T-score)", "(T-score)"),
        "{count}": ("", ""),
        "1": ("", ""),
        "Cel": ("°C", "°C"),
        "[degF]": ("°F", "°F"),
        "mm[Hg]": ("mmHg", "mmHg"),
        "10*3/uL": ("thousand/µL", "thousand/µL"),
        "10*9/L": ("billion/L", "billion/L"),
    }
)


def number(value: Decimal) -> str:
    """A number as it is read: no exponent, no needless zeros."""
    text = format(value.normalize(), "f")
    return text if "." not in text else text.rstrip("0").rstrip(".")


def amount(finding: Finding) -> str | None:
    """The value of a numeric finding with its unit, or the bounds it lies in; None without a number."""
    low, high = finding.low, finding.high
    return None if low is None and high is None else _amount(low, high, finding.unit)


@lru_cache(maxsize=4096)
def _amount(least: Decimal | None, most: Decimal | None, unit: str | None) -> str:
    low, high = _bound(least, unit), _bound(most, unit)
    if low is not None and low == high:
        return f"{number(low)} {_unit(unit, low)}".rstrip()
    if high is None and low is not None:
        return f"at least {number(low)} {_unit(unit, low)}".rstrip()
    if low is None and high is not None:
        return f"at most {number(high)} {_unit(unit, high)}".rstrip()
    assert low is not None
    assert high is not None
    return f"between {number(low)} and {number(high)} {_unit(unit, high)}".rstrip()


def _bound(value: Decimal | None, unit: str | None) -> Decimal | None:
    return None if value is None else rounded(value, unit)


def rounded(value: Decimal, unit: str | None) -> Decimal:
    """Whole days, weeks and years, all else to two places: nobody reads 2.520833. Decisions use the exact number."""
    if unit in _WITHOUT_PART:
        return value.to_integral_value(rounding=ROUND_FLOOR)
    return value if value == value.to_integral_value() else value.quantize(_PLACES, rounding=ROUND_HALF_EVEN)


def is_answer(item: Evidence) -> bool:
    """Whether an entry is a result or an answer, whose words are the question and not what was found."""
    return item.resource.startswith(_ANSWERS)


@lru_cache(maxsize=1024)
def drug_name(text: str, nameless: str = "an order") -> str:
    """The first words of a drug or an order, without strength, form and signs that could become markup.

    ``nameless`` where there are none.

    Of a combination the first word of each part, so that the part a card is about is named.
    """
    text = _RELEASE.sub("", _PRODUCT.sub("", text))
    if _BARE_CODE.fullmatch(text):
        return text[: LONGEST["drug"]]
    parts = [_name_of_part(part) for part in _parts(text) if part.split()]
    if len(parts) > 1:
        text = next(filter(lambda words: len(words) <= LONGEST["drug"], _joined(parts)), parts[0])
    text = plain(_SIGNS.sub(" ", re.split(r"\d|[(\[]", text)[0])).strip(" ,;:#-") or nameless
    words: list[str] = []
    for word in text.split():
        if len(" ".join([*words, word])) > LONGEST["drug"]:
            break
        words.append(word)
    while len(words) > 1 and words[-1].lower() in _DANGLING:
        words.pop()
    return " ".join(words) or _LAST_PART.sub("", text[: LONGEST["drug"]])


def _parts(text: str) -> list[str]:
    """The parts of a combination: those that " / " divides, or other signs and words where each has its strength."""
    joined = _JOINED.split(text)
    return joined if len(joined) > 1 and all(map(_WITH_STRENGTH.match, joined)) else text.split(" / ")


def _name_of_part(part: str) -> str:
    """The first word of a part of a combination, and the next where the first names no drug."""
    words = re.split(r"\d", part)[0].split() or part.split()
    return " ".join(words[: 2 if words[0].casefold() in _NO_NAME_ALONE else 1])


def _joined(parts: list[str]) -> Iterator[str]:
    return ("/".join(parts[:number]) for number in range(len(parts), 0, -1))


def short_words(text: str, most: int = LONGEST["entry"]) -> str:
    """An entry of the record in its own words, cut where they are long; without signs that could become markup."""
    for pattern, short in _LONG_WINDED:
        text = pattern.sub(short, text)
    line = plain(_SIGNS.sub(" ", text)).strip()
    is_cut = len(line) > most
    begin, _, _ = line[:most].rpartition(" ")
    words = (begin or line[: most - 1] if is_cut else line).split()
    while len(words) > 1 and words[-1].lower() in _DANGLING:
        words.pop()
    return " ".join(words).rstrip(" ,;:-") + "…" if is_cut else " ".join(words)


def _unit(unit: str | None, value: Decimal) -> str:
    if unit is None:
        return ""
    one, many = _UNITS.get(unit, (unit, unit))
    return one if value == 1 else many


def unit_in_words(unit: str) -> str:
    """A UCUM unit as a clinician writes it, of more than one; empty where the title says what is counted."""
    return _UNITS.get(unit, (unit, unit))[1]


def title(knowledge: Knowledge, name: str) -> str:
    """The words for a finding: the title of its fact or conclusion."""
    if name in knowledge.facts:
        return knowledge.facts[name].title
    return knowledge.conclusions[name].title


def quoted_lines(knowledge: Knowledge, findings: Iterable[Finding], writing: Writing) -> list[str]:
    """One markdown bullet per finding: title, value, and the entries it depends on with date, words and caveat.

    Marks stand around what is quoted from the record. Several pieces of advice rest on the same findings, so the
    bullets of one decision are written once.
    """
    written = writing.lines
    return [written.get(finding.name) or _found_line(knowledge, finding, writing) for finding in findings]


def _found_line(knowledge: Knowledge, finding: Finding, writing: Writing) -> str:
    written = writing.entries
    line = f"- {title(knowledge, finding.name)}"
    value = amount(finding)
    if value is not None:
        line += f": {value}"
    if finding.evidence:
        shown = [written.get(item) or _entry(item, written) for item in finding.evidence[:SHOWN]]
        more = len(finding.evidence) - SHOWN
        if more > 0:
            shown.append(f"and {more} more")
        line += f" ({'; '.join(shown)})"
    if finding.notes:
        line += f". Note: {', '.join(map(_note, finding.notes))}"
    writing.lines[finding.name] = line
    return line


def _entry(item: Evidence, written: dict[Evidence, str]) -> str:
    """An entry as it is quoted, which is written down for the next finding that rests on it."""
    # The day is what a clinician reads; the exact time stays in the decision.
    day = escaped(item.date.partition("T")[0]) if item.date else "no date"
    if item.date is not None and not is_storable_date(item.resource, item.date):
        day = mark_quoted(day)
    quoted = f"{day}, {mark_quoted(escaped(item.resource))}"
    if item.text:
        quoted = f"{mark_quoted(escaped(_without_annotation(item.text)))}, {quoted}"
    if item.note:
        quoted = f"{quoted}, {_note(item.note)}"
    written[item] = quoted
    return quoted


def _without_annotation(text: str) -> str:
    return _ANNOTATION.sub("", text) if text.endswith("}") else text


def short_lines(
    knowledge: Knowledge, findings: Iterable[Finding], writing: Writing, *, naming_all: bool = True
) -> list[str]:
    """One line per finding that a card depends on, with value, date and caveat and without ids, marked.

    ``naming_all`` names further entries of other names too, in place of a count of all further entries.
    Findings that depend on the same entries say the same thing to a reader: the first is shown. A count of nothing is
    no ground of its own.
    """
    seen: set[tuple[Evidence, ...]] = set()
    lines = []
    for finding in findings:
        if finding.evidence in seen or _counts_nothing(knowledge, finding):
            continue
        if finding.evidence:
            seen.add(finding.evidence)
        key = finding.name, naming_all
        line = writing.short_lines.get(key)
        if line is None:
            line = writing.short_lines[key] = _short_line(knowledge, finding, naming_all)
        lines.append(line)
    return _with_drugs_in_one_line(list(dict.fromkeys(lines)))


def _with_drugs_in_one_line(lines: list[str]) -> list[str]:
    """The lines with all that is taken in one, where the first of it stood."""
    taken = [line for line in lines if line.startswith(_TAKEN)]
    if len(taken) < 2:  # noqa: PLR2004  # nothing to join
        return lines
    joined = _TAKEN + "; ".join(line.removeprefix(_TAKEN) for line in taken)
    return [joined if line is taken[0] else line for line in lines if line is taken[0] or line not in taken]


def _counts_nothing(knowledge: Knowledge, finding: Finding) -> bool:
    fact = knowledge.facts.get(finding.name)
    return fact is not None and fact.kind is FactKind.COUNT and finding.high == 0


def _short_line(knowledge: Knowledge, finding: Finding, naming_all: bool) -> str:
    """Title, then value or words, then the day in brackets; caveats after it."""
    fact = knowledge.facts.get(finding.name)
    if fact is not None and fact.kind is FactKind.ORDER and finding.evidence:
        # What is ordered is ordered now, and the words of the order say what it is.
        return f"Ordered: {'; '.join(_words(item) for item in finding.evidence[:GROUNDS])}"
    if fact is not None and fact.kind is FactKind.DRUG and fact.stopped_within_days is None and finding.evidence:
        # The words of the entry say what is taken; its title would say the class a second time.
        return f"{_TAKEN}{_quoted(finding.evidence[0], numeric=False)}{_others(finding.evidence, drug_name)}"
    if fact is not None and fact.kind is FactKind.NOT_READ and finding.evidence:
        # What could not be read is told by its own words: how many there are is not what the reader must look at.
        return f"Not read: {'; '.join(map(_own_words, finding.evidence[:GROUNDS]))}"
    value = amount(finding)
    name = _short_titles(knowledge)[finding.name]
    quoted = _quoted(finding.evidence[0], numeric=value is not None) if finding.evidence else ""
    said = f"{name}: {value}" if value is not None else name
    if not quoted:
        return said
    between = " " if quoted.startswith("(") else ": "
    if value is not None or len(finding.evidence) == 1:
        return f"{said}{between}{quoted}"
    more = _others(finding.evidence, str) if naming_all else f" (+{len(finding.evidence) - 1})"
    return f"{said}{between}{quoted}{more}"


@of_rule_set
def _short_titles(knowledge: Knowledge) -> dict[str, str]:
    """The words for each finding, without what they explain in brackets."""
    return {name: _BRACKETS.sub("", title(knowledge, name)) for name in (*knowledge.conclusions, *knowledge.facts)}


def _others(evidence: tuple[Evidence, ...], name_of: Callable[[str], str]) -> str:
    """The entries after the first that are called otherwise, as many as a card has room for, and a count of the rest.

    Whoever stops the one drug that is named must not believe that the danger has gone. The count too depends on the
    words of the record, so all of it is marked as quoted, and marks stand wherever there is a second entry.
    """
    if len(evidence) == 1:
        return ""
    called = {name_of(evidence[0].text).casefold()}
    named: list[str] = []
    more = 0
    for item in evidence[1:]:
        name = name_of(item.text).casefold()
        if name in called:
            continue
        called.add(name)
        text = _text_of(item)
        if text and len(named) < GROUNDS - 1:
            named.append(f"; {escaped(text)}{_day_and_note(item)}")
        else:
            more += 1
    return mark_quoted("".join(named) + (f" (+{more})" if more else ""))


def _own_words(item: Evidence) -> str:
    return mark_quoted(escaped(item.text or item.resource))


def _words(item: Evidence) -> str:
    """The words of an entry with the caveat it carries."""
    return mark_quoted(escaped(item.text or item.resource)) + (f" ({_note(item.note)})" if item.note else "")


def _quoted(item: Evidence, *, numeric: bool) -> str:
    """Words and day of one entry; of a number the day is enough. A Patient's date is that of birth."""
    of_patient = item.resource.startswith("Patient/")
    text = "" if numeric else _text_of(item)
    parts = [mark_quoted(escaped(text))] if text else []
    aside = []
    if item.date and not of_patient:
        date = escaped(item.date.partition("T")[0])
        aside.append(date if is_storable_date(item.resource, item.date) else mark_quoted(date))
    if item.note:
        aside.append(_note(item.note))
    return " ".join([*parts, *([f"({', '.join(aside)})"] if aside else [])])


def _text_of(item: Evidence) -> str:
    """The words of an entry; none of an answer, as the title says what was asked and found."""
    return "" if is_answer(item) or item.resource.startswith("Patient/") else _without_annotation(item.text)


def _day_and_note(item: Evidence) -> str:
    aside = [item.date.partition("T")[0]] if item.date else []
    aside += [text_of(item.note)] if item.note else []
    return f" ({escaped(', '.join(aside))})" if aside else ""


def _note(note: Note) -> str:
    names_nothing = note.reference is None and note.date is None and note.words is None and not note.of
    return _own_note(note) if names_nothing else _written_note(note)


@lru_cache(maxsize=1024)
def _own_note(note: Note) -> str:
    """A note that names nothing of a record: the same few are written on every card."""
    return _written_note(note)


def _written_note(note: Note) -> str:
    text = escaped(text_of(note))
    return text if is_storable_note(note) else mark_quoted(text)


def asked(knowledge: Knowledge, names: Iterable[str]) -> tuple[str, ...]:
    """The phrases a clinician reads for findings that are not known, each once."""
    given, known = tuple(names), _known_phrases(knowledge)
    found = known.get(given)
    if found is None:
        found = known[given] = tuple(dict.fromkeys(map(_phrases(knowledge).__getitem__, given)))
    return found


@of_rule_set
def _known_phrases(knowledge: Knowledge) -> Bounded[tuple[str, ...], tuple[str, ...]]:
    """The phrases for several findings: what a rule lacks is the same for many patients."""
    del knowledge
    return Bounded(1024)


@of_rule_set
def _phrases(knowledge: Knowledge) -> dict[str, str]:
    """How each finding is asked for."""
    return {name: knowledge.asks(name) for name in (*knowledge.conclusions, *knowledge.facts)}
