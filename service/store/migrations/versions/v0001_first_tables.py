"""The first tables."""

# ruff: noqa: E501  # the words are those of the tables, which the database keeps too

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "card_rules",
        sa.Column("card", sa.String(length=36), nullable=False, comment="uuid of the card."),
        sa.Column("rule", sa.String(length=128), nullable=False, comment="Id of a rule on it."),
        sa.Column("version", sa.String(length=32), nullable=False, comment="Version of the rule."),
        sa.Column(
            "speaks",
            sa.Integer(),
            nullable=False,
            comment="1: the card says it; 0: a louder rule of its family covers it.",
        ),
        sa.PrimaryKeyConstraint("card", "rule"),
        comment="Which rules stand on which card. A card of further advice has several.",
        sqlite_with_rowid=False,
    )
    op.create_index("card_rules_rule", "card_rules", ["rule", "version", "speaks"], unique=False)
    op.create_table(
        "cards",
        sa.Column(
            "uuid",
            sa.String(length=36),
            nullable=False,
            comment="uuid of the card, by which the client reports feedback.",
        ),
        sa.Column("decision", sa.String(length=36), nullable=False, comment="The decision it came from."),
        sa.Column("indicator", sa.String(length=8), nullable=False, comment="info, warning or critical."),
        sa.PrimaryKeyConstraint("uuid"),
        comment="One row per card shown.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoint_heads",
        sa.Column(
            "writer", sa.String(length=16), nullable=False, comment="A writer that wrote since the checkpoint before."
        ),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="Its last row at that moment."),
        sa.Column("hash", sa.String(length=64), nullable=False, comment="hash of that row."),
        sa.Column("checkpoint", sa.BigInteger(), nullable=False, comment="Number of the checkpoint."),
        sa.PrimaryKeyConstraint("writer", "seq"),
        comment="How far each chain was at a checkpoint.",
        sqlite_with_rowid=False,
    )
    op.create_index("checkpoint_heads_checkpoint", "checkpoint_heads", ["checkpoint"], unique=False)
    op.create_table(
        "checkpoints",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="1, 2, 3 … without gaps."),
        sa.Column("at", sa.String(length=27), nullable=False, comment="When it was made."),
        sa.Column(
            "rows",
            sa.BigInteger(),
            nullable=False,
            comment="How many ledger rows were joined so far, deleted ones too.",
        ),
        sa.Column(
            "previous",
            sa.String(length=64),
            nullable=False,
            comment="hash of the checkpoint before it; 64 zeros first.",
        ),
        sa.Column(
            "hash",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 over number, at, rows, previous and then writer, seq and hash of each of its heads in the order of the writers, joined by tabs.",
        ),
        sa.Column("key", sa.String(length=32), nullable=False, comment="Id of the key that sealed it."),
        sa.Column(
            "seal",
            sa.String(length=64),
            nullable=False,
            comment="HMAC-SHA-256 of hash: only the service can make a checkpoint.",
        ),
        sa.PrimaryKeyConstraint("number"),
        comment="Joins the chains of the writers. Each is logged too: keep the log elsewhere and nobody can rewrite both.",
    )
    op.create_table(
        "decisions",
        sa.Column(
            "id",
            sa.String(length=36),
            nullable=False,
            comment="Id of the decision, as in extension sciatica-cds.why of its cards.",
        ),
        sa.Column("writer", sa.String(length=16), nullable=False, comment="With seq: its row in the ledger."),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="With writer: its row in the ledger."),
        sa.Column("at", sa.String(length=27), nullable=False, comment="The time for which was decided."),
        sa.Column("service", sa.String(length=128), nullable=False, comment="Id of the CDS service that was called."),
        sa.Column("hook", sa.String(length=128), nullable=False, comment="The moment in care, such as order-sign."),
        sa.Column(
            "hook_instance",
            sa.String(length=36),
            nullable=True,
            comment="The client's id of the call when it is a UUID, else nothing.",
        ),
        sa.Column(
            "issuer",
            sa.Text(),
            nullable=True,
            comment="Who called, as its token says; nothing when callers are not authenticated.",
        ),
        sa.Column("ruleset", sa.String(length=64), nullable=False, comment="Digest of the rule set; see rule_sets."),
        sa.Column(
            "patient",
            sa.String(length=64),
            nullable=True,
            comment="HMAC-SHA-256 of the patient's id under the key below; never the id.",
        ),
        sa.Column(
            "patient_key", sa.String(length=32), nullable=True, comment="Id of the key under which patient was made."
        ),
        sa.Column("cards", sa.Integer(), nullable=False, comment="How many cards were shown; the cards are in cards."),
        sa.Column("problems", sa.Integer(), nullable=False, comment="How many parts of the input could not be used."),
        sa.Column(
            "microseconds", sa.Integer(), nullable=False, comment="Time from the arrival of the call to its answer."
        ),
        sa.PrimaryKeyConstraint("id"),
        comment="One row per answered call. Findings, rules and circumstances are in the body of its row in the ledger.",
    )
    op.create_index("decisions_at", "decisions", ["at"], unique=False)
    op.create_index("decisions_patient", "decisions", ["patient", "at"], unique=False)
    op.create_table(
        "feedback",
        sa.Column(
            "event",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of what was reported: the same report twice is one row.",
        ),
        sa.Column("writer", sa.String(length=16), nullable=False, comment="With seq: its first row in the ledger."),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="With writer: its first row in the ledger."),
        sa.Column(
            "card",
            sa.String(length=512),
            nullable=False,
            comment="uuid of the card. A card that is not in cards is unknown.",
        ),
        sa.Column("service", sa.String(length=128), nullable=False, comment="Id of the service to which was reported."),
        sa.Column("outcome", sa.String(length=16), nullable=False, comment="accepted or overridden."),
        sa.Column(
            "outcome_at", sa.String(length=27), nullable=False, comment="When the clinician acted, as the client says."
        ),
        sa.Column("received_at", sa.String(length=27), nullable=False, comment="When the report arrived."),
        sa.Column(
            "reason",
            sa.String(length=128),
            nullable=True,
            comment="Code of the override reason when the rule set knows it; other when it does not.",
        ),
        sa.Column(
            "comment",
            sa.Text(),
            nullable=True,
            comment="The clinician's comment, only where the operator chose to keep comments.",
        ),
        sa.Column("issuer", sa.Text(), nullable=True, comment="Who reported, as its token says."),
        sa.PrimaryKeyConstraint("event"),
        comment="What clinicians did with cards, as clients reported it. The latest outcome_at of a card counts.",
    )
    op.create_index("feedback_card", "feedback", ["card"], unique=False)
    op.create_table(
        "ledger",
        sa.Column(
            "writer",
            sa.String(length=16),
            nullable=False,
            comment="Which writer (a process) wrote the row; see writers.",
        ),
        sa.Column(
            "seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="1, 2, 3 … per writer, without gaps."
        ),
        sa.Column("key", sa.String(length=32), nullable=False, comment="Id of the key under which hash was made."),
        sa.Column(
            "kind",
            sa.String(length=16),
            nullable=False,
            comment="What the row says: begin (a writer starts), rule-set (a rule set comes into use), decision, feedback, or tombstone (older rows were deleted).",
        ),
        sa.Column("at", sa.String(length=27), nullable=False, comment="When it was written."),
        sa.Column(
            "body",
            sa.Text(),
            nullable=False,
            comment="Everything said, as JSON with sorted keys. The other tables repeat parts of it so that they can be searched; where they differ from it, they are wrong and audit verify says so.",
        ),
        sa.Column(
            "previous",
            sa.String(length=64),
            nullable=False,
            comment="hash of the row before it of the same writer; 64 zeros first.",
        ),
        sa.Column(
            "hash",
            sa.String(length=64),
            nullable=False,
            comment="HMAC-SHA-256 over writer, seq, key, kind, at, previous and body, joined by tabs, as hexadecimal digits: nobody without the key can make, change or add a row.",
        ),
        sa.PrimaryKeyConstraint("writer", "seq"),
        comment="The one table that counts: every remembered thing, one row each, chained per writer so that a changed, dropped, inserted or swapped row shows.",
    )
    op.create_table(
        "rule_set_files",
        sa.Column("digest", sa.String(length=64), nullable=False, comment="The rule set."),
        sa.Column(
            "pack", sa.LargeBinary(), nullable=False, comment="All its files, as a tar archive compressed with gzip."
        ),
        sa.PrimaryKeyConstraint("digest"),
        comment="The files of every rule set that ever decided, kept whole, so that an old decision can be made again.",
    )
    op.create_table(
        "rule_sets",
        sa.Column("digest", sa.String(length=64), nullable=False, comment="Names exactly this content."),
        sa.Column("name", sa.String(length=128), nullable=False, comment="Name of the rule set."),
        sa.Column("version", sa.String(length=32), nullable=False, comment="Its version."),
        sa.Column("first_used", sa.String(length=27), nullable=False, comment="When it was first used here."),
        sa.Column("settings", sa.Text(), nullable=False, comment="The settings under which it was loaded, as JSON."),
        sa.Column(
            "findings",
            sa.Text(),
            nullable=False,
            comment="Names of all findings as a JSON list. Letter n of `findings` in the body of a decision is the status of finding n: p present, a absent, u unknown, n unknown and named on a card as not recorded, w unknown so that a warning could not be decided, m and v the same for a number that is present but not exact enough, - not asked under this hook.",
        ),
        sa.Column(
            "rules",
            sa.Text(),
            nullable=False,
            comment="Ids and versions of all rules as a JSON list of pairs. Letter n of `rules` in the body of a decision is what became of rule n: f fired, s stopped, u not enough data, - not asked under this hook.",
        ),
        sa.PrimaryKeyConstraint("digest"),
        comment="Every rule set that ever decided.",
    )
    op.create_table(
        "tombstones",
        sa.Column("writer", sa.String(length=16), nullable=False, comment="Whose rows were deleted."),
        sa.Column(
            "last_seq",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="Rows up to this one were deleted.",
        ),
        sa.Column(
            "last_hash",
            sa.String(length=64),
            nullable=False,
            comment="hash of the last deleted row, to which the next one refers.",
        ),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="How many rows were deleted."),
        sa.Column(
            "before",
            sa.String(length=27),
            nullable=False,
            comment="Everything of this writer older than this was deleted.",
        ),
        sa.Column(
            "by_writer", sa.String(length=16), nullable=False, comment="With by_seq: the tombstone row in the ledger."
        ),
        sa.Column(
            "by_seq", sa.BigInteger(), nullable=False, comment="With by_writer: the tombstone row in the ledger."
        ),
        sa.PrimaryKeyConstraint("writer", "last_seq"),
        comment="What was deleted by age. From the tombstone rows of the ledger.",
    )
    op.create_table(
        "writers",
        sa.Column(
            "id", sa.String(length=16), nullable=False, comment="A random name, made when the process first wrote."
        ),
        sa.Column("begun", sa.String(length=27), nullable=False, comment="When it first wrote."),
        sa.Column("service_version", sa.String(length=32), nullable=False, comment="Version of the program."),
        sa.PrimaryKeyConstraint("id"),
        comment="The processes that wrote. From the begin rows of the ledger.",
    )


def downgrade() -> None:
    """Refuse: it would delete what must be remembered."""
    raise NotImplementedError
