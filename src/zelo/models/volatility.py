"""Models of volatility: how far the next price may move, learned from prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from zelo.decisions.policy import INTERVAL_LEVEL
from zelo.decisions.spread import Spread
from zelo.models.extras import require
from zelo.models.series import whole_series
from zelo.spec.project import Project
from zelo.stats.quantiles import rising_quantile
from zelo.stats.volatility import moves

Array = np.ndarray[Any, Any]

CONSTANT = "constant"
"""One share of the price every day: what the others are measured against."""
LOOK_BACK, RATE = 45, 0.1
"""How many days raise and lower the limit, and how fast: chosen on rolling origins before June 2024, where
half-years of CMIG4 were covered most evenly at little cost in sharpness."""
DECAYS = tuple(np.arange(0.80, 0.991, 0.01).round(2).tolist())
DAYS = (1, 5, 22)
"""A day, a week and a month of trading (Corsi 2009, "A Simple Approximate Long-Memory Model of Realized
Volatility"); the whole window besides."""
SMALLEST = 0.01
"""Of the mean size of a move: the spread after a window in which nothing moved at all."""
PERCENT = 100.0
"""arch looks for its optimum among returns in percent."""
ARCH = ("garch", "gjr_garch")


@dataclass(frozen=True)
class _Sum:
    """The numbers of a spread, see :func:`zelo.stats.volatility.spreads`; ``falls`` is 0 where it is none."""

    power: Literal[1, 2]
    constant: float
    weights: Array
    falls: Array | float = 0.0


def check_installed(project: Project) -> None:
    """Nothing where the libraries of the project's models of volatility are installed.

    Raises:
        SpecError: one is not.
    """
    wanted = project.forecast.intervals if project.forecast else ()
    if set(wanted) & set(ARCH):
        require(project, ("arch",), what="garch and gjr_garch need", expected="arch", extras="prices")


def fit_spread(name: str, windows: Array, truth: Array) -> Spread:
    """A model of volatility, with a limit of 1 until errors teach one.

    Args:
        name: one of :data:`MODELS`.
        windows: prices [n, history], in order of time, the newest first, all above 0.
        truth: the prices [n] that followed them.

    Raises:
        ValueError: the prices never moved or are not all above 0, the model cannot be fitted, or gives a
            number that is not finite.
    """
    series = whole_series(windows, truth)
    if not series.min() > 0 or not np.ptp(series) > 0:
        raise ValueError("the prices never moved, or are not all above 0")
    past, came = moves(windows), truth / windows[:, 0] - 1.0
    every = moves(series[None, ::-1])[0, ::-1]
    found = MODELS[name](past, came, every)
    size = np.abs(every) ** found.power
    spread = Spread(
        model=name,
        power=found.power,
        constant=max(found.constant, (SMALLEST * float(np.abs(every).mean())) ** found.power),
        weights=tuple(found.weights.tolist()),
        falls=tuple(np.broadcast_to(found.falls, found.weights.shape).tolist()),
        fill=float(size.mean()),
        fill_falls=float((size * (every < 0)).mean()),
        limit=1.0,
        look_back=0 if name == CONSTANT else min(LOOK_BACK, past.shape[1]),
        rate=RATE,
    )
    numbers = (spread.constant, *spread.weights, *spread.falls, spread.fill)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} gives a spread that is not finite")
    return spread


def _constant(past: Array, came: Array, every: Array) -> _Sum:
    """The mean size of a move, whatever the days before."""
    return _Sum(1, float(np.abs(every).mean()), np.zeros(past.shape[1]))


def _ewma(past: Array, came: Array, every: Array) -> _Sum:
    """Exponentially weighted squares, of the decay of the highest Gaussian likelihood (RiskMetrics 1996)."""
    long_run = float((every**2).mean())
    age = np.arange(past.shape[1])

    def of(decay: float) -> _Sum:
        return _Sum(2, decay ** len(age) * long_run, (1.0 - decay) * decay**age)

    def loss(decay: float) -> float:
        variance = of(decay).constant + past**2 @ of(decay).weights
        return float((np.log(variance) + came**2 / variance).mean())

    return of(min(DECAYS, key=loss))


def _garch(past: Array, came: Array, every: Array) -> _Sum:
    """GARCH(1, 1) (Bollerslev 1986), Student's t, of mean 0."""
    return _by_arch(past.shape[1], every, falls=False)


def _gjr_garch(past: Array, came: Array, every: Array) -> _Sum:
    """GARCH whose falls may weigh more than rises (Glosten, Jagannathan & Runkle 1993)."""
    return _by_arch(past.shape[1], every, falls=True)


def _by_arch(days: int, every: Array, *, falls: bool) -> _Sum:
    """The recursion of a fitted GARCH as a sum over the window; before it the variance was the mean one."""
    from arch import arch_model

    model = arch_model(PERCENT * every, mean="Zero", p=1, o=int(falls), q=1, dist="t", rescale=False)
    fitted = model.fit(disp="off", show_warning=False)
    if fitted.convergence_flag:
        raise ValueError("the likelihood of the GARCH has no optimum that arch finds")
    params = fitted.params
    decay = float(params["beta[1]"]) ** np.arange(days + 1)
    constant = float(params["omega"]) / PERCENT**2 * decay[:-1].sum()
    return _Sum(
        2,
        constant + decay[-1] * float((every**2).mean()),
        float(params["alpha[1]"]) * decay[:-1],
        float(params["gamma[1]"]) * decay[:-1] if falls else 0.0,
    )


def _quantile(past: Array, came: Array, every: Array) -> _Sum:
    """The quantile of the next move's size, linear in the mean sizes of a day, a week, a month and all."""
    spans = tuple(dict.fromkeys(min(span, past.shape[1]) for span in (*DAYS, past.shape[1])))
    within = np.arange(past.shape[1])[:, None] < spans
    mean = within / np.array(spans, dtype=np.float64)
    weights, constant = rising_quantile(np.abs(past) @ mean, np.abs(came), INTERVAL_LEVEL)
    return _Sum(1, constant, mean @ weights)


MODELS: MappingProxyType[str, Callable[[Array, Array, Array], _Sum]] = MappingProxyType(
    {
        CONSTANT: _constant,
        "ewma": _ewma,
        "garch": _garch,
        "gjr_garch": _gjr_garch,
        "quantile": _quantile,
    }
)
