"""A day of ten million predictions, measured from an export of the ledger, against the same in pandas."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.figures import OUT, Figure, machine, show
from benchmarks.latency import ACCEPTED, run_zelo
from benchmarks.tables import PROJECTS

NAME, DAY = "churn", datetime(2026, 1, 15, tzinfo=UTC)
ROWS, TENTH, PART = 10_000_000, 1_000_000, 500_000
LEDGER_DAYS, LEDGER_ROWS = 1, 100_000
ASKED_SECONDS, ASKED_MEMORY = 120.0, 2 * 1024.0
KNOWN = 0.1
"""Of the day's outcomes, those that have come: a million."""


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = {**os.environ, "ZELO_HOME": folder, "ZELO_PROJECTS": str(PROJECTS)}
        run_zelo(environment, "train", NAME, "--candidates", "prior,logistic_regression")
        gates = [part for code in ACCEPTED for part in ("--accept", code)]
        run_zelo(environment, "promote", NAME, *gates, "--reason", "benchmark")
        written = _export_of_a_ledger(environment, home)
        size = _write_days(environment, home)
        ours = _spent(environment, "zelo", home / "ten million")
        tenth = _spent(environment, "zelo", home / "a million")
        peer = _spent(environment, "pandas", home / "a million")
    show(
        f"A day of {ROWS:,} predictions of {NAME}, SYNTHETIC: volume, bands, missing values, drift of nine "
        f"fields and the score, quality on {KNOWN:.0%} outcomes; an export of {size / 2**20:,.0f} MiB",
        [
            Figure(
                "time",
                f"{ours['seconds']:.1f} s ({ours['cpu']:.0f} s of a processor)",
                f"< {ASKED_SECONDS:g} s",
                ours["seconds"] < ASKED_SECONDS,
                f"a tenth: {tenth['seconds']:.1f} s ({tenth['cpu']:.0f} s); a tenth in pandas and scipy, "
                f"without intervals: {peer['seconds']:.1f} s ({peer['cpu']:.0f} s)",
            ),
            Figure(
                "peak memory of the process",
                f"{ours['memory']:,.0f} MiB",
                f"< {ASKED_MEMORY:,.0f} MiB",
                ours["memory"] < ASKED_MEMORY,
                f"a tenth: {tenth['memory']:,.0f} MiB; a tenth in pandas and scipy: "
                f"{peer['memory']:,.0f} MiB",
            ),
            Figure(
                "largest difference from pandas, of PSI and KS",
                f"{_difference(tenth, peer):.1e}",
                "<= 1e-9",
                _difference(tenth, peer) <= 1e-9,
            ),
            Figure(
                "export of a real ledger",
                f"{LEDGER_ROWS / written:,.0f} rows a second",
                "–",
                None,
                f"{ROWS:,} rows at that pace: {ROWS * written / LEDGER_ROWS / 60:.1f} minutes, before the "
                "measurement",
            ),
        ],
    )


def _export_of_a_ledger(environment: dict[str, str], home: Path) -> float:
    """Seconds that zelo export takes of a ledger that real answers were written to."""
    run_zelo(
        environment,
        "simulate",
        NAME,
        "--days",
        str(LEDGER_DAYS),
        "--a-day",
        str(LEDGER_ROWS),
        "--rows",
        "500",
    )
    start = time.perf_counter()
    run_zelo(environment, "export", NAME, "--days", "2", "--output", str(home / "ledger.parquet"))
    return time.perf_counter() - start


