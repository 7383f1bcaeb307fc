"""What of each stream is bet on, and how much of all wealth each bet has.

Half of the reference, drawn by the seed, settles what is bet on: which categories are frequent, where the
edge of a share lies, how two coordinates are laid on a common scale. The other half is what rows are ranked
among: a bet that had seen what is ranked would not be fair (see :mod:`zelo.stats.exchangeable`). A number is
bet on by its ranks alone, and those have all of the reference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import ndtri

from zelo.stats.arrays import BoolArray, FloatArray
from zelo.stats.drift import Categories
from zelo.stats.exchangeable import indicator_ranks, ranks
from zelo.stats.restarts import About, Column

Values = FloatArray | Categories

FIELDS, SCORES, PAIRS = 0.7, 0.15, 0.15
"""Parts of all wealth; where there is nothing of a kind, the rest share its part."""
MISSING = 0.2
"""The part of a number's wealth that bets on its missing values."""
FREQUENT = 12
"""So many categories are bet on by name, all others together."""
RAREST = 0.01
"""No share is bet on by ranks nearer to the end than this."""
COORDINATES = 10
"""So many fields, the first, are bet on in pairs."""


@dataclass(frozen=True)
class Stream:
    """What is watched: a field, one of the coordinates of a text, a return, or the model's score.

    Args:
        name: of its own among the streams.
        reference: shape [n]. Floats are a number (NaN: missing), objects a category (None or "": missing).
            The references of all streams that are no score are of the same rows, in the same order.
        field: the field that it is a coordinate of, where that is not its name; a field's coordinates share
            the field's part of the budget.
        score: of the model, not of a field; its reference may be of other rows.
    """

    name: str
    reference: Values
    field: str = ""
    score: bool = False

    @property
    def of(self) -> str:
        """The field that an alarm names."""
        return self.field or self.name


Rows = Mapping[str, Values]


@dataclass(frozen=True)
class _Sample:
    """A column before it is ranked: numbers where NaN is none, or, with an edge, what is so or not."""

    about: About
    streams: tuple[str, ...]
    category: str | None
    weight: float
    reference: FloatArray | BoolArray
    rows: FloatArray | BoolArray
    edge: float = np.nan


def columns(streams: Sequence[Stream], rows: Rows, seed: int) -> list[Column]:
    """Everything that is bet on, with weights of sum 1; the same streams give the same ones in that order."""
    samples = [*_of_streams(streams, rows, seed), *_of_pairs(streams, rows, seed)]
    whole = sum(sample.weight for sample in samples)
    found = []
    for place, sample in enumerate(samples):
        ties = np.random.default_rng([seed, place]).random(len(sample.rows))
        weight, ranked = sample.weight / whole, _ranked(sample, ties)
        found.append(Column(sample.about, sample.streams, sample.category, weight, ranked, sample.edge))
    return found


def missing(values: Values) -> BoolArray:
    """NaN among numbers, None and "" among categories, shape [n]."""
    if values.dtype.kind == "f":
        return np.isnan(values.astype(np.float64))
    return np.array([value is None or value == "" for value in values], dtype=bool)


def frequent(values: Values) -> list[str]:
    """The categories by how often they are seen, the most frequent first, then by name."""
    counts = Counter(values[~missing(values)])
    return sorted(counts, key=lambda name: (-counts[name], name))


def named(reference: Values, seed: int) -> list[str]:
    """The categories that are bet on by name."""
    return frequent(reference[_settling(reference, seed)])[:FREQUENT]


def codes(values: Values, names: Sequence[str]) -> FloatArray:
    """Each category's place in the names, theirs plus one of any other, NaN of missing, shape [n]."""
    places = {name: place for place, name in enumerate(names)}
    found = np.array([places.get(value, len(places)) for value in values], dtype=np.float64)
    found[missing(values)] = np.nan
    return found


def numbers(values: Values, settling: Values) -> FloatArray:
    """A number as it is; a category by how frequent it is where that is settled, shape [n]."""
    return values.astype(np.float64) if values.dtype.kind == "f" else codes(values, frequent(settling))


