"""Tests of what the command line draws."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from zelo.cli.show import show_table


def test_a_title_wider_than_its_table_stays_on_one_line() -> None:
    out = StringIO()
    show_table("churn: shadow since [2026]", ("as",), [("shadow",)], console=Console(file=out, width=80))
    assert out.getvalue().splitlines()[0] == "churn: shadow since [2026]"
