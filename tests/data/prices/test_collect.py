"""Collecting, with a fake in the place of the network."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from tests.data.prices.price_files import as_yahoo, make_prices

from zelo.data.prices import collect as module
from zelo.data.prices.collect import collect, from_yahoo, latest_collection
from zelo.data.prices.read import read_prices
from zelo.errors import SourceError

TICKER = "MINE3.SA"
SAO_PAULO = "America/Sao_Paulo"
PRICES = make_prices(40)
LAST = PRICES["date"].iloc[-1]


def at(day: pd.Timestamp, hour: int) -> dt.datetime:
    """A moment at the exchange."""
    moment: dt.datetime = (day + pd.Timedelta(hours=hour)).tz_localize(SAO_PAULO).to_pydatetime()
    return moment


LATER = at(LAST, 60)


def answer(prices: pd.DataFrame = PRICES) -> pd.DataFrame:
    """As yfinance answers."""
    frame = as_yahoo(prices).set_index("Date")
    frame.index = pd.DatetimeIndex(frame.index).tz_localize(SAO_PAULO)
    return frame


class Yahoo:
    """Answers, and keeps what it was asked."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.asked: list[tuple[str, dt.date | None, dt.date | None]] = []

    def __call__(self, ticker: str, since: dt.date | None, until: dt.date | None) -> pd.DataFrame:
        self.asked.append((ticker, since, until))
        return self.frame


def test_what_came_is_kept_and_read_again(tmp_path: Path) -> None:
    yahoo = Yahoo(answer())

    kept = collect(TICKER, tmp_path, now=LATER, since=dt.date(2024, 1, 2), fetch=yahoo)

    assert yahoo.asked == [(TICKER, dt.date(2024, 1, 2), None)]
    assert kept.new
    pd.testing.assert_frame_equal(read_prices(kept.path), PRICES, rtol=1e-12)
    record = json.loads((kept.path.parent / "collected.json").read_bytes())
    assert record["sha256"] == kept.sha256
    assert (record["days"], record["first"], record["last"]) == (40, "2024-01-02", "2024-02-26")
    found = latest_collection(TICKER, tmp_path, since=dt.date(2024, 1, 2))
    assert found is not None
    assert (found.path, found.day) == (kept.path, LATER.date())
    assert latest_collection(TICKER, tmp_path) is None


def test_other_days_of_a_ticker_are_another_collection_of_the_day(tmp_path: Path) -> None:
    whole = collect(TICKER, tmp_path, now=LATER, fetch=Yahoo(answer()))
    some = collect(TICKER, tmp_path, now=LATER, until=dt.date(2024, 2, 1), fetch=Yahoo(answer(PRICES[:20])))
    later = collect(TICKER, tmp_path, now=LATER, since=dt.date(2024, 2, 1), fetch=Yahoo(answer(PRICES[20:])))
    folders = [found.path.parent.name for found in (whole, some, later)]
    day = f"{LATER:%Y-%m-%d}"
    assert folders == [day, f"{day}.2", f"{day}.3"]
    again = Yahoo(answer())
    assert collect(TICKER, tmp_path, now=LATER, until=dt.date(2024, 2, 1), fetch=again).path == some.path
    assert again.asked == []
    # The newest days are wanted, so what ended in between is not the latest.
    found = latest_collection(TICKER, tmp_path)
    assert found is not None
    assert found.path == whole.path


def test_a_day_is_collected_once_and_each_day_is_kept(tmp_path: Path) -> None:
    first = collect(TICKER, tmp_path, now=LATER, fetch=Yahoo(answer()))
    before = first.path.read_bytes()

    changed = Yahoo(answer(PRICES.assign(close=1.0)))
    again = collect(TICKER, tmp_path, now=LATER + dt.timedelta(hours=1), fetch=changed)
    assert (again.path, again.new, changed.asked) == (first.path, False, [])

    tomorrow = collect(TICKER, tmp_path, now=LATER + dt.timedelta(days=1), fetch=changed)
    assert tomorrow.new
    assert first.path.read_bytes() == before
    found = latest_collection(TICKER, tmp_path)
    assert found is not None
    assert found.path == tomorrow.path
    assert latest_collection("OTHER", tmp_path) is None


