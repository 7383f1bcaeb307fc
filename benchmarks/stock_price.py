"""Tomorrow's close beside today's: CMIG4 since 2018, the last 15 % as the test, opened once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.figures import Figure, show
from benchmarks.tables import PROJECTS, places_of
from zelo.data.prepare import prepare
from zelo.decisions.window import limits_of
from zelo.features.columns import frame_from_columns
from zelo.features.history import windows_of
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.spec.loading import load_project
from zelo.spec.project import Project
from zelo.stats.window_shape import shapes
from zelo.training.fit import fit_whole
from zelo.training.spreads import ONE_WIDTH, Reached
from zelo.training.train import Trained, train

Array = np.ndarray[Any, Any]

SEEDS = (42, 43, 44)
LEVEL = 0.05
POINTS = 0.01
WARN_FROM, WARN_YEARS = "2020-01-01", 5
"""The training of the warnings' figure ends here, and is judged on the years after."""
ORDINARY = (0.05, 0.95)


def run() -> None:
    project = load_project(PROJECTS / "stock_price")
    with tempfile.TemporaryDirectory() as folder:
        places = places_of("stock_price", Path(folder))
        snapshot = prepare(project, places, created=datetime.now(UTC)).snapshot
        told = " of SYNTHETIC prices" if snapshot.synthetic else ""
        trained = train(snapshot.frame(), project, threads=2)
        _forecasts(trained, f"{project.name}: {snapshot.rows} days{told}")
        _intervals(trained)
        table = _longer(project, Path(folder))
        _before_2018(project, table)
        _warnings(project, table)


def _forecasts(trained: Trained, title: str) -> None:
    winner, last = trained.comparison.winner.name, trained.test.columns[trained.project.lag(1)]
    truth = trained.test.truth
    persistence = _mape(last, truth)
    served = trained.metrics["mape"]
    figures = [
        Figure(
            f"MAPE of what serves ({winner}), test",
            f"{100 * served.value:.3f} % [{100 * served.low:.3f}, {100 * served.high:.3f}]",
            f"<= persistence's + {POINTS} points",
            100 * (served.value - persistence) <= POINTS,
            f"persistence {100 * persistence:.3f} %, {len(truth)} days",
        )
    ]
    for seed in SEEDS:
        network = fit_whole(
            CATALOGUE["lstm"],
            Setting(trained.project, seed, 1),
            trained.project.candidate_params["lstm"],
            frame_from_columns(trained.train.columns),
            trained.train.truth,
        )
        error = _mape(network.predict(frame_from_columns(trained.test.columns)), truth)
        figures.append(Figure(f"MAPE of an LSTM, seed {seed}, test", f"{100 * error:.3f} %", "–", None))
    for item in trained.comparison.ranked:
        beside = trained.against[item.name]
        way = beside.direction
        share = "no direction" if way is None else f"direction {way.right:.1%}, p {way.p_value:.2g}"
        found = item.metrics["mae"]
        figures.append(
            Figure(
                f"{item.name}, MAE from rolling origins",
                f"{found.value:.4f} [{found.low:.4f}, {found.high:.4f}]",
                "–",
                None,
                f"skill {beside.skill:+.2%}, Diebold-Mariano p {beside.p_value:.2g}; {share}",
            )
        )
    show(title, figures)


def _intervals(trained: Trained) -> None:
    assert trained.outlook is not None
    found = trained.outlook.volatility
    assert found is not None
    assert found.test is not None
    rolled = found.out_of_fold[str(found.chosen)]
    figures = [
        *_sharper("rolling origins", rolled),
        *_sharper("test", found.test),
        *_covered("rolling origins", rolled, judged=False),
        *_covered("test", found.test, judged=True),
    ]
    show(f"stock_price: 90 % intervals by {found.chosen}", figures)


def _sharper(part: str, reached: Reached) -> Iterator[Figure]:
    for name, (other, test) in reached.against.items():
        width = "one width in R$" if name == ONE_WIDTH else "one share of the price"
        yield Figure(
            f"pinball loss, {part}, {reached.rows} days",
            f"{reached.pinball:.5f}",
            f"below {width}, p < {LEVEL}",
            bool(test.p_value < LEVEL),
            f"{width} {other:.5f}, Diebold-Mariano p {test.p_value:.2g}",
        )


def _covered(part: str, reached: Reached, *, judged: bool) -> list[Figure]:
    whole = [(f"{part}, {reached.rows} days", reached.coverage)]
    halves = [(f"{part}, {half.name}, {half.rows} days", half.coverage) for half in reached.half_years]
    return [
        Figure(
            f"coverage, {name}",
            f"{share.value:.3f} [{share.low:.3f}, {share.high:.3f}]",
            "0.88 to 0.92" if judged else "–",
            0.88 <= round(share.value, 3) <= 0.92 if judged else None,
        )
        for name, share in whole + halves
    ]


def _longer(project: Project, folder: Path) -> pd.DataFrame:
    """Every day of the file, from before 2018 on."""
    assert project.prices is not None
    longer = project.model_copy(update={"prices": project.prices.model_copy(update={"since": None})})
    places = places_of("stock_price", folder / "longer")
    return prepare(longer, places, created=datetime.now(UTC)).snapshot.frame()


def _before_2018(project: Project, table: pd.DataFrame) -> None:
    """The same intervals with the years before 2018: more rolling origins, and so more power."""
    trained = train(table, project.model_copy(update={"candidates": ("persistence",)}), threads=2)
    assert trained.outlook is not None
    found = trained.outlook.volatility
    assert found is not None
    rolled = found.out_of_fold[str(found.chosen)]
    first = f"{table[project.date].min():%Y-%m-%d}"
    show(
        f"stock_price: intervals by {found.chosen} of the prices since {first}, persistence alone",
        [*_sharper("rolling origins", rolled), *_covered("rolling origins", rolled, judged=False)],
    )


def _warnings(project: Project, table: pd.DataFrame) -> None:
    """Warnings on the years after a training that ends early, on windows that are ordinary in returns."""
    days = table[project.date].to_numpy("datetime64[D]")
    columns = {lag: table[lag].to_numpy(np.float64) for lag in project.lags}
    windows, truth = windows_of(columns, project), table[project.task.target].to_numpy(np.float64)
    assert windows is not None
    cut = np.datetime64(WARN_FROM)
    before = days < cut
    after = (days >= cut) & (days < cut + np.timedelta64(WARN_YEARS * 365, "D"))
    limits = limits_of(windows[before], truth[before])
    warned = np.array([bool(found) for found in limits.findings(windows[after], project.language)])
    usual = shapes(windows[after]).usual
    low, high = np.quantile(shapes(windows[before]).usual, ORDINARY)
    ordinary = (usual >= low) & (usual <= high)
    share = warned[ordinary].mean()
    show(
        f"stock_price: warnings on the {WARN_YEARS} years after a training that ends before {WARN_FROM}",
        [
            Figure(
                "warned of windows that are ordinary in returns",
                f"{share:.1%} of {ordinary.sum()}",
                "< 5 %",
                bool(share < 0.05),
                f"of all {len(warned)}: {warned.mean():.1%}",
            )
        ],
    )


def _mape(said: Array, truth: Array) -> float:
    return float(np.mean(np.abs(said - truth) / truth))


if __name__ == "__main__":
    run()
