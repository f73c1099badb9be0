"""Reference range: whether a result is high by its own flag or its own range, never by a limit of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.record.values.concept import as_objects, codings
from service.record.values.units import Refused, read_value

_HIGH = frozenset({"H", "HH", "HU", "HX", "H>", ">"})
_NOT_HIGH = frozenset({"N", "L", "LL", "LU", "LX", "L<", "<"})
"""Codes of Observation.interpretation (v3-ObservationInterpretation, v2-0078 before it)."""


def is_high(holder: Mapping[str, Any], unit: str) -> bool | None:
    """Whether an Observation, or one of its components, is flagged as high or lies above its own reference range.

    None where it says neither, or where of several ranges it lies above some only. ``unit`` is that of the fact, for a
    value or a range that gives none.
    """
    flags = {coding.code.upper() for concept in as_objects(holder.get("interpretation")) for coding in codings(concept)}
    above = set(_above(holder, unit))
    if flags & _HIGH or above == {True}:
        return True
    if above:
        return False if above == {False} else None
    return False if flags & _NOT_HIGH else None


def _above(holder: Mapping[str, Any], unit: str) -> Iterator[bool | None]:
    """For each upper limit of the normal ranges, whether the value lies above it; None where that cannot be told."""
    quantity = holder.get("valueQuantity")
    if not isinstance(quantity, Mapping):
        return
    written = {key: quantity[key] for key in ("unit", "code", "system") if quantity.get(key)} or {"unit": unit}
    value = read_value({"valueQuantity": {**quantity, **written}}, unit)
    for one in as_objects(holder.get("referenceRange")):
        high = one.get("high")
        if not isinstance(high, Mapping) or _is_no_normal_range(one):
            continue
        limit = read_value({"valueQuantity": {**written, **high}}, unit)
        if isinstance(value, Refused) or isinstance(limit, Refused) or limit.high is None:
            yield None
        else:
            at_most = value.interval.at_most(limit.high)
            yield None if at_most is None else not at_most


def _is_no_normal_range(one: Mapping[str, Any]) -> bool:
    """A range of another meaning, such as a therapeutic one."""
    kinds = {coding.code for coding in codings(one.get("type"))}
    return bool(kinds) and "normal" not in kinds
