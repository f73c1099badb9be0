"""What CDS Hooks 3.0 adds to discovery comes only where the operator asks for it, and loses nothing."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from service import create_app
from service.config import Settings
from service.knowledge.data_requirements import facts_for
from service.knowledge.model import Knowledge
from service.protocol.discovery_v3 import dated
from service.record.input.prefetch_templates import Template, templates_for
from tests.http.calls import PATIENT

TOKEN = re.compile(r"\{\{today\(\) - (\d+) days\}\}")


@pytest.fixture(scope="module")
def later(knowledge: Knowledge) -> FlaskClient:
    settings = Settings(log_level="error", discovery_versions=True, fhirpath_tokens=True)
    return create_app(settings, knowledge).test_client()


@pytest.mark.requirement("DI-15")
def test_by_default_discovery_is_that_of_2_0(client: FlaskClient) -> None:
    text = client.get("/cds-services").text
    assert "hookVersion" not in text
    assert "today()" not in text


def test_versions_are_named_where_asked_for(later: FlaskClient) -> None:
    for service in later.get("/cds-services").json["services"]:
        assert service["version"] == "2.0.1"
        assert re.fullmatch(r"\d+\.\d+(\.\d+)?", service["hookVersion"])


def test_a_query_is_bounded_by_the_widest_look_back_of_its_readers(knowledge: Knowledge, later: FlaskClient) -> None:
    services = later.get("/cds-services").json["services"]
    plain = {service.hook: templates_for(knowledge, service.hook) for service in knowledge.services.values()}
    bounded = 0
    for service in services:
        for template in plain[service["hook"]]:
            query = service["prefetch"][template.key]
            days = TOKEN.findall(query)
            bounded += bool(days)
            assert re.sub(r"&[a-z-]+=ge\{\{today\(\) - \d+ days\}\}", "", query) == template.query
            readers = [fact for fact in facts_for(knowledge, service["hook"]) for one in fact.sources
                       if one.resource in template.types and one.within_days]  # fmt: skip
            for fact in readers:
                windows = [one.within_days or 0 for one in fact.sources if one.resource in template.types]
                assert not days or int(days[0]) > max(windows), f"{template.key} cuts off what {fact.id} reads"
    assert bounded > 0


def test_lists_that_must_be_whole_and_reads_are_not_bounded(knowledge: Knowledge) -> None:
    whole = Template("conditions", "Condition?patient=x&_sort=-recorded-date", ("Condition",))
    read = Template("patient", "Patient/x", ("Patient",))
    for template in (whole, read):
        assert dated(template, facts_for(knowledge, "patient-view")) == template.query


def test_calls_are_answered_as_before(later: FlaskClient) -> None:
    body = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/7", "patientId": "p1"},
        "prefetch": {"patient": PATIENT, "conditions": None},
    }
    assert later.post("/cds-services/sciatica-patient-view", json=body).status_code == 200
