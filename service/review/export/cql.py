"""CQL: the rules on the level of findings, in HL7's Clinical Quality Language.

Every fact is a parameter (true present, false absent, null not known), a number with its lowest and highest value
beside it; every conclusion is the "or" of its rules; every rule is one expression. CQL has three truth values as the
rules do, so a rule that cannot be decided is null. How facts are read from FHIR is not in it: ``not_exported`` says
what else is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from service.knowledge.model import AllOf, Condition, Knowledge, Leaf, Rule, Word, leaves
from service.knowledge.strata import concluding_rules, stratify

_WORDS = {
    Word.PRESENT: "{name}",
    Word.ABSENT: "not {name}",
    Word.UNKNOWN: "{name} is null",
    Word.NOT_PRESENT: "{name} is not true",
    Word.NOT_ABSENT: "{name} is not false",
}
# A finding that is absent has no number, so no comparison holds; a bound that is not known decides nothing.
_FUNCTIONS = """\
define function "at least"(found Boolean, low Decimal, high Decimal, limit Decimal):
  case when found is false then false when low >= limit then true when high < limit then false else null end

define function "more than"(found Boolean, low Decimal, high Decimal, limit Decimal):
  case when found is false then false when low > limit then true when high <= limit then false else null end

define function "below"(found Boolean, low Decimal, high Decimal, limit Decimal):
  case when found is false then false when low >= limit then false when high < limit then true else null end"""


def not_exported(knowledge: Knowledge) -> list[str]:
    """What the CQL does not say, in sentences that stand in every export."""
    patterns = sum(bool(value_set.patterns) for value_set in knowledge.value_sets.values())
    complete_only = sum(bool(fact.complete) for fact in knowledge.facts.values())
    return [
        "How facts are read from FHIR is not part of this library: its parameters are findings already read.",
        f"{patterns} value sets also match words of codings without a code; CQL and ValueSet cannot.",
        f"{complete_only} facts may count as absent when a whole list lacks them; CQL knows no whole lists.",
        "Which card of a family is shown, and by which service, is told by the PlanDefinitions, not by this library.",
        "Ages, times and doses are worked out by the reader of the service before a rule sees them.",
    ]


def rule_expression(rule_id: str) -> str:
    """The name of the expression of a rule."""
    return f"Rule {rule_id}"


def library_name(knowledge: Knowledge) -> str:
    """The name of the library: letters and digits, as an identifier of CQL must be without quotes."""
    return "".join(part.capitalize() for part in re.split(r"[^0-9A-Za-z]+", knowledge.name))


def cql(knowledge: Knowledge, *, conclusions_given: bool = False) -> str:
    """The library of all rules.

    With ``conclusions_given`` conclusions are parameters too, so that each rule can be asked alone: for examples.
    """
    rules = [rule for stratum in stratify(knowledge.rules) for rule in stratum]
    drawn = {} if conclusions_given else concluding_rules(rules)
    read = sorted({leaf.finding for rule in rules for leaf in leaves(rule.when)} - set(drawn))
    limited = {leaf.finding for rule in rules for leaf in leaves(rule.when) if leaf.is_comparison}
    blocks = ["\n".join(_head(knowledge)), "\n".join(_parameters(knowledge, read, limited)), _FUNCTIONS]
    waiting = dict(drawn)
    for rule in rules:
        blocks.append(_define(rule_expression(rule.id), _expression(rule.when), rule.title))
        # A conclusion is told where its last rule has been told: every reader of it comes later.
        if rule.concludes in waiting and rule is waiting[rule.concludes][-1]:
            blocks.append(_conclusion(knowledge, rule.concludes, waiting.pop(rule.concludes)))
    return "\n\n".join(blocks) + "\n"


def _head(knowledge: Knowledge) -> Iterator[str]:
    yield f"// {knowledge.name} {knowledge.version}, rule set {knowledge.digest}"
    yield from (f"// {sentence}" for sentence in not_exported(knowledge))
    yield f"library {library_name(knowledge)} version '{knowledge.version}'"


def _parameters(knowledge: Knowledge, names: Sequence[str], limited: set[str]) -> Iterator[str]:
    for name in names:
        yield f"// {_line(_title(knowledge, name))}{_unit(knowledge, name)}"
        yield f"parameter {_name(name)} Boolean"
        if name in limited:
            yield from (f"parameter {_name(f'{name} {bound}')} Decimal" for bound in ("low", "high"))


def _title(knowledge: Knowledge, name: str) -> str:
    return (knowledge.facts.get(name) or knowledge.conclusions[name]).title


def _unit(knowledge: Knowledge, name: str) -> str:
    unit = knowledge.facts[name].unit if name in knowledge.facts else None
    return f", in {unit}" if unit else ""


def _conclusion(knowledge: Knowledge, name: str, rules: Sequence[Rule]) -> str:
    return _define(name, "\n  or ".join(_name(rule_expression(rule.id)) for rule in rules), _title(knowledge, name))


def _define(name: str, expression: str, title: str) -> str:
    return f"// {_line(title)}\ndefine {_name(name)}:\n  {expression}"


def _expression(condition: Condition) -> str:
    if isinstance(condition, Leaf):
        return _test(condition)
    joint = " and " if isinstance(condition, AllOf) else " or "
    return joint.join(f"({_expression(part)})" for part in condition.parts)


def _test(leaf: Leaf) -> str:
    name = _name(leaf.finding)
    if leaf.word is not None:
        return _WORDS[leaf.word].format(name=name)
    bounds = f"{name}, {_name(f'{leaf.finding} low')}, {_name(f'{leaf.finding} high')}"
    limits = (("at least", leaf.at_least), ("more than", leaf.more_than), ("below", leaf.less_than))
    return " and ".join(f'"{word}"({bounds}, {_decimal(limit)})' for word, limit in limits if limit is not None)


def _decimal(limit: Decimal) -> str:
    text = f"{limit.normalize():f}"
    return text if "." in text else f"{text}.0"


def _name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _line(text: str) -> str:
    return " ".join(text.split())
