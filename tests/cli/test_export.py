"""The commands export and monitor, where they write and read files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.homes import NAME, Home, answered, zelo

MakeHome = Callable[[str], Home]


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    made = make_home("served")
    answered("simulate", NAME, "--days", 3, "--a-day", 100, "--rows", 20, "--delay", 0.1)
    return made


def test_an_export_is_measured_as_the_ledger_is(home: Home) -> None:
    day = home.root / "day.parquet"

    assert answered("export", NAME, "--days", 4, "--output", day, "--json").json["rows"] == 300
    found = answered("monitor", NAME, "--from", day, "--json").json

    with home.workspace.ledger() as ledger:
        assert ledger.events(NAME, kind="monitor") == []
    own = zelo("monitor", NAME, "--days", 4, "--json").json
    assert found["volume"]["rows"] == own["volume"]["rows"] == 300
    assert found["quality"]["figures"] == own["quality"]["figures"]
    assert found["quality"]["outcomes"] > 200
    assert [field["psi"] for field in found["drift"]["fields"]] == pytest.approx(
        [field["psi"] for field in own["drift"]["fields"]]
    )
    assert "300" in answered("monitor", NAME, "--from", day).out


def test_figures_of_every_look(home: Home) -> None:
    figures = home.root / "out" / "figures.parquet"
    zelo("monitor", NAME)

    ran = zelo("monitor", NAME, "--export", figures)

    assert f"figures: {figures}" in ran.out
    rows = pq.read_table(figures).to_pylist()
    assert len({row["looked_at"] for row in rows}) == 2
    assert {"zelo_model_quality", "zelo_drift_statistic"} <= {row["figure"] for row in rows}
    assert {row["version"] for row in rows} == {"1"}


def test_a_place_is_refused_before_anybody_looks(home: Home, tmp_path: Path) -> None:
    ran = zelo("monitor", NAME, "--export", tmp_path / "figures.xlsx")

    assert ran.status == 2
    assert ".csv or .parquet" in ran.err
    with home.workspace.ledger() as ledger:
        assert ledger.events(NAME, kind="monitor") == []


def test_what_is_no_export(home: Home, tmp_path: Path) -> None:
    ran = zelo("monitor", NAME, "--from", tmp_path / "nothing.parquet")

    assert ran.status == 2
    assert "the export cannot be read" in ran.err
