"""Every class' probability of answers on record: the version is asked again, and must say the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zelo.features.columns import columns_from_rows
from zelo.ledger.records import PredictionRecord
from zelo.registry.bundle import Bundle
from zelo.stats.arrays import FloatArray

MOST_ROWS = 2000
"""A model of texts takes milliseconds a row."""
TOLERANCE = 1e-3


def distribution(records: Sequence[PredictionRecord], bundle: Bundle) -> FloatArray | None:
    """Probabilities [n, K] of each record's inputs, as its own version gives them.

    The ledger keeps an answer's most probable classes alone. A version is deterministic and its inputs are on
    record, so that its other probabilities can be had again. ``None`` for more than 2,000 records, and where
    a score on record is not what the version says now (another machine's arithmetic, or inputs that were
    not recorded whole): figures of other answers are no figures of these.
    """
    if not records or len(records) > MOST_ROWS:
        return None
    project = bundle.project
    scores: FloatArray = bundle.predictor.scores(columns_from_rows(project, [one.inputs for one in records]))
    index = {label: place for place, label in enumerate(project.classes)}
    said = np.array([index[one.decision["prediction"]] for one in records], dtype=np.int64)
    stated = np.array([one.score for one in records], dtype=np.float64)
    again = scores[np.arange(len(records)), said]
    return scores if np.allclose(again, stated, rtol=0.0, atol=TOLERANCE) else None
