from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.weeks import HORIZON, SEASON, make_weekly_project, make_weekly_table

from zelo.features.columns import columns_from_frame, frame_from_columns, take
from zelo.registry.compilation.compile import compile_model
from zelo.training.fit import scores_of
from zelo.training.train import Trained, train

CANDIDATES = ["ridge", {"lightgbm": {"objective": "poisson", "n_estimators": 30}}, "voting"]
NAIVE = {"seasonal_naive", "persistence", "moving_average"}


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(make_weekly_table(), make_weekly_project(candidates=CANDIDATES), threads=1)


def test_the_naive_ones_are_always_compared(trained: Trained) -> None:
    names = {item.name for item in trained.comparison.ranked}
    assert names == {*NAIVE, "ridge", "lightgbm", "voting"}
    assert not trained.failed


def test_the_baseline_is_the_value_of_a_season_ago(trained: Trained) -> None:
    said = trained.test.columns[f"effort_lag_{SEASON}"]
    assert np.allclose(trained.baseline.scores[:, 0], said)


def test_the_scaled_error_is_that_of_the_training_part(trained: Trained) -> None:
    train_part = trained.train
    scale = np.abs(train_part.truth - train_part.columns[f"effort_lag_{SEASON}"]).mean()
    assert trained.tested.scale == pytest.approx(scale)
    assert trained.metrics["mase"].value == pytest.approx(trained.metrics["mae"].value / scale)


def test_the_future_trains_no_past(trained: Trained) -> None:
    table = make_weekly_table()
    dates = table["date"].to_numpy()
    assert dates[trained.train.positions].max() < dates[trained.test.positions].min()


def test_every_horizon_has_its_figures_and_interval(trained: Trained) -> None:
    outlook = trained.outlook
    assert outlook is not None
    assert [one.horizon for one in outlook.out_of_fold] == list(range(1, HORIZON + 1))
    winner = trained.comparison.winner.name
    assert set(outlook.out_of_fold[0].against) == NAIVE - {winner}
    assert trained.policy.half_widths == outlook.half_widths
    assert trained.policy.half_widths[0] == trained.policy.half_width
    first = outlook.test[0].metrics["mae"].value
    assert first == pytest.approx(trained.metrics["mae"].value)


def test_one_row_ahead_is_what_the_candidate_was_chosen_by(trained: Trained) -> None:
    outlook, winner = trained.outlook, trained.comparison.winner
    assert outlook is not None
    assert outlook.out_of_fold[0].metrics["mae"].value == pytest.approx(winner.metrics["mae"].value)


def test_what_comes_after_the_training_part_changes_no_choice(trained: Trained) -> None:
    table = make_weekly_table()
    changed = table.copy()
    changed.loc[trained.test.positions, "effort"] += 1000.0
    again = train(changed, make_weekly_project(candidates=CANDIDATES), threads=1)
    assert again.comparison.winner.name == trained.comparison.winner.name
    assert again.policy == trained.policy
    assert trained.outlook is not None
    assert again.outlook is not None
    assert again.outlook.out_of_fold == trained.outlook.out_of_fold


def test_rows_in_any_order_are_the_same_training(trained: Trained) -> None:
    shuffled = make_weekly_table().sample(frac=1.0, random_state=3).reset_index(drop=True)
    again = train(shuffled, make_weekly_project(candidates=CANDIDATES), threads=1)
    assert again.metrics == trained.metrics
    assert again.policy == trained.policy


@pytest.mark.parametrize("name", ["ridge", "lightgbm", "auto_ets", "auto_arima", "mlp", "voting"])
def test_the_same_data_and_seed_give_the_same_model_bit_for_bit(name: str) -> None:
    if name in ("auto_ets", "auto_arima"):
        pytest.importorskip("statsforecast")
    if name == "mlp":
        pytest.importorskip("lightning")
    table = make_weekly_table(70)
    candidates = ["ridge", "lightgbm", "voting"] if name == "voting" else [name]
    project = make_weekly_project(candidates=candidates)

    def model() -> tuple[bytes, bytes]:
        found = fitted(table, project, name)
        rows = frame_from_columns(take(columns_from_frame(project, table), np.arange(70)))
        return compile_model(found, project), scores_of(found, rows, 0).tobytes()

    assert model() == model()


def fitted(table: pd.DataFrame, project: object, name: str) -> object:
    from zelo.spec.project import Project

    assert isinstance(project, Project)
    found = train(table, project, threads=2)
    assert name in {item.name for item in found.comparison.ranked}
    return found.model
