"""What a training looks like: the winner on the test set, and the candidates out of fold, as PNG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import precision_recall_curve, roc_curve

from zelo.models.baseline import baselines
from zelo.spec.project import LOWER_IS_BETTER
from zelo.stats.bootstrap import Interval
from zelo.stats.calibration import reliability
from zelo.stats.ranking import Ranking
from zelo.training.series_plots import horizons, series
from zelo.training.sheet import BLUE, GREY, INK, LINES, ORANGE, QUIET, SHADES, Sheet, label
from zelo.training.train import Trained

Array = np.ndarray[Any, Any]
Plot = Callable[[Trained, Sheet], Path]

MOST_CLASSES = len(LINES)
"""Curves of more classes than this cannot be told apart: the most frequent ones are drawn."""
MOST_FIELDS = 20
LONGEST_TITLE = 40
MOST_SHARED = 14
"""Confusion matrices of more classes than this tell counts alone, and none where there is no row."""


def draw(
    trained: Trained, importances: Mapping[str, float], folder: Path, *, synthetic: bool = False
) -> list[Path]:
    """Write the plots that fit the task into ``folder``, and return their paths.

    Args:
        importances: field -> rise of the loss, falling (see :mod:`zelo.training.importance`).
        synthetic: say in each title that the data are generated.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sheet = Sheet(folder, trained.project.language, synthetic)
    plots = VALUE_PLOTS if trained.project.task.kind == "regression" else CLASS_PLOTS
    if trained.outlook is not None:
        plots = (*plots, series, horizons) if len(trained.outlook.out_of_fold) > 1 else (*plots, series)
    paths = [plot(trained, sheet) for plot in plots]
    return [*paths, _importances(trained, importances, sheet), _candidates(trained, sheet)]


def _confusion(trained: Trained, sheet: Sheet) -> Path:
    names = [label(name) for name in trained.project.classes]
    truth, predicted = trained.tested.truth, trained.tested.predicted
    assert predicted is not None
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, (truth.astype(np.int64), predicted), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(3.6 + 0.55 * len(names), 12.0)
    axes = sheet.axes("confusion", _on_test(trained, sheet), width=side + 0.8, height=side)
    axes.imshow(shares, cmap=SHADES, vmin=0.0, vmax=1.0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    crowded = len(names) > MOST_SHARED
    size = 12.0 if len(names) <= 4 else 8.0
    for (row, column), count in np.ndenumerate(counts):
        if crowded and not count:
            continue
        share = shares[row, column]
        text = str(count) if crowded else f"{count}\n{sheet.number(100 * share, 1)} %"
        colour = "white" if share > 0.6 else INK
        axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)
    small = max(6.5, 10.0 - 0.12 * len(names))
    axes.set_xticks(range(len(names)), names, rotation=0 if len(names) <= 3 else 90, fontsize=small)
    axes.set_yticks(range(len(names)), names, fontsize=small)
    target = label(trained.project.task.target)
    axes.set_xlabel(f"{sheet.word('predicted')}: {target}")
    axes.set_ylabel(f"{sheet.word('true')}: {target}")
    return sheet.save(axes, "confusion")


def _roc(trained: Trained, sheet: Sheet) -> Path:
    axes = sheet.axes("roc", _on_test(trained, sheet), width=6.4, height=5.8)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.4, label=sheet.word("baseline"))
    for name, colour, truth, score in _curves(trained):
        false_rate, true_rate, cuts = roc_curve(truth, score, drop_intermediate=False)
        area = f"AUC {_interval(trained, 'roc_auc', sheet) or _area('roc_auc', truth, score, sheet)}"
        axes.plot(false_rate, true_rate, color=colour, linewidth=2.2, label=f"{name}{area}")
        _mark(axes, trained, sheet, (false_rate, true_rate, cuts))
    axes.set_aspect("equal")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set(xlabel=sheet.word("false_positives"), ylabel=sheet.word("true_positives"))
    sheet.legend(axes, "lower right")
    return sheet.save(axes, "roc")


