"""Ids of cards and suggestions are uuids of version 5, as the standard library makes them."""

from __future__ import annotations

import uuid

import pytest

from service.cards.card_ids import id_of


@pytest.mark.parametrize("name", ["fl-heat", "mo-six-week-decision/0", "", "Ä"])
def test_an_id_is_the_version_5_uuid_of_its_name(name: str) -> None:
    for decision in (uuid.UUID(int=0), uuid.uuid4(), uuid.UUID(int=2**128 - 1)):
        assert id_of(str(decision), name) == str(uuid.uuid5(decision, name))
