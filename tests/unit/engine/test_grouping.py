"""A rule stands in one native rule set, whatever hooks run it, and every hook hears of its own rules only."""

from __future__ import annotations

import random
from collections import Counter

import orjson
from hypothesis import given
from hypothesis import strategies as st

from service.engine.chaining import Program, compile_programs
from service.engine.encoding import encoded
from service.engine.grouping import FACTS_PER_RULE_SET, groups
from service.finding import Finding, Status
from service.knowledge.model import Knowledge
from service.knowledge.strata import rules_for, stratify
from tests.rules_in_python import a_rule, found, is_

HOOKS = ("patient-view", "order-select", "order-sign", "medication-refill")
places = st.frozensets(st.sampled_from(["view 0", "view 1", "sign 0", "sign 2", "refill 0"]), min_size=1)


@given(st.lists(places, max_size=90))
def test_each_fact_stands_in_one_group_and_no_group_has_more_than_one_rule_set_bears(
    where: list[frozenset[str]],
) -> None:
    found = groups(where)
    assert sorted(number for group in found for number in group) == list(range(len(where)))
    assert all(len(group) <= FACTS_PER_RULE_SET for group in found)
    assert found == groups(where), "another order would be another entry of the cache"


def test_facts_that_are_asserted_together_stand_together() -> None:
    view, sign = frozenset(["view"]), frozenset(["sign"])
    assert groups([view, sign, view | sign, view]) in ([[2, 0, 3], [1]], [[2, 0, 3, 1]])
    assert groups([view, sign]) == [[0], [1]], "nobody who asks the one wants to test the other"


def test_every_rule_of_the_shipped_hooks_stands_in_the_engine_once(knowledge: Knowledge) -> None:
    programs = encoded({hook: stratify(rules_for(knowledge, hook)) for hook in HOOKS})
    rule_sets = {one.definition for program in programs.values() for stratum in program.strata for one in stratum}
    alone = Program(tuple({rule.id: rule for hook in HOOKS for rule in rules_for(knowledge, hook)}.values()))
    assert sum(len(orjson.loads(text)) - 1 for text in rule_sets) == alone.size


def test_hooks_compiled_together_answer_as_each_does_alone(knowledge: Knowledge) -> None:
    draw = random.Random(20261201)
    together = compile_programs(knowledge, HOOKS)
    fired: Counter[str] = Counter()
    for hook in HOOKS:
        alone = Program(rules_for(knowledge, hook))
        for _ in range(15):
            facts = {name: Finding(name, draw.choice(list(Status))) for name in knowledge.facts}
            assert together[hook].evaluate(facts) == alone.evaluate(facts)
            fired.update(set(together[hook].evaluate(facts).fired))
    assert len(fired) > 100, "patients for whom nothing fires compare nothing"


def test_a_rule_of_another_hook_that_stands_beside_ones_own_never_fires() -> None:
    shared, other = a_rule("shared", is_("pain")), a_rule("other", is_("pain"))
    programs = encoded({"view": [(shared,)], "sign": [(shared, other)]})
    assert len({one.definition for program in programs.values() for one in program.strata[0]}) == 1
    chained = Program([shared], programs["view"]).evaluate({"pain": found("pain")})
    assert set(chained.fired) == {"shared"}
