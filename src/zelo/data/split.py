"""Setting the test set aside, once: the same row is on the same side for life."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from zelo.data.contract import ROW
from zelo.data.snapshot import BATCH
from zelo.errors import DataError
from zelo.spec.project import Project

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row positions in the frame, ascending or in order of time: disjoint, and together every row."""

    train: Positions
    test: Positions


def trained_until(frame: pd.DataFrame, project: Project) -> dt.date | None:
    """The date of the newest row that is fitted on; ``None`` where the split is not by time.

    Raises:
        DataError: as :func:`split` does.
    """
    if project.split.by != "time":
        return None
    newest = frame[project.date].iloc[split(frame, project).train].max()
    return dt.date.fromordinal(newest.toordinal())


def split(frame: pd.DataFrame, project: Project) -> Split:
    """Split the rows as ``project.split`` says.

    By class or at random, the rows of each batch (and class) are ordered by the hash of seed and key, and the
    first share is the test set: rows appended later are another batch, so they move no row to the other side.
    By time, the latest share is the test set, and the training set ends before its first date: rows of the
    date at the border are all tested, so the test set may be a little larger than its share.

    Raises:
        DataError: a side would be empty, or a date is missing.
    """
    spec = project.split
    if spec.by == "time":
        assert spec.column is not None
        in_test = _latest(frame[spec.column], spec.test)
    else:
        groups = [project.task.target, BATCH] if spec.by == "class" else [BATCH]
        in_test = _drawn(frame, [name for name in groups if name in frame.columns], project)
    order = np.arange(len(frame))
    if spec.by == "time":
        order = np.argsort(frame[spec.column].to_numpy(), kind="stable")
    sides = Split(order[~in_test[order]], order[in_test[order]])
    if not len(sides.train) or not len(sides.test):
        raise DataError(
            "a side of the split is empty",
            where=project.name,
            found=f"{len(sides.train)} rows to train on and {len(sides.test)} to test on",
            expected="at least one row on each side",
            hint="bring more rows, or change split.test",
        )
    return sides


def _drawn(frame: pd.DataFrame, groups: list[str], project: Project) -> npt.NDArray[np.bool_]:
    keys = frame[project.data.key if project.data.key is not None else ROW]
    ranks = pd.Series([hashlib.sha256(f"{project.split.seed}|{key}".encode()).digest() for key in keys])
    in_test = np.zeros(len(frame), dtype=bool)
    by = [frame[name].to_numpy() for name in groups]
    for _, group in ranks.groupby(by) if by else [((), ranks)]:
        ordered = group.sort_values(kind="stable").index.to_numpy()
        in_test[ordered[: round(project.split.test * len(ordered))]] = True
    return in_test


def _latest(dates: pd.Series[pd.Timestamp], share: float) -> npt.NDArray[np.bool_]:
    if missing := int(dates.isna().sum()):
        raise DataError(
            "rows without a date cannot be split by time",
            where=str(dates.name),
            found=f"{missing} row(s) without a date",
            expected="a date in each row",
            hint=f"set missing: refused on {dates.name}, or split by class or random",
        )
    first_tested = dates.sort_values().iloc[-max(1, round(share * len(dates)))]
    return np.asarray(dates >= first_tested, dtype=bool)
