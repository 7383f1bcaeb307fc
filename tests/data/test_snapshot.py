from __future__ import annotations

import datetime as dt
import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zelo.data import snapshot as snapshots
from zelo.data.snapshot import (
    Snapshot,
    append_rows,
    content_hash,
    contract_hash,
    latest_snapshot,
    read_snapshot,
    write_snapshot,
)
from zelo.data.sources import Located
from zelo.errors import DataError
from zelo.spec.project import Project

NOW = dt.datetime(2025, 3, 1, 12, 0, tzinfo=dt.UTC)
MakeProject = Callable[..., Project]

SOURCE = Located(
    path=Path("/somewhere/private/pumps.csv"),
    origin="publisher",
    sha256="ab" * 32,
    synthetic=False,
    publisher="The Pump House",
    licence="CC BY 4.0",
)
MADE = Located(
    path=Path("/tmp/made.csv"),
    origin="generator",
    sha256="cd" * 32,
    synthetic=True,
    publisher=None,
    licence=None,
    note="the data are SYNTHETIC",
)


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project()


def write(frame: pd.DataFrame, project: Project, root: Path, **changes: Any) -> Snapshot:
    return write_snapshot(
        frame, project=project, root=root, **{"sources": [SOURCE], "created": NOW} | changes
    )


def test_what_is_written_is_read_back(frame: pd.DataFrame, project: Project, tmp_path: Path) -> None:
    snapshot = write(frame, project, tmp_path)
    assert snapshot.path == tmp_path / "pumps" / snapshot.hash[:16]
    assert (len(snapshot.hash), snapshot.rows, snapshot.synthetic, snapshot.parent) == (64, 20, False, None)
    pd.testing.assert_frame_equal(snapshot.frame(), frame.assign(batch__=np.int64(0)))
    assert read_snapshot(tmp_path, "pumps", snapshot.hash) == snapshot
    assert read_snapshot(tmp_path, "pumps", snapshot.hash[:16]) == snapshot


def test_what_is_known_of_it_stands_beside_it(frame: pd.DataFrame, project: Project, tmp_path: Path) -> None:
    text = (write(frame, project, tmp_path).path / "snapshot.json").read_text()
    meta = json.loads(text)
    assert "/somewhere" not in text
    assert meta["sources"] == [
        {
            "file": "pumps.csv",
            "sha256": "ab" * 32,
            "origin": "publisher",
            "publisher": "The Pump House",
            "licence": "CC BY 4.0",
            "synthetic": False,
            "note": None,
        }
    ]
    assert meta["created"] == "2025-03-01T12:00:00+00:00"
    assert len(meta["contract"]) == 64


def test_the_contract_is_the_same_whoever_can_change_a_field(project: Project) -> None:
    fields = project.data.fields
    first = next(iter(fields))
    fixed = {**fields, first: fields[first].model_copy(update={"actionable": False})}
    other = project.model_copy(update={"data": project.data.model_copy(update={"fields": fixed})})
    assert other != project
    assert contract_hash(other) == contract_hash(project)


def test_the_same_content_is_the_same_snapshot_and_is_not_written_again(
    frame: pd.DataFrame, project: Project, tmp_path: Path
) -> None:
    first = write(frame, project, tmp_path)
    again = write(frame.copy(), project, tmp_path, created=NOW + dt.timedelta(days=1))
    assert again == first


def test_synthetic_data_are_called_so_and_so_is_all_that_follows(
    frame: pd.DataFrame, project: Project, tmp_path: Path
) -> None:
    first = write(frame, project, tmp_path, sources=[MADE])
    assert first.synthetic
    new = frame.assign(id=[f"n{number}" for number in range(20)])
    both, _ = append_rows(
        first, new, project=project, root=tmp_path, sources=[SOURCE], created=NOW, file="new.csv"
    )
    assert both.synthetic
    assert [source["origin"] for source in both.sources] == ["generator", "publisher"]


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.assign(age=frame["age"] + 1e-9),
        lambda frame: frame.rename(columns={"age": "years"}),
        lambda frame: frame[::-1].reset_index(drop=True),
        lambda frame: frame.iloc[:-1],
        lambda frame: frame.assign(age=frame["age"].astype("int64")),
        lambda frame: frame.assign(site=frame["site"].replace("Norte", "Nort").replace("", "e")),
        lambda frame: frame.assign(day=pd.Timestamp("2024-01-01")),
    ],
)
def test_any_change_of_content_changes_the_hash(frame: pd.DataFrame, change: Any) -> None:
    assert content_hash(change(frame)) != content_hash(frame)


