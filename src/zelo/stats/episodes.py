"""One change is one alarm, however often evidence of it reaches the budget; its end is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from zelo.stats.changes import Figures, Found, best_shift, found
from zelo.stats.restarts import Column, Crossing
from zelo.stats.watched import Rows, Stream

MOST = 0.8
"""An alarm names the fewest fields that hold so much of the evidence together."""


@dataclass(frozen=True)
class Episode:
    """A change from its first crossing on; ``held``: the fields' shares of the evidence then, most first."""

    change: Found
    figures: Figures
    held: dict[str, float]
    crossings: list[Crossing] = field(default_factory=list)

    @property
    def seen(self) -> slice:
        """The rows from the onset to the newest crossing: what is seen at the first alone looks too large."""
        return slice(self.change.onset, self.crossings[-1].row + 1)

    @property
    def strength(self) -> tuple[float, float]:
        """What the best bet gains a row, in nats, and its part of all wealth."""
        change, figures = self.change, self.figures
        if change.kind != "mean":
            return change.growth, change.share
        size = figures.of(self.seen, scaled=True) - figures.reference(scaled=True)
        growth, share = best_shift(size)
        return growth, change.column.weight * share

    def goes_on_in(self, rows: slice) -> bool:
        """Whether rows show the change that those seen show."""
        return self.figures.moved(self.seen, rows)


def episodes(
    crossings: Sequence[Crossing],
    columns: Sequence[Column],
    streams: Mapping[str, Stream],
    rows: Rows,
    seed: int,
) -> list[Episode]:
    """The changes that the crossings are of, in order of their first."""
    told: list[Episode] = []
    for crossing in crossings:
        change = found(crossing, columns)
        figures = Figures(streams, rows, change, seed)
        of = slice(change.onset, crossing.row + 1)
        earlier = [episode for episode in told if _alike(episode.change, change)]
        goes_on = next((e for e in reversed(earlier) if _goes_on(e, of)), None)
        if goes_on:
            goes_on.crossings.append(crossing)
        elif not earlier or figures.as_far_as_seen(of):
            told.append(Episode(change, figures, _held(crossing, columns, streams), [crossing]))
    return told


def _alike(one: Found, other: Found) -> bool:
    """A shift shows in the spread, and in pairs too; missing values are a matter of their own."""
    if one.kind == other.kind == "correlation":
        return True
    shared = set(one.column.streams) & set(other.column.streams)
    return bool(shared) and (one.kind == "missing") == (other.kind == "missing")


def _goes_on(episode: Episode, rows: slice) -> bool:
    """Whether the change is in these rows, and on the whole in all since it was last seen."""
    since = slice(episode.crossings[-1].row + 1, rows.stop)
    return all(episode.goes_on_in(part) for part in (rows, since))


def _held(crossing: Crossing, columns: Sequence[Column], streams: Mapping[str, Stream]) -> dict[str, float]:
    """The fields that hold most of the evidence, the strongest first; a pair's is of both in equal parts."""
    shares: defaultdict[str, float] = defaultdict(float)
    for column, held in zip(columns, crossing.held, strict=True):
        for name in column.streams:
            shares[streams[name].of] += float(held) / len(column.streams)
    ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    enough = int(np.searchsorted(np.cumsum([share for _, share in ordered]), MOST)) + 1
    return dict(ordered[:enough])
