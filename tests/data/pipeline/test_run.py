"""The whole pipeline: what a run writes, what a second one does not, and what stops it before anything is."""

from __future__ import annotations

import datetime as dt
import errno
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.data.pipeline.raw_files import (
    EVENTS,
    FIRST_DAY,
    PROJECT,
    WEEKS,
    make_project,
    write_excel,
    write_hangar,
    write_text,
)

from zelo.data.pipeline.dataset import latest_dataset
from zelo.data.pipeline.run import STAGES, Built, Stage, build
from zelo.errors import DataError, PipelineError

NOW = dt.datetime(2026, 3, 2, 12, 30, tzinfo=dt.UTC)
PAST = 3
"""Weeks of history before the first row."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_hangar(tmp_path / "raw")
    return tmp_path


def run(home: Path, *, at: dt.datetime = NOW, changes: dict[str, Any] | None = None, **options: Any) -> Built:
    return build(
        make_project(**(changes or {})),
        folder=home / "nowhere",
        data_dir=None if "generator" in options else _data_dir(home),
        downloads=home / "downloads",
        datasets=home / "datasets",
        engine="duckdb",
        created=at,
        **options,
    )


def _data_dir(home: Path) -> Path:
    link = home / "data" / "hangar"
    if not link.exists():
        link.parent.mkdir()
        link.symlink_to(home / "raw")
    return home / "data"


def written(home: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below the data sets but the lock, with its content and the time that it was written."""
    files = [path for path in (home / "datasets").rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_run_makes_a_data_set_and_records_itself(home: Path) -> None:
    built = run(home)
    assert built.new
    assert not built.synthetic
    assert built.dataset is not None
    weekly = built.dataset.read("rows")
    assert weekly["date"].tolist() == list(
        pd.date_range(FIRST_DAY + dt.timedelta(weeks=PAST), periods=WEEKS - PAST, freq="7D")
    )
    # A week's events are 1.5 and as many hours as its number.
    assert weekly["HH"].tolist() == [week + 2.5 for week in range(PAST, WEEKS)]
    assert weekly["HH_lag_2"].tolist() == [week + 0.5 for week in range(PAST, WEEKS)]
    assert len(built.dataset.read("daily")) == 7 * WEEKS + 1
    assert built.dataset.read("coming")["HH_lag_1"].iloc[0] == WEEKS + 1.5
    recorded = json.loads((built.dataset.path / "run.json").read_text(encoding="utf-8"))
    assert recorded["counts"] == built.counts == {
        "tables": {
            "events": {"files": 12, "read": 36, "left_out": 12, "duplicates": 0, "kept": 24},
            "use": {"files": 1, "read": 170, "left_out": 0, "duplicates": 0, "kept": 170},
        },
        "weeks": {
            "weeks": 9, "first": "2024-01-22", "last": "2024-03-18", "filled": 0, "warm_up": 3, "coming": 2,
        },
    }  # fmt: skip
    assert set(recorded["seconds"]) == set(STAGES)
    assert (recorded["engine"], recorded["origin"], len(recorded["files"])) == ("duckdb", "data_dir", 13)
    assert recorded["files"][0] | {"sha256": ""} == {
        "table": "events",
        "file": "events/week00.xlsx",
        "sha256": "",
        "rows": 3,
        "encoding": None,
        "sheets": {"Eventos": 3},
    }
    assert str(home) not in json.dumps(recorded)


def test_a_second_run_on_the_same_inputs_writes_nothing(home: Path) -> None:
    first = run(home)
    before = written(home)
    again = run(home, at=NOW + dt.timedelta(days=7))
    assert not again.new
    assert (again.dataset, again.counts) == (first.dataset, first.counts)
    assert written(home) == before


def test_a_new_week_is_a_new_data_set_and_the_earlier_one_stays(home: Path) -> None:
    first = run(home)
    before = written(home)
    write_hangar(home / "raw", WEEKS + 1)
    second = run(home, at=NOW + dt.timedelta(days=7))
    assert second.new
    assert first.dataset is not None
    assert second.dataset is not None
    assert (first.dataset.name[:10], second.dataset.name[:10]) == ("2026-03-02", "2026-03-09")
    assert len(second.dataset.read("rows")) == len(first.dataset.read("rows")) + 1
    assert before.items() - {*before.items()} == set()
    assert all(written(home)[path] == file for path, file in before.items() if "latest" not in path)


def test_where_the_inputs_are_as_before_the_earlier_data_set_stands_again(home: Path) -> None:
    first = run(home)
    late = write_excel(
        home / "raw" / "events" / "late.xlsx", {"Maio": [EVENTS, (FIRST_DAY, "PR-AAC", "PILOT", 2)]}
    )
    assert run(home).new
    late.unlink()
    again = run(home)
    assert not again.new
    assert again.dataset == first.dataset == latest_dataset(home / "datasets", "hangar")


def test_another_pipeline_over_the_same_files_is_another_data_set(home: Path) -> None:
    run(home)
    assert run(home, changes={"forecast": {**PROJECT["forecast"], "horizon": 3}}).new
    assert not run(home, changes={"title": "Another"}).new


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_can_be_looked_at_and_writes_nothing(home: Path, stage: Stage) -> None:
    seen: list[tuple[str, int, int]] = []
    built = run(home, until=stage, rows=2, progress=lambda *step: seen.append(step))
    assert (built.dataset, built.new) == (None, False)
    assert [path.name for path in (home / "datasets" / "hangar").iterdir()] == [".lock"]
    tables = {"ingest": ["events", "use"], "clean": ["events", "use"]}.get(
        stage, ["weekly", "coming", "daily"]
    )
    assert [(name, table.num_rows) for name, table in built.heads.items()] == [(name, 2) for name in tables]
    if stage in ("ingest", "clean"):
        first = built.heads["events"].to_pylist()[0]
        assert (first["file__"], first["sheet__"], first["row__"]) == ("events/week00.xlsx", "Eventos", 2)
        assert first["HH"] == ("1:30" if stage == "ingest" else 1.5)
    # Every stage is shown as begun and as done.
    for name in STAGES[: STAGES.index(stage) + 1]:
        steps = [step[1:] for step in seen if step[0] == name]
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1]