def test_the_hash_sees_values_and_not_how_they_are_held(frame: pd.DataFrame) -> None:
    other = frame.assign(site=frame["site"].astype(object), age=frame["age"] * -1.0 * -1.0)
    other.loc[0, "age"] = -0.0
    other.index = pd.Index(range(5, 25))
    assert content_hash(other) == content_hash(frame)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=1, max_size=8),
    number=st.floats(allow_nan=True, allow_infinity=False),
    day=st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1)),
)
def test_every_content_survives_the_round_trip(
    project: Project, tmp_path: Path, texts: list[str], number: float, day: dt.datetime
) -> None:
    frame = pd.DataFrame({"id": pd.Series(texts, dtype="str"), "load": number})
    frame["day"] = pd.Series([day] * len(texts), dtype="datetime64[us]")
    snapshot = write(frame, project, tmp_path)
    pd.testing.assert_frame_equal(snapshot.frame().drop(columns="batch__"), frame)


@pytest.mark.parametrize("damage", [lambda data: data[:-50], lambda data: b"", lambda _: b"PAR1 not"])
def test_a_damaged_file_is_found_when_read(
    frame: pd.DataFrame, project: Project, tmp_path: Path, damage: Any
) -> None:
    snapshot = write(frame, project, tmp_path)
    path = snapshot.path / "data.parquet"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="missing, cut short or changed"):
        snapshot.frame()


def test_changed_values_are_found_by_the_hash(frame: pd.DataFrame, project: Project, tmp_path: Path) -> None:
    snapshot = write(frame, project, tmp_path)
    frame.assign(batch__=0, age=7.0).to_parquet(snapshot.path / "data.parquet")
    with pytest.raises(DataError, match=f"expected: content hash {snapshot.hash}"):
        snapshot.frame()


def test_missing_and_broken_snapshots_are_named(
    frame: pd.DataFrame, project: Project, tmp_path: Path
) -> None:
    assert latest_snapshot(tmp_path, "pumps") is None
    with pytest.raises(DataError, match="no such snapshot"):
        read_snapshot(tmp_path, "pumps", "0" * 64)
    snapshot = write(frame, project, tmp_path)
    with pytest.raises(DataError, match="no such snapshot"):
        read_snapshot(tmp_path, "pumps", snapshot.hash[:16] + "0" * 48)
    (snapshot.path / "snapshot.json").write_text('{"hash": 1')
    with pytest.raises(DataError, match="cut short"):
        latest_snapshot(tmp_path, "pumps")


@pytest.mark.parametrize("fails", ["to_parquet", "sync"])
def test_a_full_disk_leaves_nothing_half_written(
    frame: pd.DataFrame, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame if fails == "to_parquet" else snapshots, fails, full)
    with pytest.raises(DataError, match="No space left on device"):
        write(frame, project, tmp_path)
    assert list((tmp_path / "pumps").iterdir()) == []


def test_an_empty_frame_is_no_snapshot(frame: pd.DataFrame, project: Project, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="needs rows"):
        write(frame.iloc[:0], project, tmp_path)


def test_appended_rows_are_a_new_batch_and_the_parent_stays(
    frame: pd.DataFrame, project: Project, tmp_path: Path
) -> None:
    parent = write(frame, project, tmp_path)
    new = frame.iloc[:6].assign(id=["p0", *(f"n{number}" for number in range(5))])
    child, bad_rows = append_rows(
        parent,
        new,
        project=project,
        root=tmp_path,
        sources=[SOURCE],
        created=NOW + dt.timedelta(hours=1),
        file="new.csv",
    )
    assert [(bad.file, bad.row, bad.field, bad.found) for bad in bad_rows] == [("new.csv", 1, "id", "'p0'")]
    assert parent.hash[:16] in bad_rows[0].expected
    rows = child.frame()
    pd.testing.assert_frame_equal(rows.iloc[:20], parent.frame())
    assert rows["batch__"].tolist() == [0] * 20 + [1] * 5
    assert child.parent == parent.hash
    assert latest_snapshot(tmp_path, "pumps") == child
    again, repeated = append_rows(
        child, new, project=project, root=tmp_path, sources=[SOURCE], created=NOW, file="new.csv"
    )
    assert again == child
    assert len(repeated) == 6


def test_rows_of_another_contract_are_not_appended(
    frame: pd.DataFrame, project: Project, tmp_path: Path
) -> None:
    parent = write(frame, project, tmp_path)
    with pytest.raises(DataError, match="other columns"):
        append_rows(
            parent,
            frame.drop(columns="age"),
            project=project,
            root=tmp_path,
            sources=[],
            created=NOW,
            file="new.csv",
        )
