"""The shape of a condition: ``all`` and ``any`` nested, over named findings with words and limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import ValidationError

from service.knowledge.documents import Table
from service.knowledge.model import AllOf, AnyOf, Condition, Leaf, Word
from service.knowledge.schemas.fields import Message, Strict, decimal, did_you_mean, refuse

_GROUPS: dict[str, type[AllOf | AnyOf]] = {"all": AllOf, "any": AnyOf}
_LEAST_PARTS = 2
_COMPARISONS = ("at_least", "more_than", "less_than")
_WORDS = {word.value: word for word in Word}


class ConditionField(Strict[Condition]):
    """The ``when`` of a rule. Gathers every issue in it, not only the first."""

    def read(self, value: Any) -> Condition:
        return read_condition(value)


def read_condition(value: Any) -> Condition:
    """The condition a mapping stands for.

    Raises:
        ValidationError: with the path of each issue inside the mapping.
    """
    if not isinstance(value, Table) or not value:
        raise refuse("must be a finding with its test, or all: or any: with a list of them")
    groups = [key for key in _GROUPS if key in value]
    if len(groups) == len(_GROUPS):
        raise refuse("all and any stand on one level", "put one of them inside the other, as an item of its list")
    if groups and len(value) > 1:
        stranger = next(key for key in value if key not in groups)
        raise ValidationError(
            {stranger: [Message(f"stands beside {groups[0]}", f"make it an item of the list under {groups[0]}")]}
        )
    if groups:
        return _group(groups[0], value)
    if len(value) > 1:
        raise refuse("two findings in one item", "start each with a dash, under all: or any:")
    ((finding, test),) = value.items()
    try:
        return _leaf(finding, test, value.at)
    except ValidationError as error:
        raise ValidationError({finding: error.messages}) from error


def _group(name: str, value: Table) -> Condition:
    parts = value[name]
    if not isinstance(parts, list):
        raise ValidationError({name: [Message("must be a list", "start each part with a dash")]})
    if len(parts) < _LEAST_PARTS:
        raise ValidationError({name: [Message("needs at least two parts", "write a single test without all or any")]})
    read: list[Condition] = []
    issues: dict[int, Any] = {}
    for index, part in enumerate(parts):
        try:
            read.append(read_condition(part))
        except ValidationError as error:
            issues[index] = error.messages
    if issues:
        raise ValidationError({name: issues})
    return _GROUPS[name](tuple(read), at=value.at)


def _leaf(finding: str, test: Any, at: str) -> Leaf:
    if isinstance(test, Table):
        limits = _limits(test)
        return Leaf(finding, None, limits.get("at_least"), limits.get("more_than"), limits.get("less_than"), at)
    if isinstance(test, str) and test in _WORDS:
        return Leaf(finding, word=_WORDS[test], at=at)
    if isinstance(test, bool):
        raise refuse("true and false are no words for a finding", "write present or absent")
    if isinstance(test, str):
        raise refuse("must be one of " + ", ".join(_WORDS), did_you_mean(test, _WORDS))
    raise refuse("must be a word or a limit", "present, absent, unknown, or {at_least: 30}")


def _limits(test: Table) -> dict[str, Decimal]:
    issues: dict[str, Any] = {}
    limits: dict[str, Decimal] = {}
    for key, value in test.items():
        if key not in _COMPARISONS:
            issues[key] = [Message("this comparison is not known", f"there are {', '.join(_COMPARISONS)}")]
            continue
        try:
            limits[key] = decimal(value)
        except ValidationError as error:
            issues[key] = error.messages
    if issues:
        raise ValidationError(issues)
    if not limits:
        raise refuse("names no limit", "at_least, more_than or less_than")
    if "at_least" in limits and "more_than" in limits:
        raise refuse("at_least and more_than are two lower limits", "keep one")
    low = limits.get("at_least", limits.get("more_than"))
    if low is not None and "less_than" in limits and low >= limits["less_than"]:
        raise refuse("no number can meet both limits")
    return limits
