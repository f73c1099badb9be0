"""A rule set: the order in which the letters of its findings and rules are stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.rows import RULE_SET


def test_findings_are_put_into_the_stored_order_whatever_order_they_come_in() -> None:
    assert RULE_SET.findings == ("age", "anticoagulant-active", "nsaid-contraindicated")
    order = RULE_SET.order_of_findings
    assert order("order-sign", ("nsaid-contraindicated", "age"))("pa-") == ["a", "-", "p"]
    assert order("order-sign", ("age", "nsaid-contraindicated"))("pa-") == ["p", "-", "a"]
    assert order("order-sign", ("age", "other", "anticoagulant-active"))("pua-") == ["p", "a", "-"]


@pytest.mark.parametrize("facts", [(), ("age",), ("age", "sex")])
def test_few_findings_are_as_many_letters(facts: tuple[str, ...]) -> None:
    few = replace(RULE_SET, facts=facts, conclusions=())
    assert few.order_of_findings("order-sign", facts)("p" * len(facts) + "-") == ["p"] * len(facts)
