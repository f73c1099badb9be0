"""Headers: security on every answer, and cross-origin calls only where configured (chapters 17 and 18)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from service.config import Settings
from service.web.headers import add_security_headers

PATHS = ["/cds-services", "/cds-services/small-patient-view"]
OURS = "https://ehr.example"


@pytest.mark.parametrize("path", ["/cds-services", "/health", "/nothing"])
def test_every_answer_has_the_security_headers(small: FlaskClient, path: str) -> None:
    headers = small.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.requirement("SE-1")
def test_se_1_production_pins_tls() -> None:
    from werkzeug.wrappers import Response

    response = Response()
    add_security_headers(response, production=True)
    assert "max-age" in response.headers["Strict-Transport-Security"]
    assert Settings(mode="production").production


@pytest.mark.requirement("CO-2")
@pytest.mark.parametrize("path", PATHS)
def test_co_2_a_preflight_is_answered_without_authentication(
    small_client: Callable[..., FlaskClient], path: str
) -> None:
    client = small_client(cors_origins=(OURS,))
    answer = client.options(
        path,
        headers={
            "Origin": OURS,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.requirement("CO-3")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://ehr.example.evil.example", "http://ehr.example"]
)
def test_co_3_a_foreign_origin_gets_no_cors_headers(small_client: Callable[..., FlaskClient], origin: str) -> None:
    client = small_client(cors_origins=(OURS,))
    for answer in (
        client.get("/cds-services", headers={"Origin": origin}),
        client.options(PATHS[1], headers={"Origin": origin}),
    ):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.requirement("CO-3")
def test_co_3_off_unless_configured(small: FlaskClient) -> None:
    answer = small.get("/cds-services", headers={"Origin": OURS})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Vary" not in answer.headers


@pytest.mark.requirement("CO-4")
def test_co_4_errors_carry_the_headers_too(small_client: Callable[..., FlaskClient]) -> None:
    client = small_client(cors_origins=(OURS,))
    for answer in (
        client.post(PATHS[1], data="{", content_type="application/json", headers={"Origin": OURS}),
        client.post("/cds-services/none", json={}, headers={"Origin": OURS}),
    ):
        assert answer.status_code >= 400
        assert answer.headers["Access-Control-Allow-Origin"] == OURS
        assert "Access-Control-Allow-Credentials" not in answer.headers
