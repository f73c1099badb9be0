"""The graph of the rules: every way from a finding to a card, and around a rule either all or a count of the rest."""

from __future__ import annotations

from service.knowledge.model import Knowledge
from service.review.rule_graph import MOST_NODES, after_finding, around_rule, way_to


def test_every_card_that_rests_on_a_finding_is_at_the_end_of_a_way(knowledge: Knowledge) -> None:
    graph = after_finding(knowledge, "egfr")
    direct = {f"rule:{rule.id}" for rule in knowledge.rules if "egfr" in rule.reads and rule.card is not None}
    through = {f"rule:{rule.id}" for rule in knowledge.rules if "nsaid-contraindicated" in rule.reads and rule.card}
    assert direct
    assert direct | through <= graph.layers.keys()
    assert "fact:egfr" in way_to(graph, "rule:sf-nsaid-gastroprotection")
    assert "conclusion:nsaid-contraindicated" in way_to(graph, "rule:sf-nsaid-gastroprotection")
    assert "fact:age" not in graph.layers


def test_what_is_read_stands_left_of_what_reads_it(knowledge: Knowledge) -> None:
    for rule in knowledge.rules:
        graph = around_rule(knowledge, rule)
        assert all(graph.layers[first] < graph.layers[last] for first, last in graph.edges), rule.id
        assert len(graph.layers) <= MOST_NODES
        own = f"rule:{rule.id}" if rule.concludes is None else f"conclusion:{rule.concludes}"
        assert own in graph.layers
        assert {name.partition(":")[2] for name, end in graph.edges if end == own} >= set(rule.reads)


def test_what_is_not_drawn_is_counted(knowledge: Knowledge) -> None:
    counts = {rule.id: around_rule(knowledge, rule).left_out for rule in knowledge.rules}
    assert counts["sf-nsaid-egfr-below-30"] == 0
    assert counts["pathway"] > 0
