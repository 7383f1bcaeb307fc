"""The page's charts as geometry: what lies where in an SVG of fixed size that the page then scales."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from zelo.monitoring.accuracy import Month
from zelo.monitoring.arrivals import DROP, TableRows
from zelo.monitoring.forecasts import Week
from zelo.monitoring.pace import Pace
from zelo.monitoring.words import Words
from zelo.registry.charts import Axis, Dot, Line, reach

Ticks = tuple[tuple[float, str], ...]
"""Where each is, in pixels, and its text."""

WIDTH, HEIGHT, LOW_HEIGHT = 860, 320, 220
SMALL_WIDTH, SMALL_HEIGHT = 420, 180
TOP, BOTTOM, SIDE, SCALE = 12, 30, 12, 62
"""Margins; the scale has a side for itself."""
MOST_TICKS = 9
ROOM = 0.8
"""Of its place, what a bar takes."""
ABOVE = 1.08
"""How far an axis goes beyond the highest bar."""


@dataclass(frozen=True)
class Bar:
    """A rectangle in pixels, and what its tip says."""

    x: float
    y: float
    width: float
    height: float
    style: str
    tip: str


@dataclass(frozen=True)
class Drawing:
    """What is drawn, from back to front; areas are polygons as SVG writes them.

    After the pixel ``now`` nothing has come yet.
    """

    width: int
    height: int
    x_ticks: Ticks
    y_ticks: Ticks
    areas: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    dots: tuple[Dot, ...] = ()
    now: float | None = None

    @property
    def long(self) -> bool:
        """Whether a telephone has to scroll it: it then begins with the newest, and there is the scale."""
        return _is_long(self.width)

    @property
    def left(self) -> int:
        """Where the chart begins, beside the margin."""
        return _margins(self.width)[0]

    @property
    def right(self) -> int:
        """Where it ends."""
        return _margins(self.width)[1]


def over_time(weeks: Sequence[Week], words: Words) -> Drawing:
    """What came, what was forecast and its interval, week by week."""
    ends = [(week.realised, week.forecast, week.lower, week.upper) for week in weeks]
    x, y = _days(weeks), _upward(*reach([end for some in ends for end in some if end is not None]))
    newest = max((week.week for week in weeks if week.realised is not None), default=weeks[0].week)
    return Drawing(
        width=WIDTH,
        height=HEIGHT,
        x_ticks=_month_ticks(x, weeks, words),
        y_ticks=y.ticks(words.axis),
        areas=tuple(_bands(weeks, x, y, words)),
        lines=(
            *_lines(weeks, lambda week: week.realised, x, y, "realised", words.pace),
            *_lines(weeks, lambda week: week.forecast, x, y, "forecast", words.pace),
        ),
        dots=tuple(
            Dot(_at(x, week.week), y(week.forecast), _style(week), tip=tip_of(week, words))
            for week in weeks
            if week.forecast is not None
        ),
        now=_at(x, newest) + _step(x, words) / 2 if weeks[-1].week > newest else None,
    )


def errors_of(weeks: Sequence[Week], words: Words) -> Drawing:
    """The forecast less what came, of the weeks that have both."""
    errors = [(week, week.error) for week in weeks if week.error is not None]
    judged = [week for week, _ in errors]
    x, y = _days(judged), _upward(*reach([0.0, *(error for _, error in errors)]), LOW_HEIGHT)
    bars = tuple(
        _bar(_at(x, week.week), ROOM * _step(x, words), y, error, _style(week), tip_of(week, words))
        for week, error in errors
    )
    return Drawing(WIDTH, LOW_HEIGHT, _month_ticks(x, judged, words), y.ticks(words.axis), bars=bars)


def months_of(months: Sequence[Month], words: Words) -> Drawing:
    """What came and what was forecast in each month, side by side."""
    x = _places(len(months), WIDTH)
    y = _upward(0.0, ABOVE * max(max(month.realised, month.forecast, 0.01) for month in months))
    half = ROOM / 2 * (x(1.0) - x(0.0))
    bars = tuple(
        _bar(
            x(float(place)) + side * half / 2,
            half,
            y,
            value,
            style,
            f"{words.month(month.month)}: {words(style)} {words.number(value, words.digits)}",
        )
        for place, month in enumerate(months)
        for side, style, value in ((-1, "realised", month.realised), (1, "forecast", month.forecast))
    )
    ticks = _thinned([(x(float(place)), words.month(month.month)) for place, month in enumerate(months)])
    return Drawing(WIDTH, HEIGHT, ticks, y.ticks(words.axis), bars=bars)


def rows_of(table: TableRows, words: Words) -> Drawing:
    """Rows a week, and the line below which they are a drop."""
    weeks = table.weeks
    x = _places(len(weeks), SMALL_WIDTH)
    y = _upward(0.0, ABOVE * max(1, *(week.rows for week in weeks)), SMALL_HEIGHT)
    bars = tuple(
        _bar(
            x(float(place)),
            ROOM * (x(1.0) - x(0.0)),
            y,
            float(week.rows),
            "out" if week.dropped else "",
            f"{words.day(week.week)}: {words.whole(week.rows)}",
        )
        for place, week in enumerate(weeks)
    )
    limits = tuple(
        Line(f"{x(place - 0.5)},{height} {x(place + 0.5)},{height}", "limit")
        for place, height in enumerate(None if week.usual is None else y(DROP * week.usual) for week in weeks)
        if height is not None
    )
    newest_first = range(len(weeks) - 1, -1, -4)
    ticks = tuple((x(float(place)), words.day_of_month(weeks[place].week)) for place in newest_first)
    return Drawing(SMALL_WIDTH, SMALL_HEIGHT, ticks, y.ticks(words.axis), bars=bars, lines=limits)


def tip_of(week: Week, words: Words) -> str:
    """What is known of a week, on one line."""
    parts = (
        [f"{words('realised')} {words.number(week.realised, words.digits)}"]
        if week.realised is not None
        else []
    )
    bounds = words.interval(week.lower, week.upper, words.digits)
    parts.append(f"{words('forecast')} {words.number(week.forecast, words.digits)} {bounds}")
    return f"{words.day(week.week)}: {', '.join(parts)}"


def _style(week: Week) -> str:
    return "out" if week.within is False else "forecast"


def _days(weeks: Sequence[Week]) -> Axis:
    first, last = weeks[0].week.toordinal(), weeks[-1].week.toordinal()
    return Axis(first - 4.0, last + 4.0, *_margins(WIDTH))


def _places(count: int, width: int) -> Axis:
    return Axis(-0.6, count - 0.4, *_margins(width))


def _is_long(width: int) -> bool:
    return width > SMALL_WIDTH


def _margins(width: int) -> tuple[int, int]:
    return (SIDE, width - SCALE) if _is_long(width) else (SCALE, width - SIDE)


def _upward(low: float, high: float, height: int = HEIGHT) -> Axis:
    return Axis(low, high, height - BOTTOM, TOP)


def _at(x: Axis, day: date) -> float:
    return x(float(day.toordinal()))


def _step(x: Axis, words: Words) -> float:
    """A row's pixels."""
    return x(x.low + words.pace.length.days) - x(x.low)


