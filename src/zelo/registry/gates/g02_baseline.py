"""G02: better than the naive baseline, by more than chance."""

from __future__ import annotations

import json
from typing import Any

from zelo.models.baseline import baselines
from zelo.registry.examination import HORIZONS, Examination
from zelo.registry.gates.gate import Gate, Status

LEVEL = 0.05
CANDIDATES = "candidates.json"


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
    whose whole interval is a loss. Of a project with a fallback the gain over it must also be more than the
    best of so many candidates has by luck; the fallback itself passes where nobody has such a gain.
    """
    naive_name, fallback = baselines(examination.project)[0].name, _fallback(examination)
    expected = f"a gain over {naive_name} from rolling origins with p < {LEVEL}, and no loss on the test"
    candidate = examination.bundle.manifest["candidate"] if fallback else None
    if fallback and fallback["name"] == candidate and not fallback["beaten_by"]:
        return "passed", _unbeaten(fallback), f"{expected}; or the fallback, where no candidate beats it"
    first = _read(examination, HORIZONS)["out_of_fold"][0]
    adjusted = fallback["adjusted"].get(candidate) if fallback else None
    if naive_name not in first["against"]:
        beats = adjusted is not None and adjusted < LEVEL
        told = f"the version is {naive_name} itself{_among(fallback, adjusted)}"
        return "passed" if beats else "failed", told, expected
    naive = first["against"][naive_name]
    p_value = 1.0 if naive["p_value"] is None else naive["p_value"]
    test = examination.gain_over(examination.baseline)
    found = (
        f"rolling origins: mae {first['metrics']['mae']['value']:.4g} against {naive['mae']:.4g}, "
        f"p = {p_value:.3f}{_among(fallback, adjusted)}; "
        f"test: better by {test.value:.4g} [{test.low:.4g}, {test.high:.4g}]"
    )
    gains = p_value < LEVEL and (adjusted is None or adjusted < LEVEL)
    return "passed" if gains and not test.high < 0 else "failed", found, expected


def _fallback(examination: Examination) -> dict[str, Any] | None:
    """What the others showed against the project's fallback, where it has one."""
    forecast = examination.project.forecast
    if forecast is None or forecast.fallback is None:
        return None
    found: dict[str, Any] | None = _read(examination, CANDIDATES).get("fallback")
    return found


def _read(examination: Examination, name: str) -> Any:
    return json.loads((examination.bundle.path / name).read_text(encoding="utf-8"))


def _unbeaten(fallback: dict[str, Any]) -> str:
    """How near the others came to the fallback."""
    name, p_values = fallback["name"], fallback["p_values"]
    if not p_values:
        return f"{name} serves: no other candidate was compared"
    nearest = min(p_values, key=p_values.__getitem__)
    return (
        f"{name} serves: no candidate beat it by more than chance; the nearest is {nearest}, "
        f"p = {p_values[nearest]:.3f} ({fallback['adjusted'][nearest]:.3f} by Holm over {len(p_values)})"
    )


def _among(fallback: dict[str, Any] | None, adjusted: float | None) -> str:
    """The gain over the fallback, as that of one candidate of several."""
    if fallback is None or adjusted is None:
        return ""
    return f" (against {fallback['name']}, by Holm over {len(fallback['p_values'])}: {adjusted:.3f})"


GATE = Gate("G02", "beats the naive baseline", check)