def _precision_recall(trained: Trained, sheet: Sheet) -> Path:
    axes = sheet.axes("precision_recall", _on_test(trained, sheet), width=6.4, height=5.8)
    for name, colour, truth, score in _curves(trained):
        precision, recall, cuts = precision_recall_curve(truth, score)
        area = f"AP {_interval(trained, 'pr_auc', sheet) or _area('pr_auc', truth, score, sheet)}"
        axes.step(recall, precision, where="post", color=colour, linewidth=2.2, label=f"{name}{area}")
        shade = colour if trained.tested.positive is None else GREY
        axes.axhline(truth.mean(), color=shade, linestyle="--", linewidth=1.4)
        _mark(axes, trained, sheet, (recall, precision, cuts))
    axes.plot([], [], color=GREY, linestyle="--", linewidth=1.4, label=sheet.word("baseline"))
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.05))
    axes.set(xlabel=sheet.word("recall"), ylabel=sheet.word("precision"))
    sheet.legend(axes, "best")
    return sheet.save(axes, "precision_recall")


def _calibration(trained: Trained, sheet: Sheet) -> Path:
    tested = trained.tested
    assert tested.predicted is not None
    if tested.positive is not None:
        right, stated = tested.truth == tested.positive, tested.scores[:, tested.positive]
    else:
        right, stated = tested.truth == tested.predicted, tested.scores.max(axis=1)
    table = reliability(right, stated)
    axes = sheet.axes("calibration", _on_test(trained, sheet), width=6.4, height=5.8)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.4, label=sheet.word("perfect"))
    reach = np.vstack([table.observed - table.low, table.high - table.observed])
    axes.errorbar(
        table.predicted,
        table.observed,
        yerr=reach,
        fmt="o-",
        color=BLUE,
        ecolor="#8fb3d9",
        elinewidth=2.0,
        capsize=3,
        markersize=6,
        linewidth=1.4,
        label=sheet.word("interval"),
    )
    axes.plot(stated, np.full(len(stated), -0.035), "|", color=BLUE, alpha=0.12, markersize=7)
    error = sheet.word("calibration_error", value=_interval(trained, "ece", sheet))
    axes.text(0.98, 0.06, error, transform=axes.transAxes, ha="right", fontsize=9, color=QUIET)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.06, 1.02), aspect="equal")
    axes.set(xlabel=sheet.word("stated"), ylabel=sheet.word("observed"))
    sheet.legend(axes, "upper left")
    return sheet.save(axes, "calibration")


def _scores(trained: Trained, sheet: Sheet) -> Path:
    tested, project = trained.tested, trained.project
    axes = sheet.axes("scores", _on_test(trained, sheet))
    if tested.positive is not None:
        groups = [
            (f"{label(project.task.target)} = {label(name)}", tested.truth == place)
            for place, name in enumerate(project.classes)
        ]
        score, positive = tested.scores[:, tested.positive], tested.positive
        axes.set_xlabel(sheet.word("score", label=groups[positive][0]))
        axes.set_ylabel(sheet.word("share"))
        groups = [groups[1 - positive], groups[positive]]
    else:
        right = tested.truth == tested.predicted
        groups = [(sheet.word("right"), right), (sheet.word("wrong"), ~right)]
        score = tested.scores.max(axis=1)
        axes.set(xlabel=sheet.word("top_score"), ylabel=sheet.word("share_group"))
    for (name, mask), colour in zip(groups, (BLUE, ORANGE), strict=True):
        weights = np.full(mask.sum(), 1.0 / max(mask.sum(), 1))
        options: dict[str, Any] = {"bins": np.linspace(0, 1, 31), "weights": weights}
        axes.hist(score[mask], color=colour, alpha=0.35, **options)
        axes.hist(score[mask], color=colour, histtype="step", linewidth=1.6, label=name, **options)
    if tested.positive is not None:
        threshold = trained.policy.threshold
        text = sheet.word("threshold", value=sheet.number(threshold))
        axes.axvline(threshold, color=INK, linestyle="--", linewidth=1.4, label=text)
    axes.set_xlim(0, 1)
    sheet.legend(axes, "best")
    return sheet.save(axes, "scores")


