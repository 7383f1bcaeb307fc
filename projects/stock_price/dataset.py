"""Daily prices made by a GARCH(1,1) process, for where those of CMIG4 cannot be had. SYNTHETIC.

Returns have a small drift, Student's t innovations and a volatility that comes in clusters (Bollerslev 1986,
"Generalized autoregressive conditional heteroskedasticity"); nothing in them tells tomorrow's sign.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FILE = "CMIG4.SA_2015_synthetic.csv"
FIRST_DAY, DAYS = "2018-01-02", 1960
FIRST_PRICE = 3.5
DRIFT, LONG_RUN_VOLATILITY = 0.0005, 0.02
SHOCK, PERSISTENCE = 0.08, 0.89
DEGREES_OF_FREEDOM = 5
CLOSED = 0.04
"""The share of weekdays on which nobody trades."""


def generate_files(folder: Path, seed: int) -> None:
    """One file in Yahoo's layout: about 1,880 weekdays from 2018 on, prices in R$."""
    random = np.random.default_rng(seed)
    open_days = random.random(DAYS) >= CLOSED
    days = pd.bdate_range(FIRST_DAY, periods=DAYS)[open_days]
    returns, volatility = _returns(len(days), random)
    close = FIRST_PRICE * np.exp(np.cumsum(returns))
    before = np.concatenate([[FIRST_PRICE], close[:-1]])
    opening = before * np.exp(random.normal(0, 0.3, len(days)) * volatility)
    above, below = np.abs(random.normal(0, 0.5, (2, len(days)))) * volatility
    table = pd.DataFrame(
        {
            "Date": days.strftime("%Y-%m-%d"),
            "Open": opening,
            "High": np.maximum(opening, close) * np.exp(above),
            "Low": np.minimum(opening, close) * np.exp(-below),
            "Close": close,
            "Adj Close": close,
            "Volume": np.rint(2e7 * random.lognormal(0, 0.4, len(days)) * volatility / volatility.mean()),
        }
    )
    table.round(6).to_csv(folder / FILE, index=False, lineterminator="\n")


def _returns(days: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Log returns and their volatilities, a day each."""
    spread = np.sqrt((DEGREES_OF_FREEDOM - 2) / DEGREES_OF_FREEDOM)
    shocks = random.standard_t(DEGREES_OF_FREEDOM, days) * spread
    long_run = LONG_RUN_VOLATILITY**2
    variance, returns = np.full(days, long_run), np.zeros(days)
    for day in range(days):
        if day:
            variance[day] = (
                (1 - SHOCK - PERSISTENCE) * long_run
                + SHOCK * returns[day - 1] ** 2
                + PERSISTENCE * variance[day - 1]
            )
        returns[day] = shocks[day] * np.sqrt(variance[day])
    # The same drift for every seed: by chance alone a share may lose nearly all of its price in eight years.
    return returns - returns.mean() + DRIFT, np.sqrt(variance)
