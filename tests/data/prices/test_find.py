from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.data.prices.price_files import as_yahoo, make_price_project, make_prices, write_prices

from zelo.data.prices.find import find_prices, not_named
from zelo.errors import PipelineError, SourceError

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


def test_of_an_own_file_and_a_collection_the_later_is_read(tmp_path: Path) -> None:
    own = tmp_path / "project" / "data" / "raw"
    found(tmp_path, collect_now=True, fetch=yahoo)

    write_prices(own, make_prices(39))
    origin, _, notes = found(tmp_path)
    assert origin == "publisher"
    assert notes[1:] == ("not read, its last day, 2024-02-23, is before the collection's: MINE3_2024.csv",)

    # Where both end alike, a corrected copy is what somebody wanted.
    for days in (40, 41):
        write_prices(own, make_prices(days))
        assert found(tmp_path) == ("project", "MINE3_2024.csv", ())

    (own / "MINE3_2024.csv").write_text("Date,Open\n2024-02-23,1\n", encoding="utf-8")
    with pytest.raises(PipelineError, match="no table of daily prices"):
        found(tmp_path)


def test_tables_with_another_name_are_told(tmp_path: Path) -> None:
    own = tmp_path / "project" / "data" / "raw"
    for name in ("MINE3_2024.csv", "MINE4.csv", "mine4.CSV.gz", "MINE4.xlsx", "notes.md", ".MINE4.csv"):
        write_prices(own, make_prices(2), name)
    (own / "old.csv").mkdir()

    assert list(not_named(make_price_project(), tmp_path / "project")) == [
        f"not read, its name is not MINE3*.csv: {name}"
        for name in ("MINE4.csv", "MINE4.xlsx", "mine4.CSV.gz")
    ]
    assert list(not_named(make_price_project(), tmp_path)) == []
