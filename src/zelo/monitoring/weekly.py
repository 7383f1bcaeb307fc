"""The newest data set of weeks, or of days, as what watches a forecast reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from zelo.data.pipeline.dataset import latest_dataset
from zelo.data.snapshot import read_snapshot
from zelo.data.split import trained_until as newest_fitted
from zelo.errors import DataError
from zelo.registry.bundle import Bundle
from zelo.spec.project import Project


@dataclass(frozen=True)
class Weekly:
    """The data set ``name``: a row a week in order of time, indexed by its first day, or a row a day.

    Fields and target have the project's names; the other columns are as the data set has them.
    """

    name: str
    table: pd.DataFrame

    @property
    def newest(self) -> date | None:
        """The first day of the newest week."""
        return self.table.index[-1] if len(self.table) else None

    def realised(self, project: Project) -> dict[date, float]:
        """The target of each week that has one: a filled week has none."""
        return {week: float(value) for week, value in self.table[project.task.target].dropna().items()}


def weekly_of(frame: pd.DataFrame, project: Project, name: str = "") -> Weekly:
    """A table of weeks or days under the project's names. A column that no field has keeps its own."""
    names = [*project.fields, project.task.target]
    table = frame.rename(columns={project.column_of(name): name for name in names})
    days = pd.to_datetime(table.pop(project.date)).dt.date
    return Weekly(name, table.set_index(pd.Index(days, dtype=object)).sort_index())


def read_weekly(datasets: Path, project: Project) -> Weekly | None:
    """The data set that stands; ``None`` before the first.

    Raises:
        DataError: it is damaged.
    """
    dataset = latest_dataset(datasets, project.name)
    if dataset is None:
        return None
    return weekly_of(dataset.read("rows"), project, dataset.name)


def trained_until(bundle: Bundle, snapshots: Path) -> date | None:
    """The first day of the newest week that the model was fitted on; ``None`` where its snapshot is not here.

    A machine that serves needs no snapshot.
    """
    project = bundle.project
    try:
        table = read_snapshot(snapshots, project.name, bundle.manifest["snapshot"]).frame()
    except DataError:
        return None
    return newest_fitted(table, project)
