from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.data.prices.price_files import (
    HISTORY,
    PRICES,
    as_yahoo,
    make_price_project,
    make_prices,
    scaled,
    write_prices,
)

from zelo.data.pipeline.dataset import latest_dataset, locked
from zelo.data.pipeline.run import Built
from zelo.data.prepare import Places, append, prepare
from zelo.data.prices.run import build_prices
from zelo.errors import DataError, PipelineError, SourceError
from zelo.spec.project import Project

NOW = dt.datetime(2024, 6, 3, 12, tzinfo=dt.UTC)
GOOD = make_prices(60)


def raw_of(root: Path) -> Path:
    return root / "project" / "data" / "raw"


def built(root: Path, project: Project | None = None, *, days: int = 0, **changes: Any) -> Built:
    given = {
        "folder": root / "project",
        "data_dir": None,
        "downloads": root / "downloads",
        "datasets": root / "datasets",
        "offline": True,
        "created": NOW + dt.timedelta(days=days),
    }
    return build_prices(project or make_price_project(), **given | changes)


def collected(root: Path, prices: pd.DataFrame, *, days: int = 0) -> Built:
    """A run on a collection of now."""
    frame = as_yahoo(prices).set_index("Date").tz_localize("UTC")
    return built(root, days=days, offline=False, collect_now=True, fetch=lambda *_: frame)


def test_a_run_keeps_the_days_and_tells_what_it_found(tmp_path: Path) -> None:
    prices = GOOD.copy()
    prices.loc[30, ["open", "high", "low", "close"]] = prices["close"][29]
    prices.loc[30, "volume"] = 0.0
    path = write_prices(raw_of(tmp_path), prices)
    project = make_price_project(prices={**PRICES, "since": "2024-01-10"})

    run = built(tmp_path, project)

    assert run.new
    assert run.counts == {
        "prices": {
            "read": 60,
            "before": 6,
            "left_out": 1,
            "days": 53,
            "warm_up": HISTORY,
            "first": "2024-01-10",
            "last": "2024-03-25",
            "coming": "2024-03-26",
            "found": {"holiday": 1},
        }
    }
    (note,) = run.notes
    assert note.startswith("holiday: 2024-02-13: volume 0")
    assert run.dataset is not None
    rows = run.dataset.read("rows")
    assert len(rows) == 53 - HISTORY
    assert prices["date"][30] not in set(rows["date"])
    # The day after a holiday looks back at the day before it.
    after = rows[rows["date"] == prices["date"][31]]
    assert after["close_lag_1"].item() == prices["close"][29]
    assert run.dataset.run["files"][0]["file"] == path.name
    assert json.loads(json.dumps(run.dataset.run["findings"]))[0]["rule"] == "holiday"
    assert len(run.dataset.read("coming")) == 1


def test_the_same_file_makes_nothing_new_and_a_new_day_another_data_set(tmp_path: Path) -> None:
    write_prices(raw_of(tmp_path), GOOD[:59])
    first = built(tmp_path)
    assert not built(tmp_path, days=1).new

    write_prices(raw_of(tmp_path), GOOD)
    second = built(tmp_path, days=2)

    assert second.new
    assert first.dataset is not None
    assert second.dataset is not None
    assert first.dataset.path.is_dir()
    assert len(second.dataset.read("rows")) == len(first.dataset.read("rows")) + 1
    assert latest_dataset(tmp_path / "datasets", "mine") == second.dataset


@pytest.mark.parametrize(
    ("places", "factor", "rule"),
    [
        (slice(20, 21), 9.8, "spike"),
        (slice(20, None), 1 / 4200, "scale_break"),
        (slice(9, 12), 1.02, "rewritten"),
    ],
)
def test_faults_stop_the_run_and_the_old_data_set_stands(
    tmp_path: Path, places: slice, factor: float, rule: str
) -> None:
    write_prices(raw_of(tmp_path), GOOD[:50])
    before = built(tmp_path).dataset
    write_prices(raw_of(tmp_path), scaled(GOOD, places, factor))

    with pytest.raises(PipelineError) as caught:
        built(tmp_path)

    assert {fault.column for fault in caught.value.faults} >= {rule}
    assert caught.value.faults[0].row == GOOD["date"][places.start].date().isoformat()
    assert latest_dataset(tmp_path / "datasets", "mine") == before
    assert len(list((tmp_path / "datasets" / "mine").glob("2*"))) == 1


