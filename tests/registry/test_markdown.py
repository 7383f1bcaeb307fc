from __future__ import annotations

from math import nan

import pytest

from zelo.registry.markdown import measure, p, share, table
from zelo.stats.bootstrap import Interval


@pytest.mark.parametrize(
    ("value", "written"),
    [(1234.5, "1234.5"), (42.345, "42.3"), (0.11849, "0.118"), (0.000452, "0.000452"), (-0.0021, "-0.00210"),
     (0.0, "0.0"), (1e-9, "0.000000"), (nan, "–")],
)  # fmt: skip
def test_three_digits_that_count(value: float, written: str) -> None:
    assert measure(value) == written


def test_shares_and_p_values() -> None:
    assert share(Interval(0.9, 0.85, 0.94)) == "0.90 [0.85, 0.94]"
    assert share(Interval(nan, nan, nan)) == "–"
    assert (p(0.0312), p(nan)) == ("0.031", "–")


def test_a_bar_does_not_end_a_cell() -> None:
    assert table(("a", "b"), [("x|y", "z")]).splitlines() == ["| a | b |", "|---|---|", "| x/y | z |"]
