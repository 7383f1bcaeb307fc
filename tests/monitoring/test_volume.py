from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from zelo.ledger.store import Ledger
from zelo.monitoring.volume import Period, period_of

from .fakes import SINCE, UNTIL, Scene, make_bundle, make_rows, regression


def test_counts_every_version_by_day_class_and_band(scene: Scene) -> None:
    scores = np.array([0.9, 0.5, 0.45, 0.1, 0.2, 0.3])
    scene.answer(6, scores=np.column_stack([1 - scores, scores]))
    scene.answer(4, version="10", scores=np.tile([0.8, 0.2], (4, 1)), since=SINCE + timedelta(days=9))

    volume = scene.report().volume

    assert volume.rows == 10
    assert volume.first == SINCE
    assert (volume.period, len(volume.periods)) == ("day", 30)
    assert sum(period.rows for period in volume.periods) == 10
    assert volume.periods[0].rows == 1
    assert volume.periods[1].rows == 0
    assert [(count.name, count.rows, count.share) for count in volume.by_version] == [
        ("3", 6, 0.6),
        ("10", 4, 0.4),
    ]
    assert [(count.name, count.rows) for count in volume.by_class] == [("0", 8), ("1", 2)]
    assert [(count.name, count.rows) for count in volume.by_band] == [
        ("High", 1),
        ("Moderate", 2),
        ("Low", 7),
    ]


def test_predictions_outside_the_window_and_of_other_projects_are_left_out(scene: Scene) -> None:
    scene.answer(10, since=SINCE - timedelta(days=5), until=SINCE + timedelta(days=5))
    scene.answer(1, since=UNTIL)

    assert scene.report().volume.rows == 5


def test_missing_values_by_field(scene: Scene) -> None:
    rows = make_rows(scene.rng, 4)
    rows["load"] = [1.0, np.nan, np.nan, np.nan]
    scene.answer(4, rows=rows)

    missing = {entry.field: entry.share for entry in scene.report().volume.missing}

    assert missing == {"age": 0.0, "load": 0.75, "site": 0.0}


def test_an_empty_window_is_counted_and_not_left_out(scene: Scene) -> None:
    volume = scene.report().volume

    assert (volume.rows, volume.first, volume.last) == (0, None, None)
    assert {period.rows for period in volume.periods} == {0}
    assert [(count.name, count.rows, count.share) for count in volume.by_class] == [
        ("0", 0, None),
        ("1", 0, None),
    ]
    assert {entry.share for entry in volume.missing} == {None}


@pytest.mark.parametrize(
    ("length", "period"),
    [
        (timedelta(hours=1), "hour"),
        (timedelta(days=2), "hour"),
        (timedelta(days=3), "day"),
        (timedelta(days=92), "day"),
        (timedelta(days=93), "month"),
    ],
)
def test_the_period_follows_the_length_of_the_window(length: timedelta, period: Period) -> None:
    assert period_of(length) == period


def test_hours_and_months_cover_the_window_without_a_gap(scene: Scene) -> None:
    hours = scene.report(since=SINCE + timedelta(minutes=30), until=SINCE + timedelta(hours=5)).volume
    months = scene.report(since=datetime(2025, 11, 15, tzinfo=UTC), until=datetime(2026, 4, 1, tzinfo=UTC))

    assert [period.start.hour for period in hours.periods] == [0, 1, 2, 3, 4]
    assert [(p.start.month, p.start.day) for p in months.volume.periods] == [
        (11, 1),
        (12, 1),
        (1, 1),
        (2, 1),
        (3, 1),
    ]


def test_a_regression_has_no_classes_and_no_bands(ledger: Ledger, tmp_path: Path) -> None:
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", regression()))
    scene.answer(5)

    volume = scene.report().volume

    assert (volume.rows, volume.by_class, volume.by_band) == (5, (), ())