def _write_days(environment: dict[str, str], home: Path) -> int:
    """Ten million rows drawn from those of the real export, and a tenth of them; the bytes of the whole."""
    table = pq.read_table(home / "ledger.parquet")
    for name, rows in (("ten million", ROWS), ("a million", TENTH)):
        (home / name).mkdir()
        for part in range(rows // PART):
            pq.write_table(_drawn(table, part), home / name / f"{part:03d}.parquet", compression="zstd")
    return sum(path.stat().st_size for path in (home / "ten million").iterdir())


def _drawn(table: pa.Table, part: int) -> pa.Table:
    """Rows of an hour or so: drawn with replacement, their numbers moved a little so that all differ."""
    chance = np.random.default_rng(part)
    drawn = table.take(chance.integers(0, len(table), PART))
    step = timedelta(days=1) * PART / ROWS
    start = int((DAY + step * part).timestamp() * 1e6)
    at = np.sort(chance.integers(start, start + int(step.total_seconds() * 1e6), PART))
    ends = chance.integers(0, 16**12, PART)
    new: dict[str, Any] = {
        "id": pa.array([f"019bc000-0000-7000-8000-{end:012x}" for end in ends]),
        "at": pa.array(at, pa.timestamp("us", tz="UTC")),
        "outcome": pa.array(drawn["outcome"].to_pylist(), mask=chance.random(PART) > KNOWN),
        "observed_at": pa.array(at + 3_600_000_000, pa.timestamp("us", tz="UTC")),
    }
    for name in ("score", "in.saldo_conta", "in.salario_estimado"):
        values = drawn[name].to_numpy(zero_copy_only=False)
        new[name] = pa.array(values * (1 + 1e-6 * chance.standard_normal(PART)), mask=np.isnan(values))
    for name, values in new.items():
        drawn = drawn.set_column(drawn.schema.get_field_index(name), name, values)
    return drawn


def _spent(environment: dict[str, str], program: str, folder: Path) -> dict[str, Any]:
    """What a program spends in a process of its own, start and imports included, and what it finds."""
    command = [sys.executable, "-m", "benchmarks.day_of_ten_million", program, str(folder)]
    start = time.perf_counter()
    done = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True, cwd=PROJECTS.parent
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "seconds": time.perf_counter() - start}


def _difference(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    return max(abs(ours["drift"][name] - value) for name, value in theirs["drift"].items())


def _child(program: str, folder: Path) -> None:
    found = (_zelo if program == "zelo" else _pandas)(folder)
    # Not ru_maxrss: it would count what the parent holds while it forks.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    memory = int(status["VmHWM"].split()[0]) / 1024
    print(json.dumps({"drift": found, "memory": memory, "cpu": time.process_time()}))


def _champion() -> tuple[str, Any]:
    from zelo.cli.champion import champion
    from zelo.cli.workspace import open_workspace

    return champion(open_workspace(), NAME)


def _zelo(folder: Path) -> dict[str, float]:
    from zelo.monitoring.exported import watch_export
    from zelo.monitoring.text import render

    version, bundle = _champion()
    report = watch_export(folder, bundle, version, now=datetime.now(UTC))
    assert report.volume.rows in (ROWS, TENTH)
    render(report, bundle.project)
    found = {}
    for entry in report.drift.fields:
        if entry.test == "ks":
            found |= {f"psi {entry.field}": entry.psi, f"ks {entry.field}": entry.statistic}
    return found


def _pandas(folder: Path) -> dict[str, float]:
    """The same figures as they are often written down, without intervals: all rows in one table."""
    import pandas as pd
    from scipy.stats import chi2_contingency
    from sklearn.metrics import fbeta_score, roc_auc_score

    from zelo.monitoring.bundled import read_table
    from zelo.monitoring.drift import tested_scores
    from zelo.stats.drift import ks, psi, wasserstein

    _, bundle = _champion()
    table = pd.read_parquet(folder)
    for column in ("version", "prediction", "risk_level"):
        table[column].value_counts()
    table["at"].dt.floor("h").value_counts()
    reference = read_table(bundle, "reference.parquet")
    found = {}
    for name, field in bundle.project.inputs.items():
        values = table[f"in.{name}"]
        values.isna().mean()
        if not field.is_numeric:
            both = pd.concat([reference[name].value_counts(), values.value_counts()], axis=1).fillna(0)
            chi2_contingency(both.to_numpy(), correction=False)
            continue
        before, after = reference[name].to_numpy(float), values.to_numpy(float)
        found[f"psi {name}"], found[f"ks {name}"] = psi(before, after), ks(before, after).statistic
        wasserstein(before, after)
    before, after = tested_scores(bundle), table["score"].to_numpy(float)
    found["psi score"], found["ks score"] = psi(before, after), ks(before, after).statistic
    wasserstein(before, after)
    judged = table[table["outcome"].notna()]
    truth, said = judged["outcome"] == "1", judged["prediction"] == "1"
    fbeta_score(truth, said, beta=2)
    roc_auc_score(truth, judged["score"])
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _child(sys.argv[1], Path(sys.argv[2]))
    else:
        OUT.print(f"Machine: {machine()}\n")
        run()
