"""The page that maps every claim of the article to the rules that carry it: ``docs/coverage.md``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from service.knowledge.model import Knowledge, Rule
from service.knowledge.topics import Topic, Verdict

_HEAD = """\
# What the article claims, and where this rule set carries it

This project began from a consumer article on sciatica and muscle spasm. Each of its claims stands here with what the
evidence says of it and the rules that carry it. A card rests only on what is *supported* or *weak*, within the limits
given; what is *overstated* or *not supported* is used nowhere, or by a card that says so. A *gap* is what the article
leaves out and this product must not.

*Made from `rules/topics.yaml` by `sciatica-cds topics --write docs/coverage.md`. Change that file, not this one.*
"""


def topics_page(knowledge: Knowledge, topics: Sequence[Topic]) -> str:
    """The whole page in GFM; links are relative to ``docs/``."""
    rules = {rule.id: rule for rule in knowledge.rules}
    lines = [_HEAD, *_counts(topics), "", "| Claim | Verdict | What it rests on | Rules |", "|---|---|---|---|"]
    lines += [_row(topic, rules) for topic in topics]
    lines += ["", "## The rules and what they read", "", "| Rule | What it says | Reads |", "|---|---|---|"]
    named = dict.fromkeys(name for topic in topics for name in topic.rules)
    lines += [_rule_row(knowledge, rules[name]) for name in sorted(named)]
    others = [name for name in sorted(rules) if name not in named]
    lines += ["", "## Rules that carry no claim of the article", "", _sentence(others, rules)]
    return "\n".join(lines) + "\n"


def _counts(topics: Sequence[Topic]) -> Iterator[str]:
    counts = Counter(topic.verdict for topic in topics)
    text = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    yield f"{len(topics)} claims: {text}. {sum(bool(topic.rules) for topic in topics)} of them are taken up by rules."


def _row(topic: Topic, rules: dict[str, Rule]) -> str:
    carried = ", ".join(_linked(rules[name]) for name in topic.rules) or "none: not used"
    return f"| {_cell(topic.claim)} | {topic.verdict} | {_cell(topic.evidence)} | {carried} |"


def _rule_row(knowledge: Knowledge, rule: Rule) -> str:
    said = rule.card.summary if rule.card is not None else f"Concludes: {rule.concludes}"
    reads = ", ".join(_finding(knowledge, name) for name in sorted(rule.reads))
    return f"| {_linked(rule)} | {_cell(said)} | {reads} |"


def _finding(knowledge: Knowledge, name: str) -> str:
    """A fact with a link to its file; a conclusion of other rules in italics."""
    if name not in knowledge.facts:
        return f"*{name}*"
    return f"[{name}](../rules/{knowledge.facts[name].at.rpartition(':')[0]})"


def _linked(rule: Rule) -> str:
    return f"[{rule.id}](../rules/{rule.at.rpartition(':')[0]})"


def _sentence(names: Iterable[str], rules: dict[str, Rule]) -> str:
    """The cards that go beyond the article, then how many conclusions stand behind them all."""
    cards = [name for name in names if rules[name].card is not None]
    without_card = sum(rule.card is None for rule in rules.values())
    listed = ", ".join(_linked(rules[name]) for name in cards) or "none"
    return (
        f"{len(cards)} card rules: {listed}.\n\n{without_card} further rules draw conclusions that the card rules read."
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
