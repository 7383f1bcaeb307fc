"""Every benchmark, one after the other: ``make bench``."""

from __future__ import annotations

from benchmarks import (
    churn,
    cold_start,
    day_of_ten_million,
    drift_budget,
    drift_delay,
    estimated_quality,
    explain,
    failure_modes,
    first_answer,
    incremental,
    label_queue,
    latency,
    lstm_step,
    machine_failure,
    man_hours,
    overhead,
    pipeline,
    rollback,
    stock_price,
    training_beside,
)
from benchmarks.figures import OUT, machine

OUT.print(f"Machine: {machine()}\n")
for benchmark in (
    machine_failure,
    churn,
    failure_modes,
    man_hours,
    stock_price,
    lstm_step,
    pipeline,
    label_queue,
    drift_budget,
    drift_delay,
    estimated_quality,
    rollback,
    incremental,
    day_of_ten_million,
    latency,
    explain,
    cold_start,
    training_beside,
    overhead,
    first_answer,
):
    benchmark.run()
