"""Predictions, outcomes, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("variant", sa.String(32), nullable=False),
        sa.Column("entity", sa.String(1000)),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("score", sa.Float(53)),
        sa.Column("decision", sa.JSON, nullable=False),
    )
    op.create_index("predictions_by_time", "predictions", ["project", "at", "id"])
    op.create_index("predictions_by_entity", "predictions", ["project", "entity", "at", "id"])
    op.create_index("predictions_by_score", "predictions", ["project", "score", "id"])
    op.create_table(
        "outcomes",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("prediction_id", sa.String(36), sa.ForeignKey("predictions.id"), nullable=False),
        sa.Column("entity", sa.String(1000)),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("observed_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    op.create_index("outcomes_by_prediction", "outcomes", ["prediction_id", "recorded_at", "id"])
    op.create_index("outcomes_by_time", "outcomes", ["project", "recorded_at", "id"])
    op.create_table(
        "events",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(63), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("events_by_time", "events", ["project", "at", "id"])


def downgrade() -> None:
    for table in ("events", "outcomes", "predictions"):
        op.drop_table(table)
