"""Collects, while tests run, which requirement each has shown to be met, and writes the conformance page."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.conformance.page import page
from tests.conformance.requirements import requirements

OPTION = "--conformance"
_PROPERTY = "requirement"


class Conformance:
    """The plugin. Requirement ids travel with a test's report, so that tests may run in several processes."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._outcomes: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        known = {one.id for one in requirements()}
        for item in items:
            for marker in item.iter_markers("requirement"):
                if set(marker.args) - known:
                    raise pytest.UsageError(f"{item.nodeid}: no such requirement: {set(marker.args) - known}")
                item.user_properties += [(_PROPERTY, one) for one in marker.args]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        for name, requirement in report.user_properties:
            if name == _PROPERTY:
                test = report.nodeid.partition("[")[0]
                self._outcomes[str(requirement)][test].add(report.outcome)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        target = self._config.getoption(OPTION)
        is_worker = hasattr(session.config, "workerinput")
        # A run that broke off has shown nothing, neither for nor against.
        if target and not is_worker and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            Path(target).write_text(page(self._outcomes), encoding="utf-8")
