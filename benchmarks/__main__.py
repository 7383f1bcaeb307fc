"""Every benchmark, one after the other: ``make bench``."""

from __future__ import annotations

from benchmarks import (
    churn,
    failure_modes,
    first_answer,
    label_queue,
    latency,
    machine_failure,
    man_hours,
    overhead,
    pipeline,
)
from benchmarks.figures import OUT, machine

OUT.print(f"Machine: {machine()}\n")
for benchmark in (
    machine_failure,
    churn,
    failure_modes,
    man_hours,
    pipeline,
    label_queue,
    latency,
    overhead,
    first_answer,
):
    benchmark.run()
