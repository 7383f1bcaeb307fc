from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import MakeHome
from tests.homes import Home
from tests.retraining.traffic import DAY, NOW, Clock, answer, some_pumps, tell

from zelo.data import prepare
from zelo.data.snapshot import BATCH
from zelo.ledger.store import Ledger
from zelo.retraining.labelled import read_until, write_labelled


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
