from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.data.prices.price_files import as_yahoo, make_price_project, make_prices, write_prices

from zelo.data.prices.find import find_prices
from zelo.errors import SourceError

NOW = dt.datetime(2024, 6, 3, 12, tzinfo=dt.UTC)
GENERATOR = """
from tests.data.prices.price_files import make_prices, write_prices

def generate_files(folder, seed):
    write_prices(folder, make_prices(seed=seed), "MINE3_synthetic.csv")
"""


def yahoo(*_: object) -> pd.DataFrame:
    frame = as_yahoo(make_prices()).set_index("Date")
    return frame.set_axis(pd.DatetimeIndex(frame.index).tz_localize("UTC"))


def refused(*_: object) -> pd.DataFrame:
    raise SourceError("the prices could not be collected", where="Yahoo Finance", found="no network")


def found(root: Path, **changes: Any) -> tuple[str, str, tuple[str, ...]]:
    """Where the prices came from, the file's name, and what is told of it."""
    given = {
        "folder": root / "project",
        "data_dir": root / "data",
        "downloads": root / "downloads",
        "offline": False,
        "collect_now": False,
        "now": NOW,
        "fetch": refused,
    }
    raw, notes = find_prices(make_price_project(), **given | changes)
    (file,) = raw.files
    assert file.unchanged
    assert raw.synthetic == (raw.origin == "generator")
    return raw.origin, file.name, notes


def test_the_places_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "dataset.py").write_text(GENERATOR, encoding="utf-8")
    origin, name, (note,) = found(tmp_path, offline=True)
    assert (origin, name) == ("generator", "MINE3_synthetic.csv")
    assert note == "nothing was collected (offline); the data are SYNTHETIC"

    origin, _, (note,) = found(tmp_path)
    assert origin == "generator"
    assert note.endswith("(no network); the data are SYNTHETIC")

    write_prices(tmp_path / "data" / "mine", make_prices())
    assert found(tmp_path) == ("data_dir", "MINE3_2024.csv", ())

    collected = ("publisher", "MINE3.SA/2024-06-03/prices.csv")
    origin, name, (note,) = found(tmp_path, collect_now=True, fetch=yahoo)
    assert (origin, name) == collected
    assert note == "prices as Yahoo Finance had them on 2024-06-03"
    # From then on the collection stands.
    assert found(tmp_path)[:2] == collected

    write_prices(tmp_path / "project" / "data" / "raw", make_prices())
    assert found(tmp_path)[0] == "project"


def test_without_a_file_prices_are_collected(tmp_path: Path) -> None:
    assert found(tmp_path, fetch=yahoo)[0] == "publisher"


def test_of_several_files_the_last_by_name_is_read(tmp_path: Path) -> None:
    for name in ("MINE3_2023.csv", "MINE3_2024.csv", "OTHER_2025.csv"):
        write_prices(tmp_path / "data" / "mine", make_prices(), name)

    assert found(tmp_path) == (
        "data_dir",
        "MINE3_2024.csv",
        ("not read, an older file of prices: MINE3_2023.csv",),
    )


def test_nowhere(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere to be found") as caught:
        found(tmp_path, offline=True)
    assert "--collect" in caught.value.hint
    with pytest.raises(SourceError, match="could not be collected"):
        found(tmp_path)
    write_prices(tmp_path / "data" / "mine", make_prices())
    with pytest.raises(SourceError, match="could not be collected"):
        found(tmp_path, collect_now=True)
    with pytest.raises(SourceError, match="ZELO_OFFLINE"):
        found(tmp_path, collect_now=True, offline=True, fetch=yahoo)
