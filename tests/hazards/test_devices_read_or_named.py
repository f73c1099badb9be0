"""An implant is read wherever a device says what it is, or named: a "no" to the question about implants hides none."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.hazards.answers import ask, details, speaking, status_of
from tests.hazards.charts import Json, answer, person, sciatica

SAFETY = "es-mri-contraindicated"
MRI: Json = {
    "resourceType": "ServiceRequest",
    "id": "mri",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p"},
    "code": {"text": "MRI lumbar spine without contrast"},
}


def device(**content: object) -> Json:
    return {"resourceType": "Device", "id": "d", "patient": {"reference": "Patient/p"}, "status": "active", **content}


def use(kind: str, named: object, **content: object) -> Json:
    subject = {"reference": "Patient/p"}
    return {"resourceType": kind, "id": "u", "subject": subject, "status": "active", "device": named, **content}


def asked(client: FlaskClient, *entries: Json) -> Json:
    """The answer to an order of an MRI for somebody who said no to implants and to metal."""
    said_no = [answer("answer-mri-device", yes=False), answer("answer-mri-metal", yes=False)]
    return ask(client, [person(), sciatica(), *said_no, MRI, *entries], "order-sign", complete="all")


IMPLANTED = {"coding": [{"code": "implanted"}]}
EXPLANTED = {"coding": [{"code": "explanted"}]}


@pytest.mark.parametrize(
    "implant",
    [
        device(definition={"display": "Pacemaker"}),
        device(modelNumber="Azure XT pacemaker"),
        device(model="Azure XT pacemaker"),
        device(name=[{"value": "Dual chamber pacemaker", "type": "registered-name"}]),
        use("DeviceUseStatement", {"display": "Cardiac pacemaker"}),
        use("DeviceUsage", {"concept": {"text": "Cardiac pacemaker"}}),
        use("DeviceUsage", {"reference": {"display": "Cardiac pacemaker"}}),
        use("DeviceAssociation", {"display": "Cardiac pacemaker"}, status=IMPLANTED),
    ],
)
def test_an_implant_is_read_wherever_a_device_says_what_it_is(client: FlaskClient, implant: Json) -> None:
    answered = asked(client, implant)
    assert status_of(answered, "mri-risk-device") == "present"
    assert any(name.startswith(SAFETY) for name in speaking(answered))


@pytest.mark.parametrize(
    "unread",
    [
        device(),
        device(type={"text": "LVAD"}),
        device(type={"text": "Sacral neuromodulator"}),
        device(type={"coding": [{"system": "http://snomed.info/sct", "code": "468063009"}]}),
        use("DeviceUseStatement", {"reference": "Device/elsewhere"}),
        use("DeviceAssociation", {"reference": "Device/elsewhere"}, status=IMPLANTED),
    ],
)
def test_a_device_that_is_not_understood_is_named_whatever_was_answered(client: FlaskClient, unread: Json) -> None:
    answered = asked(client, unread)
    assert status_of(answered, "mri-risk-device") == "unknown"
    assert "not recognised" in details(answered)


@pytest.mark.parametrize(
    "harmless",
    [
        device(type={"text": "Blood glucose meter"}),
        device(type={"text": "Cardiac pacemaker"}, status="entered-in-error"),
        use("DeviceAssociation", {"display": "Cardiac pacemaker"}, status=EXPLANTED),
        use("DeviceAssociation", {"display": "x"}, status={"coding": [{"code": "entered-in-error"}]}),
    ],
)
def test_what_is_no_implant_now_leaves_the_answer(client: FlaskClient, harmless: Json) -> None:
    answered = asked(client, harmless)
    assert status_of(answered, "mri-risk-device") == "absent"
    assert not answered["cards"] or "not recognised" not in details(answered)


@pytest.mark.parametrize("status", [7, [7], {"coding": 7}, {"coding": [7]}, {"coding": [{"code": [1]}]}, None])
def test_an_odd_status_of_an_association_fails_no_call(client: FlaskClient, status: object) -> None:
    assert asked(client, use("DeviceAssociation", {"display": "Cardiac pacemaker"}, status=status))["cards"]


def test_a_device_that_was_sent_is_named_once(client: FlaskClient) -> None:
    answered = asked(client, device(type={"text": "LVAD"}), use("DeviceUseStatement", {"reference": "Device/d"}))
    assert details(answered).count("LVAD") <= 2
