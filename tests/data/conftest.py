"""A small project and its files, for the tests of this room."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from zelo.data.contract import Checked, check_table
from zelo.data.reading import read_table
from zelo.spec.project import Project, Source

MakeProject = Callable[..., Project]
Check = Callable[..., Checked]


@pytest.fixture
def make_project() -> MakeProject:
    def make(**changes: Any) -> Project:
        document: dict[str, Any] = {
            "name": "pumps",
            "title": "Bombas",
            "task": {"kind": "binary", "target": "failed"},
            "data": {
                "key": "id",
                "sources": {"train": "pumps.csv"},
                "fields": {
                    "age": {"type": "integer", "unit": "anos", "min": 0, "max": 50},
                    "load": {"type": "number", "min": 0, "max": 100, "missing": "allowed"},
                    "site": {"type": "category", "values": ["Norte", "Sul"]},
                },
            },
            "candidates": ["prior"],
            "select": {"primary": "f1"},
        }
        for path, value in changes.items():
            node = document
            *parents, last = path.split("__")
            for parent in parents:
                node = node.setdefault(parent, {})
            node[last] = value
        return Project.model_validate(document)

    return make


@pytest.fixture
def check(tmp_path: Path, make_project: MakeProject) -> Check:
    """Write rows below the header of the project's table, read them and check them."""

    def run(
        rows: str | bytes,
        *,
        header: str = "id,age,load,site,failed",
        project: Project | None = None,
        labelled: bool = True,
        **source: Any,
    ) -> Checked:
        path = tmp_path / "pumps.csv"
        text = f"{header}\n{rows}" if isinstance(rows, str) else f"{header}\n".encode() + rows
        path.write_bytes(text.encode(source.get("encoding", "utf-8")) if isinstance(text, str) else text)
        described = Source(file="pumps.csv", **source)
        return check_table(
            read_table(path, described),
            project or make_project(),
            file="pumps.csv",
            labelled=labelled,
            decimal=described.decimal,
        )

    return run


@pytest.fixture
def frame() -> pd.DataFrame:
    """Twenty checked rows of the small project, a quarter of them failed."""
    return pd.DataFrame(
        {
            "row__": range(1, 21),
            "id": [f"p{number}" for number in range(20)],
            "age": [float(number) for number in range(20)],
            "load": [float("nan"), *(number / 2 for number in range(19))],
            "site": ["Norte", ""] * 10,
            "failed": [1, 0, 0, 0] * 5,
        }
    ).astype({"id": "str", "site": "str"})


@pytest.fixture
def real_data() -> Path:
    folder = os.environ.get("ZELO_DATA_DIR")
    if not folder:
        pytest.skip("ZELO_DATA_DIR names no folder of real data")
    return Path(folder)
