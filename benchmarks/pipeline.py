"""Twenty million staged events and five years of utilisation to the weekly table, against pandas."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import Figure, show
from benchmarks.staged_events import AIRCRAFT, write_events, write_utilization
from benchmarks.tables import PROJECTS

FEW, MANY = 2_000_000, 20_000_000
ASKED_FASTER, ASKED_MEMORY, ASKED_GROWTH = 8.0, 0.25, MANY / FEW
ZELO = "zelo"
PEERS = {"pandas": "numpy", "pandas on pyarrow": "pyarrow"}
ONCE = ", each distinct text read once"


@dataclass(frozen=True)
class Spent:
    """Of the steps alone, without the start of Python: wall time [s] and the process's peak memory [MiB]."""

    seconds: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.memory:,.0f} MiB"


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_staged(Path(folder) / f"{count}", count) for count in (FEW, MANY))
        tuned = [f"{peer}{ONCE}" for peer in PEERS]
        small = {program: _spent(program, few) for program in (ZELO, *PEERS, *tuned)}
        # Of the ones tuned by hand, the better of both ways that pandas has to hold texts.
        by_hand = min(tuned, key=lambda name: small[name].seconds)
        large = {program: _spent(program, many) for program in (ZELO, *PEERS, by_hand)}
        for place in (few, many):
            _assert_alike(place)
    show(
        f"Table pipeline, SYNTHETIC: man_hours cleaned, summed by week and checked; {MANY:,} staged events, "
        f"five years of {AIRCRAFT} aircraft; the same weekly table in pandas",
        [
            *(figure for peer in PEERS for figure in _beside(large, peer)),
            _growth(small, large),
            _tuned(large, by_hand),
        ],
    )


def _beside(large: dict[str, Spent], peer: str) -> list[Figure]:
    ours, theirs = large[ZELO], large[peer]
    faster, share = theirs.seconds / ours.seconds, ours.memory / theirs.memory
    return [
        Figure(
            f"against {peer}",
            f"{faster:.1f}x as fast ({ours})",
            f">= {ASKED_FASTER:g}x",
            faster >= ASKED_FASTER,
            f"{peer}: {theirs}",
        ),
        Figure("its peak memory", f"{share:.2f} of theirs", f"<= {ASKED_MEMORY:g}", share <= ASKED_MEMORY),
    ]


def _growth(small: dict[str, Spent], large: dict[str, Spent]) -> Figure:
    growth = large[ZELO].seconds / small[ZELO].seconds
    theirs = ", ".join(f"{peer}: {large[peer].seconds / small[peer].seconds:.1f}x" for peer in PEERS)
    return Figure(
        f"from {FEW:,} events",
        f"{growth:.1f}x the time ({small[ZELO]} before)",
        f"<= {ASKED_GROWTH:g}x",
        growth <= ASKED_GROWTH,
        theirs,
    )


def _tuned(large: dict[str, Spent], tuned: str) -> Figure:
    ours, by_hand = large[ZELO], large[tuned]
    speed, share = by_hand.seconds / ours.seconds, ours.memory / by_hand.memory
    measured = f"{speed:.1f}x the speed, {share:.2f} of the memory"
    return Figure("against pandas tuned by hand", measured, "–", None, f"{tuned}: {by_hand}")


def _staged(folder: Path, count: int) -> Path:
    folder.mkdir()
    write_events(folder / "events.parquet", count)
    write_utilization(folder / "utilization.parquet")
    return folder


def _spent(program: str, folder: Path) -> Spent:
    """What a program spends in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.pipeline", program, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=PROJECTS.parent)
    return Spent(**json.loads(done.stdout))


def _assert_alike(folder: Path) -> None:
    """Every program's table is the same, but for the rounding of sums."""
    ours, *others = [
        pd.read_parquet(path) for path in sorted(folder.glob("weekly of *.parquet"), reverse=True)
    ]
    assert len(others) >= 2
    assert len(ours) > 200
    for other in others:
        assert sorted(other) == sorted(ours)
        for name in ours:
            if name == "date":
                assert (pd.to_datetime(other[name]) == pd.to_datetime(ours[name])).all()
            else:
                np.testing.assert_allclose(
                    other[name].astype(float), ours[name].astype(float), rtol=1e-9, atol=1e-9
                )


def _child(program: str, folder: Path) -> None:
    make = _zelo if program == ZELO else _pandas
    table, seconds = make(program, folder)
    table.to_parquet(folder / f"weekly of {program}.parquet")
    # Not ru_maxrss: it would count what the parent holds while it forks.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(json.dumps({"seconds": seconds, "memory": int(status["VmHWM"].split()[0]) / 1024}))


def _zelo(_program: str, folder: Path) -> tuple[pd.DataFrame, float]:
    from zelo.data.pipeline.checks import faults_of
    from zelo.data.pipeline.clean import clean
    from zelo.data.pipeline.engine import open_engine
    from zelo.data.pipeline.weekly import past, weekly
    from zelo.spec.loading import load_project

    project = load_project(PROJECTS / "man_hours")
    assert project.pipeline is not None
    # So many events are more than the hours that the project deems possible.
    weeks = project.pipeline.weeks
    columns = {name: made.model_copy(update={"max": None}) for name, made in weeks.columns.items()}
    pipeline = project.pipeline.model_copy(update={"weeks": weeks.model_copy(update={"columns": columns})})
    project = project.model_copy(update={"pipeline": pipeline})
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as work, open_engine("duckdb", Path(work)) as engine:
        cleaned = {
            name: clean(engine.read_parquet([folder / f"{name}.parquet"]), table, engine)
            for name, table in pipeline.tables.items()
        }
        made = weekly({name: table.good for name, table in cleaned.items()}, project, engine)
        assert not faults_of(cleaned, made, project, engine).total
        table = engine.to_arrow(past(made, project))
    return table.to_pandas(), time.perf_counter() - start


def _pandas(program: str, folder: Path) -> tuple[pd.DataFrame, float]:
    from benchmarks.pipeline_in_pandas import weekly_table

    backend = PEERS[program.removesuffix(ONCE)]
    start = time.perf_counter()
    table = weekly_table(
        folder / "events.parquet",
        folder / "utilization.parquet",
        backend,
        each_text_once=program.endswith(ONCE),
    )
    return table, time.perf_counter() - start


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _child(sys.argv[1], Path(sys.argv[2]))
    else:
        run()
