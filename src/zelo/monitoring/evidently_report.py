"""Evidently's report of the same rows, for those who know it: a diagnosis, never an alarm."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zelo.errors import DataError
from zelo.features.columns import Columns, columns_from_frame, columns_from_rows
from zelo.ledger.records import PredictionRecord
from zelo.monitoring.bundled import read_table
from zelo.monitoring.drift import FEWEST_ROWS, SCORE, tested_scores
from zelo.registry.bundle import Bundle
from zelo.spec.project import Project

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20_000
"""Of the window, the newest: its page holds every drawing."""
_TRACKING = "DO_NOT_TRACK"


def refuse_report() -> None:
    """Find out before anybody looks that the library is not there.

    Raises:
        DataError: Evidently is not installed.
    """
    if importlib.util.find_spec("evidently") is None:
        raise DataError(
            "Evidently's report needs a library that is not installed",
            where="--report",
            found="without evidently",
            expected="the extra report",
            hint="pip install 'zelo[report]'",
        )


def write_evidently(bundle: Bundle, records: Sequence[PredictionRecord], path: Path) -> int:
    """Write Evidently's data drift report, HTML: the bundle's reference against the newest predictions.

    Nothing is sent anywhere. Its limits are Evidently's defaults: with many fields and many looks some of
    them are passed by chance, which Zelo's alarms are kept from.

    Returns:
        How many predictions it is about.

    Raises:
        BundleError: the bundle's reference is missing or damaged.
        DataError: Evidently is not installed, there are fewer than 100 predictions, or the file cannot
            be written.
    """
    import pandas as pd

    refuse_report()
    project, newest = bundle.project, records[-MOST_ROWS:]
    if len(newest) < FEWEST_ROWS:
        raise DataError(
            "too few predictions for Evidently's report",
            where=project.name,
            found=str(len(newest)),
            expected=f"at least {FEWEST_ROWS} in the window",
            hint="look farther back with --days",
        )
    reference = _frame(columns_from_frame(project, read_table(bundle, "reference.parquet")), project)
    current = _frame(columns_from_rows(project, [record.inputs for record in newest]), project)
    current[SCORE] = [record.score for record in newest]
    # The score's reference are the test rows: beside the rows that they do not reach stands nothing.
    reference[SCORE] = pd.Series(tested_scores(bundle)).reindex(range(len(reference)))
    with _quiet():
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset, DataSummaryPreset

        definition = DataDefinition(
            numerical_columns=[*_of_kind(project, numeric=True), SCORE],
            categorical_columns=_of_kind(project, numeric=False),
            text_columns=list(project.texts),
        )
        datasets = [Dataset.from_pandas(part, data_definition=definition) for part in (current, reference)]
        done = Report([DataDriftPreset(), DataSummaryPreset()]).run(*datasets)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            done.save_html(str(path))
        except OSError as error:
            raise DataError(
                "the report cannot be written",
                where=str(path),
                found=error.strerror or type(error).__name__,
                expected="room on the disk and leave to write",
                hint="choose another place with --report",
            ) from error
    return len(newest)


def _frame(columns: Columns, project: Project) -> pd.DataFrame:
    from zelo.features.columns import frame_from_columns

    # The lags of a history are one series, a row apart: the newest value tells what the others will.
    older = set(list(project.lags)[1:])
    return frame_from_columns({name: values for name, values in columns.items() if name not in older})


def _of_kind(project: Project, *, numeric: bool) -> list[str]:
    older = set(list(project.lags)[1:])
    return [
        name
        for name, field in project.inputs.items()
        if field.is_numeric == numeric and field.type != "text" and name not in older
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without telemetry, and without the warnings of a library that nobody here can mend."""
    before = os.environ.get(_TRACKING)
    os.environ[_TRACKING] = "1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if before is None:
            del os.environ[_TRACKING]
        else:
            os.environ[_TRACKING] = before
