"""Strict YAML: what is a number, what is a word, and at which line everything stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.knowledge.documents import line_of, read, scalar


def value(text: str) -> Any:
    data, faults = read(f"key: {text}", "a.yaml")
    assert not faults
    return data["key"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("30", 30),
        ("-3", -3),
        ("+7", 7),
        ("0", 0),
        ("0.5", Decimal("0.5")),
        (".5", Decimal("0.5")),
        ("1e3", Decimal(1000)),
        ("65.", Decimal(65)),
    ],
)
def test_only_true_false_null_and_numbers_are_typed(text: str, meant: object) -> None:
    assert value(text) == meant
    assert type(value(text)) is type(meant)


@pytest.mark.parametrize(
    "text", ["no", "Yes", "on", "off", "y", "N", "2026-11-24", "1.2.3", "007", "0x1F", "0o17", "12:30", "1_000", ".inf"]
)
def test_everything_else_is_words(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize("text", ["'30'", '"30"', "'true'", '"null"'])
def test_quotes_make_words(text: str) -> None:
    assert value(text) == text[1:-1]


def test_a_decimal_keeps_its_digits() -> None:
    assert str(value("0.1")) == "0.1"


def test_a_key_is_always_a_word() -> None:
    data, faults = read("no: a\n1: b\nnull: c\n", "a.yaml")
    assert not faults
    assert list(data) == ["no", "1", "null"]


def test_every_key_and_item_knows_its_line() -> None:
    text = "# a comment\nid: x\nlist:\n  - a\n  -\n    deep: {inner: 1}\n"
    data, _ = read(text, "a.yaml")
    assert data.at == "a.yaml:2"
    assert line_of(data, ("list",)) == 3
    assert line_of(data, ("list", 0)) == 4
    assert line_of(data, ("list", 1, "deep", "inner")) == 6


def test_what_does_not_exist_has_the_line_of_what_surrounds_it() -> None:
    data, _ = read("id: x\ncard:\n  summary: s\n", "a.yaml")
    assert line_of(data, ("card", "detail")) == 2


def test_all_mistakes_are_told_at_once() -> None:
    _, faults = read("a: &x 1\nb: *x\na: 2\nc: !!int 3\n", "a.yaml")
    assert [fault.path for fault in faults] == ["a.yaml:1", "a.yaml:2", "a.yaml:3", "a.yaml:4"]


def test_a_recursive_alias_is_refused_and_ends() -> None:
    _, faults = read("a: &x [*x]\n", "a.yaml")
    assert len(faults) == 2


def test_a_merge_key_is_an_ordinary_key() -> None:
    data, _ = read("<<: {a: 1}\n", "a.yaml")
    assert list(data) == ["<<"]


def test_a_text_that_breaks_off_says_where() -> None:
    data, faults = read("a: [1\nb: 2\n", "a.yaml")
    assert data is None
    assert faults[0].path == "a.yaml:2"


def test_words_of_a_block_keep_their_lines() -> None:
    assert value("|\n  one\n  two") == "one\ntwo"


def test_a_number_nobody_can_mean_is_words() -> None:
    assert value("9" * 5000) == "9" * 5000


def test_what_is_nested_without_end_is_refused() -> None:
    data, faults = read("[" * 5000, "a.yaml")
    assert data is None
    assert faults


@given(st.text(alphabet="0123456789+-.eExo_:~nulltrue", max_size=12))
def test_no_word_makes_the_reader_fail(text: str) -> None:
    meant = scalar(text)
    assert meant is None or isinstance(meant, (bool, int, Decimal, str))
    if isinstance(meant, str):
        assert meant == text
    elif isinstance(meant, (int, Decimal)) and not isinstance(meant, bool):
        assert meant == Decimal(text)
