from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from zelo.stats.shapley import EXACT, Game, game

WEIGHTS = np.array([0.7, -0.4, 0.3, 0.9, -0.2, 0.5, 0.1, -0.6, 0.8, 0.25, -0.35, 0.45])


def shares_of(played: Game, scores: np.ndarray) -> tuple[np.ndarray, float]:
    (shares,), (error,) = played.shares(scores[None])
    return shares, float(error)


def by_orders(players: int, scores: dict[frozenset[int], float]) -> list[float]:
    """The definition: what a player adds to those before it, over every order."""
    added = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        for place, player in enumerate(order):
            added[player] += scores[frozenset(order[: place + 1])] - scores[frozenset(order[:place])]
    return list(added / len(orders))


@pytest.mark.parametrize("players", [1, 2, 5])
def test_shares_are_those_of_every_order(players: int) -> None:
    played = game(players, 0)
    scores = np.random.default_rng(players).normal(size=2**players)
    of = {
        frozenset(np.flatnonzero(who).tolist()): score
        for who, score in zip(played.coalitions, scores, strict=True)
    }
    shares, error = shares_of(played, scores)
    assert shares == pytest.approx(by_orders(players, of))
    assert (played.exact, error) == (True, 0.0)


def test_nobody_shares_nothing() -> None:
    shares, error = shares_of(game(0, 0), np.array([0.3]))
    assert (shares.tolist(), error) == ([], 0.0)


@pytest.mark.parametrize("players", [3, EXACT, EXACT + 1, 12])
def test_the_shares_sum_to_what_all_add_to_nobody(players: int) -> None:
    played = game(players, 100)
    assert not played.coalitions[0].any()
    assert played.coalitions[-1].all()
    scores = np.random.default_rng(0).normal(size=len(played.coalitions))
    assert shares_of(played, scores)[0].sum() == pytest.approx(scores[-1] - scores[0])


def test_of_many_players_shares_are_exact_where_no_three_do_anything_together() -> None:
    played = game(len(WEIGHTS), 100)
    shares, error = shares_of(played, (played.coalitions @ WEIGHTS) ** 2)
    assert not played.exact
    assert shares == pytest.approx(WEIGHTS * WEIGHTS.sum())
    assert error == pytest.approx(0)


def test_of_many_players_the_error_tells_how_far_off_the_shares_are() -> None:
    weights = WEIGHTS[:9]
    every = (np.arange(2**9)[:, None] >> np.arange(9)) & 1 == 1
    scores = dict(zip(map(bytes, every), np.tanh(every @ weights), strict=True))
    truth = by_sizes(every, np.array(list(scores.values())))
    off = []
    for most in (64, 1024):
        played = game(9, most)
        shares, error = shares_of(played, np.array([scores[bytes(who)] for who in played.coalitions]))
        off.append(np.abs(shares - truth).max())
        assert 0 < off[-1] < 4 * error
    assert off[1] < off[0]


def by_sizes(every: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The mean over sizes of the mean of what a player adds to the coalitions of a size."""
    found = []
    for player in range(every.shape[1]):
        with_it = np.flatnonzero(every[:, player])
        added = scores[with_it] - scores[with_it - 2**player]
        sizes = every[with_it].sum(axis=1)
        found.append(np.mean([added[sizes == size].mean() for size in np.unique(sizes)]))
    return np.array(found)


def test_the_same_game_is_played_the_same_way() -> None:
    first = game(11, 77)
    game.cache_clear()
    assert (game(11, 77).coalitions == first.coalitions).all()


def test_games_played_together_are_shared_out_apart() -> None:
    played = game(3, 0)
    scores = np.random.default_rng(0).normal(size=(4, 8))
    together, _ = played.shares(scores)
    assert together.tolist() == [shares_of(played, row)[0].tolist() for row in scores]


def test_who_changes_no_score_has_no_share_at_all() -> None:
    played = game(5, 0)
    scores = np.sin(played.coalitions[:, :4] @ WEIGHTS[:4])
    assert shares_of(played, scores)[0][4] == 0
