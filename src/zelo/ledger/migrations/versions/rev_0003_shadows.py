"""What other versions said of the same rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "shadows",
        sa.Column("prediction_id", sa.String(36), sa.ForeignKey("predictions.id"), primary_key=True),
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("score", sa.Float(53)),
        sa.Column("decision", sa.JSON, nullable=False),
    )
    op.create_index("shadows_by_time", "shadows", ["project", "version", "at"])


def downgrade() -> None:
    op.drop_table("shadows")
