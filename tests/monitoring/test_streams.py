from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.data.prices.price_files import make_price_project
from tests.texts import make_comments

from zelo.ledger.store import Ledger
from zelo.monitoring.alarms import DriftAlarm
from zelo.monitoring.drift_words import sentence
from zelo.monitoring.series_stream import series_rows
from zelo.monitoring.streams import Evidence, gather_evidence, streams_of
from zelo.monitoring.weekly import Weekly
from zelo.monitoring.words import Words
from zelo.spec.project import Project
from zelo.stats.detector import Stream, detect

from .fakes import NOW, SINCE, UNTIL, VERSION, Scene, make_bundle, make_project, make_rows, make_scores
from .weekly_fakes import make_watched_project

LATER = UNTIL + timedelta(days=15)
RARELY: dict[str, Any] = {"alarm_budget": {"false_alarms": 1, "per_days": 3650}}
"""A false alarm in ten years: in the weeks of a test there is hardly ever one."""
SITES = ["North", "South", "West"]


@pytest.fixture
def scene(ledger: Ledger, tmp_path: Path) -> Scene:
    return Scene(ledger, make_bundle(tmp_path / "bundle", make_project(monitoring=RARELY)))


def evidence(scene: Scene, now: datetime = NOW, **changes: Any) -> Evidence:
    return gather_evidence(scene.ledger, scene.bundle, VERSION, now=now, **changes)


def only(found: Evidence) -> DriftAlarm:
    (alarm,) = found.alarms
    return alarm


def shifted(
    scene: Scene, rows: int, change: Any, *, since: datetime = UNTIL, until: datetime = LATER
) -> None:
    table = make_rows(scene.rng, rows)
    change(table)
    scene.answer(rows, rows=table, since=since, until=until)


def older(table: pd.DataFrame) -> None:
    table["age"] += 10


def test_rows_like_the_reference_are_no_alarm(scene: Scene) -> None:
    scene.answer(1500)

    found = evidence(scene)

    assert (found.rows, found.streams, found.since) == (1500, 4, SINCE)
    assert found.alarms == ()
    assert 0 < found.wealth_days < found.threshold_days == 3650


def test_an_alarm_tells_what_changed_in_its_unit_and_since_when(scene: Scene) -> None:
    scene.answer(900)
    shifted(scene, 300, older)

    alarm = only(evidence(scene))

    assert (alarm.fields, alarm.change.kind, alarm.change.unit) == (("age",), "mean", "years")
    assert alarm.change.before == pytest.approx(40, abs=1)
    assert alarm.change.now == pytest.approx(50, abs=2)
    assert abs(alarm.since - UNTIL) < timedelta(days=2)
    assert UNTIL < alarm.at < UNTIL + timedelta(days=7)
    assert alarm.rows_to_see is not None
    assert 10 < alarm.rows_to_see < 300
    assert alarm.active
    told = sentence(alarm, Words("en"))
    assert told.startswith("ACTIVE. Drift in age (")
    assert "The mean of age went from 4" in told or "The mean of age went from 3" in told
    assert "years" in told
    assert sentence(alarm, Words("pt-BR")).startswith("ATIVO. Deriva em age (")


def test_what_is_over_no_longer_stands(scene: Scene) -> None:
    scene.answer(900)
    shifted(scene, 200, older)
    scene.answer(900, since=LATER, until=NOW)

    assert only(evidence(scene, LATER)).active
    after = [alarm for alarm in evidence(scene).alarms if alarm.at < LATER]
    assert [alarm.active for alarm in after] == [False]


def test_a_later_look_tells_the_same_alarm(scene: Scene) -> None:
    scene.answer(900)
    shifted(scene, 200, older)
    early = only(evidence(scene, LATER))
    shifted(scene, 200, older, since=LATER, until=NOW)

    assert evidence(scene).alarms[0].key == early.key


def test_a_category_a_burst_of_missing_values_and_a_score(scene: Scene) -> None:
    scene.answer(900)
    rng = np.random.default_rng(4)
    table = make_rows(scene.rng, 400)
    table["site"] = rng.choice(SITES, 400, p=[0.05, 0.05, 0.9])
    scene.answer(400, rows=table, since=UNTIL, until=LATER)
    category = only(evidence(scene)).change

    assert (category.kind, category.fields) == ("category", ("site",))
    assert category.category in SITES

    other = "4"

    def alarm(**answered: Any) -> DriftAlarm:
        scene.answer(400, version=other, since=SINCE, until=UNTIL)
        scene.answer(400, version=other, since=UNTIL, until=LATER, **answered)
        return only(gather_evidence(scene.ledger, scene.bundle, other, now=NOW))

    table = make_rows(scene.rng, 400)
    table.loc[rng.random(400) < 0.6, "load"] = np.nan
    burst = alarm(rows=table)
    assert (burst.change.kind, burst.fields) == ("missing", ("load",))
    assert burst.change.after is not None
    assert burst.change.after == pytest.approx(0.6, abs=0.15)

    other = "5"
    scores = make_scores(scene.rng, 400, scene.project)
    surer = np.clip(scores + np.array([-0.3, 0.3]), 0.01, 0.99)
    assert alarm(scores=surer).fields == ("score",)


def test_a_version_is_judged_by_its_own_rows(scene: Scene) -> None:
    scene.answer(300)
    table = make_rows(scene.rng, 300)
    older(table)
    scene.answer(300, version="4", rows=table)

    assert evidence(scene).alarms == ()
    assert gather_evidence(scene.ledger, scene.bundle, "4", now=NOW).alarms[0].fields == ("age",)
    assert gather_evidence(scene.ledger, scene.bundle, "5", now=NOW).since is None


