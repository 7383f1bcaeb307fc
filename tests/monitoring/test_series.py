from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from tests.weeks import make_weekly_project

from zelo.data.pipeline.dataset import write_dataset
from zelo.data.snapshot import write_snapshot
from zelo.errors import BundleError, DataError
from zelo.monitoring.series import is_watched
from zelo.monitoring.watch import ONE_AHEAD, read_window, watch
from zelo.monitoring.weekly import read_weekly, trained_until

from .fakes import make_project
from .weekly_fakes import NEWEST, NOW, VERSION, WEEK, Watched


def test_a_forecast_in_good_order(watched: Watched) -> None:
    watched.forecast([*watched.last(13), NEWEST + WEEK])
    watched.run("data", status="built")
    watched.run("forecast")

    report = watched.report()

    assert (report.status, report.alarms) == ("ok", ())
    assert (report.dataset, report.synthetic, report.unit) == ("2022-06-21-0123456789ab", True, "h")
    # From Monday the 3rd of January to Tuesday the 21st of June are 24 whole weeks.
    assert (report.trained_until, report.weeks_since) == (date(2022, 1, 3), 24)
    assert [week.week for week in report.weeks[-3:]] == [NEWEST + place * WEEK for place in (1, 2, 3)]
    assert [feature.field for feature in report.features] == ["flown_lag_1", "effort_lag_1"]
    assert report.summary() == {
        "status": "ok",
        "version": VERSION,
        "dataset": "2022-06-21-0123456789ab",
        "alarms": [],
        "weeks": 13,
        "mae": pytest.approx(4.0),
        "rmse": pytest.approx(4.0),
        "mape": pytest.approx(sum(4.0 / watched.truth[week] for week in watched.last(13)) / 13),
        "coverage": 1.0,
        "naive_mae": pytest.approx(report.quarter.accuracy.naive["mae"].value),
    }


def test_every_alarm_is_told(watched: Watched) -> None:
    watched.frame.loc[watched.frame.index[-1], "rows_log"] = 3
    watched.run("data", status="failed")

    report = watched.report(now=NOW + timedelta(days=20))

    assert report.status == "alarm"
    assert [(alarm.code, alarm.about) for alarm in report.alarms] == [
        ("rows_dropped", "log"),
        ("data_stale", ""),
        ("run_failed", "data"),
        ("run_never", "data"),
        ("run_never", "predict"),
    ]
    assert report.summary()["alarms"][0] == {
        "code": "rows_dropped",
        "about": "log",
        "on": "2022-06-13",
        "found": 3,
        "expected": 40.0,
    }


def test_a_report_is_json(watched: Watched) -> None:
    watched.forecast(watched.last(2))

    for report in (watched.report(), watched.report(weekly=None, trained_until=None)):
        read = json.loads(json.dumps(report.as_dict(), allow_nan=False))
        json.dumps(report.summary(), allow_nan=False)
        assert read["status"] == "alarm"
        assert read["made_at"] == NOW.isoformat()
    assert (read["dataset"], read["weeks_since"], read["features"]) == (None, None, [])
    assert read["horizons"][0]["accuracy"]["test"]["mae"]["value"] == 6.0


def test_looking_writes_nothing(watched: Watched) -> None:
    watched.forecast(watched.last(2))
    watched.report()

    assert watched.ledger.events(watched.project.name) == []
    assert watched.ledger.judged(watched.project.name) == []


def test_a_bundle_that_lacks_its_figures_is_told(watched: Watched) -> None:
    (watched.bundle.path / "horizons.json").unlink()

    with pytest.raises(BundleError, match=r"horizons\.json"):
        watched.report()


def test_only_a_weekly_forecast_is_watched(watched: Watched) -> None:
    assert is_watched(watched.project)
    assert not is_watched(make_weekly_project())
    assert not is_watched(make_project())


def test_the_data_set_that_stands_is_read(watched: Watched, tmp_path: Path) -> None:
    name = watched.project.name
    assert read_weekly(tmp_path, watched.project) is None
    tables = {"weekly": pa.Table.from_pandas(watched.frame, preserve_index=False)}
    dataset = write_dataset(tmp_path, name, "a" * 64, tables, created=NOW, run={"synthetic": True})

    found = read_weekly(tmp_path, watched.project)

    assert found is not None
    assert (found.name, found.newest, len(found.table)) == ("2022-06-21-aaaaaaaaaaaa", NEWEST, 120)
    (dataset.path / "weekly.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cut short"):
        read_weekly(tmp_path, watched.project)


def test_the_newest_week_of_the_training(watched: Watched, tmp_path: Path) -> None:
    assert trained_until(watched.bundle, tmp_path) is None

    project = watched.project
    names = ["row__", *project.fields, project.task.target]
    frame = watched.frame.assign(row__=range(120))[names]
    snapshot = write_snapshot(frame, project=project, root=tmp_path, sources=(), created=NOW)
    bundle = replace(watched.bundle, manifest={"snapshot": snapshot.hash})

    # Of 120 weeks the last quarter is the test set.
    assert trained_until(bundle, tmp_path) == NEWEST - 30 * WEEK
    assert pd.Timestamp(NEWEST - 30 * WEEK) == frame["date"].iloc[89]


def test_quality_of_forecasts_is_that_of_one_row_ahead(watched: Watched) -> None:
    watched.forecast(watched.last(4))
    watched.say(NEWEST, 1.0, version="5")
    watched.realise()

    since = NOW - timedelta(days=60)
    window = read_window(watched.ledger, watched.project.name, VERSION, since=since, until=NOW)
    report = watch(window, watched.bundle, now=NOW)

    assert (report.quality.predictions, report.quality.outcomes) == (4, 4)
    assert report.volume.rows == 13
    assert report.drift.rows == 4
    assert ONE_AHEAD in report.notes
    figures = {figure.metric: figure for figure in report.quality.figures}
    assert figures["mae"].value == pytest.approx(4.0)
    # By the scale of the bundle, 8.
    assert figures["mase"].value == pytest.approx(0.5)
    # An interval of 20 that holds the truth costs a twentieth of its width, half for each end.
    assert figures["pinball"].value == pytest.approx(0.5)


def test_a_metric_without_a_value_says_so(watched: Watched) -> None:
    (watched.bundle.path / "baseline.json").write_text('{"scale": 0.0}', encoding="utf-8")
    watched.forecast(watched.last(1))
    watched.realise()

    since = NOW - timedelta(days=60)
    window = read_window(watched.ledger, watched.project.name, VERSION, since=since, until=NOW)
    report = watch(window, watched.bundle, now=NOW)

    (scaled,) = (figure for figure in report.quality.figures if figure.metric == "mase")
    assert (scaled.status, scaled.value) == ("cannot be computed", None)
    assert scaled.reason == "not defined on these outcomes"
    json.dumps(report.as_dict(), allow_nan=False)
