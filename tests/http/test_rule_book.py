"""The rule book over HTTP: every rule, finding, value set and source has a page and the same page as data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from service import create_app
from service.config import Settings, read_settings
from service.knowledge.model import Knowledge
from service.web.page_routes import KINDS as BOOK
from service.web.pages.addresses import ServerAddresses
from service.web.pages.catalogue import PAGES, names
from service.web.pages.page_header import page_header
from service.web.pages.rendering import render
from service.web.pages.static_files import STATIC, static_files
from service.web.pages.value_set import codes_asked_for

# A page is read over a slow line too.
MOST_BYTES = 60_000
KINDS = ("rules", "facts", "value-sets", "sources")


class Page(HTMLParser):
    """What a reader and a browser find on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [str(attrs["href"]) for tag, attrs in self.tags if tag == "a" and "href" in attrs]


def page(client: FlaskClient, path: str) -> Page:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return Page(answer.text)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_has_a_light_page_that_names_it(
    knowledge: Knowledge, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The digests of all rules take seconds and have tests of their own.
    monkeypatch.setattr("service.web.pages.rule.rule_digest", lambda *_: "0" * 64)
    template, page_of = PAGES[kind]
    head, addresses = page_header(knowledge), ServerAddresses("", BOOK)
    for name in names(knowledge)[kind]:
        data = page_of(knowledge, {}, name)
        assert data is not None
        assert data["id"] == name
        if kind == "value-sets":
            data = codes_asked_for(data, {})
        shown = render(template, data, head, addresses, f"/{kind}/{name}.json")
        assert f">{escape(data['title'])}</h1>" in shown
        assert len(shown.encode()) <= MOST_BYTES, name


def test_the_codes_of_a_long_value_set_are_found_by_words_and_in_parts(client: FlaskClient) -> None:
    address = "/value-sets/cond-malignancy-active"
    first = client.get(f"{address}.json").json
    assert (len(first["codes"]), first["next"], first["found"]) == (100, 100, first["count"])
    second = client.get(f"{address}.json?start=100").json
    assert second["codes"][0] not in first["codes"]
    breast = client.get(f"{address}.json?q=breast").json
    assert 0 < breast["found"] < breast["count"]
    assert all("breast" in code["display"].lower() for code in breast["codes"])
    assert "Next 100" in client.get(address).text


TWINS = {
    "/rules": "rules.html",
    "/rules?finding=egfr": "rules.html",
    "/rules/sf-nsaid-egfr-below-30": "rule.html",
    "/facts/egfr": "fact.html",
    "/value-sets/obs-egfr": "value_set.html",
    "/sources": "sources.html",
    "/sources/KDIGO-2012": "source.html",
    "/graph": "graph.html",
    "/graph?finding=egfr&rule=sf-nsaid-egfr-below-30": "graph.html",
    "/pathway": "pathway.html",
}


@pytest.mark.parametrize("path", TWINS)
def test_the_twin_of_a_page_is_exactly_the_data_that_it_renders(
    client: FlaskClient, knowledge: Knowledge, path: str
) -> None:
    page_path, _, query = path.partition("?")
    twin = f"{page_path}.json{'?' if query else ''}{query}"
    data = client.get(twin).json
    kinds = BOOK | {"playground", "questionnaire", "start", "compare"}
    rendered = render(TWINS[path], data, page_header(knowledge), ServerAddresses("", kinds), twin)
    assert rendered == client.get(path).text
    assert twin in Page(rendered).links


def test_no_page_runs_or_styles_anything_inline(client: FlaskClient, knowledge: Knowledge) -> None:
    all_names = names(knowledge)
    paths = ["/rules", "/sources", *(f"/{kind}/{all_names[kind][0]}" for kind in KINDS), "/rules/nothing-like-it"]
    for path in paths:
        answer = client.get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'"), path
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        for tag, attrs in Page(answer.text).tags:
            assert tag not in {"script", "style"}, path
            assert not (tag == "meta" and attrs.get("http-equiv")), path
            assert not [name for name in attrs if name == "style" or name.startswith("on")], path


def test_links_within_the_rule_book_lead_somewhere(client: FlaskClient, knowledge: Knowledge) -> None:
    found = {
        link.split("#")[0]
        for path in ("/rules", "/sources", "/rules/sf-nsaid-egfr-below-30", "/facts/egfr", "/sources/KDIGO-2012")
        for link in page(client, path).links
    }
    known = {f"/{kind}/{name}" for kind, those in names(knowledge).items() for name in those}
    lists = {"", "/", *(f"/{kind}" for kind in ("rules", "sources", "graph", "pathway", "compare", "start"))}
    inner = {link.split("?")[0] for link in found if not link.startswith("http") and ".json" not in link}
    assert inner - known - lists == set()
    assert {client.get(link).status_code for link in lists - {""}} == {200}


def test_a_card_links_to_the_page_of_its_rule() -> None:
    client = create_app(Settings(log_level="error", public_url="https://cds.example")).test_client()
    chart = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "a", "birthDate": "1970-01-01", "gender": "male"}},
            {
                "resource": {
                    "resourceType": "Condition",
                    "id": "c",
                    "subject": {"reference": "Patient/a"},
                    "clinicalStatus": {"coding": [{"code": "active"}]},
                    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.41"}]},
                }
            },
        ],
    }
    cards = client.post("/evaluate?now=2026-11-24T10:00:00Z", json=chart).json["cards"]
    links = [link["url"] for card in cards for link in card.get("links", ()) if "/rules/" in link["url"]]
    assert links
    for link in links:
        assert client.get(link.removeprefix("https://cds.example")).status_code == 200


