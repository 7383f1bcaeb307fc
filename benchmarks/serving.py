"""Zelo's server beside its peers: ``make bench-serving``.

One core serves and another asks. All servers are started and asked in turn, round after round, so that
what the machine does meanwhile touches them alike; a ratio is the median of the rounds' ratios. Access logs
are off everywhere; LitServe, BentoML, MLServer and mlflow get the same ONNX file; Zelo alone writes a ledger.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import OUT, Figure, machine, show
from benchmarks.latency import ACCEPTED, run_zelo
from benchmarks.serving_load import paced, peak
from benchmarks.serving_memory import long_run
from benchmarks.serving_peers.servers import FEW, Peer, Server, copied_home, peers, started, write_lines
from benchmarks.tables import PROJECTS, project_table

ROUNDS = 3
BATCH = 1_000
MILLIONS = 10
FLAT_MB = 100.0
"""Growth over ten million requests that is still called flat: ten bytes a request."""
LONG_SECONDS = 90
SLOW_SECONDS = 4
"""The shortest round for a server that answers a few a second."""
HOMES = {"boosted": "catboost", "forest": "seed_recipe"}
RATIOS = (
    ("zelo boosted", "empty", 0.5),
    ("zelo forest", "empty", 0.3),
    ("zelo boosted", "echo", None),
    ("zelo boosted", "litserve", 2.0),
    ("zelo boosted", "bentoml", 3.0),
    ("zelo boosted", "mlserver", None),
    ("zelo boosted", "mlflow onnx", 100.0),
    ("zelo boosted", "mlflow boosted", 100.0),
    ("zelo forest", "mlflow forest", 100.0),
    ("zelo boosted", "joblib boosted", 100.0),
    ("zelo forest", "joblib forest", 100.0),
)
"""Whose answers a second over whose, and what is asked of it."""
PACED = {"zelo boosted": 10.0, "zelo forest": 10.0, "empty": None, "litserve": None, "bentoml": None}
"""Who is asked at half of its own peak, and the p99 asked for in ms."""

Rates = Mapping[str, Sequence[Mapping[str, float]]]


def run(seconds: int = 4, homes: Path | None = None) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        boosted, forest = (_home(name, folder, homes) for name in HOMES)
        wanted = peers(boosted, forest, folder)
        rows = _rows()
        with started(wanted, rows, folder) as servers:
            rates = _peaks(servers, seconds)
            _show_peaks(servers, rates, seconds)
            _show_ratios(rates)
            _show_latencies(servers, rates, seconds)
        ours = [peer for peer in wanted if peer.name == "zelo boosted"]
        _alone(ours, rows, folder, boosted, seconds)


def _home(name: str, folder: Path, homes: Path | None) -> Path:
    """A home with that champion: a copy of a trained one, or trained now."""
    home = folder / name
    if homes:
        return copied_home(homes / name, home)
    OUT.print(f"training {HOMES[name]}")
    environment = {**os.environ, "ZELO_HOME": str(home), "ZELO_PROJECTS": str(PROJECTS)}
    run_zelo(environment, "train", "churn", "--candidates", HOMES[name])
    gates = [part for code in ACCEPTED for part in ("--accept", code)]
    run_zelo(environment, "promote", "churn", *gates, "--reason", "benchmark")
    return home


def _rows() -> list[dict[str, Any]]:
    """Real rows that no model saw, as a request has them."""
    project, table, _ = project_table("churn", "new")
    fields = project.data.fields
    whole = {name: "int64" for name, field in fields.items() if field.type == "integer"}
    table = table[[project.data.key, *fields]].dropna().astype(whole)
    rows: list[dict[str, Any]] = table.to_dict(orient="records")
    return rows


def _peaks(servers: Mapping[str, Server], seconds: int) -> Rates:
    for server in servers.values():
        peak(server, 1)
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            found[name].append(
                peak(server, seconds if server.connections > FEW else max(seconds, SLOW_SECONDS))
            )
    return found


def _show_peaks(servers: Mapping[str, Server], rates: Rates, seconds: int) -> None:
    figures = []
    for name, found in rates.items():
        each = [one["rate"] for one in found]
        resident = sum(one.memory_info().rss for one in servers[name].processes()) / 2**20
        told = (
            f"{servers[name].connections} connections; p50 {median(one['p50_ms'] for one in found):.1f} ms, "
            f"p99 {median(one['p99_ms'] for one in found):.1f} ms; {resident:,.0f} MiB resident"
        )
        value = f"{median(each):,.0f} ({min(each):,.0f} to {max(each):,.0f})"
        figures.append(Figure(name, value, "–", None, told))
    title = f"churn, one row a request, one core: answers a second by wrk, {ROUNDS} rounds of {seconds} s"
    show(title, figures)


def _show_ratios(rates: Rates) -> None:
    figures = []
    for name, other, asked in RATIOS:
        ours, theirs = rates[name], rates[other]
        each = [one["rate"] / two["rate"] for one, two in zip(ours, theirs, strict=True)]
        figures.append(
            Figure(
                f"{name} over {other}",
                f"{median(each):.2f} ({min(each):.2f} to {max(each):.2f})",
                "–" if asked is None else f">= {asked:g}",
                None if asked is None else median(each) >= asked,
            )
        )
    show("answers a second, ratios within a round", figures)


def _show_latencies(servers: Mapping[str, Server], rates: Rates, seconds: int) -> None:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in PACED}
    half = {name: median(one["rate"] for one in rates[name]) / 2 for name in PACED}
    for _ in range(ROUNDS):
        for name, those in found.items():
            those.append(paced(servers[name], half[name], seconds))
    figures = []
    for name, asked in PACED.items():
        p99 = [one["p99_ms"] for one in found[name]]
        told = (
            f"{half[name]:,.0f} a second; p50 {median(one['p50_ms'] for one in found[name]):.1f}, "
            f"p99.9 {median(one['p999_ms'] for one in found[name]):.1f}; "
            f"asked late by {median(one['late_p99_ms'] for one in found[name]):.2f} (p99)"
        )
        figures.append(
            Figure(
                name,
                f"{median(p99):.1f} ms ({min(p99):.1f} to {max(p99):.1f})",
                "–" if asked is None else f"< {asked:g} ms",
                None if asked is None else median(p99) < asked,
                told,
            )
        )
    show("p99 at half of its own peak, open loop, from when a question was due", figures)


def _alone(
    wanted: Sequence[Peer], rows: Sequence[Mapping[str, Any]], folder: Path, home: Path, seconds: int
) -> None:
    """What is asked of Zelo alone, once the others are gone."""
    with _only(wanted, rows, folder) as server:
        # First: a batch that wrk leaves unread would be counted as answers that nobody asked for.
        _show_long_run(server, home / "ledger.db", max(LONG_SECONDS, 5 * seconds))
        _show_batches(server, rows, folder, seconds)


@contextmanager
def _only(wanted: Sequence[Peer], rows: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[Server]:
    with started(wanted, rows, folder) as servers:
        (server,) = servers.values()
        yield server


def _show_batches(server: Server, rows: Sequence[Mapping[str, Any]], folder: Path, seconds: int) -> None:
    bodies = folder / "batches.jsonl"
    whole = len(rows) // BATCH * BATCH
    write_lines(bodies, [{"rows": list(rows[start : start + BATCH])} for start in range(0, whole, BATCH)])
    batches = replace(server, path="/predict/batch", bodies=bodies)
    peak(batches, 1, connections=1)
    found = [peak(batches, seconds, connections=1) for _ in range(ROUNDS)]
    beside = peak(batches, seconds, connections=4)
    each = [one["rate"] * BATCH for one in found]
    show(
        f"zelo boosted, {BATCH:,} rows a request, one client after the other",
        [
            Figure(
                "rows a second",
                f"{median(each):,.0f} ({min(each):,.0f} to {max(each):,.0f})",
                ">= 100,000",
                median(each) >= 100_000,
                f"p50 {median(one['p50_ms'] for one in found):.1f} ms; "
                f"four clients at once: {beside['rate'] * BATCH:,.0f}",
            )
        ],
    )


def _show_long_run(server: Server, ledger: Path, seconds: int) -> None:
    found = long_run(server, ledger, seconds)
    growth, low, high = (part * MILLIONS * 1e6 / 2**20 for part in (found.growth, found.low, found.high))
    show(
        f"zelo boosted, {found.answered:,} requests in {seconds} s",
        [
            Figure(
                f"memory over {MILLIONS} million requests",
                f"{growth:+,.0f} MiB [{low:+,.0f}, {high:+,.0f}]",
                f"< {FLAT_MB:g} MiB",
                high < FLAT_MB,
                f"extrapolated; at most {found.largest_mb:,.0f} MiB of its own in the run",
            ),
            Figure(
                "answers in the ledger",
                f"{found.recorded:,}",
                f"{found.answered:,} and those in flight",
                found.complete,
                f"{found.waiting:,} still in the journal at the end",
            ),
            Figure("answers a second, kept up", f"{found.rate:,.0f}", "–", None),
        ],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4, help="length of a round for each server")
    parser.add_argument("--homes", type=Path, help="a folder with trained homes: boosted and forest")
    chosen = parser.parse_args()
    OUT.print(f"Machine: {machine()}\n")
    run(chosen.seconds, chosen.homes)
