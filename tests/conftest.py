"""What every test may ask for: the rule set, the service, a client, and the real data if it is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from service.knowledge.model import Knowledge
# The project itself is imported inside fixtures: a test of one room does not pay for the others.
from service.garbage import collect_seldom
from tests.conformance.plugin import OPTION, Conformance
from tests.shipped import shipped_knowledge

PROJECT = Path(__file__).resolve().parent.parent
TEST_DATA = "SCIATICA_CDS_TEST_DATA"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        OPTION, metavar="FILE", help="write which requirements of CDS Hooks the tests have shown to be met"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Machines are noisy: no example fails for being slow once.
    settings.register_profile("project", deadline=None)
    settings.load_profile("project")
    config.pluginmanager.register(Conformance(config))
    # A process of tests holds the rule set many times over; as in a worker, garbage is looked for seldom.
    collect_seldom()


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the project."""
    return PROJECT


@pytest.fixture(scope="session")
def rules_path() -> Path:
    """The rule files that are shipped."""
    return PROJECT / "rules"


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The shipped rule set, loaded once: it is frozen, so tests may share it."""
    return shipped_knowledge()


@pytest.fixture(scope="session")
def app() -> Flask:
    """The service with its default settings, whatever the environment says, and without a line for every call."""
    from service import create_app
    from service.config import Settings

    return create_app(Settings(log_level="error"), shipped_knowledge())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the service, inside the process."""
    return app.test_client()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real published FHIR data; the test is skipped, with the reason, where it is not there."""
    folder = Path(os.environ.get(TEST_DATA) or PROJECT.parent / "shared" / "data")
    if not (folder / "fhir").is_dir():
        pytest.skip(f"no FHIR test data: set {TEST_DATA} to its folder")
    return folder
