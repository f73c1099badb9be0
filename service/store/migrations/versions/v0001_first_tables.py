"""The first tables: those of the models until 0.1.0 is released; from then on each change is a step of its own."""

from __future__ import annotations

from alembic import op

from service.store.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Refuse: it would delete what must be kept."""
    raise NotImplementedError