def _fitted(trained: Trained, sheet: Sheet) -> Path:
    truth, said = trained.tested.truth.astype(np.float64), trained.tested.scores.ravel()
    axes = sheet.axes("fitted", _on_test(trained, sheet), width=6.4, height=5.8)
    ends = np.array([min(truth.min(), said.min()), max(truth.max(), said.max())], dtype=np.float64)
    half = trained.policy.half_width
    if half is not None:
        name = f"{sheet.word('half_width')}: ± {sheet.short(float(f'{half:.3g}'))}"
        axes.fill_between(ends, ends - half, ends + half, color=BLUE, alpha=0.1, linewidth=0, label=name)
    axes.plot(ends, ends, color=GREY, linestyle="--", linewidth=1.4)
    axes.plot(said, truth, "o", color=BLUE, alpha=_opacity(len(truth)), markersize=4, markeredgewidth=0)
    axes.set(xlabel=_with_unit(trained, sheet.word("predicted")))
    axes.set(ylabel=_with_unit(trained, sheet.word("true")))
    _write_errors(axes, trained, sheet)
    if half is not None:
        sheet.legend(axes, "upper left")
    return sheet.save(axes, "fitted")


def _residuals(trained: Trained, sheet: Sheet) -> Path:
    said = trained.tested.scores.ravel()
    residual = trained.tested.truth.astype(np.float64) - said
    axes = sheet.axes("residuals", _on_test(trained, sheet))
    beside = axes.inset_axes((1.03, 0.0, 0.22, 1.0), sharey=axes)
    axes.axhline(0.0, color=GREY, linestyle="--", linewidth=1.4)
    axes.plot(said, residual, "o", color=BLUE, alpha=_opacity(len(said)), markersize=4, markeredgewidth=0)
    beside.hist(residual, bins=30, orientation="horizontal", color=BLUE, alpha=0.55)
    beside.spines[:].set_visible(False)
    beside.tick_params(left=False, labelleft=False, bottom=False, labelbottom=False)
    axes.set(xlabel=_with_unit(trained, sheet.word("predicted")))
    axes.set(ylabel=_with_unit(trained, sheet.word("residual")))
    _write_errors(axes, trained, sheet)
    return sheet.save(axes, "residuals")


def _importances(trained: Trained, importances: Mapping[str, float], sheet: Sheet) -> Path:
    shown = list(importances.items())[:MOST_FIELDS][::-1]
    rows = sheet.word("train_rows", n=len(trained.train.truth))
    subtitle = f"{_title(trained)} · {trained.comparison.winner.name} · {rows}"
    axes = sheet.axes("importances", subtitle, height=1.9 + 0.34 * len(shown))
    values = [value for _, value in shown]
    axes.barh(range(len(shown)), values, color=[BLUE if value > 0 else GREY for value in values], height=0.66)
    for place, value in enumerate(values):
        axes.annotate(
            sheet.short(float(f"{value:.3g}")),
            (max(value, 0.0), place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=QUIET,
        )
    axes.set_yticks(range(len(shown)), [label(name) for name, _ in shown])
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)
    kind = "error_rise" if trained.project.task.kind == "regression" else "log_loss_rise"
    axes.set_xlabel(sheet.word(kind))
    return sheet.save(axes, "importances")


