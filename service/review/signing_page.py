"""Everything that a signature under a rule covers, on one page of Markdown: one thing to read and to sign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from service.knowledge.digest import reached, reads_problems, reads_words, rule_digest, shown_before, value_sets_of
from service.knowledge.model import (
    Citation,
    FactDefinition,
    FactSource,
    Knowledge,
    OrderTemplate,
    Rule,
    Source,
    SourceStatus,
    Suggestion,
    ValueSet,
)
from service.knowledge.sentences import sentences, title_of
from service.review.decision_table import as_markdown, table_of


def rule_page(knowledge: Knowledge, rules: Sequence[Rule]) -> str:
    """The page of one rule, or of the variants of one rule file, the one that is shown first on top."""
    return "\n".join(_rule_page(knowledge, sorted(rules, key=lambda rule: rule.precedence))) + "\n"


def _rule_page(knowledge: Knowledge, rules: Sequence[Rule]) -> Iterator[str]:
    yield f"# {rules[0].variant_of or rules[0].id}"
    if len(rules) > 1:
        yield "\nOf these variants the first that holds is shown."
    for rule in rules:
        yield from _rule(knowledge, rule)
    behind = [reached(knowledge, rule) for rule in rules]
    drawing = {rule.id: rule for _, drawn in behind for rule in drawn if rule not in rules}
    findings = sorted({name for names, _ in behind for name in names})
    facts = [knowledge.facts[name] for name in findings if name in knowledge.facts]
    orders = _orders(knowledge, rules)
    citations = [item for rule in rules for item in rule.citations] + [item for one in orders for item in one.citations]
    yield from _section("Statements", _statements(knowledge, citations))
    yield from _section("Conclusions behind it", _conclusions(knowledge, drawing.values()))
    yield from _section("What silence means", _no_matching_data(facts))
    yield from _section("Orders it can create", (line for order in orders for line in _order(order)))
    yield from _section("Codes", _codes(knowledge, [*facts, *orders]))
    yield from _section("Words that leave a problem unread", _danger(knowledge, facts))
    yield from _section("Words of what no rule judges", _other(knowledge, facts))
    yield from _section("Decision table", as_markdown(table_of(knowledge, rules)))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    written = list(lines)
    if written:
        yield f"\n## {title}\n"
        yield from written


def _rule(knowledge: Knowledge, rule: Rule) -> Iterator[str]:
    yield f"\n## {rule.title}\n"
    state = "approved" if rule.id in knowledge.approved else "not approved"
    yield f"`{rule.id}` {rule.version}, {rule.status}, {state}; content {rule_digest(knowledge, rule.id)}"
    yield f"\nOwner {knowledge.people.get(rule.owner, rule.owner)}; review by {rule.review_by}.\n"
    yield f"{rule.purpose}\n\n{rule.rationale}\n"
    if rule.recommendation is not None:
        advice = rule.recommendation
        yield f"Advice: {advice.direction} {advice.topic}; strength {advice.strength}; certainty {advice.certainty}.\n"
    yield f"**Fires{' on ' + ', '.join(rule.hooks) if rule.hooks else ' on every hook'} when**\n"
    yield from sentences(knowledge, rule.when)
    yield from _shown_before(knowledge, rule)
    if rule.mentions:
        yield f"\nAlso names, where known or missing: {'; '.join(title_of(knowledge, name) for name in rule.mentions)}."
    yield from _card(knowledge, rule) if rule.card else [f"\n**Concludes** {title_of(knowledge, str(rule.concludes))}"]
    if rule.names_conflict_with:
        yield f"\nNames its conflict with {', '.join(rule.names_conflict_with)}."
    if rule.unverified_parts:
        yield "\n**Not verified**\n"
        yield from (f"- {part}" for part in rule.unverified_parts)
    yield f"\n**Limits** {rule.limitations}\n\n**Examples**\n"
    yield from (f"- {example.name}: {example.expect}" for example in rule.examples)


def _shown_before(knowledge: Knowledge, rule: Rule) -> Iterator[str]:
    if first := shown_before(knowledge, rule):
        yield f"\nNot shown where one of these fires: {', '.join(other.id for other in first)}."
    if rule.named_when_covered:
        yield "Named on the card of an equally severe one that is shown in its place."


def _card(knowledge: Knowledge, rule: Rule) -> Iterator[str]:
    card = rule.card
    assert card is not None
    yield f"\n**Card** ({card.indicator.value})\n"
    yield from (f"> {line}".rstrip() for line in f"**{card.summary}**\n\n{card.detail}".split("\n"))
    yield ""
    yield from (f"- Button: {suggestion_in_words(knowledge, suggestion)}" for suggestion in card.suggestions)
    yield from (f"- Link: {link.label}: {link.url}" for link in card.links)
    reasons = [knowledge.override_reasons[code].display for code in card.override_reasons]
    if reasons:
        yield f"- Reasons for setting it aside: {'; '.join(reasons)}"
    if card.patient_summary is not None:
        yield f"- To a patient: {card.patient_summary} {card.patient_detail or ''}".rstrip()


def suggestion_in_words(knowledge: Knowledge, suggestion: Suggestion) -> str:
    """What a button does: "Remove the NSAID order (recommended): removes the draft of: NSAID ordered"."""
    acts = [f"creates {knowledge.orders[name].title}" for name in suggestion.create]
    acts += [f"removes the draft of: {title_of(knowledge, name)}" for name in suggestion.remove]
    acts += [f"limits to {suggestion.limit_days} days: {title_of(knowledge, name)}" for name in suggestion.limit]
    recommended = " (recommended)" if suggestion.recommended else ""
    return f"{suggestion.label}{recommended}: {'; '.join(acts)}"


def _statements(knowledge: Knowledge, citations: Iterable[Citation]) -> Iterator[str]:
    once = {(item.reference, item.supports, item.why): item for item in citations}
    for citation in once.values():
        side = "supports" if citation.supports else "opposes"
        graded = "; ".join(text for text in (citation.section, citation.strength, citation.certainty) if text)
        why = f" {citation.why}" if citation.why else ""
        yield f"- `{citation.reference}` {side}: {citation.says}{why} ({graded})"
        yield f"  - {source_state(knowledge.sources[citation.source], citation)}"


def source_state(source: Source, citation: Citation | None = None) -> str:
    """How a source stands: its label, status, how far the statement was compared, and when by whom."""
    status = source.status.value
    if source.status is not SourceStatus.CURRENT and source.status_note:
        status += f" ({source.status_note})"
    compared = (citation.compared if citation is not None else None) or source.compared
    compared_text = f"compared with the original on {compared}" if compared else "not yet compared with the original"
    mark = citation.mark if citation is not None else source.bibliography_mark
    return f"{source.label}: {source.citation} {status}; {mark.value}; {compared_text}"


def _conclusions(knowledge: Knowledge, drawing: Iterable[Rule]) -> Iterator[str]:
    for rule in drawing:
        yield f"- {title_of(knowledge, str(rule.concludes))} (`{rule.id}`), when"
        yield from sentences(knowledge, rule.when, 1)


def _no_matching_data(facts: Iterable[FactDefinition]) -> Iterator[str]:
    for fact in facts:
        chosen = f" Product choice: {fact.product_choice}" if fact.product_choice else ""
        yield f"- {fact.title} (`{fact.id}`): {fact.absent_when or 'not said'}{chosen}"


def _orders(knowledge: Knowledge, rules: Iterable[Rule]) -> list[OrderTemplate]:
    cards = [rule.card for rule in rules if rule.card is not None]
    names = {name for card in cards for suggestion in card.suggestions for name in suggestion.create}
    return [knowledge.orders[name] for name in sorted(names)]


def _order(order: OrderTemplate) -> Iterator[str]:
    code = order.code
    yield f"- {order.title}: {order.resource}, {code.system}|{code.code} {code.display}, {order.priority or 'routine'}"
    parts = [order.text, order.reason_text, order.dose.text if order.dose else None]
    parts.append(f"{order.course_days} days" if order.course_days else None)
    yield from (f"  - {text}" for text in parts if text)


def _codes(knowledge: Knowledge, things: Iterable[FactDefinition | OrderTemplate]) -> Iterator[str]:
    names = sorted({name for thing in things for name in value_sets_of(thing)})
    for name in names:
        yield from _value_set(knowledge.value_sets[name])


def _value_set(value_set: ValueSet) -> Iterator[str]:
    yield f"- {value_set.title} (`{value_set.id}`)" + (f": {value_set.note}" if value_set.note else "")
    for code in value_set.codes:
        below = " and below" if code.descendants else ""
        doubt = "" if code.verified else ", not verified"
        note = f"; {code.note}" if code.note else ""
        yield f"  - {code.system}|{code.code}{below} {code.display}{doubt} [{code.source}]{note}"
    if value_set.link_ids:
        yield f"  - questionnaire items: {', '.join(value_set.link_ids)}"
    yield from (f"  - words: `{pattern}`" for pattern in value_set.patterns)
    yield from (f"  - unless: `{pattern}`" for pattern in value_set.unless)


def _danger(knowledge: Knowledge, facts: Sequence[FactDefinition]) -> Iterator[str]:
    terms = knowledge.danger_terms
    if reads_problems(facts) and terms.problems:
        yield f"- words: `{'|'.join((*terms.problems, *terms.drugs))}`, and the drugs of the value sets"
        yield f"- unless: `{'|'.join((*terms.harmless, *terms.harmless_drugs))}`"
        yield f"- red flags: `{'|'.join(terms.red_flags)}`"
        yield f"- not named outside the problem list: {', '.join(terms.harmless_sets)}"


def _other(knowledge: Knowledge, facts: Sequence[FactDefinition]) -> Iterator[str]:
    words = knowledge.other_words
    if reads_words(facts):
        for title, patterns in (
            ("substances", words.substances),
            ("problems", words.problems),
            ("procedures", words.procedures),
            ("orders", words.orders),
        ):
            if patterns:
                yield f"- {title}: `{'|'.join(patterns)}`"


def _source_line(source: FactSource) -> str:
    """Where a fact looks, with the limit that counts and what ends it."""
    limit = f", the newest at {source.at_most:f} {source.unit} or below" if source.at_most is not None else ""
    limit += ", the newest above its own reference range or flagged as high" if source.above_range else ""
    ended = f", not after {', '.join(source.ended_by)}" if source.ended_by else ""
    elsewhere = f", not at {', '.join(source.not_at)}" if source.not_at else ""
    return f"- {source.resource}: {', '.join(source.codes)}{limit}{ended}{elsewhere}"


def fact_page(knowledge: Knowledge, fact: FactDefinition) -> str:
    """The page of one fact: how it is read, what silence means, its codes, and the rules that depend on it."""
    lines = [f"# {fact.title}", "", f"`{fact.id}`, {fact.kind.value}, {fact.at}; asked as: {fact.asks}", ""]
    lines += [_source_line(source) for source in fact.sources]
    lines += _section("What silence means", _no_matching_data([fact]))
    direct = [rule for rule in knowledge.rules if fact.id in rule.reads]
    behind = [rule for rule in knowledge.rules if rule not in direct and fact.id in reached(knowledge, rule)[0]]
    lines += _section("Rules that read it, with their sources", map(_rule_with_sources, direct))
    lines += _section("Rules that rest on it through a conclusion, or name it", map(_rule_with_sources, behind))
    lines += _section("Codes", _codes(knowledge, [fact]))
    return "\n".join(lines) + "\n"


def _rule_with_sources(rule: Rule) -> str:
    cited = (
        ", ".join(dict.fromkeys(f"{one.source}/{one.statement}" for one in rule.citations)) or "no source of its own"
    )
    return f"- `{rule.id}`, {rule.title}: {cited}"


def source_page(knowledge: Knowledge, source: Source) -> str:
    """The page of one source: how it stands, and each statement with the rules and orders that cite it."""
    lines = [f"# {source.title}", "", source_state(source), ""]
    lines += [f"- {text}" for text in (source.url, source.caution, source.funding) if text]
    cited_by: dict[str, list[str]] = {}
    things: list[Rule | OrderTemplate] = [*knowledge.rules, *knowledge.orders.values()]
    for thing in things:
        for citation in thing.citations:
            if citation.source == source.id:
                cited_by.setdefault(citation.statement, []).append(thing.id)
    lines += ["", "## Statements", ""]
    for statement in source.statements:
        lines.append(f"- `{statement.id}` ({statement.section}; {statement.mark.value}): {statement.says}")
        lines.append(f"  - cited by {', '.join(cited_by.get(statement.id, ['nothing']))}")
    return "\n".join(lines) + "\n"
