"""What rules may still come to: never less than what some patient brings about."""

from __future__ import annotations

import random
from decimal import Decimal

from service.engine.possible import FALSE, TRUE, UNDECIDED, Possible, statuses
from service.engine.trace import read_plainly
from service.finding import Finding, Status
from service.knowledge.strata import stratify
from tests.rules_in_python import a_rule, all_of, any_of, is_, number

RULES = (
    a_rule("in-scope", all_of(is_("pain"), is_("child", "not present")), concludes="scope"),
    a_rule("other-scope", is_("referred"), concludes="scope"),
    a_rule("advise", all_of(is_("scope"), any_of(is_("sex", "unknown"), number("egfr", less_than=30)))),
    a_rule("out", is_("scope", "not present")),
)
FACTS = ("pain", "child", "referred", "sex", "egfr")


def possible(**states: set[Status]) -> Possible:
    return Possible(stratify(RULES), {name: statuses(found) for name, found in states.items()})


def absent(*names: str) -> dict[str, Finding]:
    return {name: Finding(name, Status.ABSENT) for name in names}


def test_with_nothing_known_a_rule_may_come_to_anything() -> None:
    truths, _ = possible().come_to({})
    assert truths["advise"] == FALSE | UNDECIDED | TRUE


def test_what_rests_on_a_conclusion_that_nothing_can_bring_about_is_impossible() -> None:
    truths, may_be = possible().come_to(absent("pain", "referred"))
    assert truths["advise"] == FALSE
    assert truths["out"] == TRUE
    assert may_be("scope") == statuses({Status.ABSENT})


def test_a_number_that_is_known_decides_and_one_that_is_not_leaves_open() -> None:
    known = {"egfr": Finding("egfr", Status.PRESENT, Decimal(60), Decimal(60)), "sex": Finding("sex", Status.PRESENT)}
    assert possible().come_to(known)[0]["advise"] == FALSE
    assert possible().come_to({"sex": known["sex"]})[0]["advise"] == FALSE | UNDECIDED | TRUE


def test_a_state_that_no_record_can_give_is_not_counted_on() -> None:
    truths, _ = possible(egfr={Status.UNKNOWN}, sex={Status.PRESENT}).come_to({})
    assert truths["advise"] == FALSE | UNDECIDED


def test_no_patient_made_at_random_comes_to_what_was_called_impossible() -> None:
    chance = random.Random(1)
    strata = stratify(RULES)
    for _ in range(300):
        patient = {name: Finding(name, chance.choice(list(Status))) for name in FACTS}
        if patient["egfr"].status is Status.PRESENT:
            number = Decimal(chance.choice([10, 30, 90]))
            patient["egfr"] = Finding("egfr", Status.PRESENT, number, number)
        result = {name: patient[name] for name in FACTS if chance.random() < 0.5}
        truths, _ = possible().come_to(result)
        for rule, truth in read_plainly(strata, patient).truths.items():
            assert truths[rule] & 1 << truth, (rule, patient, result)
