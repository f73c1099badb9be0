"""The FHIR package: everything of the rules in it, nobody invented, the same bytes every time."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from service.knowledge.model import Knowledge
from service.knowledge.schemas.ruleset import Approval
from service.record.releases.fhir_classes import Release, validated
from service.review.export.artifacts import artifacts, provenances
from service.review.export.cql import cql, not_exported
from service.review.export.metadata import Publication
from service.review.export.package import package
from service.web.artifact_routes import artifact_names
from tests.unit.review.comparison.small_rules import shipped

Json = dict[str, Any]


@cache
def published() -> dict[str, Json]:
    return {f"{one['resourceType']}/{one['id']}": one for one in artifacts(Publication(shipped()))}


def members(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


def test_every_card_rule_service_value_set_and_order_is_in_it(knowledge: Knowledge) -> None:
    wanted = {f"PlanDefinition/{rule.id}" for rule in knowledge.rules if rule.card}
    wanted |= {f"PlanDefinition/{name}" for name in knowledge.services}
    wanted |= {f"ValueSet/{name}" for name in knowledge.value_sets}
    wanted |= {f"ActivityDefinition/{name}" for name in knowledge.orders}
    wanted |= {"Library/rules"}
    wanted |= {f"Questionnaire/{name}" for name in ("answers", "first-visit", "follow-up")}
    assert set(published()) == wanted


def test_whatever_is_referred_to_is_in_it() -> None:
    known = {f"{one['url']}|{one['version']}" for one in published().values()}
    named = {
        member["definitionCanonical"]
        for one in published().values()
        for member in members(one)
        if "definitionCanonical" in member
    }
    named |= {library for one in published().values() for library in one.get("library", ())}
    assert named
    assert named <= known


def test_a_rule_tells_its_events_condition_text_offers_citations_and_grades() -> None:
    rule = next(rule for rule in shipped().rules if rule.id == "sf-nsaid-egfr-below-30")
    result = published()[f"PlanDefinition/{rule.id}"]
    (action,) = result["action"]
    assert [trigger["name"] for trigger in action["trigger"]] == list(rule.hooks)
    assert action["condition"][0]["expression"]["expression"] == '"Rule sf-nsaid-egfr-below-30"'
    assert action["title"] == rule.card.summary
    assert action["action"][0]["action"][0]["type"]["coding"][0]["code"] == "remove"
    assert len(result["relatedArtifact"]) == len({(one.reference, one.supports) for one in rule.citations})
    assert result["status"] == "draft"
    assert [one["valueCodeableConcept"]["text"] for one in result["extension"]] == ["avoid", "guideline"]


def test_of_a_family_the_service_shows_at_most_one_the_most_severe_first() -> None:
    result = published()["PlanDefinition/sciatica-order-sign"]
    (family,) = (one for one in result["action"][0]["action"] if one["title"] == "nsaid-renal")
    assert family["selectionBehavior"] == "at-most-one"
    first = [one["definitionCanonical"] for one in family["action"][:2]]
    assert "sf-ketorolac-kidneys" in first[0]
    assert "sf-nsaid-egfr-below-30" in first[1]


def test_value_sets_come_with_their_codes_and_say_what_they_leave_out() -> None:
    for name, value_set in shipped().value_sets.items():
        result = published()[f"ValueSet/{name}"]
        expanded = {(one["system"], one["code"]) for one in result.get("expansion", {}).get("contains", ())}
        assert expanded == {(code.system, code.code) for code in value_set.codes}
        if value_set.patterns:
            assert f"{len(value_set.patterns)} text patterns are not told here" in result["description"]


def test_the_library_holds_the_cql_and_says_what_it_does_not_tell() -> None:
    result = published()["Library/rules"]
    assert base64.b64decode(result["content"][0]["data"]).decode() == cql(shipped())
    assert all(sentence in result["description"] for sentence in not_exported(shipped()))


def test_nobody_has_approved_until_somebody_has() -> None:
    text = json.dumps(list(published().values()))
    assert "approvalDate" not in text
    assert '"reviewer"' not in text
    assert "Provenance/" not in " ".join(published())
    approved = replace(shipped(), approved=frozenset({"sf-nsaid-egfr-below-30"}))
    given = {
        "sf-nsaid-egfr-below-30": (Approval("sf-nsaid-egfr-below-30", "abc", "A Person, physician", date(2026, 3, 1)),)
    }
    found = {f"{one['resourceType']}/{one['id']}": one for one in artifacts(Publication(approved, approvals=given))}
    plan = found["PlanDefinition/sf-nsaid-egfr-below-30"]
    assert (plan["approvalDate"], plan["reviewer"]) == ("2026-03-01", [{"name": "A Person, physician"}])
    (provenance,) = (one for one in found.values() if one["resourceType"] == "Provenance")
    assert provenance["target"] == [{"reference": "PlanDefinition/sf-nsaid-egfr-below-30"}]
    assert "content abc" in provenance["activity"]["text"]


def test_the_record_of_an_approval_is_signed_by_who_publishes_it() -> None:
    name = "sf-nsaid-egfr-below-30"
    approved = replace(shipped(), approved=frozenset({name}))
    given = {name: (Approval(name, "abc", "A Person, physician", date(2026, 3, 1)),)}
    key = Ed25519PrivateKey.generate()
    publication = Publication(approved, approvals=given, signer=key.sign)
    (record,) = provenances(publication)
    validated("Provenance", record, Release.R4)
    (signature,) = record.pop("signature")
    head, _, signed = base64.b64decode(signature["data"]).partition(b"..")
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    content = base64.urlsafe_b64encode(text).rstrip(b"=")
    key.public_key().verify(base64.urlsafe_b64decode(signed + b"=="), head + b"." + content)
    with pytest.raises(InvalidSignature):
        key.public_key().verify(base64.urlsafe_b64decode(signed + b"=="), head + b"." + content[1:])
    assert list(provenances(publication)) == list(provenances(publication))


def test_the_package_is_the_same_to_the_byte_and_names_what_is_in_it() -> None:
    content = package(Publication(shipped()))
    assert content == package(Publication(shipped()))
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as opened:
        files = {entry.name: json.loads(opened.extractfile(entry).read()) for entry in opened}
    manifest, index = files.pop("package/package.json"), files.pop("package/.index.json")
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert shipped().digest in manifest["description"]
    assert {f"package/{one['filename']}" for one in index["files"]} == set(files)


def test_ids_and_names_are_as_fhir_wants_them() -> None:
    for one in published().values():
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", one["id"])
        assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", one["name"])


@pytest.mark.parametrize("kind", ["PlanDefinition", "Library", "ValueSet", "ActivityDefinition", "Questionnaire"])
def test_the_classes_of_fhir_take_them(kind: str) -> None:
    mine = [one for name, one in published().items() if name.startswith(f"{kind}/")]
    for one in mine[:: max(1, len(mine) // 10)]:
        validated(kind, one, Release.R4)


def test_the_routes_know_the_names_of_all_that_is_exported() -> None:
    named = {f"{kind}/{name}" for kind, names in artifact_names(shipped()).items() for name in names}
    assert named == set(published())


@pytest.mark.parametrize(
    "address",
    [
        "/ValueSet/cond-low-back-pain",
        "/PlanDefinition/sf-nsaid-egfr-below-30",
        "/PlanDefinition/sciatica-order-sign",
        "/Library/rules",
        "/ActivityDefinition/ankle-brachial-index",
        "/Questionnaire/answers",
    ],
)
def test_the_service_serves_them_under_its_own_address(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/fhir+json")
    result = answer.get_json()
    assert f"/{result['resourceType']}/{result['id']}" == address
    assert result["url"] == f"http://localhost{address}"


@pytest.mark.parametrize("address", ["/ValueSet/nothing", "/PlanDefinition/gi-risk-factor", "/Library/x", "/Patient/x"])
def test_what_is_not_there_is_an_operation_outcome(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.get_json()["resourceType"] == "OperationOutcome"
