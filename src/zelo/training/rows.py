"""The two parts of a table: what a training learns from, and what it is measured on once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zelo.data.split import Split
from zelo.features.columns import Columns, columns_from_frame, take
from zelo.spec.project import Project
from zelo.training.truth import truth_of

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Rows:
    """The training part or the test part: inputs, truth (class index or value) and positions in the table."""

    columns: Columns
    truth: Array
    positions: Array


def both_parts(table: pd.DataFrame, sides: Split, project: Project) -> tuple[Rows, Rows]:
    """The training part and the test part, as the split says."""
    columns, truth = columns_from_frame(project, table), truth_of(table, project)
    training, test = (
        Rows(take(columns, positions), truth[positions], positions) for positions in (sides.train, sides.test)
    )
    return training, test
