"""The tables of the store. Their comments are the documentation: ``docs/store.md`` is generated from them.

Times are text in one form, UTC to the microsecond (``2026-03-01T09:00:00.000000Z``), so that both databases
hold the same bytes and text order is time order. Nothing here ever holds a resource, a name, an identifier or
free text of a patient's record.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

_TIME = String(27)
_HASH = String(64)
_UUID = String(36)
_NAME = String(128)
_DAY = String(10)
CARD_LENGTH = 512

ledger = Table(
    "ledger",
    metadata,
    Column("writer", String(16), primary_key=True, comment="Which writer (a process) wrote the row; see writers."),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="1, 2, 3 … per writer, without gaps."),
    Column("key", String(32), nullable=False, comment="Id of the key under which hash was made."),
    Column(
        "kind",
        String(16),
        nullable=False,
        comment="What the row says: begin (a writer starts), rule-set (a rule set comes into use), decision, "
        "feedback, or tombstone (older rows were deleted).",
    ),
    Column("at", _TIME, nullable=False, comment="When it was written."),
    Column(
        "body",
        Text,
        nullable=False,
        comment="Everything said, as JSON with sorted keys. The other tables repeat parts of it so that they can be "
        "searched; where they differ from it, they are wrong and store verify says so.",
    ),
    Column("previous", _HASH, nullable=False, comment="hash of the row before it of the same writer; 64 zeros first."),
    Column(
        "hash",
        _HASH,
        nullable=False,
        comment="HMAC-SHA-256 over writer, seq, key, kind, at, previous and body, joined by tabs, as hexadecimal "
        "digits: nobody without the key can make, change or add a row.",
    ),
    comment="The one table that counts: everything recorded, one row each, chained per writer so that a changed, "
    "dropped, inserted or swapped row shows.",
)

writers = Table(
    "writers",
    metadata,
    Column("id", String(16), primary_key=True, comment="A random name, made when the process first wrote."),
    Column("begun", _TIME, nullable=False, comment="When it first wrote."),
    Column("service_version", String(32), nullable=False, comment="Version of the program."),
    comment="The processes that wrote. From the begin rows of the ledger.",
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _UUID, primary_key=True, comment="Id of the decision, as in extension sciatica-cds.why of its cards."),
    Column("writer", String(16), nullable=False, comment="With seq: its row in the ledger."),
    Column("seq", BigInteger, nullable=False, comment="With writer: its row in the ledger."),
    Column("at", _TIME, nullable=False, comment="The time for which was decided."),
    Column("service", _NAME, nullable=False, comment="Id of the CDS service that was called."),
    Column("hook", _NAME, nullable=False, comment="The moment in care, such as order-sign."),
    Column("hook_instance", _UUID, comment="The client's id of the call when it is a UUID, else nothing."),
    Column("issuer", Text, comment="Who called, as its token says; nothing when callers are not authenticated."),
    Column("ruleset", _HASH, nullable=False, comment="Digest of the rule set; see rule_sets."),
    Column("patient", _HASH, comment="HMAC-SHA-256 of the patient's id under the key below; never the id."),
    Column("patient_key", String(32), comment="Id of the key under which patient was made."),
    Column("cards", Integer, nullable=False, comment="How many cards were shown; the cards are in cards."),
    Column(
        "gate",
        String(8),
        comment="skipped: the gate showed that nothing can be said, so nothing was decided; in full: decided all the "
        "same, as one of a hundred; nothing: decided.",
    ),
    Column("problems", Integer, nullable=False, comment="How many parts of the input could not be used."),
    Column("microseconds", Integer, nullable=False, comment="Time from the arrival of the call to its answer."),
    Index("decisions_at", "at"),
    Index("decisions_patient", "patient", "at"),
    comment="One row per answered call. Findings, rules and circumstances are in the body of its row in the ledger.",
)

cards = Table(
    "cards",
    metadata,
    Column("uuid", _UUID, primary_key=True, comment="uuid of the card, by which the client reports feedback."),
    Column("decision", _UUID, nullable=False, comment="The decision it came from."),
    Column("indicator", String(8), nullable=False, comment="info, warning or critical."),
    comment="One row per card shown.",
    sqlite_with_rowid=False,
)

card_rules = Table(
    "card_rules",
    metadata,
    Column("card", _UUID, primary_key=True, comment="uuid of the card."),
    Column("rule", _NAME, primary_key=True, comment="Id of a rule on it."),
    Column("version", String(32), nullable=False, comment="Version of the rule."),
    Column(
        "shown",
        Integer,
        nullable=False,
        comment="1: the card shows it; 0: suppressed by a more severe rule of its family.",
    ),
    Index("card_rules_rule", "rule", "version", "shown"),
    comment="Which rules stand on which card. A card of further advice has several.",
)

feedback = Table(
    "feedback",
    metadata,
    Column("event", _HASH, primary_key=True, comment="SHA-256 of what was reported: the same report twice is one row."),
    Column("writer", String(16), nullable=False, comment="With seq: its first row in the ledger."),
    Column("seq", BigInteger, nullable=False, comment="With writer: its first row in the ledger."),
    Column(
        "card", String(CARD_LENGTH), nullable=False, comment="uuid of the card. A card that is not in cards is unknown."
    ),
    Column("service", _NAME, nullable=False, comment="Id of the service to which was reported."),
    Column("outcome", String(16), nullable=False, comment="accepted or overridden."),
    Column("outcome_at", _TIME, nullable=False, comment="When the clinician acted, as the client says."),
    Column("received_at", _TIME, nullable=False, comment="When the report arrived."),
    Column("reason", _NAME, comment="Code of the override reason when the rule set knows it; other when it does not."),
    Column("comment", Text, comment="The clinician's comment, only where the operator chose to keep comments."),
    Column("issuer", Text, comment="Who reported, as its token says."),
    Index("feedback_card", "card"),
    comment="What clinicians did with cards, as clients reported it. The latest outcome_at of a card counts.",
)

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("digest", _HASH, primary_key=True, comment="Names exactly this content."),
    Column("name", _NAME, nullable=False, comment="Name of the rule set."),
    Column("version", String(32), nullable=False, comment="Its version."),
    Column("first_used", _TIME, nullable=False, comment="When it was first used here."),
    Column("settings", Text, nullable=False, comment="The settings under which it was loaded, as JSON."),
    Column(
        "findings",
        Text,
        nullable=False,
        comment="Names of all findings as a JSON list. Letter n of `findings` in the body of a decision is the status "
        "of finding n: p present, a absent, u unknown, n unknown and named on a card as not recorded, w unknown so "
        "that a warning could not be decided, m and v the same for a number that is present but not exact enough, "
        "- not asked under this hook.",
    ),
    Column(
        "rules",
        Text,
        nullable=False,
        comment="Ids and versions of all rules as a JSON list of pairs. Letter n of `rules` in the body of a decision "
        "is what became of rule n: f fired, s stopped, u not enough data, - not asked under this hook.",
    ),
    comment="Every rule set that ever decided.",
)

rule_set_files = Table(
    "rule_set_files",
    metadata,
    Column("digest", _HASH, primary_key=True, comment="The rule set."),
    Column("pack", LargeBinary, nullable=False, comment="All its files, as a tar archive compressed with gzip."),
    comment="The files of every rule set that ever decided, kept whole, so that an old decision can be made again.",
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="1, 2, 3 … without gaps."),
    Column("at", _TIME, nullable=False, comment="When it was made."),
    Column("rows", BigInteger, nullable=False, comment="How many ledger rows were joined so far, deleted ones too."),
    Column("previous", _HASH, nullable=False, comment="hash of the checkpoint before it; 64 zeros first."),
    Column(
        "hash",
        _HASH,
        nullable=False,
        comment="SHA-256 over number, at, rows, previous and then writer, seq and hash of each of its heads in the "
        "order of the writers, joined by tabs.",
    ),
    Column("key", String(32), nullable=False, comment="Id of the key that signed it."),
    Column("signature", _HASH, nullable=False, comment="HMAC-SHA-256 of hash: only the service can make a checkpoint."),
    comment="Joins the chains of the writers. Each is logged too: keep the log elsewhere and nobody can rewrite both.",
)

checkpoint_heads = Table(
    "checkpoint_heads",
    metadata,
    Column("writer", String(16), primary_key=True, comment="A writer that wrote since the checkpoint before."),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="Its last row at that moment."),
    Column("hash", _HASH, nullable=False, comment="hash of that row."),
    Column("checkpoint", BigInteger, nullable=False, comment="Number of the checkpoint."),
    Index("checkpoint_heads_checkpoint", "checkpoint"),
    comment="How far each chain was at a checkpoint.",
    sqlite_with_rowid=False,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("writer", String(16), primary_key=True, comment="Whose rows were deleted."),
    Column("last_seq", BigInteger, primary_key=True, autoincrement=False, comment="Rows up to this one were deleted."),
    Column("last_hash", _HASH, nullable=False, comment="hash of the last deleted row, to which the next one refers."),
    Column("count", BigInteger, nullable=False, comment="How many rows were deleted."),
    Column("before", _TIME, nullable=False, comment="Everything of this writer older than this was deleted."),
    Column("by_writer", String(16), nullable=False, comment="With by_seq: the tombstone row in the ledger."),
    Column("by_seq", BigInteger, nullable=False, comment="With by_writer: the tombstone row in the ledger."),
    comment="What was deleted by age. From the tombstone rows of the ledger.",
)

radar_days = Table(
    "radar_days",
    metadata,
    Column("day", _DAY, primary_key=True, comment="The day of the calls, UTC."),
    Column("issuer", Text, primary_key=True, comment="Who called, as its token says; empty where nobody asks."),
    Column("service", _NAME, primary_key=True, comment="Id of the CDS service that was called."),
    Column("ruleset", _HASH, primary_key=True, comment="Digest of the rule set; see rule_sets."),
    Column("calls", Integer, nullable=False, comment="How many calls were answered."),
    Column("gated", Integer, nullable=False, comment="Of these, how many the gate let pass: nothing could be said."),
    Column(
        "findings",
        Text,
        nullable=False,
        comment="In how many calls each finding was present, in the order of `findings` of the rule set, then the same "
        "for absent, then for unknown: four bytes a number, the highest first, all as base64. A finding that was not "
        "asked counts in none, and calls that the gate let pass in no finding.",
    ),
    Column(
        "prefetch",
        Text,
        nullable=False,
        comment="As JSON, by prefetch key and by what arrived under it, after fetching: in how many calls.",
    ),
    comment="Data radar: counts of what arrived, added in the transaction that drains a decision, once for each. "
    "Counts of nobody: no row says which patient, and store verify does not look at them. A day goes when decisions "
    "of its age are deleted.",
)

radar_codes = Table(
    "radar_codes",
    metadata,
    Column("day", _DAY, primary_key=True, comment="The day of the calls, UTC."),
    Column("issuer", Text, primary_key=True, comment="Who called, as its token says; empty where nobody asks."),
    Column("type", String(32), primary_key=True, comment="Resource type."),
    Column("system", String(256), primary_key=True, comment="Code system as sent; empty where none was sent."),
    Column("code", _NAME, primary_key=True, comment="The code as sent."),
    Column(
        "unit",
        String(32),
        primary_key=True,
        comment="Empty: nothing reads the code. (read): it is read. Else nothing reads the unit.",
    ),
    Column("display", _NAME, comment="What the code is called, when three patients had it in the same words."),
    Column(
        "calls",
        Integer,
        nullable=False,
        comment="In about how many calls, of a code that is read of how many patients.",
    ),
    comment="Data radar: codes, those that are read and those that are not, and units that are not. A code is counted "
    "from the third patient on who has it in the same process, so that no row can be about one person; the row of type "
    "Patient says how many patients were looked at. Under load one call stands for several. A process that is killed "
    "loses what it saw last.",
)
