"""What each field of a row adds to its score: the row is mixed with a typical one, and each mix is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.decisions.words import MOST_SPANS, NO_WORDS, spans_of
from zelo.features.columns import Columns, count
from zelo.features.history import windows_of
from zelo.registry.typical import Typical
from zelo.serving.scoring import Model, scored
from zelo.stats.shapley import Game, game

Array = np.ndarray[Any, Any]

MOST_MIXES = 256
"""Mixes of a row that are scored where there are too many fields for all of them."""
MOST_TEXTS = 96
"""The same where texts are read: about four times what telling the words of a decision costs."""


@dataclass(frozen=True)
class Contributions:
    """Of one row: ``reference`` is the score of what it is compared with.

    ``of`` and ``of_words`` hold what each input, or each span of a text, adds to that; inputs that are as in
    the reference have none. Together they are the row's score less ``reference``. ``error`` is the largest
    standard error of these, 0 where they are ``exact``.
    """

    reference: float
    exact: bool
    error: float
    of: dict[str, float]
    of_words: dict[str, list[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class _Players:
    """Of one row: the inputs that differ from the reference, the spans of each text, and their game."""

    inputs: list[int]
    spans: list[tuple[str, str]]
    game: Game


def contributions(
    model: Model, rows: Columns, reference: Columns, said: Sequence[int], scores: Sequence[float]
) -> list[Contributions]:
    """What each input adds to the score of each row, against what it is compared with.

    Args:
        model: that answered.
        rows: the inputs, [n] each.
        reference: of them, [n] each, as :func:`reference_of` has it.
        said: the place of the score that is explained among the model's, a row.
        scores: as they were answered, a row.

    Raises:
        ServingError: the model gave no usable score.
    """
    texts = model.bundle.project.texts
    names = list(reference)
    apart = np.zeros((count(rows), len(names)), dtype=bool)
    for place, name in enumerate(names):
        apart[:, place] = _differs(rows[name], reference[name])
    players = [
        _players([(name, rows[name][row]) for name in texts], np.flatnonzero(own).tolist())
        for row, own in enumerate(apart)
    ]
    found = scored(model, _mixed(rows, reference, names, players))
    ends = np.cumsum([len(one.game.coalitions) for one in players])
    mixes = [part[:, place] for part, place in zip(np.split(found, ends[:-1]), said, strict=True)]
    by_game: dict[int, list[int]] = {}
    for row, one in enumerate(players):
        by_game.setdefault(id(one.game), []).append(row)
    shared: dict[int, Contributions] = {}
    for some in by_game.values():
        told = _shared(
            [players[row] for row in some],
            names,
            np.stack([mixes[row] for row in some]),
            np.array([scores[row] for row in some]),
        )
        shared.update(zip(some, told, strict=True))
    return [shared[row] for row in range(len(players))]


def reference_of(model: Model, typical: Typical, rows: Columns) -> Columns:
    """What rows are compared with, [n] each: the typical row; of a forecast's history its own mean.

    Texts have none: they are compared with a text without words.
    """
    size, project = count(rows), model.bundle.project
    found: Columns = {}
    windows = windows_of(rows, project)
    for name, values in rows.items():
        if windows is not None and name in project.lags:
            found[name] = windows.mean(axis=1)
        elif name in typical.row:
            missing = np.nan if values.dtype.kind == "f" else ""
            usual = typical.row[name]
            found[name] = np.full(size, missing if usual is None else usual, dtype=values.dtype)
    return found


def _differs(values: Array, reference: Array) -> Array:
    differs: Array = values != reference
    if values.dtype.kind == "f":
        differs &= ~(np.isnan(values) & np.isnan(reference))
    return differs


def _players(texts: list[tuple[str, str]], inputs: list[int]) -> _Players:
    spans = [(name, span) for name, text in texts for span in spans_of(text, MOST_SPANS // len(texts) or 1)]
    return _Players(inputs, spans, game(len(inputs) + len(spans), MOST_TEXTS if texts else MOST_MIXES))


def _mixed(rows: Columns, reference: Columns, names: list[str], players: list[_Players]) -> Columns:
    """Every coalition's row: the inputs of those who take part are its own, the others the reference's."""
    sizes = [len(one.game.coalitions) for one in players]
    own = np.repeat(np.arange(len(players)), sizes)
    joined = np.ones((len(own), len(names)), dtype=bool)
    start = 0
    for one, size in zip(players, sizes, strict=True):
        joined[start : start + size, one.inputs] = one.game.coalitions[:, : len(one.inputs)]
        start += size
    mixed = {name: values[own] for name, values in rows.items()}
    for place, name in enumerate(names):
        mixed[name] = np.where(joined[:, place], mixed[name], reference[name][own])
    for name in rows.keys() - set(names):
        mixed[name] = np.array([text for one in players for text in _texts(one, name)], dtype=object)
    return mixed


def _texts(players: _Players, name: str) -> list[str]:
    """The text ``name`` of every coalition: the spans that take part."""
    first = len(players.inputs)
    spans = [(first + place, span) for place, (text, span) in enumerate(players.spans) if text == name]
    return [
        " ".join(span for place, span in spans if coalition[place]) or NO_WORDS
        for coalition in players.game.coalitions.tolist()
    ]


def _shared(players: list[_Players], names: list[str], mixes: Array, answered: Array) -> list[Contributions]:
    """What rows that play the same game owe to their players: the scores of their mixes are [n, C]."""
    played = players[0].game
    shares, errors = played.shares(mixes)
    sizes = np.abs(shares).sum(axis=1)
    # As a part of this batch a row may score otherwise in its last digits than it was answered.
    off = (answered - mixes[:, -1]) / np.where(sizes > 0, sizes, 1.0)
    shares = shares + off[:, None] * np.abs(shares)
    references = mixes[:, 0] if shares.shape[1] else answered
    return [
        _told(one, names, reference, error, added)
        for one, reference, error, added in zip(
            players, references.tolist(), errors.tolist(), shares.tolist(), strict=True
        )
    ]


def _told(
    players: _Players, names: list[str], reference: float, error: float, added: list[float]
) -> Contributions:
    of = {names[place]: share for place, share in zip(players.inputs, added, strict=False)}
    of_words: dict[str, list[tuple[str, float]]] = {}
    for (text, span), share in zip(players.spans, added[len(players.inputs) :], strict=True):
        of_words.setdefault(text, []).append((span, share))
    return Contributions(reference, players.game.exact, error, of, of_words)
