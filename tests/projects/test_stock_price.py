"""The project of a share's price: its generated prices, and a day's round from forecast to outcome."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kurtosis
from tests.homes import SHIPPED, Home, answered, environment, zelo

from zelo.data.prices.checks import check_prices
from zelo.data.prices.read import read_prices
from zelo.data.split import split
from zelo.monitoring.series import is_watched
from zelo.spec.code import load_function
from zelo.spec.loading import load_project

Trained = Callable[[str], Home]
PROJECT = load_project(SHIPPED / "stock_price")
REAL = "CMIG4.SA_2015_2025H1.csv"


def made(folder: Path, seed: int = 42) -> Path:
    load_function(SHIPPED / "stock_price" / "dataset.py", "generate_files", "")(folder, seed)
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("seed", [42, 1, 2])
def test_made_prices_pass_every_check_and_move_as_prices_do(tmp_path: Path, seed: int) -> None:
    path = made(tmp_path, seed)
    prices = read_prices(path)

    assert PROJECT.prices is not None
    assert path.match(PROJECT.prices.files)
    assert check_prices(prices, PROJECT.prices) == ()
    assert 1850 < len(prices) < 1950
    returns = np.diff(np.log(prices["close"]))
    assert 0.015 < returns.std() < 0.03
    # Fat tails, calm and nervous months, and nothing to be known of tomorrow's sign.
    assert kurtosis(returns) > 1
    assert np.corrcoef(np.abs(returns[1:]), np.abs(returns[:-1]))[0, 1] > 0.05
    assert abs(np.corrcoef(returns[1:], returns[:-1])[0, 1]) < 0.1


def test_a_seed_makes_the_same_prices(tmp_path: Path) -> None:
    first, again = (tmp_path / name for name in ("a", "b"))
    first.mkdir()
    again.mkdir()
    assert made(first).read_bytes() == made(again).read_bytes()


def test_prices_are_watched_by_the_day() -> None:
    assert is_watched(PROJECT)


@pytest.fixture
def real() -> Path:
    folder = os.environ.get("ZELO_DATA_DIR")
    if not folder or not (path := Path(folder) / "stock_price" / REAL).is_file():
        pytest.skip(f"no folder of real data has {REAL}")
    return path


def test_the_real_prices_are_split_by_time(real: Path, tmp_path: Path) -> None:
    raw = tmp_path / "projects" / "stock_price" / "data" / "raw"
    raw.mkdir(parents=True)
    shutil.copy(real, raw)
    shutil.copy(SHIPPED / "stock_price" / "project.yaml", raw.parents[1])
    home = Home(tmp_path, "stock_price")
    with environment(tmp_path):
        told = answered("data", "stock_price", "--json").json
        assert told["synthetic"] is False
        assert told["dataset"]["counts"]["prices"]["found"] == {"holiday": 2}
        (parquet,) = (tmp_path / "home" / "datasets" / "stock_price").glob("*/prices.parquet")
        table = pd.read_parquet(parquet)
        assert len(table) == told["rows"] == 1798
        table["date"] = pd.to_datetime(table["date"])
        test = table["date"].iloc[split(table, home.project).test]
    assert test.min() == pd.Timestamp("2024-05-31")
    assert test.max() == pd.Timestamp("2025-06-30")


@pytest.mark.slow
def test_a_days_round(tmp_path: Path) -> None:
    """The coming day is forecast; a day later its price is the outcome, and the watch has both."""
    (tmp_path / "made").mkdir()
    lines = made(tmp_path / "made").read_text(encoding="utf-8").splitlines(keepends=True)
    raw = tmp_path / "projects" / "stock_price" / "data" / "raw"
    raw.mkdir(parents=True)
    for name in ("project.yaml", "dataset.py"):
        shutil.copy(SHIPPED / "stock_price" / name, raw.parents[1])
    with environment(tmp_path):
        (raw / "CMIG4.SA_2015_a.csv").write_text("".join(lines[:-1]), encoding="utf-8")
        answered("train", "stock_price", "--candidates", "persistence,drift")
        answered("promote", "stock_price")
        told = answered("predict", "stock_price", "--json").json
        (forecast,) = told["forecasts"]
        day, close = lines[-1].split(",")[0], float(lines[-1].split(",")[4])
        last = float(lines[-2].split(",")[4])
        assert told["days"] == 1
        # The champion says the last price, and an interval around it.
        assert forecast["prediction"] == pytest.approx(last, rel=1e-5)
        assert forecast["lower"] < last < forecast["upper"]
        assert forecast["day"] <= day

        (raw / "CMIG4.SA_2015_b.csv").write_text("".join(lines), encoding="utf-8")
        again = answered("data", "stock_price", "--json").json
        assert "forecasts that have met what came: 1" in again["notes"]
        # The generated prices end long ago, which is an alarm.
        alarmed = zelo("monitor", "stock_price", "--json")
        for path in raw.iterdir():
            path.unlink()
        # Made prices would judge what was forecast of others.
        refused = zelo("data", "stock_price")
    assert refused.status == 2
    assert "the generator alone" in refused.err
    assert alarmed.status == 1, alarmed.out + alarmed.err
    watched = alarmed.json
    (judged,) = [entry for entry in watched["series"]["weeks"] if entry["error"] is not None]
    assert judged["realised"] == pytest.approx(close)
    assert judged["error"] == pytest.approx(last - close, rel=1e-3)
    assert watched["series"]["windows"][0]["accuracy"]["naive"]["mae"]["value"] == pytest.approx(
        abs(last - close), rel=1e-3
    )


@pytest.mark.slow
def test_a_champion_of_made_prices_does_not_forecast_observed_ones(trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained("stock_price").root, tmp_path / "zelo")
    home = Home(tmp_path / "zelo", "stock_price")
    raw = home.folder / "data" / "raw"
    raw.mkdir(parents=True)
    (generated,) = (home.root / "home" / "downloads").rglob("CMIG4.SA_2015_synthetic.csv")
    shutil.copy(generated, raw / "CMIG4.SA_2015_a.csv")
    with environment(home.root):
        refused = zelo("predict", "stock_price")
    assert refused.status == 2
    assert "another kind of data" in refused.err