def test_a_version_that_answers_for_long_is_read_from_two_seasons_ago(scene: Scene) -> None:
    for month in range(8):
        start = SINCE + timedelta(days=30 * month)
        scene.answer(60, since=start, until=start + timedelta(days=30))

    def since(days: float) -> datetime | None:
        return evidence(scene, SINCE + timedelta(days=days)).since

    assert since(179) == SINCE
    assert since(181) == since(239) == SINCE + timedelta(days=90)


def comments(scene: Scene, texts: list[str], *, since: datetime, until: datetime) -> None:
    scene.answer(len(texts), rows=pd.DataFrame({"note": texts}), since=since, until=until)


def test_a_text_is_watched_where_it_lies(ledger: Ledger, tmp_path: Path) -> None:
    fields = {"key": "id", "sources": {"train": "x.csv"}, "fields": {"note": {"type": "text"}}}
    scene = Scene(
        ledger, make_bundle(tmp_path / "bundle", make_project(data=fields, gates={}, monitoring=RARELY))
    )
    texts, modes = make_comments(2400, seed=5)
    path = scene.bundle.path / "reference.parquet"
    pd.DataFrame({"note": texts[:1200]}).to_parquet(path)
    comments(scene, texts[1200:1800], since=SINCE, until=UNTIL)

    assert [one.measure for one in streams_of(scene.bundle)[0][:2]] == [
        "length in words",
        "share of new words",
    ]
    assert evidence(scene).alarms == ()

    # The same words as ever, of one failure mode alone.
    hot = [text for text, mode in zip(texts, modes, strict=True) if mode == "overheat"][:200]
    comments(scene, hot, since=UNTIL, until=LATER)
    alarm = evidence(scene).alarms[0]

    assert alarm.fields == alarm.change.fields == ("note",)
    assert re.fullmatch(r"[1-5]: \w+, \w+, \w+", alarm.change.measures[0] or "")
    assert abs(alarm.since - UNTIL) < timedelta(days=2)

    comments(scene, ["quero falar com o gerente"] * 60, since=LATER, until=NOW)
    assert any("share of new words" in found.change.measures for found in evidence(scene).alarms), evidence(
        scene
    ).alarms


def series_of(project: Project, values: np.ndarray, pace: str, first: str = "2020-01-06") -> Weekly:
    days = pd.date_range(first, periods=len(values), freq=pace).date
    table = pd.DataFrame({project.task.target: values}, index=pd.Index(days, dtype=object))
    return Weekly("set", table)


def watched_series(scene: Scene, project: Project, weekly: Weekly, fitted: int) -> Evidence:
    return gather_evidence(
        scene.ledger,
        replace(scene.bundle, project=project),
        VERSION,
        now=NOW,
        weekly=weekly,
        trained_until=weekly.table.index[fitted - 1],
    )


def test_prices_are_watched_by_their_returns(scene: Scene) -> None:
    project = make_price_project(monitoring=RARELY)
    rng = np.random.default_rng(2)
    returns = rng.standard_t(5, 900) * 0.01
    calm = series_of(project, 10 * np.cumprod(1 + returns), "B")
    returns[850:] -= 0.02
    falling = series_of(project, 10 * np.cumprod(1 + returns), "B")

    assert watched_series(scene, project, calm, 500).alarms == ()
    alarm = watched_series(scene, project, falling, 500).alarms[-1]

    assert (alarm.fields, alarm.change.unit, alarm.change.measures) == (
        (project.task.target,),
        "%",
        ("return",),
    )
    assert alarm.change.size is not None
    assert alarm.change.size < -1
    assert alarm.since.date() >= falling.table.index[845]
    assert "return" in sentence(alarm, Words("en"))


def test_weeks_are_watched_by_what_the_weeks_before_do_not_tell(scene: Scene) -> None:
    project = make_watched_project(monitoring=RARELY)
    rng = np.random.default_rng(6)
    values = np.full(260, 100.0)
    for week in range(1, 260):
        values[week] = 100 + 0.6 * (values[week - 1] - 100) + rng.normal(0, 5)
    values[230:] += 20

    found = watched_series(scene, project, series_of(project, values, "W-MON"), 150)

    assert (found.rows, found.streams) == (110, 1)
    alarm = found.alarms[-1]
    assert alarm.change.measures == ("surprise",)
    assert alarm.change.unit == project.task.unit
    assert abs(alarm.since.date() - date(2024, 6, 3)) < timedelta(weeks=6)


def test_series_without_a_change_keep_to_the_budget(scene: Scene) -> None:
    project = make_watched_project()
    rng = np.random.default_rng(8)
    crossings = days = 0.0
    for _ in range(40):
        values = 100 + np.convolve(rng.normal(0, 5, 420), 0.6 ** np.arange(20))[:400]
        rows = series_rows(series_of(project, values, "W-MON"), project, date(2022, 11, 21))
        times = np.array([(at - rows.times[0]) / timedelta(days=1) for at in rows.times])
        name = project.task.target
        found = detect([Stream(name, rows.reference)], {name: rows.values}, times, budget=90.0)
        crossings += len(found.crossings)
        days += times[-1]

    assert crossings / days < 1 / 90


def test_a_series_without_its_training_or_its_weeks_has_no_stream(scene: Scene) -> None:
    bundle = replace(scene.bundle, project=make_watched_project())

    found = gather_evidence(scene.ledger, bundle, VERSION, now=NOW)

    assert (found.rows, found.streams, found.since, found.alarms) == (0, 0, None, ())


def test_times_are_in_utc() -> None:
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert Words("pt-BR").moment(at) == "02/01/2026 03:04 UTC"
    assert Words("en").moment(at) == "2026-01-02 03:04 UTC"
