"""The sources of a card: the one that leads, and all with section, strength, age and how far they were compared."""

from __future__ import annotations

import re
from typing import Any

from service.cards.of_rules import of_rule
from service.knowledge.model import Citation, Knowledge, Mark, Rule, Source, SourceStatus

_NO_CODE = re.compile(r"[^A-Za-z0-9]")
TOPIC_SYSTEM = "urn:sciatica-cds:topic"
_SUPERSEDED = frozenset({SourceStatus.SUPERSEDED, SourceStatus.EXPIRED})
_LINES = 3
_SUPPORTING = 2
_SECTIONS = 2
_NOT_COMPARED = "not yet compared with the original"


def leading(knowledge: Knowledge, rule: Rule) -> Citation:
    """The citation behind the card's ``source`` (SO-1): see :func:`ranked`."""
    return ranked(knowledge, rule)[0]


@of_rule
def ranked(knowledge: Knowledge, rule: Rule) -> tuple[Citation, ...]:
    """The citations of a rule as a card names them, the one that carries its sentence first (product choice no. 41).

    The author says which one carries it where that is not plain: it leads although it is superseded, and says so, for a
    current one about less (the label of one drug) does not carry it. Else those whose source the summary names
    carry it; where it names none, all that support it do. Among equals current sources come before superseded ones and
    those of the jurisdiction before others; then the author's order holds.
    """
    summary = rule.card.summary if rule.card is not None else ""

    def sort_key(citation: Citation) -> tuple[bool, bool, bool, bool, bool]:
        source = knowledge.sources[citation.source]
        return (
            not citation.supports,
            not citation.leads,
            source.status in _SUPERSEDED,
            not _named(source, summary),
            source.jurisdiction != knowledge.jurisdiction,
        )

    return tuple(sorted(rule.citations, key=sort_key))


def _named(source: Source, summary: str) -> bool:
    """Whether a summary names the source by the first word of its label: NICE, ACP, FDA."""
    return re.search(rf"\b{re.escape(source.label.split()[0])}\b", summary) is not None


@of_rule
def card_source(knowledge: Knowledge, rule: Rule) -> dict[str, Any]:
    """The ``source`` member of a card (SO-1 to SO-5): label, official address if any, and always a topic."""
    source = knowledge.sources[leading(knowledge, rule).source]
    member: dict[str, Any] = {"label": source.label}
    if source.url is not None:
        member["url"] = source.url
    member["topic"] = topic(rule.id, rule.title)
    return member


def topic(name: str, display: str) -> dict[str, str]:
    """A topic Coding (SO-4); no standard set exists, so it is our own.

    EHRs bind an override to the code: one per rule, the same for ever, letters and digits only (product choice no. 42).
    """
    return {"code": topic_code(name), "system": TOPIC_SYSTEM, "display": display}


def topic_code(name: str) -> str:
    """The letters and digits of a rule's id."""
    return _NO_CODE.sub("", name)


@of_rule
def source_lines(knowledge: Knowledge, rule: Rule) -> tuple[str, ...]:
    """One markdown bullet per citation, the leading one first, and which sources nobody has compared yet.

    Opposing citations say so: where guidelines disagree, both stand on the card.
    """
    ordered = ranked(knowledge, rule)
    lines = [_line(knowledge.sources[citation.source], citation) for citation in ordered]
    cited = {citation.source for citation in ordered}
    not_compared = [
        item.source for item in ordered if (item.compared or knowledge.sources[item.source].compared) is None
    ]
    if open_ones := dict.fromkeys(knowledge.sources[name].label for name in not_compared):
        which = "any source above" if set(not_compared) == cited else "; ".join(open_ones)
        lines += ["", f"Not yet compared with the original by a named person: {which}."]
    return tuple(lines)


def _line(source: Source, citation: Citation) -> str:
    verb = "" if citation.supports else " (opposes)"
    graded = [text for text in (citation.strength, citation.certainty) if text]
    grade = f" [{'; '.join(graded)}]" if graded else ""
    caveats = [caveat for caveat in source.caveats if caveat != _NOT_COMPARED and caveat not in source.label]
    if citation.mark is not Mark.VERIFIED:
        caveats.append(citation.mark.value)
    warned = f" ({'; '.join(caveats)})" if caveats else ""
    why = f" {citation.why}" if citation.why else ""
    return f"- {source.label}, {citation.section}{verb}: {citation.says}{why}{grade}{warned}"


@of_rule
def short_source_lines(knowledge: Knowledge, rule: Rule) -> tuple[str, ...]:
    """At most three lines, one per source: sections and strength; what opposes, and what is no longer current, says so.

    Two that support, and what opposes; where there are more, the last line counts them.
    """
    by_source: dict[tuple[str, bool], list[Citation]] = {}
    for citation in ranked(knowledge, rule):
        by_source.setdefault((citation.source, citation.supports), []).append(citation)
    groups = list(by_source.values())
    shown = _chosen(groups)
    lines = [_short_line(knowledge.sources[group[0].source], group) for group in shown]
    left = len(groups) - len(shown)
    return (*lines[:-1], f"{lines[-1]} (+{left})") if left else tuple(lines)


def _chosen(groups: list[list[Citation]]) -> list[list[Citation]]:
    opposing = [group for group in groups if not group[0].supports]
    supporting = [group for group in groups if group[0].supports]
    return [*supporting[:_SUPPORTING], *opposing][:_LINES]


def _short_line(source: Source, citations: list[Citation]) -> str:
    against = " opposes" if not citations[0].supports else ""
    sections = ", ".join(list(dict.fromkeys(citation.section for citation in citations))[:_SECTIONS])
    strengths = next((item.strength for item in citations if item.strength), "")
    known = f"{source.label} {sections}".lower()
    graded = f": {strengths}" if strengths and strengths.lower() not in known else ""
    stale = source.status in _SUPERSEDED and not re.search("superseded|updated|expired|expiry", source.label)
    caveat = f" ({source.status_note or source.status.value})" if stale else ""
    return f"{source.label}, {sections}{against}{graded}{caveat}"