def _candidates(trained: Trained, sheet: Sheet) -> Path:
    primary = trained.project.select.primary
    ranked = trained.comparison.ranked[::-1]
    subtitle = f"{_title(trained)} · {sheet.word('lower' if primary in LOWER_IS_BETTER else 'higher')}"
    axes = sheet.axes("candidates", subtitle, height=1.9 + 0.4 * len(ranked))
    naive = {item.name for item in baselines(trained.project)}
    for place, item in enumerate(ranked):
        found = item.metrics[primary]
        colour = BLUE if item is trained.comparison.winner else GREY if item.name in naive else INK
        axes.plot([found.low, found.high], [place, place], color=colour, linewidth=2.2, alpha=0.55)
        axes.plot(found.value, place, "o", color=colour, markersize=8)
        axes.annotate(
            sheet.number(found.value),
            (found.value, place),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=colour,
        )
    axes.set_yticks(range(len(ranked)), [label(item.name) for item in ranked])
    axes.get_yticklabels()[ranked.index(trained.comparison.winner)].set(color=BLUE, fontweight="bold")
    axes.set_ylim(-0.6, len(ranked) - 0.3)
    axes.margins(x=0.08)
    axes.set_xlabel(sheet.word("out_of_fold", metric=primary))
    return sheet.save(axes, "candidates")


def _curves(trained: Trained) -> list[tuple[str, str, Array, Array]]:
    """(legend's opening, colour, whether each row is of the class, its score) a curve."""
    tested = trained.tested
    if tested.positive is not None:
        return [("", BLUE, tested.truth == tested.positive, tested.scores[:, tested.positive])]
    rows = np.bincount(tested.truth.astype(np.int64), minlength=tested.scores.shape[1])
    frequent = [place for place in np.argsort(-rows, kind="stable") if 0 < rows[place] < len(tested)]
    return [
        (f"{label(trained.project.classes[place])}: ", colour, tested.truth == place, tested.scores[:, place])
        for place, colour in zip(frequent[:MOST_CLASSES], LINES, strict=False)
    ]


def _mark(axes: Axes, trained: Trained, sheet: Sheet, curve: tuple[Array, Array, Array]) -> None:
    """The point of a curve (x, y, cuts) at which the threshold of a binary task decides."""
    across, up, cuts = curve
    if trained.tested.positive is None:
        return
    threshold = trained.policy.threshold
    reached = np.flatnonzero(cuts >= threshold)
    if len(reached):
        place = reached[np.argmin(cuts[reached])]
        text = sheet.word("threshold", value=sheet.number(threshold))
        axes.plot(across[place], up[place], "o", color=ORANGE, markersize=9, label=text, zorder=5)


def _interval(trained: Trained, metric: str, sheet: Sheet) -> str:
    """The metric's value with its interval; empty where several curves share the axes."""
    if trained.tested.positive is None and metric != "ece":
        return ""
    found: Interval = trained.metrics[metric]
    return f"{sheet.number(found.value)} [{sheet.number(found.low)}; {sheet.number(found.high)}]"


def _area(metric: str, truth: Array, score: Array, sheet: Sheet) -> str:
    areas = Ranking(truth, score).areas(np.ones((1, len(truth))))
    return sheet.number(float((areas.roc if metric == "roc_auc" else areas.precision_recall)[0]))


def _write_errors(axes: Axes, trained: Trained, sheet: Sheet) -> None:
    mae, r2 = trained.metrics["mae"].value, trained.metrics["r2"].value
    text = f"MAE {sheet.short(float(f'{mae:.3g}'))} · R² {sheet.number(r2)}"
    axes.text(0.98, 0.03, text, transform=axes.transAxes, ha="right", fontsize=9, color=QUIET)


def _on_test(trained: Trained, sheet: Sheet) -> str:
    rows = sheet.word("test_rows", n=len(trained.test.truth))
    return f"{_title(trained)} · {trained.comparison.winner.name} · {rows}"


def _title(trained: Trained) -> str:
    return label(trained.project.title, LONGEST_TITLE)


def _with_unit(trained: Trained, word: str) -> str:
    task = trained.project.task
    return f"{word}: {label(task.target)}" + (f" [{task.unit}]" if task.unit else "")


def _opacity(points: int) -> float:
    return float(np.clip(300.0 / max(points, 1), 0.15, 0.8))


CLASS_PLOTS: tuple[Plot, ...] = (_confusion, _roc, _precision_recall, _calibration, _scores)
VALUE_PLOTS: tuple[Plot, ...] = (_fitted, _residuals)
