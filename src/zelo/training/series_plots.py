"""What forecasts look like: the test set as it was forecast a row ahead, and the error at each horizon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from zelo.training.sheet import BLUE, GREY, INK, LINES, ORANGE, Sheet, label
from zelo.training.train import Trained

DATES = ["%Y", "%m/%Y", "%d/%m", "%H:%M", "%H:%M", "%S"]
"""Of ticks a year, a month, a day, ... apart."""


def series(trained: Trained, sheet: Sheet) -> Path:
    """The truth of the test rows, the forecasts of one row ahead, and their interval."""
    outlook = trained.outlook
    assert outlook is not None
    said, truth = outlook.tested.said[:, 0], outlook.tested.truth[:, 0]
    axes = sheet.axes("series", _subtitle(trained, sheet), width=8.0)
    half, width = trained.policy.half_width, outlook.widths[:, 0]
    if trained.policy.has_intervals:
        fixed = "" if half is None else f": ± {sheet.short(float(f'{half:.3g}'))}"
        name = f"{sheet.word('half_width')}{fixed}"
        axes.fill_between(outlook.dates, said - width, said + width, color=BLUE, alpha=0.15, label=name)
    axes.plot(outlook.dates, truth, "o-", color=INK, markersize=3.5, linewidth=1.2, label=sheet.word("true"))
    axes.plot(outlook.dates, said, color=BLUE, linewidth=1.8, label=sheet.word("forecast"))
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    # Numbers alone: names of months would be English.
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, formats=DATES))  # type: ignore[no-untyped-call]
    axes.set_ylabel(_with_unit(trained))
    sheet.legend(axes, "best")
    return sheet.save(axes, "series")


def horizons(trained: Trained, sheet: Sheet) -> Path:
    """The mean absolute error at each horizon, out of fold, with its interval, and the baselines'."""
    outlook = trained.outlook
    assert outlook is not None
    found = outlook.out_of_fold
    ahead = [one.horizon for one in found]
    error = [one.metrics["mae"] for one in found]
    axes = sheet.axes("horizons", _subtitle(trained, sheet))
    low, high = [one.low for one in error], [one.high for one in error]
    axes.fill_between(ahead, low, high, color=BLUE, alpha=0.15, label=sheet.word("error_interval"))
    winner = label(trained.comparison.winner.name)
    axes.plot(ahead, [one.value for one in error], "o-", color=BLUE, linewidth=1.8, label=winner)
    for name, colour in zip(found[0].against, (GREY, ORANGE, *LINES), strict=False):
        values = [one.against[name][0] for one in found]
        axes.plot(ahead, values, color=colour, linestyle="--", linewidth=1.4, label=label(name))
    axes.set_xticks(ahead if len(ahead) <= 13 else np.linspace(1, len(ahead), 8).round())
    axes.set_ylim(bottom=0)
    axes.set(xlabel=sheet.word("ahead"), ylabel=f"MAE · {_with_unit(trained)}")
    sheet.legend(axes, "best")
    return sheet.save(axes, "horizons")


def _subtitle(trained: Trained, sheet: Sheet) -> str:
    rows = sheet.word("test_rows", n=len(trained.test.truth))
    return f"{label(trained.project.title, 40)} · {trained.comparison.winner.name} · {rows}"


def _with_unit(trained: Trained) -> str:
    task = trained.project.task
    return label(task.target) + (f" [{task.unit}]" if task.unit else "")
