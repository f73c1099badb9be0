"""Summary page: the numbers of a run for a person, each bar with the table it is drawn from. One file, no script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import Any

from service.population.export import EVERYTHING
from service.population.judging import NOT_ASSESSED, NOTHING_RECORDED

Json = dict[str, Any]
_WIDTH, _BAR, _LABEL = 720, 22, 300
_MOST_BARS = 20
_MOST_NAMED = 4
_WHOLE = 100
"""Rates from here on are told in whole numbers."""
_ALL_MISSING = '<a href="#missing">All of them</a>.'
_WORDS = 42
_MOMENTS = {
    "patient-view": ("visits", "opening the chart"),
    "order-select": ("visits with an order", "choosing it"),
    "order-sign": ("visits with an order", "signing it"),
}

_STYLE = """
:root{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--bar:#2f6f9f;--critical:#a40e26;--warning:#9a5b00}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa5b1;--line:#39414a;--paper:#0f1419;--bar:#6cb0e0;
--critical:#ff8f8f;--warning:#f0b35a}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:64rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}
table{border-collapse:collapse;margin:.5rem 0 1rem;font-size:.93rem}th,td{padding:.25rem .7rem;text-align:left;
border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.first{border-left:.3rem solid var(--critical);padding:.2rem .9rem}.answers li{margin:.3rem 0}.soft{color:var(--soft)}
.critical{color:var(--critical)}.warning{color:var(--warning)}svg text{fill:var(--ink);font:13px system-ui,sans-serif}
svg rect{fill:var(--bar)}details{margin:.5rem 0}.wide{overflow-x:auto}
"""


def page(summary: Json) -> str:
    """The whole page as HTML."""
    body = "\n".join(_parts(summary))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Cards of a population</title><style>{_STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _parts(summary: Json) -> Iterator[str]:
    yield "<h1>Cards of a population</h1>"
    if summary["first"]:
        yield (
            '<div class="first" role="note">'
            + "".join(f"<p>{escape(line)}</p>" for line in summary["first"])
            + "</div>"
        )
    yield from _answers(summary)
    yield from _head(summary)
    yield from _rules(summary)
    yield from _visits(summary)
    yield from _missing(summary)
    yield from _undecided(summary)
    yield from _codes(summary)
    yield from _people(summary)
    yield from _input(summary)


def _answers(summary: Json) -> Iterator[str]:
    """The two questions that this page is opened for, each in a sentence."""
    small, patients = summary["hideBelow"], summary["patients"]
    with_card = _told(patients["withCardPer1000"], small)
    number = f"<b>{_told(summary['cards']['per1000'], small)} cards per 1,000 patients</b>"
    only_open = _only_open(summary["rules"])
    lines = [f"{number} on the charts as they stand{only_open}; {with_card} of 1,000 patients have a card."]
    for one in summary["visits"]:
        visits, moment = _MOMENTS[one["hook"]]
        many = _told(one["withMoreThanThree"]["per1000"], small)
        shown, alone = (_told(part["cards"]["per1000"], small) for part in (one, one["withoutMemory"]))
        again = f" ({alone} if advice were repeated at every visit)" if alone != shown else ""
        lines.append(
            f"<b>{shown} cards per 1,000 {visits}</b>, {moment}{again}{_only_open(one['rules'])}; "
            f"{_told(one['withCard']['per1000'], small)} of 1,000 show any card, {many} more than three; "
            f"at {_told(one['notAssessed']['per1000'], small)} of 1,000 a warning could not be decided."
        )
    if not summary["visits"]:
        lines.append("How many per 1,000 visits: run again with <code>--visits</code>.")
    lines.extend(_not_assessed(summary))
    yield '<ul class="answers">' + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def _only_open(rules: Iterable[Json]) -> str:
    """How many of the cards advise nothing, where there are such: they stand where lists did not come or are thin."""
    rate = sum(one["per1000"] or 0 for one in rules if one["rule"] == NOT_ASSESSED)
    return f", of which {_n(rate)} only say what could not be assessed" if rate else ""


def _not_assessed(summary: Json) -> Iterator[str]:
    """For how many a warning could not be decided, and for want of what: not coded, or of a list that did not come."""
    small, patients = summary["hideBelow"], summary["patients"]
    if not patients["notAssessed"]:
        few = "no patient" if patients["notAssessed"] == 0 else f"fewer than {small} patients"
        yield f"A warning could not be decided for {few}."
        return
    rate = _n(patients["notAssessedPer1000"], "-")
    yield f"<b>A warning could not be decided for {rate} of 1,000 patients.</b>"
    all_patients = patients["all"]
    for begin, is_meant in (
        ("Because nothing codes it", lambda why: why == NOTHING_RECORDED),
        ("Because a list was not sent or came in part", lambda why: why != NOTHING_RECORDED),
    ):
        found: dict[str, tuple[int, str]] = {}
        for one in summary["missing"]:
            # Several facts may ask for the same, mostly of the same patients.
            found[one["asks"]] = max(found.get(one["asks"], (0, "")), _why(one, is_meant))
        named = sorted(((asks, *why) for asks, why in found.items() if why[0]), key=lambda one: -one[1])
        if named:
            rates = [f"{escape(asks)} ({_per_1000(number, all_patients)}{told})" for asks, number, told in named]
            more = f"; and {len(rates) - _MOST_NAMED} more" if len(rates) > _MOST_NAMED else ""
            yield f"{begin} (patients in 1,000): {'; '.join(rates[:_MOST_NAMED])}{more}. {_ALL_MISSING}"
    codes = summary["codes"]
    yield (
        f'{codes["notRead"]:,} of {codes["different"]:,} codes in the data <a href="#codes">are read by nothing</a>: '
        "what could be mapped, the most frequent first."
    )


def _why(one: Json, is_meant: Callable[[str], bool]) -> tuple[int, str]:
    """For how many patients a fact was missing for some reasons, and which lists it was that did not come."""
    whys = [why for why in one["why"] if is_meant(why["why"]) and why["patients"]]
    named = sorted({why["why"] for why in whys} - {NOTHING_RECORDED})
    return sum(why["patients"] for why in whys), escape(f", {'; '.join(named)}") if named else ""


def _per_1000(number: int, of: int) -> str:
    return _n(1000 * number / of)


def _head(summary: Json) -> Iterator[str]:
    patients, cards = summary["patients"], summary["cards"]
    small = summary["hideBelow"]
    yield (
        f'<p class="soft">As of {escape(summary["now"])}, asked as {escape(summary["hook"])}, rule set '
        f"{escape(summary['ruleset']['version'])} ({escape(summary['ruleset']['digest'][:19])}). "
        + (
            f"Of patients and cards no count below {small} is shown, nor one from which it could be worked out.</p>"
            if small
            else "All counts are shown.</p>"
        )
    )
    rows = [
        ("Patients", patients["all"], None),
        ("with a card", patients["withCard"], patients["withCardPer1000"]),
        *(
            (f"whose most severe card is {one['indicator']}", one["patients"], one["per1000"])
            for one in summary["loudest"]
        ),
        ("for whom a warning could not be decided", patients["notAssessed"], patients["notAssessedPer1000"]),
        ("for whom nothing in the chart could bring a card", patients["noCardPossible"], None),
        ("whose chart was refused", patients["refused"], None),
        ("Cards", cards["all"], cards["per1000"]),
    ]
    yield _table(("", "Number", "Per 1,000 patients"), [(name, _n(n), _n(rate, "-")) for name, n, rate in rows], 2)


def _rules(summary: Json) -> Iterator[str]:
    small = summary["hideBelow"]
    yield "<h2>Cards by rule</h2>"
    rules = summary["rules"]
    if not rules:
        yield "<p>No rule spoke.</p>"
        return
    yield _bars([(one["rule"], one["cards"] or 0) for one in rules], "Cards by rule", small)
    yield _table(
        ("Rule", "What it is about", "Indicator", "Cards", "Per 1,000 patients"),
        [(one["rule"], one["title"], one["indicator"], _n(one["cards"]), _n(one["per1000"], "-")) for one in rules],
        2,
    )
    rows = [
        (one["rule"], one["indicator"], cell["age"], cell["sex"], _n(cell["cards"]))
        for one in rules
        for cell in one["byAgeAndSex"]
    ]
    yield "<details><summary>By age and sex</summary>"
    yield _table(("Rule", "Indicator", "Age", "Sex", "Cards"), rows, 1) + "</details>"


def _visits(summary: Json) -> Iterator[str]:
    small = summary["hideBelow"]
    for one in summary["visits"]:
        visits, moment = _MOMENTS[one["hook"]]
        yield f"<h2>Visit by visit: {visits}, {moment}</h2>"
        yield (
            f"<p>{one['calls']:,} calls: one for each {visits.replace('visits', 'day with an encounter', 1)}, "
            "played back with what had been recorded by then. “Shown” is what a clinician sees where the service "
            "stores its decisions: advice that was shown lately and depends on the same entries is not repeated. “Each "
            "call by itself” is what it would be without that memory. Nobody is taken to have answered a card. Each "
            "call is taken to come with every list, so what is not in these files counts as not recorded.</p>"
        )
        alone = one["withoutMemory"]
        counted = [
            ("Cards", one["cards"], alone["cards"]),
            *((f"of which {part['indicator']}", part, None) for part in one["indicators"]),
            ("Calls with a card", one["withCard"], alone["withCard"]),
            ("Calls with more than three", one["withMoreThanThree"], alone["withMoreThanThree"]),
            ("Calls at which a warning could not be decided", one["notAssessed"], None),
        ]
        rows = [(name, *_both(part), *_both(other)) for name, part, other in counted]
        yield _table(("", "Shown", "Per 1,000 calls", "Each call by itself", "Per 1,000 calls"), rows, 4)
        yield from _by_rule_of_visits(one, small)
        if one["notKnown"]:
            known = [(part["asks"], _n(part["number"]), _n(part["per1000"], "-")) for part in one["notKnown"]]
            yield _table(("What was not known", "Calls", "Per 1,000 calls"), known, 2)


def _by_rule_of_visits(one: Json, small: int) -> Iterator[str]:
    if not one["rules"]:
        return
    yield _bars([(rule["rule"], rule["number"] or 0) for rule in one["rules"]], "Cards by rule", small)
    rows = [
        (
            rule["rule"],
            rule["title"],
            rule["indicator"],
            *_both(rule),
            _n(rule["withoutMemory"]["number"]),
        )
        for rule in one["rules"]
    ]
    yield _table(
        ("Rule", "What it is about", "Indicator", "Cards shown", "Per 1,000 calls", "Each call by itself"), rows, 3
    )


def _both(part: Json | None) -> tuple[str, str]:
    """A count and its rate; empty where there is none."""
    return ("", "") if part is None else (_n(part["number"]), _n(part["per1000"], "-"))


def _missing(summary: Json) -> Iterator[str]:
    small, missing = summary["hideBelow"], summary["missing"]
    yield '<h2 id="missing">What could not be assessed, for want of what</h2>'
    yield (
        "<p>A warning of a rule was open for these patients because the fact is not known. “Not sent”: the list was "
        "not exported. “Nothing recorded that tells”: the list is here, and no entry says so; perhaps it is not "
        "coded.</p>"
    )
    if not missing:
        yield "<p>Nothing was missing.</p>"
        return
    yield _bars([(one["asks"], one["patients"] or 0) for one in missing], "Patients by missing fact", small)
    rows = [
        (
            one["asks"],
            one["fact"],
            _n(one["patients"]),
            _n(one["per1000"], "-"),
            "; ".join(f"{why['why']} ({_n(why['patients'])})" for why in one["why"]),
            ", ".join(one["readFrom"]),
        )
        for one in missing
    ]
    yield _table(("Not known", "Fact", "Patients", "Per 1,000", "Why", "Read from"), rows, None)


def _undecided(summary: Json) -> Iterator[str]:
    if summary["undecided"]:
        yield "<details><summary>Rules that could not be decided</summary>"
        rows = [
            (one["rule"], one["title"], _n(one["patients"]), _n(one["per1000"], "-")) for one in summary["undecided"]
        ]
        yield _table(("Rule", "What it is about", "Patients", "Per 1,000"), rows, 2) + "</details>"


def _codes(summary: Json) -> Iterator[str]:
    codes, small = summary["codes"], summary["hideBelow"]
    yield '<h2 id="codes">Codes that nothing reads</h2>'
    yield (
        f"<p>{codes['different']:,} different codes stand in the types that are read; {codes['notRead']:,} of them "
        "are in no value set and no table of drugs. The most frequent first: what is worth mapping "
        "(rules/site_codes.yaml). "
        f"{codes['hidden']:,} occur fewer than {small} times and are not listed.</p>"
    )
    found = summary["codesNotRead"]
    if found:
        yield _bars(
            [(f"{one['type']} {one['code']}", one["number"]) for one in found], "Codes that nothing reads", small
        )
        rows = [(one["type"], one["system"], one["code"], _n(one["number"])) for one in found]
        yield "<details open><summary>As a table</summary>"
        yield _table(("Type", "Code system", "Code", "Times"), rows, 1) + "</details>"


def _people(summary: Json) -> Iterator[str]:
    yield "<h2>Who these patients are</h2>"
    for part in summary["groups"]:
        cells = part["cells"]
        yield _bars(
            [(cell["group"], cell["number"] or 0) for cell in cells], f"Patients by {part['by']}", summary["hideBelow"]
        )
        yield _table(
            (part["by"].capitalize(), "Patients"),
            [(cell["group"], _n(cell["number"])) for cell in cells],
            1,
        )


def _input(summary: Json) -> Iterator[str]:
    yield "<h2>What was read</h2>"
    rows = [(name.capitalize(), f"{number:,}") for name, number in summary["lines"].items()]
    rows += [("Repeated resources, of which the newest counts", f"{summary['duplicates']:,}")]
    yield _table(("Lines", "Number"), rows, 1)
    in_part = summary["lists"]["partial"]
    named = [name for name in summary["lists"]["whole"] if name not in in_part and EVERYTHING not in in_part]
    whole = ", ".join(named) or ("none" if in_part else "none by itself: each bundle says what it holds")
    yield f"<p>Lists that were exported whole: {escape(whole)}.</p>"


def _told(rate: float | None, small: int) -> str:
    """A rate within a sentence."""
    return f"(under {small} in all)" if rate is None else _n(rate)


def _n(number: float | None, hidden: str = "not shown") -> str:
    """A number; of one that is small, or tells one that is, that it is hidden."""
    if number is None:
        return hidden
    if isinstance(number, float):
        # Of a rate no more is told than such counts can bear out.
        number = round(number) if number >= _WHOLE else round(number, 1 if number >= 1 else 2)
    return f"{number:,}" if number else "0"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int | None) -> str:
    """A table of which the last columns, so many, are numbers; None where the third and fourth are."""
    columns = len(heads)
    right = {2, 3} if numbers is None else set(range(columns - numbers, columns))
    kinds = [' class="n"' if index in right else "" for index in range(columns)]
    head = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(heads, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(str(cell))}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _bars(values: Sequence[tuple[str, int]], title: str, small: int) -> str:
    """A bar for each value; what is hidden has none. The same numbers stand in the table below."""
    shown = [(label, number) for label, number in values if number >= max(small, 1)][:_MOST_BARS]
    if not shown:
        return ""
    most = max(number for _, number in shown)
    height = _BAR * len(shown)
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" aria-label="{escape(title)}">']
    for index, (label, number) in enumerate(shown):
        top = index * _BAR
        width = max(1, round((_WIDTH - _LABEL - 90) * number / most))
        words = label if len(label) <= _WORDS else label[: _WORDS - 1] + "…"
        parts.append(
            f'<text x="{_LABEL - 8}" y="{top + 15}" text-anchor="end">{escape(words)}</text>'
            f'<rect x="{_LABEL}" y="{top + 3}" width="{width}" height="{_BAR - 7}" rx="2"/>'
            f'<text x="{_LABEL + width + 6}" y="{top + 15}">{number:,}</text>'
        )
    return "".join(parts) + "</svg>"
