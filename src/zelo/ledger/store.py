"""The ledger: what is recorded has reached the disk when the call returns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, Self

import sqlalchemy as sa

from zelo.errors import LedgerError
from zelo.ledger.engine import current_revision, explained, open_engine, place, upgrade
from zelo.ledger.journal import Journal, Waiting
from zelo.ledger.records import (
    Event,
    Judged,
    Outcome,
    OutcomeCounts,
    OutcomeRecord,
    PredictionRecord,
    ShadowRecord,
    new_id,
    utc_now,
)
from zelo.ledger.schema import events, outcomes, predictions

Order = Literal["newest", "oldest", "score"]
BUSY_TIMEOUT = 5.0
_NAMES_A_QUERY = 500


class Ledger:
    """Safe to share between threads; several processes may have the same ledger open.

    Every method raises :class:`LedgerError` where the database cannot be read or written: it is locked
    for longer than ``busy_timeout`` seconds, the disk is full, the file is damaged.
    """

    def __init__(self, engine: sa.Engine, *, busy_timeout: float, now: Callable[[], datetime]) -> None:
        self.engine = engine
        self._busy_timeout = busy_timeout
        self.now = now
        self._journal = Journal(engine, busy_timeout=busy_timeout, now=now)

    @classmethod
    def open(
        cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT, now: Callable[[], datetime] = utc_now
    ) -> Self:
        """Open the ledger at a SQLAlchemy URL; make it, or bring its tables up to date, where needed."""
        ledger = cls(open_engine(url, busy_timeout=busy_timeout), busy_timeout=busy_timeout, now=now)
        try:
            with ledger._explained():
                upgrade(ledger.engine)
        except LedgerError:
            ledger.close()
            raise
        return ledger

    def close(self) -> None:
        """Let go of every connection. A closed ledger opens new ones when it is used again."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def place(self) -> str:
        """Where it is: a file, or a URL without its password."""
        return place(self.engine)

    def revision(self) -> str | None:
        """The revision of its tables: the cheapest proof that it can be read."""
        with self.reading() as connection:
            return current_revision(connection)

    def record_predictions(
        self, records: Sequence[PredictionRecord], shadows: Sequence[ShadowRecord] = ()
    ) -> None:
        """Write all of them in one transaction, or none: as an entry of the journal, until it is settled.

        ``shadows`` are what another version said of some of ``records``.
        """
        if records:
            self._journal.append(records, shadows)

    def settle(self) -> None:
        """Move what is in the journal to its tables: to be called every so often beside answering.

        Whoever reads answers does it too, so that what was recorded is found at once.
        """
        self._journal.settle(step_back=True)

    def checkpoint(self) -> None:
        """Copy what SQLite's log holds into its file, where that is due; elsewhere there is nothing to do."""
        self._journal.checkpoint()

    def waiting(self) -> Waiting:
        """What is in the journal."""
        return self._journal.waiting()

    def record_outcomes(self, project: str, records: Sequence[OutcomeRecord]) -> OutcomeCounts:
        """Join each truth to its prediction and store it, in one transaction.

        One that names an entity belongs to the entity's latest prediction at or before ``observed_at``.
        A second outcome of a prediction is stored beside the first, and is the one that is read.
        """
        with self.reading_answers() as connection:
            joined = _joined_ids(connection, project, records)
            ids = {found for found in joined if found is not None}
            seen = set(_existing(connection, outcomes.c.prediction_id, project, ids))
        now = self.now()
        rows: list[dict[str, Any]] = []
        repeated = 0
        for record, prediction_id in zip(records, joined, strict=True):
            if prediction_id is None:
                continue
            repeated += prediction_id in seen
            seen.add(prediction_id)
            facts = {**asdict(record), "prediction_id": prediction_id}
            rows.append({"id": new_id(), "project": project, "recorded_at": now, **facts})
        if rows:
            with self.writing() as connection:
                connection.execute(sa.insert(outcomes), rows)
        unknown = tuple(position for position, found in enumerate(joined) if found is None)
        return OutcomeCounts(joined=len(rows), repeated=repeated, unknown=unknown)

    def record_event(
        self, project: str, kind: str, actor: str, reason: str, payload: Mapping[str, Any] | None = None
    ) -> Event:
        """Write down what happened, now."""
        event = Event(new_id(), project, kind, actor, reason, self.now(), payload or {})
        with self.writing() as connection:
            connection.execute(sa.insert(events), asdict(event))
        return event

    def prediction(self, prediction_id: str) -> PredictionRecord | None:
        """The prediction of that id; ``None`` where there is none."""
        # Found without settling, so that it is also found while another process holds the write lock.
        return (
            self._settled(prediction_id)
            or self._journal.prediction(prediction_id)
            # It may have been moved between the two.
            or self._settled(prediction_id)
        )

    def predictions(
        self,
        project: str,
        *,
        entity: str | None = None,
        version: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        minimum_score: float | None = None,
        latest_only: bool = False,
        order: Order = "newest",
        limit: int | None = None,
    ) -> list[PredictionRecord]:
        """Predictions of a project, from ``since`` on and before ``until``.

        With ``latest_only``, of each entity the latest of all its predictions, where that one fits the rest.
        ``order="score"`` puts the highest score first.
        """
        columns = predictions.c
        query = sa.select(predictions).where(*_asked(project, version, since, until))
        if entity is not None:
            query = query.where(columns.entity == entity)
        if minimum_score is not None:
            query = query.where(columns.score >= minimum_score)
        if latest_only:
            query = query.where(columns.entity.is_not(None), ~_newer_prediction_exists())
        query = query.order_by(*_ORDERS[order]).limit(limit)
        with self.reading_answers() as connection:
            return [PredictionRecord(**row._mapping) for row in connection.execute(query)]

    def count(
        self,
        project: str,
        *,
        version: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """How many predictions, from ``since`` on and before ``until``."""
        query = (
            sa.select(sa.func.count()).select_from(predictions).where(*_asked(project, version, since, until))
        )
        with self.reading_answers() as connection:
            return int(connection.execute(query).scalar_one())

    def judged(
        self,
        project: str,
        *,
        version: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        order: Order = "oldest",
        limit: int | None = None,
    ) -> list[Judged]:
        """Predictions whose truth is known, each with the outcome recorded last.

        ``since`` and ``until`` are about the time of the prediction, and so is ``order``.
        """
        query = (
            sa.select(predictions, *_OUTCOME_COLUMNS)
            .join(outcomes, outcomes.c.prediction_id == predictions.c.id)
            .where(*_asked(project, version, since, until), ~_newer_outcome_exists())
            .order_by(*_ORDERS[order])
            .limit(limit)
        )
        names = predictions.c.keys()
        with self.reading() as connection:
            return [
                Judged(PredictionRecord(**dict(zip(names, row, strict=False))), Outcome(*row[len(names) :]))
                for row in connection.execute(query)
            ]

    def about(self, project: str, entities: Collection[str]) -> list[tuple[PredictionRecord, Outcome | None]]:
        """Every prediction about these entities, the oldest first, with its outcome recorded last, if any."""
        last = sa.and_(
            outcomes.c.prediction_id == predictions.c.id, ~_newer_outcome_exists().correlate(outcomes)
        )
        query = sa.select(predictions, *_OUTCOME_COLUMNS).select_from(predictions.outerjoin(outcomes, last))
        names = predictions.c.keys()
        found = []
        with self.reading_answers() as connection:
            for some in _chunks(entities):
                wanted = query.where(predictions.c.project == project, predictions.c.entity.in_(some))
                for row in connection.execute(wanted):
                    record = PredictionRecord(**dict(zip(names, row, strict=False)))
                    outcome = row[len(names) :]
                    found.append((record, None if outcome[0] is None else Outcome(*outcome)))
        return sorted(found, key=lambda pair: (pair[0].at, pair[0].id))

    def unlabelled(
        self, project: str, *, since: datetime | None = None, limit: int | None = None
    ) -> list[PredictionRecord]:
        """Predictions of a project whose truth is not known, the newest first, from ``since`` on."""
        query = (
            sa.select(predictions)
            .where(*_asked(project, None, since, None), ~_outcome_exists())
            .order_by(*_ORDERS["newest"])
            .limit(limit)
        )
        with self.reading_answers() as connection:
            return [PredictionRecord(**row._mapping) for row in connection.execute(query)]

    def outcomes(self, prediction_id: str) -> list[Outcome]:
        """Every outcome of a prediction, the one recorded last first."""
        query = (
            sa.select(*_OUTCOME_COLUMNS)
            .where(outcomes.c.prediction_id == prediction_id)
            .order_by(outcomes.c.recorded_at.desc(), outcomes.c.id.desc())
        )
        with self.reading() as connection:
            return [Outcome(*row) for row in connection.execute(query)]

    def events(self, project: str, *, kind: str | None = None, limit: int | None = None) -> list[Event]:
        """What happened to a project, the latest first."""
        query = sa.select(events).where(events.c.project == project)
        if kind is not None:
            query = query.where(events.c.kind == kind)
        query = query.order_by(events.c.at.desc(), events.c.id.desc()).limit(limit)
        with self.reading() as connection:
            return [Event(**row._mapping) for row in connection.execute(query)]

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads; what the database raises becomes a LedgerError."""
        with self._explained(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def reading_answers(self) -> Iterator[sa.Connection]:
        """As :meth:`reading`, once all predictions that were recorded before it are in their tables."""
        self._journal.settle()
        with self.reading() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that may write: committed at its end, or undone where anything is raised."""
        with (
            self._explained(),
            self.engine.connect().execution_options(zelo_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def _settled(self, prediction_id: str) -> PredictionRecord | None:
        with self.reading() as connection:
            row = connection.execute(sa.select(predictions).where(predictions.c.id == prediction_id)).first()
        return None if row is None else PredictionRecord(**row._mapping)

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(self.engine, busy_timeout=self._busy_timeout)


_ORDERS: dict[Order, tuple[sa.ColumnElement[Any], ...]] = {
    "newest": (predictions.c.at.desc(), predictions.c.id.desc()),
    "oldest": (predictions.c.at.asc(), predictions.c.id.asc()),
    "score": (predictions.c.score.desc(), predictions.c.id.desc()),
}
_OUTCOME_COLUMNS = (
    outcomes.c.prediction_id,
    outcomes.c.value,
    outcomes.c.observed_at,
    outcomes.c.recorded_at,
    outcomes.c.entity,
)


def _asked(
    project: str, version: str | None, since: datetime | None, until: datetime | None
) -> list[sa.ColumnElement[bool]]:
    conditions = [predictions.c.project == project]
    if version is not None:
        conditions.append(predictions.c.version == version)
    if since is not None:
        conditions.append(predictions.c.at >= since)
    if until is not None:
        conditions.append(predictions.c.at < until)
    return conditions


def _newer_prediction_exists() -> sa.ColumnElement[bool]:
    newer = predictions.alias("newer")
    return sa.exists().where(
        newer.c.project == predictions.c.project,
        newer.c.entity == predictions.c.entity,
        sa.tuple_(newer.c.at, newer.c.id) > sa.tuple_(predictions.c.at, predictions.c.id),
    )


def _outcome_exists() -> sa.ColumnElement[bool]:
    return sa.exists().where(outcomes.c.prediction_id == predictions.c.id)


def _newer_outcome_exists() -> sa.ColumnElement[bool]:
    newer = outcomes.alias("newer")
    return sa.exists().where(
        newer.c.prediction_id == outcomes.c.prediction_id,
        sa.tuple_(newer.c.recorded_at, newer.c.id) > sa.tuple_(outcomes.c.recorded_at, outcomes.c.id),
    )


def _joined_ids(
    connection: sa.Connection, project: str, records: Sequence[OutcomeRecord]
) -> list[str | None]:
    named = {record.prediction_id for record in records if record.prediction_id is not None}
    known = set(_existing(connection, predictions.c.id, project, named))
    return [
        (record.prediction_id if record.prediction_id in known else None)
        if record.prediction_id is not None
        else _latest_id(connection, project, record)
        for record in records
    ]


def _latest_id(connection: sa.Connection, project: str, record: OutcomeRecord) -> str | None:
    found: str | None = connection.execute(
        sa.select(predictions.c.id)
        .where(
            predictions.c.project == project,
            predictions.c.entity == record.entity,
            predictions.c.at <= record.observed_at,
        )
        .order_by(*_ORDERS["newest"])
        .limit(1)
    ).scalar()
    return found


def _existing(
    connection: sa.Connection, column: sa.Column[Any], project: str, ids: set[str]
) -> Iterator[str]:
    for some in _chunks(ids):
        query = sa.select(column).where(column.table.c.project == project, column.in_(some)).distinct()
        yield from connection.execute(query).scalars()


def _chunks(names: Collection[str]) -> Iterator[list[str]]:
    """The names, each once, as many at a time as a query may ask for."""
    wanted = sorted(set(names))
    for start in range(0, len(wanted), _NAMES_A_QUERY):
        yield wanted[start : start + _NAMES_A_QUERY]
