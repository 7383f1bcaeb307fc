"""G02: better than the naive baseline, by more than chance."""

from __future__ import annotations

import json

from zelo.models.forecasting import SEASONAL_NAIVE
from zelo.registry.examination import HORIZONS, Examination
from zelo.registry.gates.gate import Gate, Status

LEVEL = 0.05


def check(examination: Examination) -> tuple[Status, str, str]:
    """Paired bootstrap of the primary metric on the test rows, one-sided at 5 %; of a forecast see below."""
    return _of_series(examination) if examination.project.forecast else _of_rows(examination)


def _of_rows(examination: Examination) -> tuple[Status, str, str]:
    primary = examination.project.select.primary
    gain = examination.gain_over(examination.baseline)
    found = f"{primary} better by {gain.value:.4f} [{gain.low:.4f}, {gain.high:.4f}], p = {gain.p_value:.3f}"
    return "passed" if gain.p_value < LEVEL else "failed", found, f"a gain over the baseline with p < {LEVEL}"


def _of_series(examination: Examination) -> tuple[Status, str, str]:
    """Absolute errors one row ahead, from rolling origins, by the test of Diebold and Mariano at 5 %.

    The test rows of a weekly series are too few to show a gain. They must not show the opposite: a gain
    whose whole interval is a loss.
    """
    path = examination.bundle.path / HORIZONS
    first = json.loads(path.read_text(encoding="utf-8"))["out_of_fold"][0]
    expected = (
        f"a gain over the seasonal naive from rolling origins with p < {LEVEL}, and no loss on the test"
    )
    if SEASONAL_NAIVE.name not in first["against"]:
        return "failed", "the version is the seasonal naive itself", expected
    naive = first["against"][SEASONAL_NAIVE.name]
    p_value = 1.0 if naive["p_value"] is None else naive["p_value"]
    test = examination.gain_over(examination.baseline)
    mae = first["metrics"]["mae"]["value"]
    found = (
        f"rolling origins: mae {mae:.4g} against {naive['mae']:.4g}, p = {p_value:.3f}; "
        f"test: better by {test.value:.4g} [{test.low:.4g}, {test.high:.4g}]"
    )
    return "passed" if p_value < LEVEL and not test.high < 0 else "failed", found, expected


GATE = Gate("G02", "beats the naive baseline", check)