def normal_scores(values: FloatArray, settling: FloatArray) -> FloatArray:
    """Of the values' places among those that settle the scale, NaN for missing, shape [n]."""
    known = np.sort(settling[~np.isnan(settling)])
    places = (np.searchsorted(known, values, side="left") + np.searchsorted(known, values, side="right")) / 2
    return np.where(np.isnan(values), np.nan, ndtri((places + 0.5) / (len(known) + 1)))


def _of_streams(streams: Sequence[Stream], rows: Rows, seed: int) -> list[_Sample]:
    coordinates = Counter((stream.score, stream.of) for stream in streams)
    of_a_kind = Counter(score for score, _ in coordinates)
    samples = []
    for stream in streams:
        part = SCORES if stream.score else FIELDS
        weight = part / of_a_kind[stream.score] / coordinates[stream.score, stream.of]
        make = _of_number if stream.reference.dtype.kind == "f" else _of_category
        samples += make(stream, rows[stream.name], weight, seed)
    return samples


def _of_number(stream: Stream, rows: Values, weight: float, seed: int) -> list[_Sample]:
    reference, values = (of.astype(np.float64) for of in (stream.reference, rows))
    absent = np.isnan(reference)
    value = _Sample("value", (stream.name,), None, weight * (1 - MISSING), reference[~absent], values)
    return [value, _share("missing", stream, None, weight * MISSING, absent, np.isnan(values), seed)]


def _of_category(stream: Stream, rows: Values, weight: float, seed: int) -> list[_Sample]:
    names = named(stream.reference, seed)
    kinds: list[tuple[About, str | None, float]] = [("category", name, k) for k, name in enumerate(names)]
    kinds += [("other", None, len(names)), ("missing", None, np.nan)]
    reference, coded = codes(stream.reference, names), codes(rows, names)
    samples = []
    for about, name, code in kinds:
        so, rows_so = (np.isnan(of) if np.isnan(code) else of == code for of in (reference, coded))
        samples.append(_share(about, stream, name, weight / len(kinds), so, rows_so, seed))
    return samples


def _share(
    about: About,
    stream: Stream,
    category: str | None,
    weight: float,
    reference: BoolArray,
    rows: BoolArray,
    seed: int,
) -> _Sample:
    settles = _settling(reference, seed)
    # What was never seen ranks above all, but only until some of it has come: the edge leaves room for those.
    share = reference[settles].mean() if settles.any() else 0.0
    edge = 1 - float(np.clip(share, RAREST, 1 - RAREST))
    return _Sample(about, (stream.name,), category, weight, reference[~settles], rows, edge)


def _of_pairs(streams: Sequence[Stream], rows: Rows, seed: int) -> list[_Sample]:
    scaled: list[tuple[str, FloatArray, FloatArray]] = []
    for stream in streams:
        settles = _settling(stream.reference, seed)
        settling = stream.reference[settles]
        base = numbers(settling, settling)
        if stream.score or len(scaled) == COORDINATES or len(np.unique(base[~np.isnan(base)])) < 2:
            continue
        reference, seen = (
            normal_scores(numbers(of, settling), base)
            for of in (stream.reference[~settles], rows[stream.name])
        )
        scaled.append((stream.name, reference, seen))
    pairs = list(combinations(scaled, 2))
    samples = []
    for (one, one_reference, one_rows), (two, two_reference, two_rows) in pairs:
        products = one_reference * two_reference
        known, weight = products[~np.isnan(products)], PAIRS / len(pairs)
        samples.append(_Sample("correlation", (one, two), None, weight, known, one_rows * two_rows))
    return samples


def _settling(reference: Values | BoolArray, seed: int) -> BoolArray:
    """The half of a reference that settles what is bet on; the same for all of one length, shape [n]."""
    drawn = np.random.default_rng([seed, len(reference)]).permutation(len(reference))
    found: BoolArray = drawn < len(reference) // 2
    return found


def _ranked(sample: _Sample, ties: FloatArray) -> FloatArray:
    if not np.isnan(sample.edge):
        return indicator_ranks(sample.reference.astype(bool), sample.rows.astype(bool), ties)
    reference, rows = sample.reference.astype(np.float64), sample.rows.astype(np.float64)
    found, present = np.full(len(rows), np.nan), ~np.isnan(rows)
    found[present] = ranks(reference, rows[present], ties[present])
    return found
