from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.data.prices.price_files import as_yahoo, make_prices, write_prices

from zelo.data.prices.read import read_prices
from zelo.errors import ContractError, PipelineError, SourceError
from zelo.spec.project import Source

HEAD = "Date,Open,High,Low,Close,Adj Close,Volume"
ROW = "2025-06-27,10.1,10.4,10.0,10.2,9.9,1500"


def written(folder: Path, text: str, name: str = "p.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_export_comes_back_as_it_was(tmp_path: Path) -> None:
    prices = make_prices()

    read = read_prices(write_prices(tmp_path, prices))

    pd.testing.assert_frame_equal(read, prices, rtol=1e-12)
    assert read.dtypes.tolist() == ["datetime64[ns]", *["float64"] * 5]


def test_gzip_is_read_alike(tmp_path: Path) -> None:
    plain = write_prices(tmp_path, make_prices())
    packed = tmp_path / "p.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    pd.testing.assert_frame_equal(read_prices(packed), read_prices(plain))


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n{ROW}\n",
        f"\ufeff{HEAD.lower()}\r\n{ROW}\r\n",
        f"{HEAD}\n{ROW.replace('2025-06-27', '2025-06-27 00:00:00-03:00')}\n",
        "Data;Open;High;Low;Close;Volume\n27/06/2025;10,1;10,4;10,0;10,2;1500\n",
        "Volume\tClose\tLow\tHigh\tOpen\tDate\n1500\t10.2\t10.0\t10.4\t10.1\t2025-06-27\n",
        # What yfinance.download writes.
        "Price,Adj Close,Close,High,Low,Open,Volume\nTicker,A,A,A,A,A,A\nDate,,,,,,\n"
        "2025-06-27,9.9,10.2,10.4,10.0,10.1,1500\n",
    ],
)
def test_the_ways_in_which_prices_are_exported(tmp_path: Path, text: str) -> None:
    (row,) = read_prices(written(tmp_path, text)).to_dict("records")

    assert row == {
        "date": pd.Timestamp("2025-06-27"),
        "open": 10.1,
        "high": 10.4,
        "low": 10.0,
        "close": 10.2,
        "volume": 1500.0,
    }


def test_an_empty_cell_is_left_to_the_checks(tmp_path: Path) -> None:
    assert np.isnan(read_prices(written(tmp_path, f"{HEAD}\n2025-06-27,1,1,1,,1,5\n"))["close"][0])


def test_cells_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEAD}\n{ROW}\n31/02/2025,1,1,x,1,1,1\n2025-13-01,1,1,1,1,1,1 k\n")

    with pytest.raises(PipelineError) as caught:
        read_prices(path)

    found = [(fault.row, fault.column, fault.found) for fault in caught.value.faults]
    assert found == [
        ("2", "date", "'31/02/2025'"),
        ("3", "date", "'2025-13-01'"),
        ("2", "low", "'x'"),
        ("3", "volume", "'1 k'"),
    ]


def test_a_file_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="also date, volume"):
        read_prices(written(tmp_path, "Open,High,Low,Close\n1,1,1,1\n"))
    with pytest.raises(SourceError, match="no rows"):
        read_prices(written(tmp_path, f"{HEAD}\n"))
    with pytest.raises(ContractError, match="more or fewer cells"):
        read_prices(written(tmp_path, f"{HEAD}\n{ROW}\n2025-06-28,1,1\n"))


def test_an_adjusted_close_is_not_the_close(tmp_path: Path) -> None:
    prices = make_prices()
    assert (as_yahoo(prices)["Adj Close"] != prices["close"]).all()
    assert read_prices(write_prices(tmp_path, prices))["close"].to_numpy() == pytest.approx(prices["close"])


def test_a_file_is_read_as_its_source_is_written(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    text = "Data|Open|High|Low|Close|Volume|Observação\n27/06/2025|10,1|10,4|10,0|10,2|1500|não\n"
    path.write_text(text, encoding="latin-1")
    source = Source(file="prices.parquet", encoding="latin-1", delimiter="|", decimal=",")

    assert read_prices(path, source)["close"].tolist() == [10.2]
    with pytest.raises(SourceError, match="not utf-8"):
        read_prices(path)
    # With a decimal comma, a point would be of thousands.
    path.write_text(text.replace("10,2", "10.2"), encoding="latin-1")
    with pytest.raises(PipelineError, match=r"'10\.2'; expected a number"):
        read_prices(path, source)
