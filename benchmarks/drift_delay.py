"""How many rows a change of late onset takes until it is seen, every method at the same false alarms."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.drift_peers import DAILY, daily, jumpers, restarted
from benchmarks.drifting_streams import (
    BUDGET,
    CHANGES,
    DAY,
    DAYS,
    REFERENCE,
    SAME,
    Change,
    days_of,
    joined,
    streams,
    table,
)
from benchmarks.figures import OUT, Figure, machine, show
from zelo.stats.arrays import FloatArray
from zelo.stats.detector import detect

RUNS, NULL_RUNS = 60, 40
ONSET_DAY, HORIZON = 60, 20
"""The change begins at some row of this day; so many days are waited."""
WARM = 10
"""Days before the onset that the jumpers have run: restarted, they remember no more."""
TITLES = {
    "ks and chi2": "daily KS or chi2, smallest p",
    "psi": "daily PSI",
    "evidently": "daily Wasserstein or Jensen-Shannon (Evidently's)",
    "crepes": "crepes' simple jumper, restarted",
}


@dataclass(frozen=True)
class Null:
    """Half a year without change: our alarms, and the peers' figures to set their limits by."""

    alarms: int
    daily: dict[str, FloatArray]
    gains: FloatArray


def run(runs: int = RUNS) -> None:
    os.environ["DO_NOT_TRACK"] = "1"
    with ProcessPoolExecutor(2) as pool:
        limits, rate = _limits(list(pool.map(_null, range(min(runs, NULL_RUNS)))))
        figures = []
        for name, change in CHANGES.items():
            waits = list(pool.map(_waits, range(runs), [change] * runs, [limits] * runs, chunksize=3))
            figures.append(_figure(name, waits))
    show(
        f"Rows until a change is seen, medians of {runs} runs, SYNTHETIC: 10 mixed fields, {DAY} rows a day, "
        f"onset on day {ONSET_DAY}; Zelo at its budget of 1 in {BUDGET:g} days, the peers' limits set on "
        f"{min(runs, NULL_RUNS)} times {DAYS} days without change to the alarms that Zelo had there, "
        f"{rate:.2f} each time",
        figures,
    )


def _null(seed: int) -> Null:
    rng = np.random.default_rng([7, seed])
    reference, rows = table(rng, REFERENCE), table(rng, DAY * DAYS)
    found = detect(streams(reference), rows, days_of(DAY * DAYS), budget=BUDGET, seed=seed)
    return Null(len(found.crossings), daily(reference, rows), jumpers(reference, rows, rng))


def _limits(nulls: list[Null]) -> tuple[dict[str, float], float]:
    """Of each peer, that at which it alarms as often as Zelo, or less often by as little as can be."""
    alarms = sum(null.alarms for null in nulls)
    limits = {}
    for name in DAILY:
        figures = np.sort(np.concatenate([null.daily[name] for null in nulls]))[::-1]
        limits[name] = float(figures[alarms])
    low, high = 0.0, 50.0
    for _ in range(25):
        middle = (low + high) / 2
        too_many = sum(len(restarted(null.gains, np.exp(middle))) for null in nulls) > alarms
        low, high = (middle, high) if too_many else (low, middle)
    limits["crepes"] = float(np.exp(high))
    return limits, alarms / len(nulls)


def _waits(seed: int, change: Change, limits: dict[str, float]) -> dict[str, float]:
    """Rows from the onset to where each method alarms, a daily one at the day's end; inf: it does not."""
    rng = np.random.default_rng([8, seed])
    reference = table(rng, REFERENCE)
    onset = ONSET_DAY * DAY + int(rng.integers(DAY))
    whole = (ONSET_DAY + HORIZON) * DAY
    rows = joined(table(rng, onset, SAME), table(rng, whole - onset, change))
    ours = detect(streams(reference), rows, days_of(whole), budget=BUDGET, seed=seed).crossings
    found = {
        "zelo": _first(ours, onset),
        "look": _first([_look(row) for row in ours if row >= onset], onset),
    }
    last = {name: values[ONSET_DAY * DAY :] for name, values in rows.items()}
    for name, figures in daily(reference, last).items():
        late = np.flatnonzero(figures > limits[name])
        found[name] = _first([ONSET_DAY * DAY + (int(day) + 1) * DAY - 1 for day in late], onset)
    gains = jumpers(reference, rows, rng, since=(ONSET_DAY - WARM) * DAY)
    found["crepes"] = _first(restarted(gains, limits["crepes"]), onset)
    return found


def _look(row: int) -> int:
    """The last row of its day."""
    return (row // DAY + 1) * DAY - 1


def _first(rows: list[int] | tuple[int, ...], onset: int) -> float:
    return next((float(row - onset + 1) for row in rows if row >= onset), np.inf)


def _figure(name: str, waits: list[dict[str, float]]) -> Figure:
    medians = {method: float(np.median([wait[method] for wait in waits])) for method in waits[0]}
    # Looking costs Zelo nothing, and so it may look at every row; a daily test knows at the day's end.
    fewer = all(medians["zelo"] < medians[peer] for peer in TITLES)
    return Figure(
        name,
        f"{_rows(medians['zelo'])}; looked at daily, {_rows(medians['look'])}",
        "fewer than any peer",
        fewer,
        "\n".join(f"{title}: {_rows(medians[peer])}" for peer, title in TITLES.items()),
    )


def _rows(median: float) -> str:
    return f"{median:.0f} rows" if np.isfinite(median) else f"not within {HORIZON} days in most runs"


if __name__ == "__main__":
    OUT.print(f"Machine: {machine()}\n")
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=RUNS)
    run(parser.parse_args().runs)
