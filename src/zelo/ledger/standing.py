"""Where the entities of a project stand, and how often people agreed: counted by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from zelo.ledger.schema import outcomes, predictions
from zelo.ledger.store import Ledger


@dataclass(frozen=True)
class Standing:
    """A window of a project's answers, whatever version made them.

    ``entities`` counts each entity once, in the band of its latest answer; ``mean_score`` is ``None`` without
    scores. ``judged`` answers have an outcome, and ``accepted`` of them said what it says.
    """

    entities: dict[str, int]
    mean_score: float | None
    accepted: int
    judged: int


def standing(ledger: Ledger, project: str, *, since: datetime, until: datetime) -> Standing:
    """Count the answers from ``since`` on and before ``until``.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    inside = (predictions.c.project == project, predictions.c.at >= since, predictions.c.at < until)
    band = predictions.c.decision["risk_level"].as_string()
    latest = (
        sa.select(
            band.label("band"),
            sa.func.row_number()
            .over(
                partition_by=predictions.c.entity,
                order_by=(predictions.c.at.desc(), predictions.c.id.desc()),
            )
            .label("place"),
        )
        .where(*inside, predictions.c.entity.is_not(None))
        .subquery()
    )
    entities = (
        sa.select(latest.c.band, sa.func.count().label("number"))
        .where(latest.c.place == 1, latest.c.band.is_not(None))
        .group_by(latest.c.band)
    )
    newer = outcomes.alias("newer")
    is_last = ~sa.exists().where(
        newer.c.prediction_id == outcomes.c.prediction_id,
        sa.tuple_(newer.c.recorded_at, newer.c.id) > sa.tuple_(outcomes.c.recorded_at, outcomes.c.id),
    )
    judged = (
        sa.select(predictions.c.decision["prediction"], outcomes.c.value)
        .join(outcomes, outcomes.c.prediction_id == predictions.c.id)
        .where(*inside, is_last)
    )
    with ledger.reading_answers() as connection:
        said = connection.execute(judged).all()
        return Standing(
            entities={row.band: row.number for row in connection.execute(entities)},
            mean_score=connection.execute(
                sa.select(sa.func.avg(predictions.c.score)).where(*inside)
            ).scalar(),
            accepted=sum(answer == truth for answer, truth in said),
            judged=len(said),
        )
