"""Tamper with the tables in every way, and see the row named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from service.errors import StoreError
from service.store.anchor import read_anchor
from service.store.audit import audit
from service.store.chain import ZEROS, Link, canonical, chained
from service.store.checkpoints import last_checkpoint
from service.store.draining import drain_all
from service.store.keys import Keyring, rotate
from service.store.projection import insert_rows
from service.store.store import Store
from service.store.tables import ledger
from tests.store.rows import RULE_SET, decision, feedback, keep, tamper

Open = Callable[..., Store]


@pytest.fixture
def stored(store: Store) -> Store:
    """Ten decisions and a report about a card, closed with a checkpoint."""
    keep(store, 9)
    body = decision()
    store.append("decision", body, RULE_SET)
    store.append("feedback", feedback(body["cards"][0]["uuid"]))
    store.close()
    assert audit(store.database, store.keyring).is_good
    return store


def writer_of(store: Store) -> str:
    with store.database.reading() as connection:
        return connection.execute(select(func.min(ledger.c.writer))).scalar_one()


def faults(store: Store) -> list[str]:
    return [str(fault) for fault in audit(store.database, store.keyring, store.options.anchors).issues]


def test_an_untouched_memory_is_good_and_counted(stored: Store) -> None:
    report = audit(stored.database, stored.keyring)
    assert (report.rows, report.decisions, report.checkpoints, report.unjoined) == (13, 10, 1, 0)


def test_a_changed_row_is_named(stored: Store) -> None:
    writer = writer_of(stored)
    assert tamper(stored, "UPDATE ledger SET body = replace(body, 'warning', 'info') WHERE seq = 5") == 1
    assert f"ledger {writer}/5: is not what was written: changed or inserted" in faults(stored)


def test_a_row_whose_body_is_no_longer_json_is_named(stored: Store) -> None:
    tamper(stored, "UPDATE ledger SET body = 'nonsense' WHERE seq = 5")
    assert f"ledger {writer_of(stored)}/5: is not what was written: changed or inserted" in faults(stored)


@pytest.mark.parametrize("column", ["at", "kind", "previous", "key"])
def test_a_change_of_any_column_is_named(stored: Store, column: str) -> None:
    tamper(
        stored, f'UPDATE ledger SET "{column}" = :value WHERE seq = 6', value="k1x" if column == "key" else "feedback"
    )
    assert any(fault.startswith(f"ledger {writer_of(stored)}/6: ") for fault in faults(stored))


def test_a_dropped_row_is_named(stored: Store) -> None:
    assert tamper(stored, "DELETE FROM ledger WHERE seq = 7") == 1
    assert f"ledger {writer_of(stored)}/7: this row is missing: dropped" in faults(stored)


def test_rows_dropped_at_the_end_are_named(stored: Store) -> None:
    tamper(stored, "DELETE FROM ledger WHERE seq > 11")
    assert f"ledger {writer_of(stored)}/12: the rows from this to 13 are missing at the end: dropped" in faults(stored)


def test_a_dropped_writer_is_named(stored: Store) -> None:
    writer = writer_of(stored)
    tamper(stored, "DELETE FROM ledger")
    assert f"ledger {writer}/1: the rows from this to 13 are missing at the end: dropped" in faults(stored)


def test_swapped_rows_are_named(stored: Store) -> None:
    writer = writer_of(stored)
    for old, new in ((4, 99), (8, 4), (99, 8)):
        tamper(stored, "UPDATE ledger SET seq = :new WHERE seq = :old", old=old, new=new)
    assert f"ledger {writer}/4: swapped with {writer}/8" in faults(stored)


def test_an_inserted_row_is_named_even_when_it_is_chained_well(stored: Store) -> None:
    writer = writer_of(stored)
    with stored.database.reading() as connection:
        head = connection.execute(select(ledger.c.hash).where(ledger.c.seq == 13)).scalar_one()
    forger = Keyring(stored.keyring.current, {stored.keyring.current: b"f" * 32})
    row = chained(Link(writer, 14, head), "decision", "2026-03-01T09:00:00.000000Z", canonical(decision()), forger)
    with stored.database.writing() as connection:
        insert_rows(connection, [row], stored.options.packs)
    assert f"ledger {writer}/14: is not what was written: changed or inserted" in faults(stored)


def test_a_copy_of_a_row_at_another_place_is_named(stored: Store) -> None:
    columns = 'writer, 14, "key", kind, at, body, previous, hash'
    tamper(stored, f"INSERT INTO ledger SELECT {columns} FROM ledger WHERE seq = 5")
    assert f"ledger {writer_of(stored)}/14: is not what was written: changed or inserted" in faults(stored)


def test_a_whole_chain_by_somebody_without_the_key_is_named(stored: Store) -> None:
    forger = Keyring(stored.keyring.current, {stored.keyring.current: b"f" * 32})
    row = chained(Link("f" * 16, 1, ZEROS), "begin", "2026-03-01T09:00:00.000000Z", '{"service_version":"1"}', forger)
    with stored.database.writing() as connection:
        insert_rows(connection, [row], stored.options.packs)
    assert f"ledger {'f' * 16}/1: is not what was written: changed or inserted" in faults(stored)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE decisions SET hook = 'patient-view' WHERE seq = 5", "decisions "),
        ("DELETE FROM decisions WHERE seq = 5", "decisions "),
        ("UPDATE cards SET indicator = 'info'", "cards "),
        ("DELETE FROM cards WHERE uuid = (SELECT min(uuid) FROM cards)", "cards "),
        ("UPDATE card_rules SET version = '9' WHERE card = (SELECT min(card) FROM card_rules)", "card_rules "),
        ("DELETE FROM card_rules WHERE card = (SELECT min(card) FROM card_rules)", "card_rules "),
        ("INSERT INTO card_rules SELECT card, 'another', '1', 1 FROM card_rules WHERE shown = 1", "card_rules "),
        ("INSERT INTO card_rules VALUES ('nowhere', 'sf-one', '1', 1)", "card_rules nowhere/sf-one"),
        ("INSERT INTO cards SELECT 'forged', decision, 'info' FROM cards LIMIT 1", "cards forged"),
        ("INSERT INTO cards VALUES ('forged', 'nowhere', 'info')", "cards forged"),
        ("UPDATE feedback SET outcome = 'accepted'", "feedback "),
        ("DELETE FROM feedback", "feedback "),
        ("UPDATE writers SET service_version = '0'", "writers "),
        ("DELETE FROM rule_sets", f"rule_sets {RULE_SET.digest}: is missing"),
        ("UPDATE rule_sets SET findings = '[]'", f"rule_sets {RULE_SET.digest}: it or its files are not"),
        ("UPDATE rule_set_files SET pack = :bytes", f"rule_sets {RULE_SET.digest}: it or its files are not"),
        ("DELETE FROM rule_set_files", f"rule_set_files {RULE_SET.digest}: is missing"),
        ("UPDATE checkpoints SET rows = 1", "checkpoint 1: is not what was written: changed"),
        ("UPDATE checkpoints SET signature = previous", "checkpoint 1: its signature is wrong: inserted"),
        ("UPDATE checkpoint_heads SET seq = 12", "checkpoint 1: is not what was written: changed"),
    ],
)
def test_tables_that_repeat_the_ledger_are_held_against_it(stored: Store, statement: str, named: str) -> None:
    assert tamper(stored, statement, **({"bytes": b"x"} if ":bytes" in statement else {})) >= 1
    assert any(fault.startswith(named) for fault in faults(stored))


def test_a_dropped_checkpoint_is_named(stored: Store, open_store: Open) -> None:
    more = open_store()
    keep(more, 2)
    more.close()
    tamper(stored, "DELETE FROM checkpoints WHERE number = 1")
    assert "checkpoint 1: is missing: dropped" in faults(stored)


def test_a_store_that_was_rewritten_whole_differs_from_what_was_published(stored: Store) -> None:
    with stored.database.reading() as connection:
        last = last_checkpoint(connection)
    assert last is not None
    assert audit(stored.database, stored.keyring, published=[(last.number, last.hash)]).is_good
    result = audit(stored.database, stored.keyring, published=[(last.number, "0" * 64)]).issues
    assert [str(fault) for fault in result] == [
        "checkpoint 1: is not the one that was published as 1: the store was rewritten"
    ]
    assert not audit(stored.database, stored.keyring, published=[(99, last.hash)]).is_good


def test_chains_of_several_writers_hold_side_by_side(stored: Store, open_store: Open) -> None:
    others = [open_store(), open_store()]
    for _ in range(3):
        for other in others:
            keep(other, 2)
    for other in others:
        other.close()
    for processes in (1, 2, 3):
        report = audit(stored.database, stored.keyring, processes=processes)
        assert (report.is_good, report.decisions, report.unjoined) == (True, 22, 0)


def test_several_processes_name_the_same_faults_as_one(stored: Store, open_store: Open) -> None:
    other = open_store()
    keep(other, 4)
    other.close()
    tamper(stored, "UPDATE ledger SET body = replace(body, 'warning', 'info') WHERE seq = 5")
    tamper(stored, "UPDATE cards SET indicator = 'critical' WHERE uuid = (SELECT min(uuid) FROM cards)")
    tamper(stored, "DELETE FROM feedback")
    result = [
        {str(fault) for fault in audit(stored.database, stored.keyring, processes=count).issues} for count in (1, 2)
    ]
    assert result[0] == result[1]
    assert len(result[0]) >= 4


def test_rows_kept_under_a_former_key_stay_good(stored: Store, open_store: Open) -> None:
    former = stored.keyring.current
    ring = rotate(stored.options.keys)
    assert ring.current != former
    later = open_store()
    keep(later, 3)
    later.close()
    assert audit(stored.database, ring).is_good
    only_new = Keyring(ring.current, {ring.current: ring.keys[ring.current]})
    result = [str(fault) for fault in audit(stored.database, only_new).issues]
    assert f"ledger {writer_of_key(stored, former)}/1: made under the key {former}, which is not here" in result


def writer_of_key(store: Store, key: str) -> str:
    with store.database.reading() as connection:
        return connection.execute(select(func.min(ledger.c.writer)).where(ledger.c.key == key)).scalar_one()


def test_rows_that_nobody_joined_yet_are_counted(store: Store) -> None:
    keep(store, 4)
    drain_all(store.database, store.options, store.keyring)
    report = audit(store.database, store.keyring)
    assert (report.is_good, report.unjoined) == (True, 6)
    store.checkpoint()
    assert audit(store.database, store.keyring).unjoined == 0


def test_nothing_kept_is_nothing_wrong(store: Store) -> None:
    report = audit(store.database, store.keyring)
    assert (report.is_good, report.rows) == (True, 0)


# The record quietly shortened: the database alone looks whole, the anchor beside the keys tells.


def grown(open_store: Open) -> Store:
    """The same store after another process has added rows and a second checkpoint."""
    later = open_store()
    keep(later, 3)
    later.close()
    return later


def run(store: Store, *statements: str) -> None:
    for statement in statements:
        tamper(store, statement)


NEWEST = "(SELECT max(number) FROM checkpoints)"
SHORTENED = {
    "the newest checkpoint": (
        f"DELETE FROM checkpoint_heads WHERE checkpoint = {NEWEST}",
        f"DELETE FROM checkpoints WHERE number = {NEWEST}",
    ),
    "all checkpoints": ("DELETE FROM checkpoint_heads", "DELETE FROM checkpoints"),
}


@pytest.mark.parametrize("what", SHORTENED)
@pytest.mark.usefixtures("stored")
def test_dropped_checkpoints_are_named_without_any_option(open_store: Open, what: str) -> None:
    later = grown(open_store)
    run(later, *SHORTENED[what])
    assert "checkpoint 2: stands in the anchor file and is not here: dropped" in faults(later)


def test_all_checkpoints_dropped_with_the_end_of_a_chain_are_named_even_without_the_anchor_file(
    stored: Store, open_store: Open
) -> None:
    later = grown(open_store)
    run(later, *SHORTENED["all checkpoints"], "DELETE FROM decisions WHERE seq = 5")
    stored.options.anchors[0].unlink()
    # The first row of the second writer says which checkpoint was there when it began.
    assert "checkpoint 1: was there when a writer began and is not here: dropped" in faults(later)


def test_an_anchor_file_that_is_gone_is_a_fault(stored: Store) -> None:
    stored.options.anchors[0].unlink()
    (result,) = faults(stored)
    assert (
        result == "anchor: the file store-anchor.json is missing: nobody knows whether the newest checkpoints are here"
    )


def test_an_empty_store_in_place_of_a_removed_one_is_named(stored: Store) -> None:
    tables = ("feedback", "card_rules", "cards", "decisions", "checkpoint_heads", "checkpoints", "writers", "ledger")
    run(stored, *(f"DELETE FROM {table}" for table in tables))
    assert "checkpoint 1: stands in the anchor file and is not here: dropped" in faults(stored)


@pytest.mark.usefixtures("stored")
def test_an_older_copy_put_back_is_named_and_going_on_with_it_does_not_hide_it(open_store: Open) -> None:
    later = grown(open_store)
    anchor = read_anchor(later.options.anchors[0])
    run(later, *SHORTENED["the newest checkpoint"])
    once_more = open_store()
    keep(once_more, 1)
    once_more.close()
    assert read_anchor(later.options.anchors[0]) == anchor, "another history does not replace the anchor"
    assert "checkpoint 2: is not the one that stands in the anchor file: the store was rewritten" in faults(later)


def test_a_column_of_a_wrong_type_is_named_and_hides_no_other_fault(stored: Store) -> None:
    if not stored.database.is_sqlite:
        pytest.skip("PostgreSQL takes no value of a wrong type")
    run(
        stored,
        "UPDATE ledger SET seq = 'x' WHERE seq = 7",
        "UPDATE checkpoints SET rows = x'00'",
        "DELETE FROM feedback",
    )
    result = faults(stored)
    assert any("/x: seq holds a value of type text: changed" in each for each in result)
    assert "checkpoints 1: rows holds a value of type blob: changed" in result
    assert any(each.startswith("feedback ") and each.endswith("dropped") for each in result)


def test_tables_of_a_newer_program_are_refused_in_a_sentence(stored: Store, open_store: Open) -> None:
    tamper(stored, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="of a newer program"), open_store().database.reading():
        pass
