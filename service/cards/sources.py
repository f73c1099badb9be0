"""The sources of a card: the one that leads, and all with section, strength, age and how far they were compared."""

from __future__ import annotations

from typing import Any

from service.knowledge.model import Citation, Knowledge, Mark, Rule, Source

TOPIC_SYSTEM = "urn:sciatica-cds:topic"
_NOT_COMPARED = "not yet compared with the original"


def leading(knowledge: Knowledge, rule: Rule) -> Citation:
    """The citation behind the card's ``source`` (SO-1): the first supporting one, of the jurisdiction if possible."""
    supporting = [citation for citation in rule.citations if citation.supports] or list(rule.citations)
    at_home = (item for item in supporting if knowledge.sources[item.source].jurisdiction == knowledge.jurisdiction)
    return next(at_home, supporting[0])


def card_source(knowledge: Knowledge, rule: Rule) -> dict[str, Any]:
    """The ``source`` member of a card (SO-1 to SO-5): label, official address if any, and always a topic."""
    source = knowledge.sources[leading(knowledge, rule).source]
    phase = next(phase for phase in knowledge.phases if phase.id == rule.phase)
    member: dict[str, Any] = {"label": source.label}
    if source.url is not None:
        member["url"] = source.url
    member["topic"] = topic(phase.id.partition("_")[2].replace("_", "-") or phase.id, phase.title)
    return member


def topic(code: str, display: str) -> dict[str, str]:
    """A topic Coding (SO-4); no standard set exists, so it is our own."""
    return {"code": code, "system": TOPIC_SYSTEM, "display": display}


def source_lines(knowledge: Knowledge, rule: Rule) -> list[str]:
    """One markdown bullet per citation, the leading one first, and which sources nobody has compared yet.

    Opposing citations say so: where guidelines disagree, both stand on the card.
    """
    first = leading(knowledge, rule)
    ordered = [first, *(citation for citation in rule.citations if citation is not first)]
    lines = [_line(knowledge.sources[citation.source], citation) for citation in ordered]
    cited = {citation.source for citation in ordered}
    not_compared = [
        item.source for item in ordered if (item.compared or knowledge.sources[item.source].compared) is None
    ]
    if open_ones := dict.fromkeys(knowledge.sources[name].label for name in not_compared):
        which = "any source above" if set(not_compared) == cited else "; ".join(open_ones)
        lines += ["", f"Not yet compared with the original by a named person: {which}."]
    return lines


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
