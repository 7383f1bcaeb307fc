"""Logged traffic for another version to score: what was asked, with the truth where it is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from zelo.ledger.schema import outcomes, predictions
from zelo.ledger.store import Ledger

_DIGITS = 6
_TAIL = sa.func.substr(predictions.c.id, 37 - _DIGITS)
"""An id is 36 signs long, and its last ones are random hexadecimal digits."""
_NEWER = outcomes.alias("newer")
_IS_LAST = ~sa.exists().where(
    _NEWER.c.prediction_id == outcomes.c.prediction_id,
    sa.tuple_(_NEWER.c.recorded_at, _NEWER.c.id) > sa.tuple_(outcomes.c.recorded_at, outcomes.c.id),
)


class Logged(NamedTuple):
    """One answered prediction; ``truth`` is the outcome recorded last, ``None`` where there is none."""

    id: str
    at: datetime
    inputs: Mapping[str, Any]
    truth: Any


def logged(
    ledger: Ledger, project: str, *, since: datetime, until: datetime, most: int
) -> tuple[int, list[Logged]]:
    """How many predictions there are from ``since`` on and before ``until``, and about ``most`` of them.

    Where there are more, rows are taken by the last digits of their ids: by chance, and the same ones again.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    rows = ledger.count(project, since=since, until=until)
    last = sa.and_(outcomes.c.prediction_id == predictions.c.id, _IS_LAST)
    query = (
        sa.select(predictions.c.id, predictions.c.at, predictions.c.inputs, outcomes.c.value)
        .select_from(predictions.outerjoin(outcomes, last))
        .where(predictions.c.project == project, predictions.c.at >= since, predictions.c.at < until)
        .order_by(predictions.c.at, predictions.c.id)
    )
    if rows > most:
        below = f"{16**_DIGITS * most // rows:0{_DIGITS}x}"
        query = query.where(_TAIL.op("<")(below))
    with ledger.reading_answers() as connection:
        return rows, [Logged(*row) for row in connection.execute(query)]


def new_outcomes(ledger: Ledger, project: str, *, after: datetime) -> int:
    """How many predictions got an outcome that was recorded after a moment.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    query = sa.select(sa.func.count(outcomes.c.prediction_id.distinct())).where(
        outcomes.c.project == project, outcomes.c.recorded_at > after
    )
    with ledger.reading() as connection:
        return int(connection.execute(query).scalar_one())


def judged_between(ledger: Ledger, project: str, *, after: datetime, until: datetime) -> list[Logged]:
    """Predictions whose last outcome was recorded after a moment and not after another, in that order.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    query = (
        sa.select(predictions.c.id, predictions.c.at, predictions.c.inputs, outcomes.c.value)
        .join(outcomes, outcomes.c.prediction_id == predictions.c.id)
        .where(
            outcomes.c.project == project,
            outcomes.c.recorded_at > after,
            outcomes.c.recorded_at <= until,
            _IS_LAST,
        )
        .order_by(outcomes.c.recorded_at, outcomes.c.id)
    )
    with ledger.reading() as connection:
        return [Logged(*row) for row in connection.execute(query)]
