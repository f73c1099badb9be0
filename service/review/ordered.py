"""Ordered: a value out of a few in a row, as the solver is asked about it.

Each step of the row is one Boolean ("is it at least this?"), so that all that proofs and comparisons ask is about
Booleans alone: the solver never does arithmetic, and a comparison takes a third of the time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from functools import cached_property

import z3

_CONTEXT = z3.main_ctx()
TRUE, FALSE = z3.BoolVal(val=True), z3.BoolVal(val=False)


def all_of(formulas: Sequence[z3.BoolRef]) -> z3.BoolRef:
    """What z3.And does, without a look at the sort of every formula: that took longer than solving."""
    return z3.BoolRef(z3.Z3_mk_and(_CONTEXT.ref(), len(formulas), _array(formulas)), _CONTEXT)


def any_of(formulas: Sequence[z3.BoolRef]) -> z3.BoolRef:
    """What z3.Or does, likewise."""
    return z3.BoolRef(z3.Z3_mk_or(_CONTEXT.ref(), len(formulas), _array(formulas)), _CONTEXT)


def no(formula: z3.BoolRef) -> z3.BoolRef:
    """What z3.Not does, likewise."""
    return z3.BoolRef(z3.Z3_mk_not(_CONTEXT.ref(), formula.as_ast()), _CONTEXT)


def alike(one: z3.BoolRef, other: z3.BoolRef) -> z3.BoolRef:
    """Both are true or neither."""
    return z3.BoolRef(z3.Z3_mk_eq(_CONTEXT.ref(), one.as_ast(), other.as_ast()), _CONTEXT)


def constrain(solver: z3.Solver, *formulas: z3.BoolRef) -> None:
    """What ``solver.add`` does, likewise."""
    for formula in formulas:
        z3.Z3_solver_assert(_CONTEXT.ref(), solver.solver, formula.as_ast())


def _array(formulas: Sequence[z3.BoolRef]) -> ctypes.Array[z3.Ast]:
    array: ctypes.Array[z3.Ast] = (z3.Ast * len(formulas))(*(formula.as_ast() for formula in formulas))
    return array


class Ordered:
    """One unknown value from 0 to ``highest``."""

    def __init__(self, name: str, highest: int) -> None:
        self.highest = highest
        self.steps = tuple(z3.Bool(f"{name} >= {value}") for value in range(1, highest + 1))

    def at_least(self, value: int) -> z3.BoolRef:
        """It is this value or one above it."""
        if value <= 0:
            return TRUE
        return self.steps[value - 1] if value <= self.highest else FALSE

    def below(self, value: int) -> z3.BoolRef:
        """It is a value below this one."""
        return self._below[min(max(value, 0), self.highest + 1)]

    @cached_property
    def _below(self) -> tuple[z3.BoolRef, ...]:
        return (FALSE, *(no(step) for step in self.steps), TRUE)

    def is_(self, value: int) -> z3.BoolRef:
        """It is this value."""
        return self._each[value]

    @cached_property
    def _each(self) -> tuple[z3.BoolRef, ...]:
        return tuple(self._between(value, value) for value in range(self.highest + 1))

    def _between(self, low: int, high: int) -> z3.BoolRef:
        bounds = [bound for bound in (self.at_least(low), self.below(high + 1)) if not z3.is_true(bound)]
        return all_of(bounds) if len(bounds) > 1 else bounds[0] if bounds else TRUE

    def is_not(self, value: int) -> z3.BoolRef:
        """It is another value."""
        return no(self.is_(value))

    def is_same_as(self, other: Ordered) -> z3.BoolRef:
        """Both are the same value of the same row."""
        return all_of([alike(one, another) for one, another in zip(self.steps, other.steps, strict=True)])

    def is_at_most(self, other: Ordered) -> z3.BoolRef:
        """It is not above the other value of the same row."""
        return all_of([any_of([no(one), another]) for one, another in zip(self.steps, other.steps, strict=True)])

    def is_odd(self) -> z3.BoolRef:
        """It is the first, third or a later odd value of the row, counted from 0."""
        return any_of([self.is_(value) for value in range(1, self.highest + 1, 2)])

    def in_a_row(self) -> z3.BoolRef:
        """What makes the steps one value: who is above a step is above those before it."""
        return all_of([any_of([no(above), step]) for step, above in zip(self.steps, self.steps[1:], strict=False)])

    def instead(self, other: Ordered) -> Iterator[tuple[z3.BoolRef, z3.BoolRef]]:
        """The pairs that put another value of the same row instead of this one."""
        yield from zip(self.steps, other.steps, strict=True)

    def as_if(self, value: int) -> Iterator[tuple[z3.BoolRef, z3.BoolRef]]:
        """The pairs that put a known value instead of this one."""
        for step, one in enumerate(self.steps, 1):
            yield one, TRUE if value >= step else FALSE

    def value(self, values: Values) -> int:
        """What it is in an answer of the solver."""
        low, high = 0, self.highest
        while low < high:
            middle = (low + high + 1) // 2
            if values.is_true(self.steps[middle - 1]):
                low = middle
            else:
                high = middle - 1
        return low


class Instead:
    """Puts formulas for others, as z3.substitute does; the pairs are checked once and not at every call."""

    def __init__(self, pairs: Sequence[tuple[z3.BoolRef, z3.BoolRef]]) -> None:
        self._pairs = pairs
        self._old, self._new = _array([one for one, _ in pairs]), _array([other for _, other in pairs])

    def of(self, formula: z3.BoolRef) -> z3.BoolRef:
        """The formula with everything replaced."""
        found = z3.Z3_substitute(_CONTEXT.ref(), formula.as_ast(), len(self._pairs), self._old, self._new)
        return z3.BoolRef(found, _CONTEXT)


class Values:
    """One answer of the solver, read without a Python object for every step: there are hundreds of thousands."""

    def __init__(self, model: z3.ModelRef) -> None:
        self._model = model
        self._context = model.ctx.ref()

    def is_true(self, formula: z3.BoolRef) -> bool:
        """Whether a formula is true; what the solver left open is false."""
        found: ctypes.Array[z3.Ast] = (z3.Ast * 1)()
        z3.Z3_model_eval(self._context, self._model.model, formula.as_ast(), True, found)  # noqa: FBT003
        # The context keeps the answer alive until it is asked again, and it is read before that.
        return bool(z3.Z3_get_bool_value(self._context, found[0]) == 1)
