from __future__ import annotations

import io
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from rich.console import Console

from zelo.ledger.store import Ledger
from zelo.monitoring import alarms, drift_words, look_text, text_space
from zelo.monitoring.look import ALARM, Look, look, record
from zelo.monitoring.look_text import render_look
from zelo.monitoring.look_words import DRIFT
from zelo.monitoring.page import render_page
from zelo.monitoring.words import PORTUGUESE, Words
from zelo.spec.project import Project

from .fakes import SINCE, UNTIL, VERSION, Scene, make_bundle, make_project, make_rows
from .weekly_fakes import NOW as WEEKLY_NOW
from .weekly_fakes import Watched

SHOWN = UNTIL + timedelta(days=10)
BUDGET = {"alarm_budget": {"false_alarms": 1, "per_days": 3650}}
"""A false alarm in ten years: in the weeks of a test there is hardly ever one."""


@pytest.fixture
def scene(ledger: Ledger, tmp_path: Path) -> Scene:
    return Scene(ledger, make_bundle(tmp_path / "bundle", make_project(monitoring=BUDGET)))


def looked(scene: Scene, now: datetime = SHOWN, **changes: Any) -> Look:
    return look(scene.ledger, scene.bundle, VERSION, now=now, days=30, **changes)


def drifted(scene: Scene) -> None:
    scene.answer(900)
    rows = make_rows(scene.rng, 300)
    rows["age"] += 15
    scene.answer(300, rows=rows, since=UNTIL, until=SHOWN)


