"""Data sets on disk: whole or not there, never changed, and one run at a time."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.data.pipeline.raw_files import PROJECT, make_project, write_hangar

from zelo.data import folder as folders
from zelo.data.pipeline import dataset as datasets
from zelo.data.pipeline.dataset import (
    Dataset,
    find_dataset,
    inputs_hash,
    latest_dataset,
    let_stand,
    locked,
    write_dataset,
)
from zelo.data.pipeline.raw import RawData, find_raw
from zelo.errors import DataError

NOW = dt.datetime(2026, 3, 2, 12, 30, tzinfo=dt.UTC)
TABLES = {"weekly": pa.table({"HH": [1.5, 2.5]}), "coming": pa.table({"HH": pa.nulls(1, pa.float64())})}
ONE, OTHER = "1" * 64, "2" * 64


def write(root: Path, digest: str = ONE, created: dt.datetime = NOW) -> Dataset:
    run = {"synthetic": True, "origin": "generator", "counts": {"weeks": 2}}
    return write_dataset(root, "hangar", digest, TABLES, created=created, run=run)


def raw(root: Path) -> RawData:
    return find_raw(make_project(), folder=root, data_dir=None, downloads=root)


def names(root: Path) -> set[str]:
    return {path.name for path in (root / "hangar").iterdir()}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    written = write(tmp_path)
    assert written.path == tmp_path / "hangar" / "2026-03-02-111111111111"
    assert {path.name for path in written.path.iterdir()} == {"weekly.parquet", "coming.parquet", "run.json"}
    assert pq.read_table(written.rows).equals(TABLES["weekly"])
    assert written.read("rows")["HH"].tolist() == [1.5, 2.5]
    assert written.read("coming")["HH"].isna().all()
    assert latest_dataset(tmp_path, "hangar") == written
    assert find_dataset(tmp_path, "hangar", ONE) == written
    assert json.loads((written.path / "run.json").read_text()) == {
        "hash": ONE,
        "project": "hangar",
        "created": "2026-03-02T12:30:00+00:00",
        "synthetic": True,
        "origin": "generator",
        "counts": {"weeks": 2},
    }


def test_earlier_data_sets_are_kept_and_may_stand_again(tmp_path: Path) -> None:
    first, second = write(tmp_path), write(tmp_path, OTHER, NOW + dt.timedelta(days=7))
    assert latest_dataset(tmp_path, "hangar") == second
    assert find_dataset(tmp_path, "hangar", ONE) == first
    let_stand(first)
    assert latest_dataset(tmp_path, "hangar") == first
    assert names(tmp_path) == {"2026-03-02-111111111111", "2026-03-09-222222222222", "latest"}


def test_where_there_is_none(tmp_path: Path) -> None:
    assert latest_dataset(tmp_path, "hangar") is None
    assert find_dataset(tmp_path, "hangar", ONE) is None
    write(tmp_path)
    # The first twelve digits are alike, the whole hash is not.
    assert find_dataset(tmp_path, "hangar", "1" * 63 + "2") is None


@pytest.mark.parametrize("text", ["", "{", "{}", '{"hash": 1, "created": "x", "synthetic": true}'])
def test_a_damaged_one_is_named(tmp_path: Path, text: str) -> None:
    path = write(tmp_path).path / "run.json"
    path.write_text(text)
    with pytest.raises(DataError, match="cut short or changed") as refused:
        latest_dataset(tmp_path, "hangar")
    assert refused.value.where == str(path)


def test_the_hash_is_over_files_pipeline_and_forecast(tmp_path: Path) -> None:
    write_hangar(tmp_path / "data" / "raw", weeks=2)
    project = make_project()
    first = inputs_hash(project, raw(tmp_path))
    assert inputs_hash(make_project(title="Another title"), raw(tmp_path)) == first
    changed = {
        "forecast": {**PROJECT["forecast"], "history": 4},
        "pipeline": {**PROJECT["pipeline"], "weeks": {**PROJECT["pipeline"]["weeks"], "gaps": "zero"}},
        "task": {"kind": "regression", "target": "hours_flown"},
    }
    found = {
        first,
        *(inputs_hash(make_project(**{key: value}), raw(tmp_path)) for key, value in changed.items()),
    }
    csv = tmp_path / "data" / "raw" / "use" / "use.csv"
    os.utime(csv, (0, 0))
    assert inputs_hash(project, raw(tmp_path)) == first
    csv.rename(csv.with_name("other.csv"))
    found.add(inputs_hash(project, raw(tmp_path)))
    csv.with_name("other.csv").write_text("x")
    found.add(inputs_hash(project, raw(tmp_path)))
    assert len(found) == 6


@pytest.mark.parametrize("fails", ["parquet", "sync", "rename", "json"])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = write(tmp_path, OTHER)
    kept = names(tmp_path)
    place: dict[str, tuple[Any, str]] = {
        "parquet": (pq, "write_table"),
        "sync": (folders, "sync"),
        "rename": (Path, "rename"),
        "json": (Path, "write_text"),
    }
    monkeypatch.setattr(*place[fails], full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path)
    assert names(tmp_path) == kept
    assert latest_dataset(tmp_path, "hangar") == before


def test_a_second_run_is_refused_and_the_first_is_named(tmp_path: Path) -> None:
    with locked(tmp_path, "hangar"):
        with (
            pytest.raises(DataError, match="another run of this pipeline") as refused,
            locked(tmp_path, "hangar"),
        ):
            pass
        assert refused.value.found == f"process {os.getpid()}"
        with locked(tmp_path, "another"):
            pass
    with locked(tmp_path, "hangar"):
        pass


HOLD = """
import sys, time
from pathlib import Path
from zelo.data.pipeline.dataset import locked
from zelo.data.folder import whole_folder
root = Path(sys.argv[1])
with locked(root, "hangar"), whole_folder(root / "hangar" / "half") as work:
    (work / "weekly.parquet").write_text("half")
    print("holding", flush=True)
    time.sleep(60)
"""


@pytest.mark.slow  # a process of its own
def test_a_killed_run_frees_its_lock_and_what_it_left_is_removed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "holding\n"
        with pytest.raises(DataError, match=f"process {run.pid}"), locked(tmp_path, "hangar"):
            pass
        run.send_signal(signal.SIGKILL)
    assert any(name.startswith(".unfinished-") for name in names(tmp_path))
    with locked(tmp_path, "hangar"):
        assert names(tmp_path) == {".lock"}


def test_a_pointer_that_was_not_written_is_mended_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: Dataset) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(datasets, "let_stand", stop)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path)
    assert latest_dataset(tmp_path, "hangar") is None
    found = find_dataset(tmp_path, "hangar", ONE)
    assert found is not None
    let_stand(found)
    assert latest_dataset(tmp_path, "hangar") == found
