"""Lint: what is well formed but not good enough to stand beside a patient.

The loader refuses what cannot be understood; the checks object to what can be understood and should
not be trusted. Each has an id, a severity and a page of help under ``docs/checks/``.
"""

from __future__ import annotations

from datetime import date

from service.knowledge.checks import (
    cards,
    citations,
    conditions,
    conflicts,
    examples,
    facts,
    lifecycle,
    services,
    terminology,
    wording,
)
from service.knowledge.checks.registry import CHECKS, Check, Problem, Review, Severity
from service.knowledge.model import Knowledge
from service.knowledge.places import place_of

__all__ = ["CHECKS", "MODULES", "Check", "Problem", "Severity", "run_checks"]

MODULES = (cards, citations, conditions, conflicts, examples, facts, lifecycle, services, terminology, wording)
"""The modules whose import fills the registry."""


def run_checks(knowledge: Knowledge, today: date) -> list[Problem]:
    """Every objection of every check, by file and line; empty when there is none."""
    review = Review(knowledge, today)
    problems = [
        Problem(check.id, check.severity, remark.where, remark.text, remark.hint)
        for check in CHECKS.values()
        for remark in check.run(review)
    ]
    return sorted(problems, key=lambda problem: (*place_of(problem.where), problem.check, problem.text))
