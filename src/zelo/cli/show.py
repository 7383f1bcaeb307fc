"""How things look on a terminal, and as JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from zelo.errors import ContractError, PipelineError, ZeloError

PIPE_WIDTH = 120
MOST_SHOWN = 20
OUT = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
ERR = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPE_WIDTH)

STATUS_STYLE = {"passed": "green", "failed": "bold red", "skipped": "dim"}


def show_json(content: Any) -> None:
    """One JSON document on standard output; what is not finite is null."""
    sys.stdout.write(json.dumps(_plain(content), indent=2, ensure_ascii=False, default=str) + "\n")


def show_error(error: ZeloError, *, as_json: bool) -> None:
    """An error for a person on standard error, or for a program on standard output."""
    if as_json:
        content: dict[str, Any] = {"error": {"kind": type(error).__name__, **error.as_dict()}}
        if isinstance(error, ContractError):
            content["bad_rows"] = [vars(row) for row in error.bad_rows]
        if isinstance(error, PipelineError):
            content |= {"faults": [vars(fault) for fault in error.faults], "total": error.total}
        show_json(content)
        return
    head = f"{error.where}: {error.what}" if error.where else error.what
    ERR.print(f"[bold red]{type(error).__name__}[/] ", end="")
    # Not folded at any width: a path is there to be copied.
    ERR.print(head, markup=False, soft_wrap=True)
    if isinstance(error, ContractError):
        _show_entries(("row", "field", "found", "expected"), error.bad_rows, len(error.bad_rows), error.hint)
        return
    if isinstance(error, PipelineError):
        heads = ("file", "sheet", "row", "column", "found", "expected")
        _show_entries(heads, error.faults, error.total, error.hint)
        return
    for label, text in (("found", error.found), ("expected", error.expected), ("to do", error.hint)):
        if text:
            ERR.print(f"  {label}: {text}", markup=False, soft_wrap=True)


def _show_entries(heads: Sequence[str], entries: Sequence[object], total: int, hint: str) -> None:
    rows = [[str(getattr(entry, head)) for head in heads] for entry in entries[:MOST_SHOWN]]
    show_table("", heads, rows, console=ERR)
    if total > MOST_SHOWN:
        ERR.print(f"... and {total - MOST_SHOWN} more; --json lists them", markup=False)
    ERR.print(f"  to do: {hint}", markup=False)


def show_table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, console: Console = OUT
) -> None:
    """A table; cells are shown as text, whatever they hold."""
    if title:
        console.print(title, style="italic", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(Text(head), overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def show_gates(gates: Sequence[Mapping[str, Any]]) -> None:
    """The gates' answers, one a line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("gate", "", "status", "found"):
        table.add_column(head, overflow="fold")
    for gate in gates:
        style = STATUS_STYLE[gate["status"]]
        table.add_row(gate["code"], gate["title"], Text(gate["status"], style=style), Text(gate["found"]))
    OUT.print(table)


def interval(found: Mapping[str, float | None]) -> str:
    """``0.912 [0.887, 0.931]``, or a dash where it is not defined."""
    value, low, high = found["value"], found["low"], found["high"]
    if value is None:
        return "–"
    places = _places(value)
    ends = "" if low is None or high is None else f" [{low:.{places}f}, {high:.{places}f}]"
    return f"{value:.{places}f}{ends}"


def number(value: float | None) -> str:
    """``0.912``, or a dash where it is not defined."""
    return "–" if value is None else f"{value:.{_places(value)}f}"


def _places(value: float) -> int:
    """Decimals: one more where the first would say nothing, as of a share of errors near 0.01."""
    return 4 if 0 < abs(value) < 0.1 else 3


def say_synthetic(synthetic: bool) -> None:
    """Plain words where the data were not observed."""
    if synthetic:
        OUT.print("[bold yellow]SYNTHETIC DATA:[/] made by the project's generator, not observed")


@contextmanager
def fits_shown(*, quiet: bool, unit: str = "fits") -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar a candidate, on a terminal; nothing elsewhere."""
    if quiet or not ERR.is_terminal:
        yield lambda _name, _done, _total: None
        return
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} " + unit),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=ERR) as progress:
        tasks: dict[str, Any] = {}

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done)

        yield step


def _plain(content: Any) -> Any:
    if isinstance(content, float) and not math.isfinite(content):
        return None
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_plain(value) for value in content]
    return content
