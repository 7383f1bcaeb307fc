"""What simulated traffic is drawn from: rows that the champion was not fitted on, with their truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from zelo.data.snapshot import read_snapshot
from zelo.data.split import split
from zelo.features.history import gathered
from zelo.registry.bundle import Bundle
from zelo.spec.project import Label, Project
from zelo.training.truth import truth_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Pool:
    """Held-out rows of one project as a request has them, in the order of the split, each with its truth."""

    project: Project
    rows: tuple[Row, ...]
    truths: tuple[Label | float, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def about(self) -> str | None:
        """The field that says whom a row is about, where simulated rows need new ones.

        The entity of a forecast is its day, which stays.
        """
        return None if self.project.forecast else self.project.serving.entity or self.project.data.key


def held_out(bundle: Bundle, snapshots: Path) -> Pool:
    """The test rows of the bundle's own snapshot.

    Raises:
        DataError: the snapshot is missing or damaged.
    """
    project = bundle.project
    frame = read_snapshot(snapshots, project.name, bundle.manifest["snapshot"]).frame()
    rows = frame.iloc[split(frame, project).test]
    rows = rows[rows[project.task.target].notna()]
    return pool_of(rows, project)


def pool_of(frame: pd.DataFrame, project: Project) -> Pool:
    """A pool of checked, labelled rows."""
    truths = truth_of(frame, project).tolist()
    if project.classes:
        truths = [project.classes[place] for place in truths]
    return Pool(project, tuple(_rows(frame, project)), tuple(truths))


def _rows(frame: pd.DataFrame, project: Project) -> Iterator[Row]:
    asked = [name for name, field in project.fields.items() if field.use == "input" or field.type != "date"]
    about = [name for name in (project.serving.entity, project.data.key) if name and name not in asked]
    whole = {name for name in asked if project.fields[name].type == "integer"}
    names = list(dict.fromkeys([*asked, *about]))
    for values in zip(*(frame[name].tolist() for name in names), strict=True):
        row = {
            name: int(value) if name in whole else _plain(value)
            for name, value in zip(names, values, strict=True)
            if value != "" and not pd.isna(value)
        }
        yield gathered(row, project)


def _plain(value: Any) -> Any:
    return value.strftime("%Y-%m-%d") if isinstance(value, date) else value
