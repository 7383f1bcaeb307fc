"""A figure with what was asked of it, and how it is printed."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

OUT = Console(width=110, highlight=False)


@dataclass(frozen=True)
class Figure:
    name: str
    value: str
    asked: str
    reached: bool | None
    peer: str = ""


def show(title: str, figures: list[Figure]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for head in ("figure", "measured", "asked", "reached", "beside it, in the same run"):
        table.add_column(head, overflow="fold")
    words = {True: "yes", False: "NO", None: "–"}
    for figure in figures:
        table.add_row(figure.name, figure.value, figure.asked, words[figure.reached], figure.peer)
    OUT.print(table)
    OUT.print()


def resampled_mean(values: Sequence[float], folds: int) -> tuple[float, float, float]:
    """Mean with the corrected resampled t interval for repeated CV (Nadeau and Bengio 2003)."""
    scores = np.array(values)
    error = np.sqrt((1 / len(scores) + 1 / (folds - 1)) * scores.var(ddof=1))
    half = stats.t.ppf(0.975, len(scores) - 1) * error
    return float(scores.mean()), float(scores.mean() - half), float(scores.mean() + half)


def machine() -> str:
    """Processor, cores, memory, system and Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in cpuinfo.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB; "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )
