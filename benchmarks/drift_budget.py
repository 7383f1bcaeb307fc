"""False alarms of drift in half a year without any change, and what others alarm on the same rows."""

from __future__ import annotations

import argparse
import os
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.drift_peers import EVIDENTLY, Table, days, evidently_distances
from benchmarks.drifting_streams import BUDGET, DAY, DAYS, REFERENCE, days_of, streams, table
from benchmarks.figures import OUT, Figure, machine, show
from zelo.stats.arrays import FloatArray
from zelo.stats.detector import detect
from zelo.stats.drift import chi2, ks

RUNS, PEER_RUNS, REPORTS = 500, 25, 3
LEVEL = 0.05
DRIFTED = 0.5
"""Evidently says that the data set drifts where this share of its columns does."""


@dataclass(frozen=True)
class Alarms:
    """How many in one run: of Zelo, and of the others by name, where they were run."""

    zelo: int
    told: int
    peers: dict[str, int]


def run(runs: int = RUNS) -> None:
    os.environ["DO_NOT_TRACK"] = "1"
    _check_reports()
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(_alarms, range(runs), [run < PEER_RUNS for run in range(runs)], chunksize=5))
    allowed = DAYS / BUDGET
    mean, half = _mean([one.zelo for one in found])
    told, _ = _mean([one.told for one in found])
    peers = []
    for name in found[0].peers:
        counts = np.array([one.peers[name] for one in found if one.peers])
        peers.append(f"{name}: {counts.mean():.1f} a run, at least one in {(counts > 0).mean():.0%} of runs")
    any_of_ours = np.mean([one.zelo > 0 for one in found])
    show(
        f"Null streams, 10 mixed fields, SYNTHETIC: {DAY} rows a day, {DAYS} daily looks, {runs} runs; "
        f"budget 1 false alarm in {BUDGET:g} days (the peers: the first {min(runs, PEER_RUNS)} runs)",
        [
            Figure(
                "false alarms a run, with a 95 % interval of the mean",
                f"{mean:.2f} ({mean - half:.2f} to {mean + half:.2f}); at least one in {any_of_ours:.0%} of "
                f"runs; {told:.2f} where repeats are one",
                f"<= {allowed:g}",
                bool(mean + half <= allowed),
                "\n".join(peers),
            )
        ],
    )


def _alarms(seed: int, with_peers: bool) -> Alarms:
    rng = np.random.default_rng([6, seed])
    reference, rows = table(rng, REFERENCE), table(rng, DAY * DAYS)
    # A look is a function of the rows so far: looking daily tells these alarms, each on its own day.
    ours = detect(streams(reference), rows, days_of(DAY * DAYS), budget=BUDGET, seed=seed)
    return Alarms(len(ours.crossings), len(ours.alarms), _peers(reference, rows) if with_peers else {})


def _peers(reference: Table, rows: Table) -> dict[str, int]:
    """The days on which each alarms."""
    found = {"Evidently's default, the data set": 0, "Evidently's default, any column": 0}
    bonferroni = f"daily KS or chi2, p < {LEVEL:g} / {len(reference)}"
    found[bonferroni] = 0
    for day in days(rows):
        far = np.array(list(evidently_distances(reference, day).values())) >= EVIDENTLY
        found["Evidently's default, the data set"] += bool(far.mean() >= DRIFTED)
        found["Evidently's default, any column"] += bool(far.any())
        found[bonferroni] += bool(_smallest_p(reference, day) < LEVEL / len(reference))
    return found


def _smallest_p(reference: Table, day: Table) -> float:
    return min(
        (ks if base.dtype.kind == "f" else chi2)(base, day[name]).p_value for name, base in reference.items()
    )


def _check_reports() -> None:
    """Its tests are called one by one, as a report of a day takes half a second: they must say the same."""
    rng = np.random.default_rng(6)
    reference = table(rng, REFERENCE)
    for day in days(table(rng, DAY * REPORTS)):
        ours, report = evidently_distances(reference, day), _reported(reference, day)
        if not np.allclose([ours[name] for name in reference], [report[name] for name in reference]):
            raise RuntimeError(f"Evidently's report tells other statistics: {report}, {ours}")


def _reported(reference: Table, day: Table) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset

        of_kind: dict[bool, list[str]] = {True: [], False: []}
        for name, values in reference.items():
            of_kind[values.dtype.kind == "f"].append(name)
        kinds = DataDefinition(numerical_columns=of_kind[True], categorical_columns=of_kind[False])
        tables = [Dataset.from_pandas(pd.DataFrame(dict(of)), kinds) for of in (day, reference)]
        metrics = Report([DataDriftPreset()]).run(*tables).dict()["metrics"]
    return {
        metric["config"]["column"]: float(metric["value"])
        for metric in metrics
        if "column" in metric["config"]
    }


def _mean(values: list[int]) -> tuple[float, float]:
    counts: FloatArray = np.array(values, dtype=np.float64)
    return float(counts.mean()), float(1.96 * counts.std(ddof=1) / np.sqrt(len(counts)))


if __name__ == "__main__":
    OUT.print(f"Machine: {machine()}\n")
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=RUNS)
    run(parser.parse_args().runs)
