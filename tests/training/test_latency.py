from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from zelo.training.latency import TIMED, WARM, row_milliseconds


class Slow:
    """A classifier on whose watch each call takes the next of ``seconds``."""

    classes_ = np.arange(2)

    def __init__(self, *seconds: float) -> None:
        self.now, self.asked = 0.0, 0
        self._seconds = seconds

    def predict_proba(self, frame: Any) -> Any:
        assert len(frame) == 1
        self.now += self._seconds[min(self.asked, len(self._seconds) - 1)]
        self.asked += 1
        return np.full((1, 2), 0.5)


ROWS = pd.DataFrame({"x": [1.0, 2.0]})


def test_it_is_the_median_without_the_first_calls() -> None:
    model = Slow(9e-3, 9e-3, 1e-3, 2e-3, 2e-3)
    assert row_milliseconds(model, ROWS, 2, clock=lambda: model.now) == pytest.approx(2.0)
    assert model.asked == WARM + TIMED


def test_a_slow_model_is_asked_less_often() -> None:
    model = Slow(0.4)
    assert row_milliseconds(model, ROWS, 2, clock=lambda: model.now) == pytest.approx(400.0)
    assert model.asked == WARM + 1