def test_a_data_set_that_is_found_again_must_not_end_before_the_one_that_stands(tmp_path: Path) -> None:
    path = write_prices(raw_of(tmp_path), GOOD[:58])
    built(tmp_path)
    write_prices(raw_of(tmp_path), GOOD)
    newest = built(tmp_path, days=1).dataset
    assert newest is not None
    write_prices(raw_of(tmp_path), GOOD[:58])

    with pytest.raises(
        PipelineError, match="found days to 2024-03-21; expected days to 2024-03-25"
    ) as caught:
        built(tmp_path, days=2)

    assert [(fault.file, fault.column) for fault in caught.value.faults] == [(path.name, "lost")]
    assert latest_dataset(tmp_path / "datasets", "mine") == newest
    # What the message says to do.
    shutil.rmtree(newest.path)
    assert not built(tmp_path, days=2).new


def test_a_collection_stands_over_an_older_file_of_ones_own(tmp_path: Path) -> None:
    write_prices(raw_of(tmp_path), GOOD[:58])
    built(tmp_path)
    newest = collected(tmp_path, GOOD, days=1)

    again = built(tmp_path, days=2)

    assert not again.new
    assert again.dataset == newest.dataset


def test_a_faulty_collection_names_the_way_out_and_that_works(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="spike") as caught:
        collected(tmp_path, scaled(GOOD, slice(20, 21), 9.8))
    own = raw_of(tmp_path)
    assert caught.value.hint == f"put a corrected copy into {own}, named MINE3*.csv: it is read instead"

    write_prices(own, GOOD)
    made = built(tmp_path).dataset
    assert made is not None
    assert made.run["origin"] == "project"


def test_what_is_told_of_a_data_set_that_is_found_again_is_of_now(tmp_path: Path) -> None:
    prices = GOOD.copy()
    prices.loc[30, ["open", "high", "low", "close"]] = prices["close"][29]
    prices.loc[30, "volume"] = 0.0
    write_prices(raw_of(tmp_path), prices)
    (holiday,) = built(tmp_path).notes
    write_prices(raw_of(tmp_path), GOOD, "MINE4.csv")

    assert built(tmp_path).notes == ("not read, its name is not MINE3*.csv: MINE4.csv", holiday)


def test_a_history_on_another_scale_is_a_note(tmp_path: Path) -> None:
    write_prices(raw_of(tmp_path), GOOD[:50])
    built(tmp_path)
    write_prices(raw_of(tmp_path), scaled(GOOD, slice(None), 0.5))

    (note,) = built(tmp_path).notes
    assert note.startswith("adjusted: ")
    assert "/2" in note


def test_another_ticker_is_not_compared(tmp_path: Path) -> None:
    write_prices(raw_of(tmp_path), GOOD)
    built(tmp_path)
    write_prices(raw_of(tmp_path), make_prices(60, seed=5))
    other: dict[str, Any] = {**PRICES, "ticker": "OURO3.SA"}

    assert built(tmp_path, make_price_project(prices=other)).notes == ()


def test_too_few_days(tmp_path: Path) -> None:
    write_prices(raw_of(tmp_path), GOOD[:HISTORY])
    with pytest.raises(DataError, match="too few days") as caught:
        built(tmp_path)
    assert caught.value.found == "5 days"
    # And where none is left.
    since: dict[str, Any] = {**PRICES, "since": "2030-01-01"}
    with pytest.raises(DataError, match="too few days"):
        built(tmp_path, make_price_project(prices=since))


def test_days_that_break_the_contract_are_named(tmp_path: Path) -> None:
    write_prices(raw_of(tmp_path), GOOD)
    fields = {
        "date": {"type": "date", "use": "metadata"},
        "volume": {"type": "number", "use": "metadata", "max": 1050},
    }
    project = make_price_project(data={"sources": {"train": "prices.parquet"}, "fields": fields})

    with pytest.raises(PipelineError) as caught:
        built(tmp_path, project)

    assert next((fault.row, fault.column) for fault in caught.value.faults) == ("2024-03-13", "volume")
    assert latest_dataset(tmp_path / "datasets", "mine") is None


def test_one_run_at_a_time(tmp_path: Path) -> None:
    write_prices(raw_of(tmp_path), GOOD)
    with locked(tmp_path / "datasets", "mine"), pytest.raises(DataError, match="another run"):
        built(tmp_path)


def test_prepare_makes_a_snapshot_of_the_days(tmp_path: Path) -> None:
    write_prices(raw_of(tmp_path), GOOD)
    places = Places(
        folder=tmp_path / "project",
        data_dir=None,
        downloads=tmp_path / "downloads",
        snapshots=tmp_path / "snapshots",
        datasets=tmp_path / "datasets",
        offline=True,
    )
    project = make_price_project()

    prepared = prepare(project, places, created=NOW)

    assert prepared.built is not None
    assert prepared.snapshot.rows == 55
    assert prepared.snapshot.sources[0]["note"].startswith("made by the prices: data set 2024-06-03-")
    with pytest.raises(SourceError, match="come from its prices"):
        append(project, tmp_path / "more.csv", places, created=NOW)