def test_the_page_of_a_rule_says_what_a_committee_must_know(client: FlaskClient) -> None:
    text = " ".join(page(client, "/rules/sf-nsaid-egfr-below-30").text.split())
    assert "Draft, not approved." in text
    assert "eGFR: below 30 mL/min/1.73 m²" in text
    assert "{1.73_m2}" not in text
    assert "Never: kidney function that was not measured within 12 months is unknown, not normal." in text
    assert "superseded" in text
    assert "not compared with the original by a named person" in text
    assert "any of" in text
    assert "{$" not in text


def test_a_case_of_the_decision_table_says_what_differs_from_the_first(client: FlaskClient) -> None:
    shown = page(client, "/rules/fl-nsaid-short-course")
    assert "As the first case, without: In scope for treatment suggestions" in shown.text
    assert "As the first case, with: A red flag is present" in shown.text


def test_a_vignette_tells_its_patient_once(client: FlaskClient) -> None:
    told = client.get("/rules/fl-nsaid-short-course.json").get_json()["vignettes"][:20]
    shown = page(client, "/rules/fl-nsaid-short-course").text
    assert shown.count(told[0]["patient"]) == 1
    assert all(one["case"] in shown for one in told)


def test_a_long_list_of_rules_names_every_rule_under_its_indicator(client: FlaskClient) -> None:
    data = client.get("/facts/back-or-leg-pain.json").get_json()
    listed = [*data["readBy"], *data["restingOnIt"]]
    shown = page(client, "/facts/back-or-leg-pain")
    assert len(listed) > 80
    assert {f"/rules/{one['id']}" for one in listed} <= set(shown.links)


def test_every_rule_that_rests_on_egfr_is_found_also_through_conclusions(
    client: FlaskClient, knowledge: Knowledge
) -> None:
    found = client.get("/rules.json?finding=egfr").json
    ids = {rule["id"] for phase in found["phases"] for rule in phase["rules"]}
    assert found["count"] == len(ids)
    assert {"sf-nsaid-egfr-below-30", "sf-nsaid-egfr-30-59", "nsaid-contraindicated"} <= ids
    through = {rule.id for rule in knowledge.rules if "nsaid-contraindicated" in rule.reads}
    assert through
    assert through <= ids
    assert ids < {rule.id for rule in knowledge.rules}


