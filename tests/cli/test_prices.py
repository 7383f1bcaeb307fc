"""zelo data on a project of daily prices: what a person reads, what a program gets, what the ledger keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from tests.data.prices.price_files import as_yahoo, make_price_project, make_prices, scaled, write_prices
from tests.homes import Home, answered, environment, zelo

from zelo.data.pipeline.dataset import latest_dataset
from zelo.data.prices import collect
from zelo.data.snapshot import latest_snapshot

GOOD = make_prices(60)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "zelo", "mine")
    write_prices(home.folder / "data" / "raw", GOOD)
    document = make_price_project().model_dump(mode="json", exclude_unset=True)
    home.spec.write_text(json.dumps(document), encoding="utf-8")
    with environment(home.root):
        yield home


def test_a_run_is_told_and_recorded(home: Home) -> None:
    ran = answered("data", "mine")

    dataset = latest_dataset(home.workspace.settings.datasets, "mine")
    snapshot = latest_snapshot(home.store.snapshots, "mine")
    assert dataset is not None
    assert snapshot is not None
    assert " ".join(ran.out.split()) == (
        "60 days read, 0 of them before the first that is used, 0 left out; 60 days from 2024-01-02 to "
        "2024-03-25, the first 5 as the past of the others; 2024-03-26 to come "
        f"data set written: {dataset.path} "
        f"mine: 55 rows keep the contract; snapshot {snapshot.hash[:16]}"
    )
    with home.workspace.ledger() as ledger:
        (event,) = ledger.events("mine", kind="data")
    assert event.payload.pop("seconds") > 0
    assert event.payload == {
        "status": "built",
        "dataset": dataset.name,
        "days": 60,
        "newest": "2024-03-25",
        "rows_read": 60,
    }
    told = answered("data", "mine", "--json").json
    assert told["dataset"]["new"] is False
    assert told["dataset"]["counts"]["prices"]["days"] == 60


def test_faults_are_a_table_for_people_and_a_list_for_programs(home: Home) -> None:
    write_prices(home.folder / "data" / "raw", scaled(GOOD, slice(20, 21), 9.8))

    ran = zelo("data", "mine")
    assert ran.status == 2
    assert "1 fault(s) in the prices" in ran.err
    assert "spike" in ran.err

    told = zelo("data", "mine", "--json").json
    (fault,) = told["faults"]
    assert (fault["row"], fault["column"]) == ("2024-01-30", "spike")
    assert latest_dataset(home.workspace.settings.datasets, "mine") is None
    with home.workspace.ledger() as ledger:
        assert [event.payload["status"] for event in ledger.events("mine", kind="data")] == ["failed"] * 2


def test_collecting_now(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def yahoo(ticker: str, *_: object) -> pd.DataFrame:
        assert ticker == "MINE3.SA"
        frame = as_yahoo(make_prices(70)).set_index("Date")
        return frame.set_axis(pd.DatetimeIndex(frame.index).tz_localize("America/Sao_Paulo"))

    monkeypatch.setattr(collect, "from_yahoo", yahoo)
    refused = zelo("data", "mine", "--collect")
    assert refused.status == 2
    assert "ZELO_OFFLINE" in refused.err

    monkeypatch.setenv("ZELO_OFFLINE", "0")
    ran = answered("data", "mine", "--collect")
    assert "prices as Yahoo Finance had them on" in ran.out
    assert "70 days read" in ran.out
    kept = home.workspace.settings.downloads / "prices" / "MINE3.SA"
    assert len(list(kept.glob("*/prices.csv"))) == 1


def test_what_does_not_fit_the_project(home: Home) -> None:
    assert "no pipeline, and so no stages" in zelo("data", "mine", "--stage", "check").err
    refused = zelo("data", "mine", "--append", home.file("more.csv", GOOD))
    assert "come from its prices" in refused.err
