from __future__ import annotations

from tests.series import make_forecast_project
from tests.tables import make_project

from zelo.models.baseline import PRIOR, baselines


def test_a_forecast_has_naive_forecasts_for_baselines_and_anything_else_the_prior() -> None:
    names = [item.name for item in baselines(make_forecast_project())]
    assert names == ["seasonal_naive", "persistence", "moving_average"]
    for kind in ("binary", "multiclass", "regression"):
        assert baselines(make_project(kind)) == (PRIOR,)
