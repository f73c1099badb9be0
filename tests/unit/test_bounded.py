"""What is remembered stays small, and what is asked again is still there."""

from __future__ import annotations

from service.bounded import Bounded, LastUsed


def test_a_full_dict_forgets_everything_before_it_grows() -> None:
    known: Bounded[int, str] = Bounded(2)
    known[1], known[2] = "one", "two"
    assert dict(known) == {1: "one", 2: "two"}
    known[3] = "three"
    assert dict(known) == {3: "three"}


def test_what_was_used_last_is_kept_and_the_longest_unused_goes() -> None:
    known: LastUsed[str, int] = LastUsed(2)
    known.put("a", 1)
    known.put("b", 2)
    assert known.get("a") == 1
    known.put("c", 3)
    assert (known.get("a"), known.get("b"), known.get("c")) == (1, None, 3)
    known.clear()
    assert known.get("a") is None
