"""Figures as they stand in the page: drawings in its own colours and letters, and clouds of words.

A drawing's colours become the page's CSS variables, so that light and dark are one drawing.
"""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from zelo.profiling.facts import Count, Dates, Histogram, Relation, Relations, TargetBy
from zelo.profiling.words import Words
from zelo.training.sheet import BLUE, GREY, GRID, INK, LINES, ORANGE, QUIET, label

Array = np.ndarray[Any, Any]

PAPER = "#ffffff"
VARIABLES = {
    INK: "ink", QUIET: "quiet", GRID: "grid", BLUE: "blue", ORANGE: "orange", GREY: "grey", PAPER: "paper",
    **{colour: f"line{place}" for place, colour in enumerate(LINES) if place > 1},
}  # fmt: skip
CLOUD = ("#3f7fc1", "#7d8a9c")
"""Of the foremost words and of the others: both can be read on white and on black."""
MOST_STACKED, MOST_COUNTED, FOREMOST = 5, 14, 12
LONGEST = 34


@dataclass
class Charts:
    """Makes the figures of one page; each is markup with a text in its place for who cannot see it."""

    words: Words
    seed: int
    made: int = field(default=0, init=False)

    def histogram(self, name: str, found: Histogram, alt: str, *, wide: bool = False) -> Markup:
        """Bars between edges."""
        axes = self._axes(6.4 if wide else 3.7, 2.3 if wide else 1.75)
        edges = np.array(found.edges)
        axes.bar(edges[:-1], found.counts, width=np.diff(edges), align="edge", color=BLUE, linewidth=0.6,
                 edgecolor=PAPER)  # fmt: skip
        axes.grid(visible=False, axis="x")
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
        whole = bool((edges % 1 == 0.5).all())
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=whole))
        axes.set_xlabel(label(name, LONGEST))
        return self._svg(axes, alt)

    def bars(self, counts: Sequence[Count], alt: str, *, wide: bool = False, shares: bool = True) -> Markup:
        """One bar a value, its count and share beside it."""
        width = 6.4 if wide else 3.7
        axes = self._axes(width, 0.45 + 0.235 * len(counts))
        values = [count.count for count in counts]
        self._barh(axes, [count.name for count in counts], values, LONGEST if wide else 22)
        for place, count in enumerate(counts):
            text = self.words.whole(count.count)
            if shares:
                text += f" · {self.words.percent(count.share)}"
            self._beside(axes, count.count, place, text)
        axes.margins(x=0.24 if wide else 0.42)
        self._without_scale(axes)
        return self._svg(axes, alt)

    def associations(self, pairs: Sequence[Relation], alt: str) -> Markup:
        """The fields with the target, strongest first."""
        axes = self._axes(6.4, 0.75 + 0.27 * len(pairs))
        self._barh(axes, [pair.one for pair in pairs], [pair.value for pair in pairs], LONGEST)
        for place, (bar, pair) in enumerate(zip(axes.patches, pairs, strict=True)):
            bar.set_facecolor(BLUE if pair.value >= 0 else ORANGE)
            text = f"{self.words.decimal(pair.value)} · {self.words(pair.measure)}"
            self._beside(axes, max(pair.value, 0.0), place, text)
        low = min(0.0, *(pair.value for pair in pairs))
        axes.set_xlim(low * 1.15, max(0.05, *(pair.value for pair in pairs)) * 1.6)
        axes.axvline(0.0, color=GREY, linewidth=0.8)
        self._without_scale(axes)
        return self._svg(axes, alt)

    def heatmap(self, found: Relations, alt: str) -> Markup:
        """Every field with every other, the target last."""
        names, count = found.names, len(found.names)
        values = {
            frozenset((pair.one, pair.other)): pair.value for pair in (*found.pairs, *found.with_target)
        }
        side = min(1.1 + 0.45 * count, 8.4)
        axes = self._axes(side + 0.5, side)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        for row, column in np.transpose(np.tril_indices(count, -1)).tolist():
            value = values.get(frozenset((names[row], names[column])))
            if value is not None:
                self._cell(axes, row, column, value, written=count <= MOST_COUNTED)
        axes.set(xlim=(-0.5, count - 1.5), ylim=(count - 0.5, 0.5))
        axes.set_xticks(range(count - 1), [label(name, 22) for name in names[:-1]], rotation=90)
        axes.set_yticks(range(1, count), [label(name, 22) for name in names[1:]])
        axes.tick_params(length=0)
        return self._svg(axes, alt)

    def target_by(self, found: TargetBy, overall: float, alt: str, *, shares: bool) -> Markup:
        """The target in each part of a field; the dashed line is the whole."""
        axes = self._axes(3.7, 0.75 + 0.25 * max(len(found.groups), 2))
        names = [self.group(part.category, part.low, part.high) for part in found.groups]
        self._barh(axes, names, [part.value for part in found.groups], 22)
        for place, part in enumerate(found.groups):
            text = self.words.percent(part.value) if shares else self.words.number(part.value)
            self._beside(axes, max(part.value, 0.0), place, text)
        axes.axvline(overall, color=ORANGE, linestyle="--", linewidth=1.1)
        axes.margins(x=0.28)
        self._without_scale(axes)
        return self._svg(axes, alt)

    def periods(self, found: Dates, alt: str) -> Markup:
        """Rows a period, the most frequent classes apart."""
        axes = self._axes(6.4, 2.7)
        places = np.arange(len(found.periods))
        classes = found.classes
        counts = np.array([period.counts if classes else (period.rows,) for period in found.periods])
        base = np.zeros(len(places))
        frequent = np.argsort(-counts.sum(axis=0), kind="stable")
        drawn = list(frequent) if len(frequent) <= MOST_STACKED else list(frequent[: MOST_STACKED - 1])
        parts = [(classes[place] if classes else "", counts[:, place]) for place in drawn]
        if len(drawn) < len(frequent):
            parts.append((self.words("others"), counts[:, frequent[len(drawn) :]].sum(axis=1)))
        for (name, values), colour in zip(parts, (BLUE, ORANGE, *LINES[2:4], GREY), strict=False):
            axes.bar(places, values, bottom=base, width=0.86, color=colour, label=label(name) or None)
            base += values
        axes.grid(visible=False, axis="x")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        step = max(1, -(-len(places) // 8))
        axes.set_xticks(
            places[::step],
            [self.words.period(found.periods[place].start, found.by) for place in places[::step]],
        )
        if len(parts) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=8, frameon=False,
                        labelcolor=INK, handlelength=0.9, handleheight=0.9)  # fmt: skip
        return self._svg(axes, alt)

    def cloud(self, weights: Mapping[str, float], alt: str, *, wide: bool = False) -> Markup:
        """Words as large as their weights; nothing where there is none."""
        from wordcloud import WordCloud

        if not weights:
            return Markup()
        foremost = set(sorted(weights, key=lambda word: (-weights[word], word))[: FOREMOST if wide else 5])
        size = (720, 300) if wide else (340, 190)
        cloud = WordCloud(
            font_path=str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"),
            width=size[0], height=size[1], scale=2, mode="RGBA", background_color=None,
            random_state=self.seed, prefer_horizontal=1.0, relative_scaling=0.45, margin=4,
            max_font_size=64 if wide else 40, min_font_size=9,
            color_func=lambda word, **_: CLOUD[word not in foremost],
        )  # fmt: skip
        stream = io.BytesIO()
        cloud.generate_from_frequencies(weights).to_image().quantize(64).save(stream, "PNG", optimize=True)
        data = base64.b64encode(stream.getvalue()).decode()
        kind = "cloud wide" if wide else "cloud"
        return Markup(
            '<img class="{}" width="{}" height="{}" alt="{}" src="data:image/png;base64,{}">'
        ).format(kind, *size, alt, data)

    def group(self, category: str | None, low: float | None, high: float | None) -> str:
        """The name of a part of a field's values."""
        if category is not None or low is None:
            return str(category)
        return (
            self.words.number(low) if low == high else f"{self.words.number(low)} – {self.words.number(high)}"
        )

    def _axes(self, width: float, height: float) -> Axes:
        """Empty axes; inches at 100 pixels each."""
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.patch.set_visible(False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(GREY)
        axes.tick_params(colors=INK, labelsize=8, length=2.5, color=GREY)
        axes.grid(color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: self.words.exact(float(f"{value:.6g}"))))
            axis.label.set(color=QUIET, fontsize=8.5)
        return axes

    def _barh(self, axes: Axes, names: Sequence[str], values: Sequence[float], longest: int) -> None:
        axes.barh(range(len(names)), values, color=BLUE, height=0.68)
        axes.set_yticks(range(len(names)), [label(name, longest) for name in names])
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")

    def _cell(self, axes: Axes, row: float, column: float, value: float, *, written: bool) -> None:
        colour, shade = BLUE if value >= 0 else ORANGE, min(1.0, 0.06 + abs(value))
        corner = column - 0.47, row - 0.47
        axes.add_patch(Rectangle(corner, 0.94, 0.94, linewidth=0, alpha=shade, facecolor=colour))
        if written:
            ink = PAPER if abs(value) > 0.55 else INK
            text = self.words.decimal(value)
            axes.text(column, row, text, ha="center", va="center", fontsize=7.5, color=ink)

    def _beside(self, axes: Axes, value: float, place: int, text: str) -> None:
        behind = {"facecolor": PAPER, "linewidth": 0, "pad": 1.2}
        axes.annotate(
            text,
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=QUIET,
            bbox=behind,
        )

    def _without_scale(self, axes: Axes) -> None:
        """Where each bar's figure stands beside it, the axis says nothing more."""
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)

    def _svg(self, axes: Axes, alt: str) -> Markup:
        figure = axes.figure
        assert isinstance(figure, Figure)
        # Names come from people's data: "$" in one is no formula.
        for text in figure.findobj(Text):
            text.set_parse_math(False)
        stream = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with warnings.catch_warnings(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "zelo"}):
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
        self.made += 1
        return _inline(stream.getvalue(), f"c{self.made}", alt, round(100 * figure.get_size_inches()[0]))


def _inline(drawing: str, prefix: str, alt: str, width: int) -> Markup:
    """The drawing as a part of a page: no header, names of its own, the page's colours."""
    body = drawing[drawing.index("<svg") :]
    box = re.search(r'viewBox="([^"]+)"', body)
    assert box is not None
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r' id="(?:[A-Za-z.]+2?d?_\d+)"', "", body)
    body = re.sub(r'( id="|url\(#|href="#)', rf"\1{prefix}-", body)
    for colour, name in VARIABLES.items():
        body = body.replace(f": {colour}", f": var(--{name})")
    body = re.sub(r"\s*\n\s*", "\n", body)
    opening = (
        f'<svg class="chart" role="img" aria-label="{escape(alt)}" viewBox="{box.group(1)}" '
        f'style="max-width:{width}px">'
    )
    return Markup(opening + body)  # noqa: S704 - matplotlib escapes what it writes
