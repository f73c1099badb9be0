"""The rule set as a graph: facts are read by rules, rules draw conclusions, which rules read, and show cards.

Nodes are named ``fact:<id>``, ``conclusion:<id>`` and ``rule:<id>``; a rule that draws a conclusion is no node of its
own: the conclusion stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from service.knowledge.model import Knowledge, Rule
from service.knowledge.sentences import title_of

MOST_NODES = 40
"""A graph with more nodes than this cannot be read, and is not drawn (product choice)."""


@dataclass(frozen=True, slots=True)
class RuleGraph:
    """Some nodes of the rule set, each with its layer from the left, and the edges between them.

    ``left_out`` is how many nodes belong here too and were not taken, so that what is drawn can be read.
    """

    layers: Mapping[str, int]
    edges: tuple[tuple[str, str], ...]
    left_out: int = 0


def node_of(knowledge: Knowledge, finding: str) -> str:
    """The node of a fact or conclusion."""
    return f"{'conclusion' if finding in knowledge.conclusions else 'fact'}:{finding}"


def around_rule(knowledge: Knowledge, rule: Rule) -> RuleGraph:
    """What a rule reads down to the facts, the rule, and what reads its conclusion.

    What would make the graph too large to be read is left out whole: first what stands behind the conclusions it
    reads, then the rules that read its own.
    """
    own = _own_node(rule)
    direct = {(node_of(knowledge, name), own) for name in rule.reads}
    behind = _behind(knowledge, rule)
    after = {(own, _own_node(other)) for other in _readers(knowledge, rule.concludes)}
    chosen, left = set(direct), 0
    for more in (behind, after):
        if len(_nodes(chosen | more)) <= MOST_NODES:
            chosen |= more
        else:
            left += len(_nodes(more) - _nodes(chosen))
    return _layered(chosen or {(own, own)}, left)


def _behind(knowledge: Knowledge, rule: Rule) -> set[tuple[str, str]]:
    """The edges from facts to the conclusions that a rule reads, through all that lies between.

    What only says that a rule may apply here (``background``) is not followed further: it stands behind nearly all.
    """
    found: set[tuple[str, str]] = set()
    waiting, seen = list(rule.reads), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in knowledge.conclusions or name in knowledge.background:
            continue
        seen.add(name)
        for drawing in knowledge.rules:
            if drawing.concludes == name:
                found |= {(node_of(knowledge, one), f"conclusion:{name}") for one in drawing.reads}
                waiting += drawing.reads
    return found


def after_finding(knowledge: Knowledge, finding: str) -> RuleGraph:
    """Every way from a fact or conclusion, through conclusions, to the cards that depend on it."""
    found: set[tuple[str, str]] = set()
    waiting, seen = [finding], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for rule in _readers(knowledge, name):
            found.add((node_of(knowledge, name), _own_node(rule)))
            if rule.concludes is not None:
                waiting.append(rule.concludes)
    return _layered(found or {(node_of(knowledge, finding),) * 2}, 0)


def way_to(graph: RuleGraph, node: str) -> set[str]:
    """The nodes of a graph on the ways that end at this one."""
    lit, waiting = set[str](), [node]
    while waiting:
        name = waiting.pop()
        if name not in lit:
            lit.add(name)
            waiting += [first for first, last in graph.edges if last == name]
    return lit


def _own_node(rule: Rule) -> str:
    return f"rule:{rule.id}" if rule.concludes is None else f"conclusion:{rule.concludes}"


def _readers(knowledge: Knowledge, finding: str | None) -> list[Rule]:
    return [] if finding is None else [rule for rule in knowledge.rules if finding in rule.reads]


def _nodes(edges: Iterable[tuple[str, str]]) -> set[str]:
    return {node for edge in edges for node in edge}


def _layered(edges: set[tuple[str, str]], left_out: int) -> RuleGraph:
    """Each node one layer right of the last that leads to it; cards in the last layer, facts near who reads them."""
    real = {edge for edge in edges if edge[0] != edge[1]}
    nodes = _nodes(edges)
    layers = dict.fromkeys(nodes, 0)
    for _ in nodes:
        moved = False
        for first, last in real:
            if layers[last] <= layers[first]:
                layers[last], moved = layers[first] + 1, True
        if not moved:
            break
    last_layer = max(layers.values(), default=0)
    for node in nodes:
        if node.startswith("rule:"):
            layers[node] = max(last_layer, 1) if real else 0
    before: dict[str, list[int]] = {}
    for first, last in real:
        before.setdefault(first, []).append(layers[last])
    for node in nodes:
        if node.startswith("fact:") and node in before:
            layers[node] = min(before[node]) - 1
    return RuleGraph(layers, tuple(sorted(real)), left_out)


_SHAPES = {"fact": ("([", "])"), "conclusion": ("{{", "}}"), "rule": ("[", "]")}


def as_mermaid(knowledge: Knowledge, graph: RuleGraph) -> Iterator[str]:
    """The lines of a Mermaid flowchart: facts round, conclusions six-sided, rules with a card in boxes."""
    names = {node: f"n{number}" for number, node in enumerate(graph.layers)}
    titles = {rule.id: rule.title for rule in knowledge.rules}
    yield "flowchart LR"
    for node, short in names.items():
        kind, _, own = node.partition(":")
        title = titles[own] if kind == "rule" else title_of(knowledge, own)
        first, last = _SHAPES[kind]
        # A quotation mark would end the text.
        yield f'    {short}{first}"{title.replace(chr(34), chr(39))}<br/>{own}"{last}'
    yield from (f"    {names[first]} --> {names[last]}" for first, last in graph.edges if first != last)
    if graph.left_out:
        yield f"    %% {graph.left_out} more nodes belong here and were left out, so that it can be read"
