"""Checks of what hangs on a card: reasons, buttons, links, families."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from service.errors import Issue, Severity
from service.knowledge.checks.registry import Review, check
from service.knowledge.checks.wording import cards
from service.knowledge.model import Indicator, Rule

_REASONS = range(3, 7)
_LONGEST_LABEL = 60
_VERB_FIRST = re.compile(r"[A-Z][a-z]+\b")
_NO_VERBS = frozenset(
    {"A", "An", "The", "No", "Not", "Please", "New", "Some", "This", "That", "For", "If", "Patient", "Urgent"}
)
_PERSONAL = re.compile(
    r"patient|subject|encounter|mrn|token|session|user|account|auth|key|utm_|gclid|fbclid", re.IGNORECASE
)


@check(
    "K040-override-reasons",
    Severity.ERROR,
    "A warning without three to six reasons for setting it aside",
    avoid="override_reasons: []   # on a warning",
    prefer="override_reasons: [patient-contraindication, risk-benefit-ratio, specialist-agreed]",
    why="A warning one cannot answer is clicked away; the reasons show which warnings are wrong (OR-4, H-07).",
)
def override_reasons(review: Review) -> Iterator[Issue]:
    """A warning or critical card offers between three and six different override reasons."""
    for rule, card in cards(review):
        count = len(set(card.override_reasons))
        if card.indicator is not Indicator.INFO and count not in _REASONS:
            yield Issue(rule.at, f"{rule.id} offers {count} override reasons", "three to six different ones")


@check(
    "K041-override-reasons-on-info",
    Severity.ERROR,
    "Override reasons on an info card",
    avoid="indicator: info\noverride_reasons: [risk-benefit-ratio]",
    prefer="indicator: info",
    why="Information asks for nothing, so there is nothing to override; asking why adds clicks (OR-4).",
)
def override_reasons_on_info(review: Review) -> Iterator[Issue]:
    """An info card offers no override reasons."""
    for rule, card in cards(review):
        if card.indicator is Indicator.INFO and card.override_reasons:
            yield Issue(rule.at, f"{rule.id} is information and offers override reasons", "leave them out")


@check(
    "K042-suggestion-label",
    Severity.ERROR,
    "A button that is too long, or does not begin with a verb, or stands twice",
    avoid="label: the removal of the NSAID order",
    prefer="label: Remove the NSAID order",
    why="A button says what it does, in one glance (SU-1).",
)
def suggestion_label(review: Review) -> Iterator[Issue]:
    """A suggestion's label has at most 60 characters, begins with a capitalised verb and is unique on its card."""
    for _, card in cards(review):
        counts = Counter(suggestion.label for suggestion in card.suggestions)
        for suggestion in card.suggestions:
            label = suggestion.label
            first = _VERB_FIRST.match(label)
            if len(label) > _LONGEST_LABEL:
                yield Issue(suggestion.at, f"the label has {len(label)} characters", "60 is the longest allowed")
            if first is None or first[0] in _NO_VERBS:
                yield Issue(suggestion.at, f"{label!r} does not begin with a verb", "for example: Remove …, Order …")
            if counts[label] > 1:
                yield Issue(suggestion.at, f"{label!r} stands twice on one card")


@check(
    "K043-two-recommended",
    Severity.ERROR,
    "Two recommended buttons on one card",
    avoid="two suggestions with recommended: true",
    prefer="at most one suggestion with recommended: true",
    why="Suggestions of a card are alternatives; at most one can be the preferred one (SU-2).",
)
def two_recommended(review: Review) -> Iterator[Issue]:
    """At most one suggestion of a card is recommended."""
    for rule, card in cards(review):
        if sum(suggestion.recommended for suggestion in card.suggestions) > 1:
            yield Issue(rule.at, f"{rule.id} recommends more than one suggestion", "keep the preferred one")


@check(
    "K044-bad-link",
    Severity.ERROR,
    "A link that is not plain https, or that could carry an identity",
    avoid="url: http://example.org/?patient=123",
    prefer="url: https://www.nice.org.uk/guidance/ng59",
    why="Links are opened from inside the record; they are https and carry no identifiers or tracking (LI-3, H-14).",
)
def bad_link(review: Review) -> Iterator[Issue]:
    """Every link of a card and every address of a source is https, with a host, no user and no personal parameters."""
    for rule, card in cards(review):
        for link in card.links:
            yield from _link_issues(rule.at, link.url)
    for source in review.knowledge.sources.values():
        if source.url is not None:
            yield from _link_issues(source.at, source.url)


def _link_issues(at: str, url: str) -> Iterator[Issue]:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "." not in parts.hostname or re.search(r"\s", url):
        yield Issue(at, f"{url} is not a complete https address")
    elif parts.username is not None or parts.port is not None:
        yield Issue(at, f"{url} names a user or a port")
    elif any(_PERSONAL.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        yield Issue(at, f"{url} carries a personal or tracking parameter", "link to the page itself")


@check(
    "K045-family-on-different-hooks",
    Severity.WARNING,
    "Members of one family that answer different hooks",
    avoid="two rules of family nsaid-renal, one on order-select, one on order-sign",
    prefer="the same hooks for all rules of a family; variants of one rule may differ, because one reads them together",
    why="Of a family only the most severe rule is shown. Where that one is not asked, a weaker card seems to be all.",
)
def family_on_different_hooks(review: Review) -> Iterator[Issue]:
    """All rules of a family answer the same hooks, unless they are variants of one rule."""
    families: dict[str, list[Rule]] = {}
    for rule, _ in cards(review):
        if rule.family is not None:
            families.setdefault(rule.family, []).append(rule)
    for family, members in families.items():
        first = members[0]
        for other in members[1:]:
            variants = other.variant_of is not None and other.variant_of == first.variant_of
            if set(other.hooks) != set(first.hooks) and not variants:
                text = f"{other.id} of family {family} answers other hooks than {first.id}"
                yield Issue(other.at, text, ", ".join(first.hooks))


@check(
    "K047-variant-order",
    Severity.ERROR,
    "A variant that is more severe than one above it",
    avoid="variants: an info card first, a warning below it",
    prefer="variants: the most severe first",
    why="Variants are read top down and the first that holds is shown; but of two that hold the more severe is shown. "
    "In this order both say the same.",
)
def variant_order(review: Review) -> Iterator[Issue]:
    """Variants stand in the order of their severity, the most severe first."""
    above: dict[str, Rule] = {}
    for rule in sorted(review.knowledge.rules, key=lambda rule: rule.rank):
        if rule.variant_of is None or rule.card is None:
            continue
        before = above.get(rule.variant_of)
        if before is not None and before.severity < rule.severity:
            yield Issue(rule.at, f"{rule.id} is more severe than {before.id}, which stands above it", "put it first")
        above[rule.variant_of] = rule


@check(
    "K046-override-reason-without-words",
    Severity.ERROR,
    "An override reason that is nowhere defined",
    avoid="override_reasons named by rules, and no override_reasons.yaml",
    prefer="override_reasons.yaml with code, system and display of each reason",
    why="A reason needs a display (OR-2); without the file the card cannot be written.",
)
def override_reason_without_words(review: Review) -> Iterator[Issue]:
    """Every override reason that a card offers has its words in override_reasons.yaml."""
    for rule, card in cards(review):
        for code in card.override_reasons:
            if code not in review.knowledge.override_reasons:
                yield Issue(rule.at, f"override reason {code} has no words", "add it to override_reasons.yaml")