@pytest.mark.parametrize(("hour", "days"), [(11, 39), (19, 39), (20, 40), (23, 40)])
def test_a_day_that_is_not_over_is_left_out(tmp_path: Path, hour: int, days: int) -> None:
    kept = collect(TICKER, tmp_path, now=at(LAST, hour), fetch=Yahoo(answer()))
    assert len(read_prices(kept.path)) == days


@pytest.mark.parametrize("frame", [pd.DataFrame(), answer(PRICES[:0]), answer().drop(columns="Volume")])
def test_an_answer_without_prices_leaves_nothing(tmp_path: Path, frame: pd.DataFrame) -> None:
    with pytest.raises(SourceError, match="no daily prices"):
        collect(TICKER, tmp_path, now=LATER, fetch=Yahoo(frame))
    assert not list(tmp_path.iterdir())


def test_a_collection_that_was_changed_is_not_used(tmp_path: Path) -> None:
    kept = collect(TICKER, tmp_path, now=LATER, fetch=Yahoo(answer()))
    kept.path.write_text("Date,Close\n", encoding="utf-8")
    with pytest.raises(SourceError, match="not as it was kept"):
        latest_collection(TICKER, tmp_path)
    (kept.path.parent / "collected.json").write_text("{", encoding="utf-8")
    with pytest.raises(SourceError, match="not as it was kept"):
        latest_collection(TICKER, tmp_path)


History = Callable[..., pd.DataFrame]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Callable[[History], SimpleNamespace]:
    """A fake of the library: its ``Ticker(...).history`` is the given function."""

    def install(history: History) -> SimpleNamespace:
        fake: Any = ModuleType("yfinance")
        fake.config = SimpleNamespace(debug=SimpleNamespace(hide_exceptions=True))
        fake.Ticker = lambda ticker: SimpleNamespace(history=lambda **asked: history(ticker=ticker, **asked))
        errors: Any = ModuleType("yfinance.exceptions")
        errors.YFException = type("YFException", (Exception,), {})
        monkeypatch.setitem(sys.modules, "yfinance", fake)
        monkeypatch.setitem(sys.modules, "yfinance.exceptions", errors)
        monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: object())
        return SimpleNamespace(config=fake.config, failure=errors.YFException)

    return install


def test_yahoo_is_asked_for_prices_adjusted_for_splits_alone(
    library: Callable[[History], SimpleNamespace],
) -> None:
    asked: list[dict[str, Any]] = []

    def history(**given: Any) -> pd.DataFrame:
        asked.append(given)
        return answer()

    installed = library(history)
    from_yahoo(TICKER, dt.date(2018, 1, 1), None)
    from_yahoo(TICKER, None, None)

    assert installed.config.debug.hide_exceptions is False
    common = {"ticker": TICKER, "interval": "1d", "auto_adjust": False, "actions": False, "timeout": 30}
    assert asked == [
        {**common, "start": dt.date(2018, 1, 1), "end": None},
        {**common, "period": "max"},
    ]


@pytest.mark.parametrize("kind", ["unknown ticker", "no network", "another format"])
def test_what_yahoo_refuses_is_one_clear_error(
    library: Callable[[History], SimpleNamespace], kind: str
) -> None:
    def history(**_: Any) -> pd.DataFrame:
        raise {
            "unknown ticker": installed.failure("possibly delisted; no timezone found"),
            "no network": ConnectionError("Could not resolve host"),
            "another format": ValueError(""),
        }[kind]

    installed = library(history)
    with pytest.raises(SourceError, match="could not be collected") as caught:
        from_yahoo("NOPE4.SA", None, None)
    assert "NOPE4.SA" in caught.value.where
    assert caught.value.found.split(": ")[1]


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SourceError, match=r"zelo\[prices\]"):
        from_yahoo(TICKER, None, None)
