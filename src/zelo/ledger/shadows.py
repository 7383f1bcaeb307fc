"""What two versions said of the same rows, with the truth about them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from zelo.ledger.records import Outcome, Paired, PredictionRecord, ShadowRecord
from zelo.ledger.schema import outcomes, predictions, shadows
from zelo.ledger.store import Ledger

_OUTCOME = (
    outcomes.c.prediction_id,
    outcomes.c.value,
    outcomes.c.observed_at,
    outcomes.c.recorded_at,
    outcomes.c.entity,
)


def paired(ledger: Ledger, project: str, versions: tuple[str, str], *, since: datetime) -> list[Paired]:
    """Judged predictions of one of two versions that the other one scored too, as their truths came.

    ``since`` is about the time of the prediction. Of several outcomes the one recorded last counts, at the
    place of the first: what is known early is not read again in another order.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    earlier = outcomes.alias("earlier")
    # One by one through the index: the outcomes of other times, and there may be millions, are not read.
    first = (
        sa.select(sa.func.min(earlier.c.id))
        .where(earlier.c.prediction_id == predictions.c.id)
        .correlate(predictions)
        .scalar_subquery()
    )
    newer = outcomes.alias("newer")
    is_last = ~sa.exists().where(
        newer.c.prediction_id == outcomes.c.prediction_id,
        sa.tuple_(newer.c.recorded_at, newer.c.id) > sa.tuple_(outcomes.c.recorded_at, outcomes.c.id),
    )
    query = (
        sa.select(predictions, *shadows.c, *_OUTCOME)
        .join(shadows, shadows.c.prediction_id == predictions.c.id)
        .join(outcomes, outcomes.c.prediction_id == predictions.c.id)
        .where(
            predictions.c.project == project,
            predictions.c.version.in_(versions),
            shadows.c.version.in_(versions),
            predictions.c.at >= since,
            is_last,
        )
        .order_by(first)
    )
    own, others = len(predictions.c), len(predictions.c) + len(shadows.c)
    with ledger.reading_answers() as connection:
        return [
            Paired(
                PredictionRecord(**dict(zip(predictions.c.keys(), row[:own], strict=True))),
                ShadowRecord(**dict(zip(shadows.c.keys(), row[own:others], strict=True))),
                Outcome(*row[others:]),
            )
            for row in connection.execute(query)
        ]
