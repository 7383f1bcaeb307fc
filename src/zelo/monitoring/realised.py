"""When weeks have come, the ledger learns what each forecast of them should have said."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from zelo.ledger.records import Outcome, OutcomeRecord
from zelo.ledger.store import Ledger
from zelo.monitoring.weekly import week_end, weekly_of
from zelo.spec.project import Project


@dataclass(frozen=True)
class Counts:
    """Predictions of realised weeks: outcomes recorded for the first time, recorded anew, and left alone."""

    recorded: int
    corrected: int
    unchanged: int


def realise(ledger: Ledger, project: Project, weekly: pd.DataFrame, now: datetime) -> Counts:
    """Record the realised target of each week as the outcome of every prediction about it, at any horizon.

    A prediction is about a week where its entity is the week's first day. One that has the same outcome is
    left alone, so that every new data set can be brought here; a corrected value is recorded anew. The truth
    counts as observed when its week has ended.

    Args:
        weekly: a weekly data set, with its own column names.
        now: with a time zone.

    Raises:
        LedgerError: the ledger cannot be read or written; nothing is recorded.
    """
    truth = {week.isoformat(): value for week, value in weekly_of(weekly, project).realised(project).items()}
    new: list[OutcomeRecord] = []
    corrected = unchanged = 0
    for prediction, outcome in ledger.about(project.name, truth):
        assert prediction.entity is not None
        value = truth[prediction.entity]
        if outcome is not None and _same(outcome, value):
            unchanged += 1
            continue
        corrected += outcome is not None
        observed = min(week_end(date.fromisoformat(prediction.entity)), now)
        new.append(OutcomeRecord(value, observed, prediction_id=prediction.id))
    if new:
        ledger.record_outcomes(project.name, new)
    return Counts(len(new) - corrected, corrected, unchanged)


def _same(outcome: Outcome, value: float) -> bool:
    # The same rows, summed in another order, differ in their last digits.
    return isinstance(outcome.value, int | float) and math.isclose(outcome.value, value, rel_tol=1e-9)
