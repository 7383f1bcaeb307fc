"""The command monitor on a weekly forecast, and the decisions that promote, rollback and history tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.homes import NAME, Home, answered, environment, zelo
from tests.monitoring import fakes
from tests.monitoring.weekly_fakes import (
    NEWEST,
    NOW,
    VERSION,
    WEEK,
    Clock,
    Watched,
    make_data_set,
    make_watched_project,
)

from zelo.cli import monitor
from zelo.data.pipeline.dataset import write_dataset
from zelo.ledger.store import Ledger
from zelo.registry.evidence import broken_links, read_evidence

MakeHome = Callable[[str], Home]
REPAIRS = "repairs"


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A weekly forecast in a home of its own: its champion is a bundle without a model."""
    project, clock = make_watched_project(), Clock()
    folder = tmp_path / "projects" / REPAIRS
    folder.mkdir(parents=True)
    document = project.model_dump(mode="json", exclude_defaults=True)
    (folder / "project.yaml").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "home").mkdir()
    with (
        environment(tmp_path),
        Ledger.open(f"sqlite:///{tmp_path / 'home' / 'ledger.db'}", now=clock) as ledger,
    ):
        found = Watched(ledger, clock, tmp_path, project, make_data_set())
        monkeypatch.setattr(monitor, "champion", lambda *_: (VERSION, found.bundle))
        monkeypatch.setattr(monitor, "now", lambda: NOW)
        tables = {"weekly": pa.Table.from_pandas(found.frame, preserve_index=False)}
        made = {"created": NOW, "run": {"synthetic": True}}
        write_dataset(tmp_path / "home" / "datasets", REPAIRS, "a" * 64, tables, **made)
        yield found


def in_order(watched: Watched) -> None:
    watched.forecast([*watched.last(14), NEWEST + WEEK])
    watched.realise()
    watched.run("data", status="built")
    watched.run("forecast", version=VERSION)


def test_a_forecast_in_order(watched: Watched, tmp_path: Path) -> None:
    in_order(watched)
    page = tmp_path / "pages" / "repairs.html"

    ran = answered("monitor", REPAIRS, "--page", page)

    assert ran.out.rstrip().endswith(f"page: {page}")
    assert "no alarm" in ran.out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    (event,) = watched.ledger.events(REPAIRS, kind="monitor")
    assert (event.actor, event.reason) == ("Ana", "ok")
    assert event.payload["status"] == "ok"
    assert event.payload["version"] == VERSION
    assert event.payload["dataset"] == "2022-06-21-aaaaaaaaaaaa"
    assert (event.payload["alarms"], event.payload["weeks"]) == ([], 13)
    assert event.payload["mae"] == pytest.approx(4.0)


def test_an_alarm_is_a_no_and_every_run_is_on_record(watched: Watched) -> None:
    in_order(watched)
    watched.clock.time = NOW + timedelta(hours=1)
    watched.run("data", status="failed")

    ran = zelo("monitor", REPAIRS, "--json")

    assert ran.status == 1
    assert ran.json["quality"]["outcomes"] == 4
    series: dict[str, Any] = ran.json["series"]
    assert series["status"] == "alarm"
    assert [alarm["code"] for alarm in series["alarms"]] == ["run_failed"]
    assert series["windows"][1]["accuracy"]["found"]["mae"]["value"] == pytest.approx(4.0)
    assert zelo("monitor", REPAIRS).status == 1
    events = watched.ledger.events(REPAIRS, kind="monitor")
    assert [event.payload["alarms"][0]["code"] for event in events] == ["run_failed"] * 2


def test_a_drift_is_a_no_that_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = {"alarm_budget": {"false_alarms": 1, "per_days": 3650}}
    project = fakes.make_project(monitoring=budget)
    folder = tmp_path / "projects" / project.name
    folder.mkdir(parents=True)
    document = project.model_dump(mode="json", exclude_defaults=True)
    (folder / "project.yaml").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "home").mkdir()
    with environment(tmp_path), Ledger.open(f"sqlite:///{tmp_path / 'home' / 'ledger.db'}") as ledger:
        scene = fakes.Scene(ledger, fakes.make_bundle(tmp_path / "bundle", project))
        monkeypatch.setattr(monitor, "champion", lambda *_: (fakes.VERSION, scene.bundle))
        scene.answer(900)
        monkeypatch.setattr(monitor, "now", lambda: fakes.UNTIL)
        assert zelo("monitor", project.name).status == 0
        rows = fakes.make_rows(scene.rng, 300)
        rows["age"] += 15
        scene.answer(300, rows=rows, since=fakes.UNTIL, until=fakes.UNTIL + timedelta(days=5))
        monkeypatch.setattr(monitor, "now", lambda: fakes.UNTIL + timedelta(days=5))

        ran = zelo("monitor", project.name)
        again = zelo("monitor", project.name, "--json")

        assert (ran.status, again.status) == (1, 1)
        assert "ACTIVE. Drift in age" in ran.out
        assert again.json["status"] == "alarm"
        assert [alarm["fields"] for alarm in again.json["alarms"]] == [["age"]]
        assert [event.payload["fields"] for event in ledger.events(project.name, kind="alarm")] == [["age"]]
        assert len(ledger.events(project.name, kind="monitor")) == 3


def test_a_page_is_of_a_weekly_forecast_alone(make_home: MakeHome, tmp_path: Path) -> None:
    home = make_home("served")

    ran = zelo("monitor", NAME, "--page", tmp_path / "page.html")

    assert ran.status == 2
    assert "--page" in ran.err
    assert "no forecast of weeks or days" in " ".join(ran.err.split())
    assert not (tmp_path / "page.html").exists()
    assert answered("monitor", NAME, "--json").json.get("series") is None
    with home.workspace.ledger() as ledger:
        (event,) = ledger.events(NAME, kind="monitor")
    assert (event.payload["status"], event.payload["version"]) == ("ok", "1")
    assert (event.payload["rows"], event.payload["f1"]) == (0, None)


def test_decisions_are_told_by_those_who_take_them(make_home: MakeHome) -> None:
    home = make_home("replaced")
    answered("rollback", NAME, "--reason", "complaints from [branch] 12")

    records = answered("history", NAME, "--json").json
    first, second, back = (record["decision"] for record in records if "decision" in record)

    day = records[-1]["at"][:10]
    candidates = {record["version"]: record["candidate"] for record in records}
    old, new = (f"{version} ({candidates[version]})" for version in "12")
    assert first.startswith(f"model {old} became the first champion on ")
    assert second.startswith(f"model {new} replaced model {old} on ")
    assert second.endswith(" by Ana, because: gates passed")
    assert back == (
        f"model {old} was put back in the place of model {new} on {day} by Ana, because: "
        "complaints from [branch] 12"
    )
    assert " ".join(back.split()) in " ".join(answered("history", NAME).out.split())
    assert answered("verify", NAME).status == 0
    assert broken_links(home.store.registry, NAME) == []


def test_a_record_without_a_sentence_is_still_history(make_home: MakeHome) -> None:
    home = make_home("trained")
    assert all("decision" not in record for record in read_evidence(home.store.registry, NAME))

    assert "- model" not in answered("history", NAME).out