@pytest.mark.parametrize(
    "question",
    ["phase=3_safety", "hook=order-sign", "indicator=critical", "source=KDIGO-2012", "q=nsaid+kidney", "status=draft"],
)
def test_a_filter_leaves_only_what_was_asked_for(client: FlaskClient, knowledge: Knowledge, question: str) -> None:
    found = client.get(f"/rules.json?{question}").json
    rules = {rule.id: rule for rule in knowledge.rules}
    left = [rules[rule["id"]] for phase in found["phases"] for rule in phase["rules"]]
    fits = {
        "phase": lambda rule: rule.phase == "3_safety",
        "hook": lambda rule: "order-sign" in rule.hooks,
        "indicator": lambda rule: rule.card is not None and rule.card.indicator.value == "critical",
        "source": lambda rule: any(one.source == "KDIGO-2012" for one in rule.citations),
        "q": lambda rule: "nsaid" in str(rule).lower(),
        "status": lambda rule: rule.status == "draft",
    }[question.split("=", maxsplit=1)[0]]
    assert left
    assert all(fits(rule) for rule in left)
    if not question.startswith("q="):
        assert len(left) == sum(fits(rule) for rule in knowledge.rules)


def test_what_is_asked_is_shown_as_text_and_never_as_markup(client: FlaskClient) -> None:
    shown = client.get("/rules", query_string={"q": '"><script>alert(1)</script>', "finding": "<b>x"}).text
    assert "<script" not in shown
    assert "<b>" not in shown
    assert client.get("/rules/<script>alert(1)</script>").text.count("<script") == 0


def test_a_name_that_is_nearly_one_is_answered_with_those_that_are(client: FlaskClient) -> None:
    answer = client.get("/rules/sf-nsaid-egfr-below-3")
    assert answer.status_code == 404
    assert "/rules/sf-nsaid-egfr-below-30" in Page(answer.text).links


def test_the_stylesheet_is_kept_for_ever_under_the_digest_of_its_content(client: FlaskClient) -> None:
    (style,) = re.findall(r'href="(/static/[^"]+css)"', client.get("/rules").text)
    answer = client.get(style)
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/static/site.000000000000.css").status_code == 404


def test_pages_under_a_path_prefix_lead_to_pages_under_it(small_client: Callable[..., FlaskClient]) -> None:
    links = page(small_client(path_prefix="/cds"), "/cds/rules").links
    assert any(link.startswith("/cds/rules/") for link in links)
    assert [link for link in links if link.startswith("/") and not link.startswith("/cds/")] == []


def test_every_file_of_others_is_the_one_that_its_list_names(client: FlaskClient) -> None:
    folder = STATIC / "vendor"
    text = (folder / "README.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", text, re.MULTILINE))
    files = {path.name for path in folder.iterdir()} - {"README.md"}
    assert {name for name in files if not name.endswith(".LICENSE")} == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
        assert client.get(f"/static/{static_files()[name].served_as}").data == (folder / name).read_bytes()


def test_pages_can_be_off(small_client: Callable[..., FlaskClient]) -> None:
    client = small_client(pages="off")
    assert client.get("/rules").status_code == 404
    assert client.get("/sources.json").status_code == 404


def test_production_shows_the_rule_book_and_no_more_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    safe = {"MODE": "production", "TLS_PROXY": "true", "PUBLIC_URL": "https://cds.example"}
    for name, value in safe.items():
        monkeypatch.setenv(f"SCIATICA_CDS_{name}", value)
    assert read_settings().pages == "rules"
    monkeypatch.setenv("SCIATICA_CDS_PAGES", "all")
    assert read_settings().pages == "all"
    monkeypatch.delenv("SCIATICA_CDS_PAGES")
    monkeypatch.setenv("SCIATICA_CDS_MODE", "development")
    assert read_settings().pages == "all"


def test_the_pages_name_the_rule_set_that_answers(app: Flask, client: FlaskClient) -> None:
    digest = app.extensions["sciatica-cds.services"]().prepared.knowledge.digest
    assert digest[:8] in page(client, "/rules").text