def _bar(middle: float, width: float, y: Axis, value: float, style: str, tip: str) -> Bar:
    top, foot = sorted((y(value), y(0.0)))
    return Bar(round(middle - width / 2, 1), top, round(width, 1), round(foot - top, 1), style, tip)


def _thinned(ticks: Sequence[tuple[float, str]]) -> Ticks:
    """As many ticks as can be read."""
    return tuple(ticks[:: max(1, -(-len(ticks) // MOST_TICKS))])


def _month_ticks(x: Axis, weeks: Sequence[Week], words: Words) -> Ticks:
    """Ticks at the first days of months."""
    starts, day = [], weeks[0].week
    while day <= weeks[-1].week:
        if day.day == 1:
            starts.append((_at(x, day), words.month(day)))
        day += timedelta(days=1)
    return _thinned(starts)


def _pieces(weeks: Sequence[Week], has: Callable[[Week], bool], pace: Pace) -> Iterator[list[Week]]:
    """Rows that have something and follow one another; a missing one parts them."""
    piece: list[Week] = []
    for week in filter(has, weeks):
        if piece and week.week != pace.after(piece[-1].week, 1):
            yield piece
            piece = []
        piece.append(week)
    if piece:
        yield piece


def _lines(
    weeks: Sequence[Week], value: Callable[[Week], float | None], x: Axis, y: Axis, style: str, pace: Pace
) -> Iterator[Line]:
    for piece in _pieces(weeks, lambda week: value(week) is not None, pace):
        yield Line(_points((_at(x, week.week), y(value(week) or 0.0)) for week in piece), style)


def _bands(weeks: Sequence[Week], x: Axis, y: Axis, words: Words) -> Iterator[str]:
    """A band around the forecasts; a lone week's has a width too."""
    around = _step(x, words) / 2
    for piece in _pieces(weeks, lambda week: week.lower is not None and week.upper is not None, words.pace):
        places = [_at(x, week.week) for week in piece]
        lows, highs = (
            [y(end or 0.0) for end in ends] for ends in zip(*((w.lower, w.upper) for w in piece), strict=True)
        )
        across = [places[0] - around, *places, places[-1] + around]
        low, high = ([ends[0], *ends, ends[-1]] for ends in (lows, highs))
        yield _points([*zip(across, high, strict=True), *reversed(list(zip(across, low, strict=True)))])


def _points(pixels: Iterator[tuple[float, float]] | Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)
