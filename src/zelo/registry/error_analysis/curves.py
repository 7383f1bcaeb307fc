"""The page's three charts: metric against latency, calibration, and what abstaining gains."""

from __future__ import annotations

from typing import Any

import numpy as np

from zelo.models.baseline import PRIOR
from zelo.registry.charts import (
    Axis,
    Chart,
    Dot,
    Line,
    Written,
    across,
    polyline,
    reach,
    upward,
)
from zelo.stats.abstention import Abstention, abstention_curve
from zelo.stats.calibration import reliability
from zelo.stats.metrics import Scored
from zelo.training.parts import Part, Side, parts_of
from zelo.training.train import Trained

Array = np.ndarray[Any, Any]


def pareto(trained: Trained, x_title: str, written: Written) -> Chart | None:
    """Each candidate but the baseline by its latency and its primary metric, where there are two or more."""
    primary = trained.project.select.primary
    shown = [
        (place, item, item.metrics[primary])
        for place, item in enumerate(trained.comparison.ranked, start=1)
        if item.name != PRIOR.name and np.isfinite((item.latency_ms, item.metrics[primary].value)).all()
    ]
    if len(shown) < 2:
        return None
    x = across(*reach([item.latency_ms for _, item, _ in shown], logarithmic=True), logarithmic=True)
    y = upward(*reach([bound for *_, f in shown for bound in (f.value, f.low, f.high) if np.isfinite(bound)]))
    # The front and the winner are drawn last, so that nothing lies on them.
    shown.sort(key=lambda entry: entry[1].name in trained.comparison.front)
    dots = tuple(
        Dot(
            x=x(item.latency_ms),
            y=y(found.value),
            style=_style(item.name, trained),
            text=str(place),
            tip=f"{item.name}: {written(found.value)}, {written(item.latency_ms)} ms",
            whisker=(y(found.low), y(found.high)) if np.isfinite(found.low) else None,
        )
        for place, item, found in shown
    )
    return _chart(x, y, x_title, primary, written, dots=dots)


def calibration(trained: Trained, x_title: str, y_title: str, written: Written) -> Chart:
    """Reliability of both parts; of several classes, that of the predicted one."""
    x, y = across(0.0, 1.0), upward(0.0, 1.0)
    dots = []
    for part in _once(trained):
        right, stated = _right_and_stated(part.scored)
        table = reliability(right, stated)
        dots += [
            Dot(
                x=x(float(said)),
                y=y(float(seen)),
                style=part.side,
                tip=f"{written(float(said))} → {written(float(seen))} ({rows})",
                whisker=(y(float(low)), y(float(high))),
            )
            for said, seen, low, high, rows in zip(
                table.predicted, table.observed, table.low, table.high, table.rows, strict=True
            )
        ]
    ends = np.array([0.0, 1.0])
    return _chart(
        x, y, x_title, y_title, written, dots=tuple(dots), lines=(polyline(x, y, ends, ends, "guide"),)
    )


def abstention(trained: Trained, x_title: str, y_title: str, written: Written) -> Chart:
    """Accuracy against the share answered, of both parts."""
    curves = {part.side: _answering(part) for part in _once(trained)}
    lowest = min(float(curve.accuracy.min(initial=1.0)) for curve in curves.values())
    x, y = across(0.0, 1.0), upward(max(lowest - 0.05, 0.0), 1.0)
    lines = tuple(
        polyline(x, y, curve.answered, curve.accuracy, side)
        for side, curve in curves.items()
        if len(curve.answered)
    )
    return _chart(x, y, x_title, y_title, written, lines=lines)


def at_confidence(trained: Trained) -> dict[Side, tuple[float, float]]:
    """Share answered and accuracy at the project's confidence, by part; empty where it asks for none."""
    limit = trained.policy.confidence
    if limit is None:
        return {}
    found: dict[Side, tuple[float, float]] = {}
    for part in _once(trained):
        curve = _answering(part)
        sure = np.flatnonzero(curve.confidence >= limit)
        if len(sure):
            found[part.side] = (float(curve.answered[sure[-1]]), float(curve.accuracy[sure[-1]]))
    return found


def _once(trained: Trained) -> list[Part]:
    return [part.once() for part in reversed(parts_of(trained))]


def _answering(part: Part) -> Abstention:
    scored = part.scored
    assert scored.predicted is not None
    confidence = scored.scores[np.arange(len(scored)), scored.predicted]
    return abstention_curve(scored.predicted == scored.truth, confidence)


def _right_and_stated(scored: Scored) -> tuple[Array, Array]:
    assert scored.predicted is not None
    if scored.positive is not None:
        return scored.truth == scored.positive, scored.scores[:, scored.positive]
    return scored.truth == scored.predicted, scored.scores[np.arange(len(scored)), scored.predicted]


def _style(name: str, trained: Trained) -> str:
    if name == trained.comparison.winner.name:
        return "winner"
    return "front" if name in trained.comparison.front else "other"


def _chart(
    x: Axis,
    y: Axis,
    x_title: str,
    y_title: str,
    written: Written,
    *,
    dots: tuple[Dot, ...] = (),
    lines: tuple[Line, ...] = (),
) -> Chart:
    return Chart(x_title, y_title, x.ticks(written), y.ticks(written), dots, lines)
