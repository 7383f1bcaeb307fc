"""Rows as columns: the one shape in which training and serving hand inputs to a model.

Numbers are float64 with NaN for missing; categories are str objects with "" for missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zelo.features.history import spread
from zelo.spec.project import Project

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, np.ndarray[Any, Any]]


def columns_from_rows(project: Project, rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Columns, each of shape [n], from checked rows; an absent or None value is missing.

    The history of a forecast may be a list, as a request has it, or lags, as a table has it.
    """
    rows = [spread(row, project) for row in rows] if project.forecast else rows
    return {
        name: (
            np.array([np.nan if (v := row.get(name)) is None else v for row in rows], dtype=np.float64)
            if field.is_numeric
            else np.array(["" if (v := row.get(name)) is None else v for row in rows], dtype=object)
        )
        for name, field in project.inputs.items()
    }


def columns_from_frame(project: Project, frame: pd.DataFrame) -> Columns:
    """Columns, each of shape [n], from a checked table; other columns of the table are left out."""
    return {
        name: (
            frame[name].to_numpy(dtype=np.float64)
            if field.is_numeric
            else frame[name].fillna("").to_numpy(dtype=object)
        )
        for name, field in project.inputs.items()
    }


def frame_from_columns(columns: Columns) -> pd.DataFrame:
    """The table that a fitted pipeline takes, with plain object columns for categories."""
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=np.float64 if values.dtype.kind == "f" else object)
            for name, values in columns.items()
        }
    )


def take(columns: Columns, positions: np.ndarray[Any, Any]) -> Columns:
    """The rows at ``positions``, in that order."""
    return {name: values[positions] for name, values in columns.items()}


def count(columns: Columns) -> int:
    """The number of rows."""
    return len(next(iter(columns.values())))
