from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zelo.ledger.store import Ledger
from zelo.monitoring.alarms import Alarm
from zelo.monitoring.data_checks import DataChecks, FieldCheck, check_data, check_volume

from .fakes import NOW, SINCE, UNTIL, Scene, make_bundle, make_project


def checked(scene: Scene, rows: list[dict[str, Any]], **changes: Any) -> dict[str, FieldCheck]:
    found = check_data(scene.ledger, scene.bundle, rows, now=NOW, newest_row=None, **changes)
    return {check.field: check for check in found.fields}


def test_shares_of_missing_invalid_and_unseen_values(scene: Scene) -> None:
    rows = [
        {"age": 40.0, "load": None, "site": "North"},
        {"age": 130.0, "load": 10.0, "site": "South"},
        {"age": None, "load": 12.0, "site": "East"},
        {"age": 20.0, "load": 14.0, "site": "West"},
    ]

    found = checked(scene, rows)

    assert (found["age"].missing, found["age"].invalid, found["age"].unseen) == (0.25, 0.5, None)
    # Missing is allowed here, and so is any value.
    assert (found["load"].missing, found["load"].invalid) == (0.25, 0.0)
    assert (found["site"].missing, found["site"].invalid, found["site"].unseen) == (0.0, 0.25, 0.25)
    assert found["age"].rows == 4
    assert found["load"].missing_reference == pytest.approx(
        pd.read_parquet(scene.bundle.path / "reference.parquet")["load"].isna().mean()
    )


def test_without_rows_nothing_is_told(scene: Scene) -> None:
    found = checked(scene, [])

    assert all((check.rows, check.missing, check.invalid) == (0, None, None) for check in found.values())


def test_words_that_the_reference_lacks(ledger: Ledger, tmp_path) -> None:
    fields = {"key": "id", "sources": {"train": "x.csv"}, "fields": {"note": {"type": "text"}}}
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", make_project(data=fields, gates={})))
    path = scene.bundle.path / "reference.parquet"
    pd.read_parquet(path).assign(note="pump leaking").to_parquet(path)

    found = checked(scene, [{"note": "Pump LEAKING"}, {"note": "pump burned"}, {"note": ""}])

    assert found["note"].unseen == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("counts", "usual", "dropped"),
    [
        ([3, *[100] * 10], 100, True),
        ([49, *[100] * 10], 100, True),
        ([51, *[100] * 10], 100, False),
        # Half of a few is chance.
        ([2, *[5] * 10], 5, False),
        # One of the days before had no more.
        ([40, 100, 100, 30, *[100] * 10], 100, False),
        # Sundays are measured by Sundays.
        ([0, *([100] * 6 + [0]) * 4], 0, False),
        ([10, *([100] * 6 + [40]) * 4], 40, True),
        ([0, 100, 100, 100], None, False),
        ([], None, False),
    ],
)
def test_a_day_is_measured_by_days_like_it(counts: list[int], usual: float | None, dropped: bool) -> None:
    found = check_volume(counts)

    assert (found.usual, found.dropped) == (usual, dropped)
    assert found.rows == (counts[0] if counts else 0)
    assert found.ratio == (counts[0] / usual if usual else None)


def test_a_day_without_predictions_is_an_alarm(scene: Scene) -> None:
    scene.answer(1500)

    def at(hours: float) -> DataChecks:
        return check_data(scene.ledger, scene.bundle, [], now=UNTIL + timedelta(hours=hours), newest_row=None)

    assert at(0).volume.ratio == pytest.approx(1.0)
    assert at(0).alarms() == ()
    assert at(24).alarms() == (Alarm("volume_dropped", "", found=0, expected=50.0),)


def test_random_days_are_no_drop() -> None:
    rng = np.random.default_rng(0)
    dropped = [check_volume(rng.poisson(30, 29).tolist()).dropped for _ in range(2000)]

    assert np.mean(dropped) < 0.002


def test_how_old_the_model_is(scene: Scene) -> None:
    scene.bundle.manifest["created"] = SINCE.isoformat()

    found = check_data(scene.ledger, scene.bundle, [], now=NOW, newest_row=date(2025, 12, 31)).staleness

    assert found.age_seconds == (NOW - SINCE).total_seconds()
    assert (found.newest_row, found.newest_row_days) == (date(2025, 12, 31), 91)
