"""So many rows of each day of a version's answers, the same ones in every look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from zelo.ledger.schema import predictions
from zelo.ledger.store import Ledger

DAY = timedelta(days=1)
_EPOCH = datetime.fromtimestamp(0, UTC)
_DAY = DAY // timedelta(microseconds=1)
_DIGITS = 8
_TAIL = sa.func.substr(predictions.c.id, 37 - _DIGITS)
"""An id is 36 signs long, and its last ones are random hexadecimal digits."""


class Sampled(NamedTuple):
    """What a test of drift reads of an answer."""

    at: datetime
    inputs: Mapping[str, Any]
    score: float | None


def first_answer(ledger: Ledger, project: str, version: str) -> datetime | None:
    """When a version answered first; ``None`` where it never did.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    query = sa.select(predictions.c.at).where(
        predictions.c.project == project, predictions.c.version == version
    )
    with ledger.reading_answers() as connection:
        found: datetime | None = connection.execute(query.order_by(predictions.c.at).limit(1)).scalar()
    return found


def sample(
    ledger: Ledger, project: str, version: str, *, since: datetime, until: datetime, rows_a_day: int
) -> list[Sampled]:
    """About ``rows_a_day`` of a version's answers of each day (UTC), all of a smaller day; the oldest first.

    Rows are taken by the last digits of their ids: by chance, and without a memory. A day's share is that of
    the busiest of itself and the week before it, so that a day that goes on like those before it keeps the
    rows that earlier looks have read.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    asked = (predictions.c.project == project, predictions.c.version == version)
    query = (
        sa.select(predictions.c.at, predictions.c.inputs, predictions.c.score)
        .where(*asked)
        .order_by(predictions.c.at, predictions.c.id)
    )
    found: list[Sampled] = []
    with ledger.reading_answers() as connection:
        counts = _by_day(connection, asked, since - 7 * DAY, until)
        for below, days in groupby(sorted(counts), key=lambda day: _below(counts, day, rows_a_day)):
            some = list(days)
            start = max(_start(some[0]), since)
            end = min(_start(some[-1] + 1), until)
            wanted = query.where(predictions.c.at >= start, predictions.c.at < end)
            if below is not None:
                wanted = wanted.where(below > _TAIL)
            if start < end:
                found += [Sampled(*row) for row in connection.execute(wanted)]
    return found


def counts_before(ledger: Ledger, project: str, until: datetime, *, days: int) -> list[int]:
    """A project's predictions of each of the last days, of 24 hours each, the newest first.

    It goes back to the first day with any, and no farther than ``days``; empty where there is none.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    end = (until - _EPOCH) // timedelta(microseconds=1)
    ago = (sa.literal(end - 1, sa.BigInteger) - sa.type_coerce(predictions.c.at, sa.BigInteger)) // _DAY
    query = (
        sa.select(ago, sa.func.count())
        .where(
            predictions.c.project == project, predictions.c.at >= until - days * DAY, predictions.c.at < until
        )
        .group_by(ago)
    )
    with ledger.reading_answers() as connection:
        counts = {int(number): int(rows) for number, rows in connection.execute(query)}
    return [counts.get(number, 0) for number in range(max(counts, default=-1) + 1)]


def _by_day(
    connection: sa.Connection, asked: tuple[sa.ColumnElement[bool], ...], since: datetime, until: datetime
) -> dict[int, int]:
    """Days since 1970 with the version's answers on each; days without any are left out."""
    day = sa.type_coerce(predictions.c.at, sa.BigInteger) // _DAY
    query = (
        sa.select(day, sa.func.count())
        .where(*asked, predictions.c.at >= since, predictions.c.at < until)
        .group_by(day)
    )
    return {int(number): int(rows) for number, rows in connection.execute(query)}


def _below(counts: Mapping[int, int], day: int, rows_a_day: int) -> str | None:
    """The digits that a row's must be below to be read on a day; ``None`` where all rows are."""
    busiest = max(counts.get(before, 0) for before in range(day - 7, day + 1))
    if busiest <= rows_a_day:
        return None
    return f"{int(16**_DIGITS * rows_a_day / busiest):0{_DIGITS}x}"


def _start(day: int) -> datetime:
    return _EPOCH + day * DAY
