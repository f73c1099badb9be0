"""Requests that other people published: none may break the service, and none that is sound may be refused (RQ-10)."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.corpus


def requests_of(test_data: Path) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted((test_data / "fhir/hooks/request").glob("*.json"))]


def test_no_published_request_breaks_any_service(small: FlaskClient, test_data: Path) -> None:
    seen: Counter[int] = Counter()
    for name, body in requests_of(test_data):
        for path in ("/cds-services/small-patient-view", "/cds-services/small-order-sign", "/evaluate"):
            status = small.post(path, data=body, content_type="application/json").status_code
            assert status < 500, f"{name} at {path}"
            seen[status] += 1
    assert seen[200] > 0


def test_a_published_request_that_is_no_json_is_told_where(small: FlaskClient, test_data: Path) -> None:
    broken = 0
    for _, body in requests_of(test_data):
        try:
            json.loads(body.removeprefix(b"\xef\xbb\xbf"))
        except ValueError:
            broken += 1
            answer = small.post("/cds-services/small-patient-view", data=body, content_type="application/json")
            assert answer.status_code == 400
            assert "line" in answer.json["issue"][0]["expression"][0]
    assert broken == 29
