"""Markdown: a report as the comment of a pull request. The marker lets a workflow find and edit the one comment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from service.review.comparison.terminal import changed_at, changes, rules_that_depend, shown_for, what_changed

Json = dict[str, Any]

MARKER = "<!-- sciatica-cds compare -->"
# Hosts refuse comments longer than 65,536 characters; counted in UTF-8 this stays below.
MOST = 60_000
_LIGHTS = {"critical": "🔴 critical", "warning": "🟠 warning", "info": "🔵 info"}
_ROWS = 40
_FIELDS = 6
_COUNTED = (("+", "shownNewly"), ("-", "noLongerShown"), ("~", "shownOtherwise"))


@dataclass(frozen=True, slots=True)
class Comment:
    """Writes comments. ``link`` is the address of the folder of rules at the second revision; without it no links.

    ``impact`` is the report of ``review.impact`` on recorded charts; without it there is no such column.
    """

    link: str | None = None
    impact: Json | None = None

    def of(self, report: Json) -> str:
        """The comment, never longer than MOST bytes: what does not fit is counted, never dropped without a word."""
        for rows in (_ROWS, 12, 4, 1):
            text = "\n".join(self._lines(report, rows)) + "\n"
            if len(text.encode()) <= MOST:
                return text
        lines = (
            MARKER,
            f"### {self._title(report)}",
            "",
            self._names(report),
            "",
            "Too much differs: run the command.",
        )
        return "\n".join(lines) + "\n"

    def _lines(self, report: Json, rows: int) -> Iterator[str]:
        yield MARKER
        yield f"### {self._title(report)}"
        yield ""
        yield self._names(report)
        yield from self._cards(report["cards"], rows)
        yield from self._conclusions(report["conclusions"], rows)
        yield from _contents(report["contents"], rows)
        yield from self._broken(report["invariants"]["broken"], rows)
        yield from self._witnesses(report["cards"], rows)
        yield from self._same(report, rows)
        yield ""
        yield from _questions(report)
        names = f"{report['before']['label']} {report['after']['label']}"
        beside = "told above" if report["contents"] else "no change"
        yield (
            f"<sub>`sciatica-cds compare {_code(names)} --markdown` · what is proved is about findings and rules; "
            f"facts and value sets: {beside}</sub>"
        )

    @staticmethod
    def _title(report: Json) -> str:
        counts = report["counts"]
        if not report["differs"]:
            return "Rule change: no patient gets another card"
        if counts["cardsDiffer"]:
            cards = "1 card" if counts["cardsDiffer"] == 1 else f"{counts['cardsDiffer']} cards"
            return f"Rule change: {cards} can differ for some patient"
        if counts["contents"]:
            return "Rule change: facts, codes or settings differ, the logic of every rule is the same"
        if not counts["wordsOnly"]:
            return "Rule change: approvals only"
        return "Rule change: words only"

    @staticmethod
    def _names(report: Json) -> str:
        before, after, counts = report["before"], report["after"], report["counts"]
        asked, broken = report["invariants"]["asked"], report["invariants"]["broken"]
        lost = {one["id"] for one in broken}
        held = (asked or 0) - len(report["invariants"]["brokenBefore"])
        text = "invariants not asked" if asked is None else f"{held - len(lost)} of {held} invariants still proved"
        fallen, given = report["approvalsFallen"], report["approvalsGiven"]
        told = f" · approvals given: {', '.join(given)}" if given else ""
        return (
            f"`{_code(before['label'])}` {before['version']} `{before['digest'][:8]}` → `{_code(after['label'])}` "
            f"`{after['digest'][:8]}` · {counts['rules']} rules: **{counts['editedInLogic']} changed in logic**, "
            f"{counts['wordsOnly']} in words only, {counts['provedSame']} proved the same for every patient · {text} · "
            f"approvals that fall: {', '.join(fallen) if fallen else 'none'}{told}"
        )

    def _cards(self, cards: Sequence[Json], rows: int) -> Iterator[str]:
        if not cards:
            return
        recorded = f" | {self.impact['questions']:,} recorded questions" if self.impact is not None else ""
        yield ""
        yield f"| | Rule | Before → after | Shown newly | No longer shown{recorded} |"
        yield "|---|---|---|---|---|" + ("---|" if recorded else "")
        for card in cards[:rows]:
            yield self._row(card)
        if len(cards) > rows:
            yield f"\n… and {len(cards) - rows} more cards that differ."

    def _row(self, card: Json) -> str:
        light = _LIGHTS[card["indicator"]["after"] or card["indicator"]["before"]]
        cells = [light, self._rule(card), "<br>".join(_with_sign(line) for line in changes(card)) or card["change"]]
        cells += [_when(card, direction) for direction in ("shown newly", "no longer shown")]
        if self.impact is not None:
            counted: Json = next((one for one in self.impact["rules"] if one["id"] == card["id"]), {})
            counts = [f"{sign}{counted[name]}" for sign, name in _COUNTED if counted.get(name)]
            cells.append(" ".join(counts) or "0")
        return "| " + " | ".join(cells) + " |"

    def _rule(self, card: Json) -> str:
        edited = "" if card["tests"] or card["logic"] or card["change"] != "changed" else " (not edited)"
        name = f"`{card['id']}`"
        if self.link is not None and card["change"] != "removed":
            file, _, line = changed_at(card).rpartition(":")
            name = f"[{card['id']}]({self.link.rstrip('/')}/{file}#L{line})"
        return f"{name}{edited}"

    @staticmethod
    def _conclusions(conclusions: Sequence[Json], rows: int) -> Iterator[str]:
        if not conclusions:
            return
        yield ""
        for one in conclusions[:rows]:
            regions = [
                f"{_CONCLUDED.get(difference['direction'], difference['direction'])} for {_plain(difference['brief'])}"
                for difference in one["differences"]
                if difference["direction"] in _CONCLUDED
            ]
            of_whom = "; ".join(regions) or "unknown for others"
            yield f"- Conclusion `{one['id']}`: {of_whom}. {len(one['cards'])} cards rest on it."
        if len(conclusions) > rows:
            yield f"- … and {len(conclusions) - rows} more conclusions."

    @staticmethod
    def _broken(broken: Sequence[Json], rows: int) -> Iterator[str]:
        if broken:
            yield ""
            yield "**No longer proved:**"
        for one in broken[:rows]:
            patient = _plain("; ".join(one["patient"]))
            yield f"- `{one['id']}`: {_plain(one['says'])} {_plain(one['text'])}. For example: {patient}"
        if len(broken) > rows:
            yield f"- … and {len(broken) - rows} more."

    def _witnesses(self, cards: Sequence[Json], rows: int) -> Iterator[str]:
        shown = [
            (card, difference)
            for card in cards
            for difference in card["differences"]
            if difference["direction"] in ("shown newly", "no longer shown")
        ]
        if not shown:
            return
        yield ""
        yield "<details><summary>A patient for each difference (both engines agree)</summary>"
        yield ""
        yield "| Rule | Patient | Before | After |"
        yield "|---|---|---|---|"
        for card, difference in shown[:rows]:
            witness = difference["witness"]
            cells = [f"`{card['id']}`", _plain("; ".join(witness["patient"]))]
            cells += ["<br>".join(_shown(one) for one in witness[side]) or "nothing" for side in ("before", "after")]
            yield "| " + " | ".join(cells) + " |"
        if len(shown) > rows:
            yield f"\n… and {len(shown) - rows} more."
        yield ""
        yield "</details>"

    @staticmethod
    def _same(report: Json, rows: int) -> Iterator[str]:
        same = [rule for rule in report["provedSame"] if rule["tests"] or rule["logic"] or rule["reordered"]]
        if not same and not report["wordsOnly"]:
            return
        yield (
            f"<details><summary>Edited, and the same for every patient ({len(same)}) · words only "
            f"({len(report['wordsOnly'])})</summary>"
        )
        yield ""
        both = [*same, *report["wordsOnly"]]
        yield from (f"- `{rule['id']}`: {_plain(what_changed(rule))}" for rule in both[:rows])
        if len(both) > rows:
            yield f"- … and {len(both) - rows} more"
        yield ""
        yield "</details>"


_CONCLUDED = {"shown newly": "present newly", "no longer shown": "no longer present"}


def _when(card: Json, direction: str) -> str:
    found = [difference for difference in card["differences"] if difference["direction"] == direction]
    return "<br>".join(_plain(difference["brief"]) for difference in found) or "never (proved)"


def _with_sign(line: str) -> str:
    """A change of a test with what was taken out and what came in marked."""
    before, arrow, after = line.partition(" -> ")
    if not arrow:
        return _plain(line)
    if before.startswith("rests on "):
        named, _, before = before.partition(": ")
        return f"{_plain(named)}: {_with_sign(f'{before} -> {after}')}"
    old, new = before.split(" "), after.split(" ")
    start = next(
        (changed_at for changed_at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
        min(len(old), len(new)),
    )
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    out, into = " ".join(old[start : len(old) - end]), " ".join(new[start : len(new) - end])
    middle = [f"~~{_plain(out)}~~"] * bool(out) + [f"**{_plain(into)}**"] * bool(into)
    around = (_plain(" ".join(old[:start])), *middle, _plain(" ".join(old[len(old) - end :])))
    return " ".join(part for part in around if part)


def _shown(one: Json) -> str:
    return f"{'**critical**' if one['indicator'] == 'critical' else one['indicator']} {one['rule']}"


def _contents(contents: Sequence[Json], rows: int) -> Iterator[str]:
    if not contents:
        return
    yield ""
    yield "**Beside rules:**"
    for one in contents[:rows]:
        changes = [f"without {_plain(code)}" for code in one["codesRemoved"]]
        changes += [f"with {_plain(code)}" for code in one["codesAdded"]]
        changes += [f"{_named(field)}{_cut(field['before'])} → {_cut(field['after'])}" for field in one["fields"]]
        chart = one.get("chart")
        read = f"; a chart made for it: `{chart['fact']}` was {chart['before']}, is {chart['after']}" if chart else ""
        read += "".join(f"; {_plain(line)}" for line in shown_for(chart)) if chart else ""
        dependents = f" ({rules_that_depend(one['rules'])})" if one["rules"] else ""
        more = "; …" if len(changes) > _FIELDS else ""
        yield f"- {one['kind']} `{_code(one['id'])}`{dependents}: {'; '.join(changes[:_FIELDS])}{more}{read}"
    if len(contents) > rows:
        yield f"- … and {len(contents) - rows} more"


def _named(field: Json) -> str:
    return f"{field['name']}: " if field["name"] else ""


def _questions(report: Json) -> Iterator[str]:
    """What only a person can answer."""
    limits = [card for card in [*report["cards"], *report["concludingRules"]] if card["tests"]]
    uncited = [card for card in limits if not any(field["name"].startswith("citations") for field in card["grounds"])]
    if uncited:
        named = ", ".join(f"`{card['id']}`" for card in uncited[:_FIELDS])
        more = f" and {len(uncited) - _FIELDS} more" if len(uncited) > _FIELDS else ""
        asked = "do the cited sources support the new conditions?"
        yield f"**For the reviewer:** {asked} No citation was changed in {named}{more}."
    if report["toReviewAgain"]:
        number = len(report["toReviewAgain"])
        yield f"{'1 rule has' if number == 1 else f'{number} rules have'} other content than an earlier reviewer saw."


def _cut(text: str | None, most: int = 80) -> str:
    if text is None:
        return "nothing"
    return _plain(text if len(text) <= most else f"{text[: most - 1]}…")


def _plain(text: str) -> str:
    """Text that stays text inside a table: no markup, no line breaks, no mention of anybody."""
    flat = re.sub(r"\s+", " ", text)
    return re.sub(r"([\\`*_|<>\[\]~#@])", r"\\\1", flat)


def _code(text: str) -> str:
    return text.replace("`", "'").replace("|", "/")
