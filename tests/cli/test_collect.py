from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from tests.data.prices.price_files import as_yahoo, make_prices
from tests.homes import answered, zelo

from zelo.data.prices import collect as module

PRICES = make_prices(40)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELO_HOME", str(tmp_path))
    monkeypatch.delenv("ZELO_OFFLINE", raising=False)


def answers(prices: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake in the place of the network."""

    def from_yahoo(ticker: str, since: dt.date | None, until: dt.date | None) -> pd.DataFrame:
        frame = as_yahoo(prices).set_index("Date")
        frame.index = pd.DatetimeIndex(frame.index).tz_localize("America/Sao_Paulo")
        return frame

    monkeypatch.setattr(module, "from_yahoo", from_yahoo)


def test_any_ticker_is_kept_and_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(PRICES, monkeypatch)
    told = answered("collect", "ANY3.SA", "--since", "2024-01-02", "--json").json
    assert told["days"] == 40
    assert told["findings"] == []
    assert Path(told["path"]).is_file()


def test_prices_at_fault_are_kept_told_and_the_answer_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled = PRICES.copy()
    spoiled.loc[20, ["open", "high", "low", "close"]] *= 9.8
    answers(spoiled, monkeypatch)
    found = zelo("collect", "ANY3.SA")
    assert found.status == 1
    assert "spike" in found.out
    assert str(spoiled["date"][20].date()) in found.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["../../etc"], "CMIG4.SA"),
        ([".."], "CMIG4.SA"),
        (["ANY3.SA", "--since", "2024-02-01", "--until", "2024-01-01"], "after --since"),
        (["ANY3.SA", "--since", "01/02/2024"], "does not match"),
    ],
)
def test_what_cannot_be_collected_is_said(arguments: list[str], said: str) -> None:
    found = zelo("collect", *arguments)
    assert found.status == 2
    assert said in found.err


def test_offline_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELO_OFFLINE", "true")
    found = zelo("collect", "ANY3.SA")
    assert found.status == 2
    assert "offline" in found.err
