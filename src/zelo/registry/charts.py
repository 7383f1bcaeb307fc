"""Charts as geometry: where points, lines and ticks lie in an SVG of fixed size that the page then scales."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Written = Callable[[float], str]

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 58, 18, 14, 48
TICKS = 5
MOST_POINTS = 240
"""Of a line; more cannot be seen."""


@dataclass(frozen=True)
class Dot:
    """A point at pixels (x, y), the ends of its whisker if it has one, what stands in it and on it."""

    x: float
    y: float
    style: str
    text: str = ""
    tip: str = ""
    whisker: tuple[float, float] | None = None


@dataclass(frozen=True)
class Line:
    """The points of a polyline, in pixels, as SVG writes them."""

    points: str
    style: str


@dataclass(frozen=True)
class Chart:
    """What is drawn; ticks are (pixel, text)."""

    x_title: str
    y_title: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    dots: tuple[Dot, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Axis:
    """A scale from values to pixels."""

    low: float
    high: float
    first: float
    last: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value, one beyond an end at that end."""
        low, high, at = (math.log10(v) if self.logarithmic else v for v in (self.low, self.high, value))
        share = min(max((at - low) / (high - low), 0.0), 1.0)
        return round(self.first + share * (self.last - self.first), 1)

    def ticks(self, written: Written) -> tuple[tuple[float, str], ...]:
        """Round values within the ends."""
        return tuple((self(value), written(value)) for value in self._round_values())

    def _round_values(self) -> list[float]:
        if self.logarithmic:
            tens = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            values = [digit * 10.0**ten for ten in tens for digit in (1, 2, 5)]
            return [value for value in values if self.low <= value <= self.high]
        rough = (self.high - self.low) / TICKS
        ten = 10.0 ** math.floor(math.log10(rough))
        step = next(ten * size for size in (1, 2, 2.5, 5, 10) if ten * size >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [step * k for k in range(first, math.floor(self.high / step + 1e-9) + 1)]


def across(low: float, high: float, *, logarithmic: bool = False) -> Axis:
    """A horizontal axis."""
    return Axis(low, high, LEFT, WIDTH - RIGHT, logarithmic)


def upward(low: float, high: float) -> Axis:
    """A vertical axis."""
    return Axis(low, high, HEIGHT - BOTTOM, TOP)


def reach(values: Sequence[float], *, logarithmic: bool = False) -> tuple[float, float]:
    """Ends a little beyond the values, and never alike."""
    low, high = min(values), max(values)
    if logarithmic:
        return low / 1.5, high * 1.5
    room = max(0.08 * (high - low), 0.01)
    return low - room, high + room


def polyline(across_: Axis, upward_: Axis, x: Array, y: Array, style: str) -> Line:
    """A line through the points, thinned where there are very many."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    points = " ".join(f"{across_(float(x[k]))},{upward_(float(y[k]))}" for k in kept)
    return Line(points, style)