def test_a_stage_shows_a_table_even_where_cells_are_at_fault(home: Path) -> None:
    write_excel(home / "raw" / "events" / "late.xlsx", {"Maio": [EVENTS, ("31/02/2024", "A", "PILOT", 1)]})
    assert run(home, until="weekly").counts["weeks"]["weeks"] == WEEKS - PAST


FAULTS: dict[str, tuple[Callable[[Path], object], list[tuple[str, str, str, str]]]] = {
    "a cell": (
        lambda raw: write_excel(
            raw / "events" / "late.xlsx",
            {"Maio": [EVENTS, ("31/02/2024", "A", "PILOT", "x"), ("x", "A", "SCHEDULED", "x")]},
        ),
        [("events/late.xlsx", "Maio", "2", "HH"), ("events/late.xlsx", "Maio", "2", "date")],
    ),
    "a gap": (
        lambda raw: (raw / "events" / "week05.xlsx").unlink(),
        [("events/week04.xlsx [Eventos], events/week06.xlsx [Eventos]", "", "2024-02-05", "HH")],
    ),
    "a range": (
        lambda raw: write_text(
            raw / "use" / "more.csv", "Data;Matrícula;Horas voadas\n06/02/2024;PR-AAC;-500\n"
        ),
        [("use/more.csv, use/use.csv", "", "2024-02-05", "hours")],
    ),
    "the contract": (
        lambda raw: write_text(
            raw / "use" / "more.csv", "Data;Matrícula;Horas voadas\n06/02/2024;PR-AAC;900\n"
        ),
        [
            ("weekly.parquet", "", "2024-02-05", "hours"),
            ("weekly.parquet", "", "2024-02-12", "hours_lag_1"),
        ],
    ),
    "workbooks": (
        lambda raw: [
            (raw / "events" / f"week{week}.xlsx").write_bytes(b"PK\3\4 no more") for week in ("03", "07")
        ],
        [("events/week03.xlsx", "", "", "(the file)"), ("events/week07.xlsx", "", "", "(the file)")],
    ),
    "no rows": (
        lambda raw: write_text(raw / "use" / "use.csv", "Data;Matrícula;Horas voadas\n"),
        [("hangar", "", "2024-01-01", "hours")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_stops_the_run_before_anything_is_written(home: Path, name: str) -> None:
    run(home)
    before = written(home)
    spoil, expected = FAULTS[name]
    spoil(home / "raw")
    with pytest.raises(PipelineError) as refused:
        run(home)
    faults = refused.value.faults
    assert [(fault.file, fault.sheet, fault.row, fault.column) for fault in faults][
        : len(expected)
    ] == expected
    assert refused.value.total == len(faults)
    assert written(home) == before


@pytest.mark.parametrize(
    "place", ["zelo.data.pipeline.staging.pyarrow.parquet.ParquetWriter", "pyarrow.parquet.write_table"]
)
def test_a_full_disk_is_told_and_leaves_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(place, full)
    with pytest.raises(DataError, match="nothing was left half written") as refused:
        run(home)
    assert "No space left on device" in refused.value.found
    assert [path.name for path in (home / "datasets" / "hangar").iterdir()] == [".lock"]


SCRIPT = """
import resource, sys, time
from pathlib import Path
from tests.data.pipeline.test_run import run
from zelo.data import folder

home, stage, what = Path(sys.argv[1]), *sys.argv[2:]

def happen():
    if what == "disk full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
    else:
        print("holding", flush=True)
        time.sleep(60)

def progress(name, done, total):
    if name == stage and done == min(total, 1):
        happen()

if stage == "write":
    sync = folder.sync
    folder.sync = lambda path: (happen(), sync(path))
run(home, progress=progress)
"""
"""Something happens in the middle of a stage."""


def process(home: Path, stage: str, what: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(home), stage, what]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow  # a real process for each moment
@pytest.mark.parametrize("stage", [*STAGES, "write"])
def test_a_killed_run_leaves_no_data_set_and_the_next_one_works(home: Path, stage: str) -> None:
    with process(home, stage, "killed") as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "holding\n"
        # While it is at work, no other run is.
        with pytest.raises(DataError, match=f"process {killed.pid}"):
            run(home)
        killed.send_signal(signal.SIGKILL)
    assert latest_dataset(home / "datasets", "hangar") is None
    left = [path.name for path in (home / "datasets" / "hangar").iterdir() if not path.name.startswith(".")]
    assert left == []
    built = run(home)
    assert built.new
    assert built.dataset is not None
    assert {path.name for path in built.dataset.path.parent.iterdir()} == {
        ".lock", "latest", built.dataset.name,
    }  # fmt: skip
    assert len(pq.read_table(built.dataset.rows)) == WEEKS - PAST


@pytest.mark.slow  # a real process for each moment
@pytest.mark.parametrize("stage", ["ingest", "clean", "weekly", "check"])
def test_a_disk_that_fills_up_leaves_nothing_half_written(home: Path, stage: str) -> None:
    with process(home, stage, "disk full") as stopped:
        _, told = stopped.communicate(timeout=60)
    assert stopped.returncode == 1
    assert "zelo.errors.DataError" in told
    assert "nothing was" in told
    assert latest_dataset(home / "datasets", "hangar") is None
    assert [path.name for path in (home / "datasets" / "hangar").iterdir()] == [".lock"]
    assert run(home).new
