"""From sources to snapshots: what is kept, what is refused, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from zelo.data.prepare import Places, append, check_source, current, new_file, prepare
from zelo.data.snapshot import BATCH, latest_snapshot
from zelo.errors import ContractError, SourceError
from zelo.spec.project import Project

MakeProject = Callable[..., Project]
AT = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "id,age,load,site,failed\n"
GENERATOR = """
import pandas as pd

def generate(source, seed):
    return pd.DataFrame({"id": ["g1", "g2"], "age": [1, 2], "load": [3.5, 4.5],
                         "site": ["Norte", "Sul"], "failed": [0, 1]})
"""


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    raw = tmp_path / "project" / "data" / "raw"
    raw.mkdir(parents=True)
    rows = "".join(f"p{number},{number},{number / 2},Norte,{number % 2}\n" for number in range(8))
    (raw / "pumps.csv").write_text(HEADER + rows, encoding="utf-8")
    kept = (tmp_path / name for name in ("downloads", "snapshots", "datasets"))
    return Places(tmp_path / "project", None, *kept, offline=True)


def more(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "more.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def files(places: Places) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in places.snapshots.rglob("*") if path.is_file()}


def test_a_source_becomes_a_snapshot(project: Project, places: Places) -> None:
    prepared = prepare(project, places, created=AT)
    assert prepared.snapshot.rows == 8
    assert prepared.snapshot.parent is None
    assert not prepared.snapshot.synthetic
    assert prepared.notes == ()
    assert latest_snapshot(places.snapshots, "pumps") == prepared.snapshot


def test_the_same_source_is_the_same_snapshot(project: Project, places: Places) -> None:
    first = prepare(project, places, created=AT)
    before = files(places)
    assert prepare(project, places, created=AT + timedelta(days=1)) == first
    assert files(places) == before


def test_checking_keeps_nothing(project: Project, places: Places) -> None:
    located, checked = check_source(project, "train", places)
    assert located.origin == "project"
    assert (len(checked.frame), checked.bad_rows) == (8, ())
    assert not places.snapshots.exists()


def test_every_bad_row_is_told_and_nothing_is_kept(project: Project, places: Places) -> None:
    path = places.folder / "data" / "raw" / "pumps.csv"
    path.write_text(HEADER + "a,1,1,Norte,0\nb,-1,1,Norte,0\nc,1,inf,Leste,1\n", encoding="utf-8")
    with pytest.raises(ContractError, match=r"3 value\(s\) of 3 rows") as refused:
        prepare(project, places, created=AT)
    assert [(bad.row, bad.field) for bad in refused.value.bad_rows] == [(2, "age"), (3, "load"), (3, "site")]
    assert not places.snapshots.exists()


def test_generated_rows_are_called_synthetic(project: Project, places: Places) -> None:
    (places.folder / "data" / "raw" / "pumps.csv").unlink()
    (places.folder / "dataset.py").write_text(GENERATOR, encoding="utf-8")
    assert prepare(project, places, created=AT).snapshot.synthetic


def test_synthetic_rows_stay_so_when_real_ones_are_added(
    project: Project, places: Places, tmp_path: Path
) -> None:
    (places.folder / "data" / "raw" / "pumps.csv").unlink()
    (places.folder / "dataset.py").write_text(GENERATOR, encoding="utf-8")
    assert append(project, more(tmp_path, "n1,1,1,Sul,0"), places, created=AT).snapshot.synthetic


def test_rows_left_out_are_counted(make_project: MakeProject, places: Places) -> None:
    path = places.folder / "data" / "raw" / "pumps.csv"
    path.write_text(path.read_text(encoding="utf-8") + "p8,8,4,Norte,\n", encoding="utf-8")
    project = make_project(task__missing="left_out")
    prepared = prepare(project, places, created=AT)
    assert prepared.snapshot.rows == 8
    assert prepared.notes == ("1 rows were left out by their failed",)


def test_the_current_snapshot_is_made_once(project: Project, places: Places) -> None:
    first = current(project, places, created=AT)
    before = files(places)
    (places.folder / "data" / "raw" / "pumps.csv").unlink()
    assert current(project, places, created=AT).snapshot == first.snapshot
    assert files(places) == before


def test_appended_rows_lie_below_the_old_ones_which_stay(
    project: Project, places: Places, tmp_path: Path
) -> None:
    old = current(project, places, created=AT).snapshot
    before = files(places)
    prepared = append(
        project, more(tmp_path, "n1,1,1,Sul,0", "n2,2,2,Sul,1"), places, created=AT + timedelta(days=1)
    )
    frame = prepared.snapshot.frame()
    assert prepared.snapshot.parent == old.hash
    assert frame["id"].tolist()[-2:] == ["n1", "n2"]
    assert frame[BATCH].tolist() == [0] * 8 + [1] * 2
    assert {path: files(places)[path] for path in before} == before
    assert current(project, places, created=AT).snapshot == prepared.snapshot


def test_rows_that_were_there_already_are_told_and_not_repeated(
    project: Project, places: Places, tmp_path: Path
) -> None:
    prepared = append(project, more(tmp_path, "p0,0,0,Norte,0", "n1,1,1,Sul,0"), places, created=AT)
    assert prepared.snapshot.rows == 9
    assert prepared.notes == ("1 of 2 rows of more.csv have a key that is there already; not added",)


def test_a_file_that_is_known_whole_makes_no_snapshot(
    project: Project, places: Places, tmp_path: Path
) -> None:
    old = current(project, places, created=AT).snapshot
    before = files(places)
    assert append(project, more(tmp_path, "p0,0,0,Norte,0"), places, created=AT).snapshot == old
    assert files(places) == before


def test_a_bad_new_row_refuses_the_whole_file(project: Project, places: Places, tmp_path: Path) -> None:
    current(project, places, created=AT)
    before = files(places)
    with pytest.raises(ContractError) as refused:
        append(project, more(tmp_path, "n1,1,1,Sul,0", "n2,1,1,Sul,7"), places, created=AT)
    assert [(bad.file, bad.row, bad.field) for bad in refused.value.bad_rows] == [("more.csv", 2, "failed")]
    assert files(places) == before


def test_another_contract_makes_the_snapshot_anew_and_tells_what_was_lost(
    make_project: MakeProject, places: Places, tmp_path: Path
) -> None:
    append(make_project(), more(tmp_path, "n1,1,1,Sul,0"), places, created=AT)
    wider = make_project(data__fields__age={"type": "integer", "min": 0, "max": 99})
    prepared = current(wider, places, created=AT + timedelta(days=1))
    assert prepared.snapshot.rows == 8
    (note,) = prepared.notes
    assert "append more.csv again" in note


def test_a_changed_source_makes_the_snapshot_anew_and_tells_what_was_lost(
    project: Project, places: Places, tmp_path: Path
) -> None:
    old = append(project, more(tmp_path, "n1,1,1,Sul,0"), places, created=AT).snapshot
    assert prepare(project, places, created=AT + timedelta(days=1)).notes == ()
    assert current(project, places, created=AT).snapshot == old
    source = places.folder / "data" / "raw" / "pumps.csv"
    source.write_text(source.read_text(encoding="utf-8") + "p8,8,4,Norte,1\n", encoding="utf-8")
    prepared = prepare(project, places, created=AT + timedelta(days=2))
    assert prepared.snapshot.rows == 9
    (note,) = prepared.notes
    assert "append more.csv again" in note


@pytest.mark.parametrize(("name", "found"), [("none.csv", "nothing"), ("", "a folder")])
def test_a_file_that_is_none_is_named(project: Project, tmp_path: Path, name: str, found: str) -> None:
    with pytest.raises(SourceError, match="no such file") as refused:
        new_file(project, tmp_path / name)
    assert refused.value.found == found
    assert refused.value.where == str(tmp_path / name)


def test_a_new_file_is_written_as_the_first_source_is(make_project: MakeProject, tmp_path: Path) -> None:
    source: dict[str, Any] = {"file": "pumps.csv", "delimiter": ";", "decimal": ",", "encoding": "latin-1"}
    path = tmp_path / "more.csv"
    path.touch()
    found = new_file(make_project(data__sources={"train": source}), path)
    assert (found.file, found.delimiter, found.decimal, found.encoding) == ("more.csv", ";", ",", "latin-1")
