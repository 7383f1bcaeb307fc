from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from zelo.features.transforms import Cast, Derive


def test_derived_columns_come_after_the_others_in_order() -> None:
    derive = Derive(("a", "b"), {"total": "a + b", "share": "a / (a + b)"})
    table = derive.fit(None).transform([[1.0, 3.0], [2.0, 2.0]])
    np.testing.assert_array_equal(table, [[1, 3, 4, 0.25], [2, 2, 4, 0.5]])
    assert derive.get_feature_names_out().tolist() == ["a", "b", "total", "share"]


@pytest.mark.parametrize("value", ["a / b", "log(b)", "sqrt(0 - a)", "exp(a * 1000)", "0 * log(b)"])
def test_what_is_not_finite_counts_as_zero(value: str) -> None:
    table = Derive(("a", "b"), {"x": value}).fit(None).transform([[1.0, 0.0]])
    assert table[0, 2] == 0.0


def test_a_constant_is_a_column_too() -> None:
    assert Derive(("a",), {"x": "2 * pi"}).fit(None).transform(np.zeros((3, 1)))[:, 1] == pytest.approx(
        [2 * np.pi] * 3
    )


def test_no_rows_stay_no_rows() -> None:
    assert Derive(("a",), {"x": "a * 2"}).fit(None).transform(np.zeros((0, 1))).shape == (0, 2)


def test_a_table_is_read_by_position() -> None:
    frame = pd.DataFrame({"q": [1.0], "r": [5.0]})
    assert Derive(("a", "b"), {"x": "b - a"}).fit(frame).transform(frame)[0, 2] == 4.0


def test_derive_can_be_cloned() -> None:
    derive = Derive(("a",), {"x": "a * 2"})
    assert clone(derive).get_params() == derive.get_params()


def test_cast_rounds_to_the_nearest_float32() -> None:
    values = np.array([[0.1, 1 / 3], [1e-50, 16777217.0]])
    cast = Cast().fit(values).transform(values)
    assert cast.dtype == np.float32
    np.testing.assert_array_equal(cast, values.astype(np.float32))


def test_cast_keeps_names_and_takes_objects() -> None:
    cast = Cast("float64").fit(np.zeros((1, 2)))
    assert cast.transform(np.array([[1, 2.5]], dtype=object)).dtype == np.float64
    assert cast.get_feature_names_out(["a", "b"]).tolist() == ["a", "b"]
