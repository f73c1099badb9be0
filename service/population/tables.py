"""Tables: the rows of all patients as Parquet. The only module of the room that makes Arrow tables.

A file has row groups of a fixed number of rows, whatever the tasks were, so that the same rows are the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from service.population.run_folder import written

Json = dict[str, Any]
ROWS_OF_A_GROUP = 65_536
_LIST = pa.list_(pa.string())
_CARDS = pa.list_(pa.struct([("indicator", pa.string()), ("rules", _LIST)]))

SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "decisions": pa.schema(
            [
                pa.field("patient", pa.string(), nullable=False),
                pa.field("how", pa.string(), nullable=False),
                pa.field("reason", pa.string()),
                pa.field("decision", pa.string()),
                pa.field("age", pa.string()),
                pa.field("sex", pa.string()),
                pa.field("concerned", pa.bool_()),
                pa.field("cards", pa.int32(), nullable=False),
                pa.field("indicator", pa.string()),
                pa.field("rules", _LIST, nullable=False),
                pa.field("notAssessed", _LIST, nullable=False),
                pa.field("resources", pa.int32(), nullable=False),
                pa.field("duplicates", pa.int32(), nullable=False),
                pa.field("leftOut", pa.int32(), nullable=False),
                pa.field("unreadLines", pa.int32(), nullable=False),
                pa.field("unread", pa.int32(), nullable=False),
            ]
        ),
        "cards": pa.schema(
            [
                pa.field("patient", pa.string(), nullable=False),
                pa.field("decision", pa.string(), nullable=False),
                pa.field("place", pa.int32(), nullable=False),
                pa.field("indicator", pa.string(), nullable=False),
                pa.field("rules", _LIST, nullable=False),
                pa.field("topic", pa.string()),
                pa.field("summary", pa.string(), nullable=False),
                pa.field("card", pa.string(), nullable=False),
            ]
        ),
        "visits": pa.schema(
            [
                pa.field("patient", pa.string(), nullable=False),
                pa.field("day", pa.string(), nullable=False),
                pa.field("hook", pa.string(), nullable=False),
                pa.field("concerned", pa.bool_(), nullable=False),
                pa.field("cards", _CARDS, nullable=False),
                pa.field("shown", _CARDS, nullable=False),
                pa.field("notKnown", _LIST, nullable=False),
            ]
        ),
        "impact": pa.schema(
            [
                pa.field("rule", pa.string(), nullable=False),
                pa.field("indicator", pa.string(), nullable=False),
                pa.field("how", pa.string(), nullable=False),
                pa.field("by", pa.string(), nullable=False),
                pa.field("group", pa.string()),
                pa.field("hidden", pa.bool_(), nullable=False),
                pa.field("count", pa.int64()),
                pa.field("per1000", pa.float64()),
            ]
        ),
        "findings": pa.schema(
            [
                pa.field("patient", pa.string(), nullable=False),
                pa.field("finding", pa.string(), nullable=False),
                pa.field("status", pa.string(), nullable=False),
                pa.field("low", pa.float64()),
                pa.field("high", pa.float64()),
                pa.field("unit", pa.string()),
            ]
        ),
    }
)


def batch_of(table: str, rows: list[Json]) -> pa.RecordBatch:
    """Rows as a batch of their table."""
    return pa.RecordBatch.from_pylist(rows, SCHEMAS[table])


def write_parquet(path: Path, table: str, batches: Iterable[pa.RecordBatch], metadata: Mapping[str, str]) -> int:
    """One Parquet file of all rows in their order; ``told`` is written into its metadata. Returns how many."""
    schema = SCHEMAS[table].with_metadata(dict(sorted(metadata.items())))
    count = 0
    with written(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        held: list[pa.RecordBatch] = []
        held_rows = 0
        for batch in batches:
            held.append(batch)
            held_rows += batch.num_rows
            count += batch.num_rows
            while held_rows >= ROWS_OF_A_GROUP:
                whole = pa.Table.from_batches(held).combine_chunks()
                writer.write_table(_under(whole.slice(0, ROWS_OF_A_GROUP), schema), ROWS_OF_A_GROUP)
                rest = whole.slice(ROWS_OF_A_GROUP).combine_chunks()
                held, held_rows = rest.to_batches(), rest.num_rows
        if held_rows or not count:
            whole = pa.Table.from_batches(held, SCHEMAS[table])
            writer.write_table(_under(whole, schema), ROWS_OF_A_GROUP)
    return count


def write_table(path: Path, table: str, rows: list[Json], metadata: Mapping[str, str]) -> int:
    """One Parquet file of a few rows. Returns how many."""
    return write_parquet(path, table, [pa.RecordBatch.from_pylist(rows, SCHEMAS[table])], metadata)


def _under(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows copied into chunks of their own, so that what is written does not depend on where they were cut."""
    return pa.table([column.combine_chunks() for column in table.columns], schema=schema)


def rows_of(path: Path) -> Iterator[Json]:
    """The rows of a Parquet file, a group at a time."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(use_threads=False):
            yield from batch.to_pylist()
