"""Reading a body: what is JSON and what is refused (TR-1, chapter 7 of the protocol reference)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import RequestError
from service.security.limits import check_media_type, parse_json


def parse(text: str | bytes) -> Any:
    return parse_json(text.encode() if isinstance(text, str) else text, max_depth=100)


def refusal(text: str | bytes) -> str:
    with pytest.raises(RequestError) as caught:
        parse(text)
    assert caught.value.status == 400
    return str(caught.value)


def test_a_byte_order_mark_is_accepted() -> None:
    assert parse(b'\xef\xbb\xbf{"hook": "patient-view"}') == {"hook": "patient-view"}


def test_text_after_the_last_brace_is_refused_with_its_position() -> None:
    assert refusal('{"a": 1}\n}') == (
        "body line 2 column 1: there is text after the end of the JSON document (look for one brace too many)"
    )


def test_a_truncated_body_is_refused_with_its_position() -> None:
    assert "body line 1 column 9: the JSON document ends too early" in refusal('{"a": [1')


@pytest.mark.requirement("TR-1")
@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", "-Infinity", "1e400", "[1,]", "{'a': 1}", '{"a": 1} // note', "9" * 400]
)
def test_tr_1_what_rfc_8259_does_not_know_is_refused(text: str) -> None:
    refusal(text)


@pytest.mark.parametrize("body", [b"", b"   ", b"\xef\xbb\xbf"])
def test_an_empty_body_is_refused(body: bytes) -> None:
    assert "the body is empty" in refusal(body)


def test_a_body_that_is_not_utf_8_is_refused() -> None:
    refusal(b'{"a": "\xff"}')


@pytest.mark.requirement("TR-1")
@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 1}}',
        '[{"a" : 1, "a"\n:2}]',
        '{"a": 1, "\\u0061": 2}',
        '{"a": "\\u0022:", "a": 1}',
        '{"x": ":", "a": 1, "a": ":"}',
        '{"a\\\\": 1, "a\\\\": 2}',
    ],
)
def test_tr_1_a_duplicate_key_is_refused_however_it_is_written(text: str) -> None:
    assert "a key occurs twice" in refusal(text)


@pytest.mark.parametrize("text", ['{"a": ":b", "c": "\\":"}', '{"a" : 1}', '{"a": "b\\\\", "c": 1}', '{"": 1}'])
def test_colons_and_quotes_in_strings_are_not_taken_for_duplicates(text: str) -> None:
    assert parse(text) == json.loads(text)


@pytest.mark.parametrize(
    ("depth", "accepted"), [(99, True), (100, True), (101, False), (1000, False), (200_000, False)]
)
def test_a_depth_bomb_is_refused_on_both_sides_of_the_limit(depth: int, accepted: bool) -> None:
    body = "[" * depth + "]" * depth
    if accepted:
        parse(body)
    else:
        assert "nested" in refusal(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text('":\\ a\n', max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('":\\ a', max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_every_sound_document_is_read_as_the_standard_library_reads_it(
    document: Any, indent: int | None, ascii_: bool
) -> None:
    assert parse(json.dumps(document, indent=indent, ensure_ascii=ascii_)) == document


@given(st.dictionaries(st.text('":\\ ab', max_size=4), JSON, min_size=1, max_size=4), st.booleans())
def test_repeating_any_member_of_any_object_is_noticed(members: dict[str, Any], ascii_: bool) -> None:
    again = [*members.items(), next(iter(members.items()))]
    written = ", ".join(f"{json.dumps(key, ensure_ascii=ascii_)}: {json.dumps(value)}" for key, value in again)
    assert "a key occurs twice" in refusal("[{" + written + "}]")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/fhir+json", "Application/JSON"]
)
def test_json_media_types_are_accepted(kind: str) -> None:
    check_media_type(kind)


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/xml", "text/json", "application/json; charset=utf-16"]
)
def test_other_media_types_are_refused_with_415(kind: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        check_media_type(kind)
    assert caught.value.status == 415


def test_no_refusal_quotes_the_body() -> None:
    for text in ['{"name": "Canary"} Canary', '{"Canary": 1, "Canary": 2}', '{"a": Canary}', '{"name": "Canary']:
        assert "Canary" not in refusal(text)
