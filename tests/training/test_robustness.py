from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.tables import make_project, make_table

from zelo.features.columns import Columns
from zelo.spec.project import Project
from zelo.training.parts import parts_of
from zelo.training.robustness import FEWEST_ROWS, behaviours, robustness, sliced
from zelo.training.rows import Rows
from zelo.training.train import Trained, train

LABELS = ["leak", "noise", "stop"]


def reading(**text: Any) -> Project:
    fields = {"said": {"type": "text"}}
    return make_project(
        "multiclass",
        task={"kind": "multiclass", "target": "outcome", "classes": LABELS},
        data={"key": "id", "sources": {"train": "sample.csv"}, "fields": fields},
        derived={},
        text=text,
    )


def rows(*texts: str) -> Rows:
    truth = np.arange(len(texts)) % 3
    return Rows({"said": np.array(texts, dtype=object)}, truth, np.arange(len(texts)))


def by_rule(rule: Any) -> Any:
    """A predictor that calls a text by ``rule(text)``, a class index."""

    def predict(columns: Columns) -> tuple[Any, Any]:
        predicted = np.array([rule(text) for text in columns["said"]])
        return np.eye(3)[predicted], predicted

    return predict


TEXTS = ("leak on pump", "noise in gear", "engine stops", "oil leaking", "loud noise", "stopped again") * 4


def test_a_model_that_does_not_look_keeps_its_labels() -> None:
    found = behaviours(rows(*TEXTS), reading(), by_rule(lambda text: 0))
    assert {one.name for one in found} >= {"letter_dropped", "upper_case", "accents_stripped"}
    for one in found:
        assert one.of == 24
        assert one.unchanged.value == 1.0 if one.rows else np.isnan(one.unchanged.value)
        assert one.clean == one.changed


def test_a_model_that_reads_case_is_found_out() -> None:
    found = {
        one.name: one
        for one in behaviours(rows(*TEXTS), reading(), by_rule(lambda text: 2 if text.isupper() else 0))
    }
    upper = found["upper_case"]
    assert upper.rows == 24
    assert upper.unchanged.value == 0.0
    assert upper.unchanged.high < 0.2
    assert upper.changed.value == pytest.approx(upper.clean.value)
    assert found["lower_case"].rows == 0


def test_only_what_is_touched_counts() -> None:
    project = reading(abbreviations={"eng": "engine"})
    found = {one.name: one for one in behaviours(rows(*TEXTS), project, by_rule(lambda text: len(text) % 3))}
    assert found["abbreviated"].rows == 4
    assert found["abbreviated"].unchanged.value == 1.0
    assert found["written_out"].rows == 0
    assert 0 <= found["letter_dropped"].unchanged.value < 1


def test_the_same_seed_writes_the_same() -> None:
    predict = by_rule(lambda text: sum(map(ord, text)) % 3)
    first, again = (behaviours(rows(*TEXTS), reading(), predict) for _ in range(2))
    assert repr(first) == repr(again)


@cache
def tabular() -> Trained:
    project = make_project(gates={"slices": ["region"]}, select={"primary": "f1", "folds": 3, "repeats": 2})
    return train(make_table(rows=500), project, threads=1)


def test_a_table_without_texts_is_sliced_alone() -> None:
    found = robustness(tabular(), lambda columns: pytest.fail("nothing to predict"))
    assert found.behaviours == ()
    assert {(one.side, one.slice.field) for one in found.slices} == {
        (side, field) for side in ("test", "out_of_fold") for field in ("region", "day")
    }


def test_slices_are_of_the_rows_that_they_name() -> None:
    trained = tabular()
    table = make_table(rows=500)
    test, known = parts_of(trained)
    for part, size in ((test, 125), (known, 375)):
        shown = [
            one.slice for one in sliced(trained) if one.side == part.side and one.slice.field == "region"
        ]
        expected = table["region"].to_numpy()[np.unique(part.positions)]
        assert {one.value: one.rows for one in shown} == {
            value: int((expected == value).sum()) for value in np.unique(expected)
        }
        assert sum(one.rows for one in shown) == size
        assert all(one.metrics is None for one in shown if one.rows < FEWEST_ROWS)
        assert any(one.metrics is not None for one in shown)


def test_by_time_the_first_rows_have_no_part() -> None:
    split = {"by": "time", "column": "day", "test": 0.2}
    trained = train(make_table(rows=200), make_project(split=split), threads=1)
    test, known = parts_of(trained)
    days = make_table(rows=200)["day"].to_numpy()
    assert len(known.scored) < len(trained.train.truth)
    assert days[known.positions].min() > days[trained.train.positions].min()
    np.testing.assert_array_equal(known.rows.truth[known.places], known.scored.truth)
    np.testing.assert_array_equal(test.positions, trained.test.positions)


def test_each_row_once_is_the_first_repetition() -> None:
    known = parts_of(tabular())[1]
    assert known.scored.repeats == 2
    once = known.once()
    assert once.scored.repeats == 1
    np.testing.assert_array_equal(once.positions, tabular().train.positions)
    np.testing.assert_array_equal(once.scored.truth, tabular().train.truth)
    assert len(known.scored) == 2 * len(once.scored)
