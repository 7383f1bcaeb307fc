from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import MakeHome
from tests.homes import Home
from tests.retraining.traffic import DAY, NOW, Clock, answer, some_pumps, tell

from zelo.data import prepare
from zelo.data.snapshot import BATCH, latest_snapshot
from zelo.ledger.store import Ledger
from zelo.retraining.labelled import is_simulated, read_until, write_labelled


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    made = make_home("served")
    assert isinstance(made, Home)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(home: Home, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(home.workspace.settings.ledger_url, now=clock) as opened:
        yield opened


def test_outcomes_become_rows_of_the_next_snapshot_once(
    home: Home, ledger: Ledger, clock: Clock, tmp_path: Path
) -> None:
    project, places = home.project, home.workspace.places(home.name)
    rows, truths = some_pumps(80)
    version = ("1", home.bundle("champion"))
    ids = answer(ledger, home, rows, at=NOW - DAY, version=version)
    tell(ledger, home, ids, [1 - truth for truth in truths], at=NOW)
    tell(ledger, home, ids, truths, at=NOW)

    new = write_labelled(ledger, project, places, tmp_path)
    assert new is not None
    assert (new.rows, new.left_out) == (80, 0)
    snapshot = prepare.append(project, new.file, places, created=NOW).snapshot

    added = snapshot.frame().query(f"{BATCH} == 1").set_index("pump")
    assert added["failed"].to_dict() == {row["pump"]: truth for row, truth in zip(rows, truths, strict=True)}
    expected = pd.DataFrame(rows).set_index("pump")
    assert added["age"].astype(int).to_dict() == expected["age"].to_dict()
    pd.testing.assert_series_equal(
        added["load"].sort_index(), expected["load"].astype(float).sort_index(), check_exact=True
    )
    assert read_until(snapshot) == clock.at

    assert write_labelled(ledger, project, places, tmp_path) is None
    clock.at += DAY
    more, known = some_pumps(5, seed=3, first=20_000)
    tell(ledger, home, answer(ledger, home, more, at=NOW, version=version), known, at=clock.at)
    again = write_labelled(ledger, project, places, tmp_path)
    assert again is not None
    assert again.rows == 5


def test_rows_without_a_key_are_left_out(home: Home, ledger: Ledger, tmp_path: Path) -> None:
    rows, truths = some_pumps(6)
    version = ("1", home.bundle("champion"))
    nameless = [{**row, "pump": None} for row in rows[:2]]
    twice = [rows[2], rows[2], *rows[3:]]
    ids = answer(ledger, home, [*nameless, *twice], at=NOW - DAY, version=version)
    tell(ledger, home, ids, [*truths[:2], 0, 1, *truths[3:]], at=NOW)

    new = write_labelled(ledger, home.project, home.workspace.places(home.name), tmp_path)

    assert new is not None
    assert (new.rows, new.left_out) == (4, 3)
    table = pd.read_csv(new.file).set_index("pump")
    assert table.loc[rows[2]["pump"], "Failed"] == 1


def test_nothing_new(home: Home, ledger: Ledger, tmp_path: Path) -> None:
    assert write_labelled(ledger, home.project, home.workspace.places(home.name), tmp_path) is None


def test_what_is_recorded_while_it_reads_is_left_to_the_next_time(
    home: Home, ledger: Ledger, clock: Clock, tmp_path: Path
) -> None:
    rows, truths = some_pumps(4)
    ids = answer(ledger, home, rows, at=NOW - DAY, version=("1", home.bundle("champion")))
    tell(ledger, home, ids[:3], truths[:3], at=NOW)
    clock.at += timedelta(seconds=1)
    tell(ledger, home, ids[3:], truths[3:], at=NOW)
    clock.at -= timedelta(seconds=1)

    new = write_labelled(ledger, home.project, home.workspace.places(home.name), tmp_path)

    assert new is not None
    assert new.rows == 3


def test_simulated_traffic_is_known(home: Home, ledger: Ledger, clock: Clock) -> None:
    places = home.workspace.places(home.name)
    assert not is_simulated(ledger, home.project, places)

    snapshot = latest_snapshot(places.snapshots, home.name)
    assert snapshot is not None
    clock.at = read_until(snapshot) - timedelta(seconds=60)
    ledger.record_event(home.name, "simulation", "Ana", "", {"seconds": 59})
    assert not is_simulated(ledger, home.project, places)

    ledger.record_event(home.name, "simulation", "Ana", "", {"seconds": 61})
    assert is_simulated(ledger, home.project, places)


def test_a_sign_that_the_sources_encoding_lacks_stops_no_training(
    home: Home, ledger: Ledger, tmp_path: Path
) -> None:
    rows, truths = some_pumps(2)
    rows[0]["site"] = "norte 😀"
    ids = answer(ledger, home, rows, at=NOW - DAY, version=("1", home.bundle("champion")))
    tell(ledger, home, ids, truths, at=NOW)
    (name,) = home.project.data.sources
    latin = home.project.source(name).model_copy(update={"encoding": "latin-1"})
    data = home.project.data.model_copy(update={"sources": {name: latin}})
    project = home.project.model_copy(update={"data": data})

    new = write_labelled(ledger, project, home.workspace.places(home.name), tmp_path)

    assert new is not None
    assert "norte ?" in new.file.read_text(encoding="latin-1")
