"""Lint: what is well formed but not good enough to stand beside a patient.

The loader refuses what cannot be understood; the checks object to what can be understood and should
not be trusted. Each has an id, a severity and a page of help under ``docs/checks/``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from service.errors import Issue, Severity
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
from service.knowledge.checks.registry import CHECKS, Check, Review
from service.knowledge.model import Knowledge

__all__ = ["CHECKS", "MODULES", "Check", "Severity", "run_checks"]

MODULES = (cards, citations, conditions, conflicts, examples, facts, lifecycle, services, terminology, wording)
"""The modules whose import fills the registry."""


def run_checks(knowledge: Knowledge, today: date) -> list[Issue]:
    """Every objection of every check, by file and line; empty when there is none."""
    review = Review(knowledge, today)
    issues = [
        replace(issue, code=check.id, severity=check.severity)
        for check in CHECKS.values()
        for issue in check.run(review)
    ]
    return sorted(issues, key=lambda issue: (*issue.file_and_line, issue.code, issue.text))
