"""When weeks or days have come, the ledger learns what each forecast of them should have said."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd

from zelo.ledger.records import Outcome, OutcomeRecord, PredictionRecord
from zelo.ledger.store import Ledger
from zelo.monitoring.pace import Pace, pace_of
from zelo.monitoring.weekly import Weekly, weekly_of
from zelo.spec.project import Project

SAME = 1e-3
"""Of a factor between two scales of prices: what rounding and late corrections change."""


@dataclass(frozen=True)
class Counts:
    """Predictions of realised rows: outcomes recorded for the first time, recorded anew, and left alone."""

    recorded: int
    corrected: int
    unchanged: int


def realise(ledger: Ledger, project: Project, rows: pd.DataFrame, now: datetime) -> Counts:
    """Record the realised target of each week as the outcome of every prediction about it, at any horizon.

    A prediction is about a week where its entity is the week's first day. One that has the same outcome is
    left alone, so that every new data set can be brought here; a corrected value is recorded anew. The truth
    counts as observed when its week has ended.

    Of prices the rows are days. What was forecast of a day without trade is judged by the next day with it;
    and where a split has changed the scale of all prices since, the truth is told on the forecast's own.

    Args:
        rows: a data set's weeks or days, with its own column names.
        now: with a time zone.

    Raises:
        LedgerError: the ledger cannot be read or written; nothing is recorded.
    """
    table, pace = weekly_of(rows, project), pace_of(project)
    truth, answers = table.realised(project), _answers(table, pace)
    answers = {entity: row for entity, row in answers.items() if row in truth}
    new: list[OutcomeRecord] = []
    corrected = unchanged = 0
    for prediction, outcome in ledger.about(project.name, answers):
        assert prediction.entity is not None
        row = answers[prediction.entity]
        factor = _factor(prediction, table, row, project) if project.prices else 1.0
        value = truth[row] * factor
        if outcome is not None and (factor != 1 or _same(outcome, value)):
            unchanged += 1
            continue
        corrected += outcome is not None
        observed = min(pace.end(row), now)
        new.append(OutcomeRecord(value, observed, prediction_id=prediction.id))
    if new:
        ledger.record_outcomes(project.name, new)
    return Counts(len(new) - corrected, corrected, unchanged)


def _answers(table: Weekly, pace: Pace) -> dict[str, date]:
    """The row that tells the truth about each day that a prediction may be about."""
    days = list(table.table.index)
    if not pace.daily or not days:
        return {day.isoformat(): day for day in days}
    weekdays = list(pace.between(days[0], days[-1]))
    return {day.isoformat(): days[bisect_left(days, day)] for day in weekdays}


def _factor(prediction: PredictionRecord, table: Weekly, row: date, project: Project) -> float:
    """By how much the prices that a forecast was made from are larger than the same prices now; mostly 1."""
    told = prediction.inputs.get(project.history_name)
    if not isinstance(told, list) or len(told) != len(project.lags):
        return 1.0
    ratios = np.array(told[::-1]) / table.table.loc[row, list(project.lags)].to_numpy(np.float64)
    factor = float(np.median(ratios))
    alike = np.abs(ratios / factor - 1).max() < SAME
    return factor if alike and abs(factor - 1) > SAME else 1.0


def _same(outcome: Outcome, value: float) -> bool:
    # The same rows, summed in another order, differ in their last digits.
    return isinstance(outcome.value, int | float) and math.isclose(outcome.value, value, rel_tol=1e-9)
