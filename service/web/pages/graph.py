"""The page of the whole rule set as a graph, and of the ways from one finding to the cards that depend on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Any

from service.knowledge.model import Indicator, Knowledge, Rule
from service.knowledge.sentences import title_of
from service.review.rule_graph import RuleGraph, after_finding, around_rule, way_to
from service.web.pages.addresses import question_in
from service.web.pages.rules import rules_depending_on
from service.web.pages.words import finding_named, read_from, rule_named

Json = dict[str, Any]
_MOST_FOUND = 60
_MOST_CARDS = 24
"""More cards than this are drawn as one node for each phase, until a phase is chosen (product choice)."""


@dataclass(frozen=True, slots=True)
class GraphQuestion:
    """What is asked: words of a finding, a finding by id, and a rule or a phase among those that depend on it."""

    q: str = ""
    topic: str = ""
    finding: str = ""
    rule: str = ""
    phase: str = ""


def graph_question(query: Mapping[str, str]) -> GraphQuestion:
    """The question in the query of an address."""
    return question_in(query, GraphQuestion)


def graph_page(knowledge: Knowledge, asked: GraphQuestion) -> Json:
    """The overview, what the words of the question find, and the ways of the finding that is chosen."""
    found = _found(knowledge, asked)
    chosen = asked.finding if asked.finding in {*knowledge.facts, *knowledge.conclusions} else ""
    if not chosen and len(found) == 1:
        chosen = found[0]
    return {
        "question": {one.name: getattr(asked, one.name) for one in fields(GraphQuestion)},
        "found": [finding_named(knowledge, name) for name in found[:_MOST_FOUND]],
        "foundInAll": len(found),
        "chosen": finding_named(knowledge, chosen) if chosen else None,
        "ways": ways_of(knowledge, chosen, asked.rule, asked.phase) if chosen else None,
        "overview": None if chosen else overview(knowledge),
    }


def _found(knowledge: Knowledge, asked: GraphQuestion) -> list[str]:
    names = [*knowledge.facts, *knowledge.conclusions]
    if asked.topic:
        names = [name for name, fact in knowledge.facts.items() if _topic(fact.at) == asked.topic]
    if not asked.q and not asked.topic:
        return []
    if asked.q in names:
        return [asked.q]
    words = asked.q.lower().split()
    return [name for name in names if all(word in f"{name} {title_of(knowledge, name)}".lower() for word in words)]


def ways_of(knowledge: Knowledge, finding: str, rule: str = "", phase: str = "") -> Json:
    """The ways from a finding to its cards as a graph, and the same as rows of a table."""
    graph = after_finding(knowledge, finding)
    lit = way_to(graph, f"rule:{rule}") if f"rule:{rule}" in graph.layers else set()
    rules = {one.id: one for one in knowledge.rules}
    cards = [node for node in graph.layers if node.startswith("rule:")]
    shown = [node for node in cards if not phase or rules[node[5:]].phase == phase]
    folded = len(shown) > _MOST_CARDS and not lit
    drawn = _folded(knowledge, graph, rules) if folded else _only(graph, set(shown) if phase else set(cards), lit)
    title = f"From “{title_of(knowledge, finding)}” to the cards that rest on it"
    return {
        "graph": drawn_graph(knowledge, drawn, title, lit) | {"folded": folded},
        "cards": len(cards),
        "phases": [one | {"chosen": one["id"] == phase} for one in _phases(knowledge, cards, rules)],
        # What is folded is listed by the page of rules.
        "rows": [] if folded else _rows(knowledge, finding, graph, shown, rules),
    }


def _rows(
    knowledge: Knowledge, finding: str, graph: RuleGraph, shown: Iterable[str], rules: Mapping[str, Rule]
) -> list[Json]:
    """For each card the conclusions on its way, the most severe first."""
    rows = []
    for node in sorted(shown, key=lambda one: (-rules[one[5:]].severity, rules[one[5:]].title)):
        rule = rules[node[5:]]
        through = [one for one in way_to(graph, node) if one.startswith("conclusion:") and one[11:] != finding]
        through.sort(key=lambda one: graph.layers[one])
        rows.append(
            rule_named(rule) | {"phase": rule.phase, "through": [finding_named(knowledge, one[11:]) for one in through]}
        )
    return rows


def _phases(knowledge: Knowledge, cards: Sequence[str], rules: Mapping[str, Rule]) -> list[Json]:
    count = Counter(rules[node[5:]].phase for node in cards)
    return [{"id": one.id, "title": one.title, "cards": count[one.id]} for one in knowledge.phases if count[one.id]]


def _only(graph: RuleGraph, cards: set[str], lit: set[str]) -> RuleGraph:
    """The part of a graph on the ways to some cards, or to the one that is lit."""
    if lit:
        cards = cards & lit or cards
    stored = {node for card in cards for node in way_to(graph, card)} or set(graph.layers)
    edges = tuple(edge for edge in graph.edges if edge[0] in stored and edge[1] in stored)
    return RuleGraph({node: layer for node, layer in graph.layers.items() if node in stored}, edges, 0)


def _folded(knowledge: Knowledge, graph: RuleGraph, rules: Mapping[str, Rule]) -> RuleGraph:
    """The graph with all cards of a phase as one node."""
    last = max(graph.layers.values())

    def name(node: str) -> str:
        return f"phase:{rules[node[5:]].phase}" if node.startswith("rule:") else node

    layers = {name(node): last if node.startswith("rule:") else layer for node, layer in graph.layers.items()}
    # A conclusion that only leads on to others stays; edges of many cards become one.
    edges = tuple(sorted({(name(first), name(end)) for first, end in graph.edges}))
    del knowledge
    return RuleGraph(layers, edges, 0)


def neighbourhood(knowledge: Knowledge, rule: Rule) -> Json:
    """What a rule depends on and what depends on it, as a graph; ``leftOut`` is how much is not drawn."""
    graph = around_rule(knowledge, rule)
    own = f"rule:{rule.id}" if rule.concludes is None else f"conclusion:{rule.concludes}"
    title = f"What “{rule.title}” rests on"
    return drawn_graph(knowledge, graph, title, set(), own=own) | {"leftOut": graph.left_out}


def drawn_graph(knowledge: Knowledge, graph: RuleGraph, title: str, lit: set[str], own: str = "") -> Json:
    """A graph with the words and kinds that its picture needs."""
    rules = {rule.id: rule for rule in knowledge.rules}
    phases = {phase.id: phase.title for phase in knowledge.phases}
    nodes = [_node(knowledge, node, layer, rules, phases) for node, layer in sorted(graph.layers.items())]
    for node in nodes:
        if node["id"] == own:
            node["kind"] += " own"
    return {"title": title, "nodes": nodes, "edges": [list(edge) for edge in graph.edges], "lit": sorted(lit)}


def _node(knowledge: Knowledge, node: str, layer: int, rules: Mapping[str, Rule], phases: Mapping[str, str]) -> Json:
    kind, _, name = node.partition(":")
    drawn: Json = {"id": node, "layer": layer, "name": name}
    match kind:
        case "rule":
            rule = rules[name]
            indicator = rule.card.indicator.value if rule.card else "conclusion"
            return drawn | {"title": rule.title, "note": None, "kind": f"card {indicator}", "page": "rules"}
        case "phase":
            return drawn | {"title": phases[name], "note": "all cards of this phase", "kind": "phase", "page": "phase"}
        case "conclusion":
            return drawn | {
                "title": title_of(knowledge, name),
                "note": None,
                "kind": "conclusion",
                "page": "facts",
            }
        case _:
            return drawn | {
                "title": title_of(knowledge, name),
                "note": read_from(knowledge.facts[name])[0],
                "kind": "fact",
                "page": "facts",
            }


def overview(knowledge: Knowledge) -> Json:
    """The whole rule set: how many facts a topic has, how many rules a phase, and how many of these rest on a topic."""
    topics = Counter(_topic(fact.at) for fact in knowledge.facts.values())
    counts: dict[tuple[str, str], set[str]] = {}
    for name, fact in knowledge.facts.items():
        for rule in rules_depending_on(knowledge, name):
            counts.setdefault((_topic(fact.at), rule.phase), set()).add(rule.id)
    kinds = [*(one.value for one in reversed(Indicator)), "conclusion"]
    phases = []
    for phase in knowledge.phases:
        own = [rule for rule in knowledge.rules if rule.phase == phase.id]
        count = Counter("conclusion" if rule.card is None else rule.card.indicator.value for rule in own)
        phases.append(
            {
                "id": phase.id,
                "title": phase.title,
                "rules": len(own),
                "counts": {kind: count[kind] for kind in kinds},
            }
        )
    return {
        "title": "The rule set: from what is read of a chart to the phases that read it",
        "topics": [{"id": one, "title": _in_words(one), "facts": topics[one]} for one in sorted(topics)],
        "phases": phases,
        "links": [
            {"topic": topic, "phase": phase, "rules": len(rules)} for (topic, phase), rules in sorted(counts.items())
        ],
    }


def _topic(at: str) -> str:
    return PurePosixPath(at.partition(":")[0]).stem


def _in_words(topic: str) -> str:
    words = topic.replace("_", " ")
    return words[:3].upper() + words[3:] if words.startswith("mri") else words.capitalize()
