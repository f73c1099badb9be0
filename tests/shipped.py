"""The shipped rules and what is made of them, once in a process of tests: loading takes more than a second."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from service.knowledge.model import Knowledge
from service.protocol.evaluation import Services
from service.record.derive import Derivation
from service.testkit.example_patient.document import Builder

RULES = Path(__file__).resolve().parent.parent / "rules"


@cache
def shipped_knowledge() -> Knowledge:
    """The shipped rule set. It is frozen, so tests may share it."""
    from service.knowledge.loader import load

    return load(RULES)


@cache
def shipped_derivation() -> Derivation:
    """What reads the facts of the shipped rules."""
    return Derivation(shipped_knowledge())


@cache
def shipped_builder() -> Builder:
    """What makes example patients for the shipped rules."""
    return Builder(shipped_knowledge())


@cache
def shipped_services() -> Services:
    """The services of the shipped rule set under the default settings, whatever the environment says."""
    from service import make_services
    from service.config import Settings

    return make_services(Settings(log_level="error"), shipped_knowledge())
