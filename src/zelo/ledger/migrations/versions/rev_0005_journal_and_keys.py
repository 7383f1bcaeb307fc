"""Answers are kept in a journal first, and callers have keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


_INDEXES = {"time": ["at"], "entity": ["entity", "at"], "score": ["score"]}


def upgrade() -> None:
    _index_predictions()
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("fault", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("projects", sa.JSON),
        sa.Column("per_minute", sa.Integer),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )


def downgrade() -> None:
    _index_predictions("id")
    op.drop_table("api_keys")
    op.drop_table("journal")


def _index_predictions(*last: str) -> None:
    for name, columns in _INDEXES.items():
        op.drop_index(f"predictions_by_{name}", "predictions")
        op.create_index(f"predictions_by_{name}", "predictions", ["project", *columns, *last])
