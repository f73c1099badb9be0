"""A key that stands twice is seen, also where a number written anew makes up for what was lost."""

from __future__ import annotations

import pytest

from service.errors import RequestError
from service.population.texts import parsed


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"b":1e2,"c":1e2,"a":12,"a":34,"d":1e2}',
        b'{ "a" : 1 , "a" : 1 }',
        b'{"n":{"a":"x","a":"y"}}',
    ],
)
def test_a_key_that_stands_twice_is_refused(text: bytes) -> None:
    with pytest.raises(RequestError):
        parsed(text)


@pytest.mark.parametrize("text", [b'{"a":1,"b":"x"}', b'{ "a" : 1.50 }', b'{"a":1e2}', '{"a":"ü"}'.encode()])
def test_all_else_is_read(text: bytes) -> None:
    assert list(parsed(text)) == ["a", "b"][: text.count(b":")]
