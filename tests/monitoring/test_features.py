from __future__ import annotations

import numpy as np
import pytest

from zelo.monitoring.features import Feature, compare_features
from zelo.monitoring.weekly import weekly_of

from .weekly_fakes import make_data_set, make_watched_project


def compared(newest: list[float], reference: list[float]) -> Feature:
    """The flights of the week before, in the newest 13 weeks and in the training."""
    project = make_watched_project()
    frame = make_data_set()
    frame.loc[frame.index[-13:], "flown_lag_1"] = newest
    training = frame[list(project.inputs)].head(len(reference)).assign(flown_lag_1=reference)
    found = compare_features(weekly_of(frame, project), training, project)
    return {feature.field: feature for feature in found}["flown_lag_1"]


def test_means_and_spreads_by_hand() -> None:
    found = compared([*[8.0, 12.0] * 6, 10.0], [4.0, 6.0, 8.0])

    assert (found.weeks, found.reference_rows, found.unit) == (13, 3, "h")
    assert found.mean == pytest.approx(10.0)
    assert found.sd == pytest.approx(2.0)
    assert found.reference_mean == pytest.approx(6.0)
    assert found.reference_sd == pytest.approx(2.0)
    assert found.shift == pytest.approx(2.0)
    assert found.spread == pytest.approx(1.0)
    assert found.words == ()


@pytest.mark.parametrize(
    ("newest", "words"),
    [
        ([10.1] * 7 + [10.3] * 6, ("shifted",)),
        ([1.7] * 7 + [1.9] * 6, ("shifted",)),
        ([6.0] * 13, ("constant",)),
        ([0.1] * 13, ("shifted", "constant")),
        ([*[1.0, 11.0] * 6, 6.0], ("wider",)),
        ([*[50.0, 90.0] * 6, 70.0], ("shifted", "wider")),
    ],
)
def test_words_where_it_is_far(newest: list[float], words: tuple[str, ...]) -> None:
    assert compared(newest, [4.0, 6.0, 8.0]).words == words


def test_missing_values_are_left_out() -> None:
    found = compared([np.nan] * 11 + [5.0, 7.0], [4.0, 6.0, 8.0])
    assert (found.weeks, found.mean) == (2, 6.0)
    assert compared([np.nan] * 12 + [5.0], [4.0, 6.0, 8.0]).spread is None
    assert compared([np.nan] * 13, [4.0, 6.0, 8.0]).shift is None


def test_a_constant_training_gives_no_measure() -> None:
    found = compared([1.0] * 13, [0.1] * 3)
    assert (found.reference_sd, found.shift, found.spread, found.words) == (0.0, None, None, ())


def test_the_calendar_and_older_lags_are_left_out() -> None:
    project = make_watched_project()
    frame = make_data_set()
    weekly = weekly_of(frame, project)
    assert [feature.field for feature in compare_features(weekly, frame, project)] == [
        "flown_lag_1",
        "effort_lag_1",
    ]
    # A data set of another project.yaml may lack an input.
    lacking = weekly_of(frame.drop(columns="flown_lag_1"), project)
    assert [feature.field for feature in compare_features(lacking, frame, project)] == ["effort_lag_1"]
