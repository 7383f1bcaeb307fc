from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from tests.homes import Home

from zelo.registry.gates.g04_parity import TEST_SCORES
from zelo.registry.judged import JUDGED, SCORE, TRUTH
from zelo.stats.estimated import fit_recalibration

MakeHome = Callable[[str], Home]


def test_a_bundle_holds_rows_that_its_model_did_not_learn_from(make_home: MakeHome) -> None:
    served = make_home("served")
    path = served.bundle_path("champion")

    table = pd.read_parquet(path / JUDGED)

    tested = np.array(json.loads((path / TEST_SCORES).read_text(encoding="utf-8")))
    scores = table[[f"{SCORE}0", f"{SCORE}1"]].to_numpy()
    assert list(table.columns) == [TRUTH, f"{SCORE}0", f"{SCORE}1"]
    assert len(table) == 600
    assert (scores[-len(tested) :] == tested).all()
    assert scores.sum(axis=1) == pytest.approx(1.0)
    assert set(table[TRUTH]) == {0, 1}
    assert not fit_recalibration(table[TRUTH].to_numpy(), scores).corrected
