"""What was recorded with a prediction: the rows of its batch, and what another version said of it."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from zelo.ledger.records import PredictionRecord, ShadowRecord
from zelo.ledger.schema import shadows
from zelo.ledger.store import Ledger

_MOMENT = timedelta(microseconds=1)


def scored_together(ledger: Ledger, record: PredictionRecord, version: str) -> list[PredictionRecord]:
    """The rows that ``version`` scored in one predictor call with this one's, in their order.

    All that is answered together is recorded with one moment.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    found = ledger.predictions(record.project, since=record.at, until=record.at + _MOMENT, order="oldest")
    query = sa.select(shadows.c.prediction_id).where(
        shadows.c.project == record.project, shadows.c.version == version, shadows.c.at == record.at
    )
    with ledger.reading() as connection:
        beside = set(connection.execute(query).scalars())
    return [one for one in found if one.version == version or one.id in beside]


def shadow_of(ledger: Ledger, record: PredictionRecord, version: str) -> ShadowRecord | None:
    """What ``version`` said of a prediction's row beside the one that answered; ``None`` if it said nothing.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    query = sa.select(shadows).where(shadows.c.prediction_id == record.id, shadows.c.version == version)
    with ledger.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else ShadowRecord(**row._mapping)
