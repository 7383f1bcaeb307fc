"""What is bet on, and that no bet has seen what is ranked."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from zelo.stats.watched import COORDINATES, FREQUENT, RAREST, Stream, columns, normal_scores, numbers


def streams_and_rows(fields: int = 3) -> tuple[list[Stream], dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    names = np.array([f"c{place}" for place in range(20)], dtype=object)
    reference: dict[str, np.ndarray] = {f"n{place}": rng.normal(size=400) for place in range(fields)}
    reference["kind"] = names[rng.geometric(0.2, 400).clip(max=20) - 1]
    rows: dict[str, np.ndarray] = {name: values[:50] for name, values in reference.items()}
    streams = [Stream(name, values) for name, values in reference.items()]
    return [*streams, Stream("score", rng.random(90), score=True)], {**rows, "score": rng.random(50)}


def test_fields_score_and_pairs_have_their_parts() -> None:
    found = columns(*streams_and_rows(), seed=0)
    assert sum(column.weight for column in found) == pytest.approx(1)
    held: Counter[str] = Counter()
    for column in found:
        held["pairs" if len(column.streams) == 2 else column.streams[0]] += column.weight  # type: ignore[assignment]
    assert held["score"] == pytest.approx(0.15)
    assert held["pairs"] == pytest.approx(0.15)
    assert held["n0"] == pytest.approx(held["kind"]) == pytest.approx(0.7 / 4)


def test_without_score_and_pairs_fields_have_all() -> None:
    [stream, *_], rows = streams_and_rows()
    found = columns([stream], rows, seed=0)
    assert {column.about for column in found} == {"value", "missing"}
    assert sum(column.weight for column in found) == pytest.approx(1)


def test_coordinates_of_one_field_share_its_part() -> None:
    values = np.random.default_rng(0).normal(size=(3, 100))
    streams = [Stream("a", values[0]), *(Stream(f"t{k}", values[k], field="t") for k in (1, 2))]
    found = columns(streams, {stream.name: values[0][:9] for stream in streams}, seed=0)
    single = [column for column in found if len(column.streams) == 1]
    whole = sum(column.weight for column in single)
    assert sum(column.weight for column in single if column.streams == ("a",)) == pytest.approx(whole / 2)


def test_frequent_categories_by_name_and_the_rest_together() -> None:
    found = columns(*streams_and_rows(), seed=0)
    kinds = [column for column in found if column.streams == ("kind",)]
    named = [column.category for column in kinds if column.about == "category"]
    assert len(named) == FREQUENT
    assert named[0] == "c0"
    assert [column.about for column in kinds[FREQUENT:]] == ["other", "missing"]
    assert min(1 - column.edge for column in kinds) == pytest.approx(RAREST)


def test_pairs_are_bounded() -> None:
    found = columns(*streams_and_rows(COORDINATES + 5), seed=0)
    assert sum(len(column.streams) == 2 for column in found) == COORDINATES * (COORDINATES - 1) // 2


def test_a_row_without_a_value_has_no_rank_and_is_missing() -> None:
    streams = [Stream("a", np.arange(20.0))]
    value, missing = columns(streams, {"a": np.array([np.nan, 3.0])}, seed=0)
    assert np.isnan(value.ranks).tolist() == [True, False]
    assert missing.ranks[0] > 0.9 > missing.ranks[1]


@pytest.mark.slow
def test_ranks_of_pairs_and_shares_are_uniform_of_a_small_reference() -> None:
    """They would not be, were they ranked among the half that settled their edge or scale."""
    rng, found = np.random.default_rng(1), dict[str, list[float]]()
    for seed in range(400):
        table = {name: rng.normal(size=36) for name in ("a", "b")}
        table["c"] = rng.choice(np.array(["x", "y", "z"], dtype=object), 36)
        streams = [Stream(name, values[:30]) for name, values in table.items()]
        for column in columns(streams, {name: values[30:] for name, values in table.items()}, seed):
            found.setdefault(column.about, []).extend(column.ranks[-1:])
            if column.about == "category":
                found.setdefault("above the edge", []).append(
                    float(column.ranks[-1] > column.edge) - 1 + column.edge
                )
    above = np.array(found.pop("above the edge"))
    assert abs(above.mean()) < 4 * above.std() / np.sqrt(400)
    for about, ranks in found.items():
        assert stats.kstest(ranks[:: max(len(ranks) // 400, 1)], "uniform").pvalue > 0.005, about


def test_normal_scores_leave_out_what_is_missing() -> None:
    scores = normal_scores(np.array([np.nan, 2.0, 99.0]), np.array([1.0, 2.0, 3.0, np.nan]))
    assert np.isnan(scores[0])
    assert scores[1] == pytest.approx(0)
    assert scores[2] > 1


def test_categories_are_numbered_by_how_frequent_they_are() -> None:
    of = np.array(["b", "a", "b", None], dtype=object)
    assert numbers(np.array(["a", "b", "new", ""], dtype=object), of)[:3].tolist() == [1.0, 0.0, 2.0]
