"""The training rows that a profile looks at, and how one of them is shown to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zelo.data.contract import ROW
from zelo.data.snapshot import BATCH
from zelo.data.split import split
from zelo.features.text.preparation import TextPreparation
from zelo.profiling.facts import Row, Value
from zelo.spec.project import Project
from zelo.training.truth import truth_of

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Rows:
    """Rows of a snapshot: ``frame`` [n] with positions for index, ``truth`` [n], the file of each batch."""

    project: Project
    frame: pd.DataFrame
    truth: Array
    files: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.frame)

    def row(self, position: int) -> Row:
        """A row with its inputs; a missing value is None."""
        found = self.frame.iloc[position]
        key = self.project.data.key
        return Row(
            file=self.files[min(int(found[BATCH]), len(self.files) - 1)],
            row=int(found[ROW]),
            key=None if key is None else str(found[key]),
            values={name: _value(found[name]) for name in self.project.inputs},
            target=self.target(position),
        )

    def target(self, position: int) -> str | float:
        """The label as text, or the value."""
        found = self.frame[self.project.task.target].iloc[position]
        return str(found) if self.project.classes else float(found)

    def documents(self) -> list[str]:
        """Each row's text inputs as the model reads them, one after the other."""
        preparation = TextPreparation.of(self.project)
        columns = [[preparation.apply(text) for text in self.frame[name]] for name in self.project.texts]
        return [" ".join(parts) for parts in zip(*columns, strict=True)]

    def inputs(self) -> pd.DataFrame:
        """The inputs as the model reads them: prepared texts, the others as they are."""
        preparation = TextPreparation.of(self.project)
        table = self.frame[list(self.project.inputs)]
        return table.assign(**{name: table[name].map(preparation.apply) for name in self.project.texts})


def sides(frame: pd.DataFrame, project: Project, sources: Sequence[Mapping[str, Any]]) -> tuple[Rows, Rows]:
    """The training rows (by time: in order of time) and the test rows of a snapshot.

    Raises:
        DataError: a side would be empty.
    """
    found = split(frame, project)
    truth, files = truth_of(frame, project), tuple(str(source["file"]) for source in sources)
    train = found.train
    if project.split.by == "time":
        dates = frame[project.split.column].to_numpy()[train]
        train = train[np.argsort(dates, kind="stable")]
    training, test = (
        Rows(project, frame.iloc[positions].reset_index(drop=True), truth[positions], files)
        for positions in (train, found.test)
    )
    return training, test


def _value(found: Any) -> Value:
    if isinstance(found, str):
        return found or None
    return None if pd.isna(found) else float(found)
