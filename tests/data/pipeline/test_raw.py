"""Where the raw files are looked for, and what is said where they are not."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from tests.data.pipeline.raw_files import make_project, write_hangar, write_text

from zelo.data.pipeline.raw import RawData, find_raw
from zelo.errors import PipelineError, SourceError


def find(folder: Path, **changes: Any) -> RawData:
    return find_raw(make_project(**changes), folder=folder, data_dir=None, downloads=folder / "x")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One week's workbook and one CSV."""
    return write_hangar(tmp_path / "data" / "raw", weeks=1)


def test_files_that_may_not_be_read_are_all_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr("zelo.data.pipeline.raw.sha256_of", refuse)
    with pytest.raises(PipelineError, match="2 files cannot be read") as refused:
        find(root.parents[1])
    assert [(fault.file, fault.found) for fault in refused.value.faults] == [
        ("events/week00.xlsx", "Permission denied"),
        ("use/use.csv", "Permission denied"),
    ]


def test_a_table_without_a_file(root: Path) -> None:
    (root / "use" / "use.csv").rename(root / "use" / "use.xls")
    with pytest.raises(SourceError, match="the table use has no file") as refused:
        find(root.parents[1])
    assert refused.value.found == "use/use.xls"
    assert "use/*.csv" in refused.value.expected


def test_no_raw_data_at_all(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere to be found") as refused:
        find_raw(make_project(), folder=tmp_path / "p", data_dir=tmp_path / "d", downloads=tmp_path)
    for place in ("p/data/raw", "d/hangar", "p/dataset.py"):
        assert str(tmp_path / place) in refused.value.expected


def test_the_data_folder_comes_after_the_projects_own(tmp_path: Path) -> None:
    places = {"folder": tmp_path / "p", "data_dir": tmp_path / "d", "downloads": tmp_path / "x"}
    write_hangar(tmp_path / "d" / "hangar", weeks=1)
    raw = find_raw(make_project(), **places)
    assert (raw.root, raw.origin, raw.synthetic) == (tmp_path / "d" / "hangar", "data_dir", False)
    write_hangar(tmp_path / "p" / "data" / "raw", weeks=2)
    assert find_raw(make_project(), **places).root == tmp_path / "p" / "data" / "raw"


GENERATOR = """
def generate_files(folder, seed):
    (folder / "events").mkdir()
    (folder / "events" / "a.xlsx").write_text(str(seed))
    (folder / "use").mkdir()
    (folder / "use" / "a.csv").write_text("x")
    with (folder.parent / "times").open("a") as times:
        times.write(".")
"""


def test_files_are_generated_once_for_each_generator_and_seed(tmp_path: Path) -> None:
    def find_with(seed: int) -> RawData:
        return find(tmp_path / "p", split={"by": "time", "column": "date", "seed": seed})

    write_text(tmp_path / "p" / "dataset.py", GENERATOR)
    raw = find_with(42)
    assert raw.synthetic
    assert raw.root.parent == tmp_path / "p" / "x" / "generated" / "hangar"
    assert [file.name for file in raw.files] == ["events/a.xlsx", "use/a.csv"]
    assert find_with(42) == raw
    assert find_with(7).root != raw.root
    write_text(tmp_path / "p" / "fleet.py", "SIZE = 20")
    assert find_with(42).root != raw.root
    assert (raw.root.parent / "times").read_text() == "..."


def test_a_generator_that_fails_leaves_no_files(tmp_path: Path) -> None:
    write_text(tmp_path / "p" / "dataset.py", GENERATOR + "    raise ValueError('no')\n")
    with pytest.raises(ValueError, match="no"):
        find(tmp_path / "p")
    assert [path.name for path in (tmp_path / "p" / "x" / "generated" / "hangar").iterdir()] == ["times"]


def test_a_generator_without_the_function(tmp_path: Path) -> None:
    write_text(tmp_path / "p" / "dataset.py", "x = 1\n")
    with pytest.raises(SourceError, match="generate_files"):
        find(tmp_path / "p")
