"""Schemathesis makes calls from the OpenAPI description, right and wrong ones, and finds nothing."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from tests.thoroughness import THOROUGH

# A call that is right in shape may still be about two patients (400), lack its data (412), or speak DSTU2 (422).
CONFIG = {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "412", "422"]}}}
BOUNDED = settings(
    max_examples=40 if THOROUGH else 6,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def operations_of(wsgi_app: Any) -> list[schemathesis.APIOperation]:
    config = SchemathesisConfig.from_dict(CONFIG)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", wsgi_app, config=config)
    return [found.ok() for found in schema.get_all_operations()]


def faults(operations: list[schemathesis.APIOperation], mode: GenerationMode) -> dict[str, str]:
    """What each operation was found to do wrong."""
    found: dict[str, str] = {}
    for operation in operations:

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def calls(case: schemathesis.Case) -> None:
            case.call_and_validate()

        try:
            calls()
        except FailureGroup as failure:
            found[operation.label] = "\n".join(str(one) for one in failure.exceptions)
        except Unsatisfiable:
            # An operation without a body or parameters cannot be called wrongly.
            continue
    return found


MODES = pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.requirement("SC-3", "TR-1")
@MODES
def test_no_call_made_from_the_description_finds_a_fault(app: Flask, mode: GenerationMode) -> None:
    operations = operations_of(app.wsgi_app)
    assert len(operations) > 10
    assert faults(operations, mode) == {}


@MODES
def test_a_planted_fault_is_found(app: Flask, mode: GenerationMode) -> None:
    def careless(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"].endswith("order-sign"):
            # A status the description does not know, and no word of what is wrong.
            start_response("418 I am a teapot", [("Content-Type", "text/html")])
            return [b"<html>"]
        return app.wsgi_app(environ, start_response)

    operations = [one for one in operations_of(careless) if one.path.endswith("order-sign")]
    assert list(faults(operations, mode)) == ["POST /cds-services/sciatica-order-sign"]
