"""A service over the small rule set, so that what HTTP does is tested apart from what the rules say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.config import Settings
from service.knowledge.loader import load
from service.knowledge.model import Knowledge
from tests.conftest import PROJECT

SMALL_RULES = PROJECT / "tests" / "rules_valid"


@pytest.fixture(scope="session")
def small_knowledge() -> Knowledge:
    return load(SMALL_RULES)


@pytest.fixture(scope="session")
def small_client(small_knowledge: Knowledge) -> Callable[..., FlaskClient]:
    """A client of a service with the given settings."""

    def make(**settings: Any) -> FlaskClient:
        app = create_app(Settings(rules=SMALL_RULES, log_level="error", **settings), small_knowledge)
        return app.test_client()

    return make


@pytest.fixture(scope="session")
def small(small_client: Callable[..., FlaskClient]) -> FlaskClient:
    """A client of the service with default settings."""
    return small_client()