def shown(found: Look, project: Project, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(render_look(found, project))
    return console.file.getvalue()


def test_a_look_at_nothing(scene: Scene) -> None:
    found = looked(scene)

    assert (found.status, found.drift, found.alarms, found.series) == ("ok", (), (), None)
    assert found.evidence.rows == 0
    json.dumps(found.as_dict(), allow_nan=False)
    assert "no rows to test yet" in shown(found, scene.project)


def test_a_drift_is_an_alarm_that_is_written_once(scene: Scene) -> None:
    drifted(scene)

    found = looked(scene)
    (event,) = record(scene.ledger, found, "cron")

    assert found.status == "alarm"
    (alarm,) = found.active
    assert alarm.fields == ("age",)
    assert event.payload["key"] == alarm.key
    assert event.payload["code"] == "drift"
    assert event.payload["fields"] == ["age"]
    assert event.payload["unit"] == "years"
    assert event.payload["size"] == pytest.approx(15, abs=5)
    assert event.payload["since"] == alarm.since.isoformat()
    assert event.payload["version"] == VERSION
    assert event.reason == event.payload["text"]
    assert "age" in event.reason
    # A second look at the same rows, and at more of them, is no second alarm.
    assert record(scene.ledger, looked(scene), "cron") == ()
    scene.answer(20, since=SHOWN, until=SHOWN + timedelta(hours=1))
    assert record(scene.ledger, looked(scene, SHOWN + timedelta(hours=2)), "cron") == ()
    assert len(scene.ledger.events("pumps", kind=ALARM)) == 1


def test_a_look_that_finds_nothing_new_is_not_written_again(scene: Scene) -> None:
    def looks() -> int:
        return len(scene.ledger.events("pumps", kind="monitor"))

    hour = timedelta(hours=1)
    record(scene.ledger, looked(scene), "cron", unless_since=hour)
    record(scene.ledger, looked(scene), "cron", unless_since=hour)
    assert looks() == 1

    drifted(scene)
    record(scene.ledger, looked(scene), "cron", unless_since=hour)
    assert looks() == 2
    record(scene.ledger, looked(scene), "cron")
    assert looks() == 3


def test_the_event_of_a_look_holds_status_alarms_figures_and_gauges(scene: Scene) -> None:
    drifted(scene)

    record(scene.ledger, looked(scene), "cron")
    (event,) = scene.ledger.events("pumps", kind="monitor")

    assert (event.actor, event.reason) == ("cron", "alarm")
    assert (event.payload["status"], event.payload["version"]) == ("alarm", VERSION)
    assert [told["code"] for told in event.payload["alarms"]] == ["drift"]
    assert event.payload["f1"] is None
    gauges = {(one["name"], *sorted(one["labels"].items())): one["value"] for one in event.payload["gauges"]}
    assert gauges["zelo_drift_alarm", ("field", "age")] == 1
    assert gauges["zelo_drift_alarm", ("field", "load")] == 0
    assert gauges["zelo_drift_threshold_seconds",] == 3650 * 86400
    json.dumps(event.payload, allow_nan=False)


def test_the_terminal_tells_the_alarm_first(scene: Scene) -> None:
    drifted(scene)

    text = shown(looked(scene), scene.project)

    assert text.startswith("Drift alarms\nACTIVE. Drift in age (")
    assert "one in 3,650 days" in " ".join(text.split())
    assert text.index("ACTIVE") < text.index("Pumps (pumps)") < text.index("What arrived")
    assert max(map(len, text.splitlines())) <= 100


def test_a_whole_look_in_portuguese(ledger: Ledger, tmp_path: Path) -> None:
    scene = Scene(ledger, make_bundle(tmp_path / "bundle", make_project(language="pt-BR", monitoring=BUDGET)))
    drifted(scene)

    text = shown(looked(scene), scene.project)

    assert text.startswith("Alarmes de deriva\nATIVO. Deriva em age (")
    for english in ("predictions", "Drift", "evidence", "missing", "unseen", "window"):
        assert english not in text


def test_a_figure_surely_below_its_floor_is_an_alarm(ledger: Ledger, tmp_path: Path) -> None:
    scene = Scene(
        ledger,
        make_bundle(tmp_path / "bundle", make_project(monitoring={**BUDGET, "floors": {"recall": 0.9}})),
    )
    records = scene.answer(600)
    scene.tell(records, scene.draw(records))

    found = looked(scene, UNTIL + timedelta(days=1))

    floor = next(alarm for alarm in found.alarms if alarm.code == "floor_broken")
    assert (floor.about, floor.expected) == ("recall", 0.9)
    assert found.status == "alarm"
    assert "floor of 0.900" in " ".join(shown(found, scene.project).split())


def test_traffic_that_stops_is_an_alarm(scene: Scene) -> None:
    scene.answer(1500)

    codes = [alarm.code for alarm in looked(scene, UNTIL + timedelta(days=2)).alarms]

    assert codes == ["volume_dropped"]
    assert looked(scene, UNTIL).alarms == ()


def test_the_window_is_one_thing_and_the_evidence_another(scene: Scene) -> None:
    scene.answer(400, since=SINCE, until=SINCE + timedelta(days=5))

    found = looked(scene, SINCE + timedelta(days=60))

    assert (found.report.volume.rows, found.evidence.rows) == (0, 400)


def test_a_forecast_is_looked_at_with_its_series(watched: Watched) -> None:
    found = look(watched.ledger, watched.bundle, "7", now=WEEKLY_NOW, days=30, datasets=Path("none"))

    assert found.series is not None
    assert {alarm.code for alarm in found.alarms} == {"run_never"}
    assert found.as_dict()["series"]["status"] == "alarm"
    assert found.summary()["naive_mae"] is None
    shown(found, watched.project)
    without = look(watched.ledger, watched.bundle, "7", now=WEEKLY_NOW, days=30)
    assert without.series is None


def test_the_page_of_a_forecast_shows_the_drift(watched: Watched) -> None:
    change = alarms.Change("mean", ("effort",), ("surprise",), None, "h", 0.1, 9.0, 9.0)
    at = WEEKLY_NOW
    alarm = alarms.DriftAlarm("7", ("effort",), (1.0,), change, at, at, at, 1, 12, 11, True)

    page = render_page(watched.report(), watched.project, [], [alarm])

    assert "Drift in effort" in page
    assert "Drift in" not in render_page(watched.report(), watched.project, [])


def test_every_phrase_is_translated() -> None:
    source = Path(look_text.__file__).read_text(encoding="utf-8")
    phrases = re.findall(r"words\([\"']([^\"']+)[\"']\)", source)
    for heads in re.findall(r"(?:left|right)=\((.*?)\)", source, flags=re.DOTALL):
        phrases += re.findall(r'"(.*?)"', heads)
    phrases += get_args(text_space.Measure)
    assert len(phrases) > 30
    assert set(phrases) <= set(PORTUGUESE)
    assert set(DRIFT["en"]) == set(DRIFT["pt-BR"])
    assert set(get_args(alarms.ChangeKind)) <= set(DRIFT["en"])


@pytest.mark.parametrize("language", ["pt-BR", "en"])
@pytest.mark.parametrize("kind", get_args(alarms.ChangeKind))
def test_every_kind_of_change_is_a_sentence(kind: Any, language: Any) -> None:
    fields = ("age", "load") if kind == "correlation" else ("site",)
    change = alarms.Change(kind, fields, (None,) * len(fields), "North", "h", 0.1, None, 0.3)
    alarm = alarms.DriftAlarm(
        VERSION, ("age", "load"), (0.6, 0.3), change, SINCE, UNTIL, UNTIL, 1, 100, None, False
    )

    told = drift_words.sentence(alarm, Words(language))

    assert "{" not in told
    assert "–" in told
    assert ("60 % of the evidence" in told) is (language == "en")
