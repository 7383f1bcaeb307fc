"""The last trigger is found without reading a year of looks and of minutes served."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("events_by_kind", "events", ["project", "kind", "at", "id"])


def downgrade() -> None:
    op.drop_index("events_by_kind", "events")
