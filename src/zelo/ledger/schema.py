"""The ledger's tables, portable between SQLite and PostgreSQL. ``migrations`` makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

    _DateTimeType = TypeDecorator[datetime]
else:
    _DateTimeType = TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


class UtcMicroseconds(_DateTimeType):
    """A moment as whole microseconds since 1970 in UTC: exact, and the same in every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


metadata = sa.MetaData()

predictions = sa.Table(
    "predictions",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("variant", sa.String(32), nullable=False),
    sa.Column("entity", sa.String(1000)),
    sa.Column("at", UtcMicroseconds, nullable=False),
    sa.Column("inputs", sa.JSON, nullable=False),
    sa.Column("score", sa.Float(53)),
    sa.Column("decision", sa.JSON, nullable=False),
    # Without the id: of rows at the same moment few are sorted, and each index is half as large.
    sa.Index("predictions_by_time", "project", "at"),
    sa.Index("predictions_by_entity", "project", "entity", "at"),
    sa.Index("predictions_by_score", "project", "score"),
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", UtcMicroseconds, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("fault", sa.Text),
    # An id is never given twice: who settles names by it what it has read.
    sqlite_autoincrement=True,
)

shadows = sa.Table(
    "shadows",
    metadata,
    sa.Column("prediction_id", sa.String(36), sa.ForeignKey("predictions.id"), primary_key=True),
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("at", UtcMicroseconds, nullable=False),
    sa.Column("score", sa.Float(53)),
    sa.Column("decision", sa.JSON, nullable=False),
    sa.Index("shadows_by_time", "project", "version", "at"),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("prediction_id", sa.String(36), sa.ForeignKey("predictions.id"), nullable=False),
    sa.Column("entity", sa.String(1000)),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("observed_at", UtcMicroseconds, nullable=False),
    sa.Column("recorded_at", UtcMicroseconds, nullable=False),
    sa.Index("outcomes_by_prediction", "prediction_id", "recorded_at", "id"),
    sa.Index("outcomes_by_time", "project", "recorded_at", "id"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("kind", sa.String(63), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("at", UtcMicroseconds, nullable=False),
    sa.Index("events_by_time", "project", "at", "id"),
    sa.Index("events_by_kind", "project", "kind", "at", "id"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("requested_by", sa.String(200), nullable=False),
    sa.Column("created_at", UtcMicroseconds, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("worker", sa.String(200)),
    sa.Column("started_at", UtcMicroseconds),
    sa.Column("beat_at", UtcMicroseconds),
    sa.Column("finished_at", UtcMicroseconds),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("progress", sa.JSON, nullable=False),
    sa.Column("result", sa.JSON),
    sa.Column("error", sa.JSON),
    sa.Index("jobs_by_state", "state", "created_at", "id"),
    sa.Index("jobs_by_project", "project", "created_at", "id"),
)

job_lines = sa.Table(
    "job_lines",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("job_id", sa.String(36), sa.ForeignKey("jobs.id"), nullable=False),
    sa.Column("at", UtcMicroseconds, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Index("job_lines_by_job", "job_id", "id"),
)

configs = sa.Table(
    "configs",
    metadata,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcMicroseconds, nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("projects", sa.JSON),
    sa.Column("per_minute", sa.Integer),
    sa.Column("created_at", UtcMicroseconds, nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False),
    sa.Column("expires_at", UtcMicroseconds),
    sa.Column("revoked_at", UtcMicroseconds),
)
