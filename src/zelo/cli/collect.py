"""The command collect: daily prices of any ticker, kept as they came and looked through."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import ValidationError

from zelo.cli.projects import AsJson
from zelo.cli.show import OUT, show_json, show_table
from zelo.cli.workspace import now, open_workspace
from zelo.errors import SourceError

Day = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]


def add_commands(app: typer.Typer) -> None:
    app.command()(collect)


def collect(
    ticker: Annotated[str, typer.Argument(help="As Yahoo Finance names it: CMIG4.SA, say.")],
    since: Day = None,
    until: Day = None,
    as_json: AsJson = False,
) -> None:
    """Fetch daily prices of any ticker and say what is odd in them. Exits 1 where they are at fault.

    They are kept once a day; `zelo data PROJECT --collect` does the same for a project's ticker. The last
    day is the one before --until.
    """
    from zelo.data.prices.checks import check_prices
    from zelo.data.prices.collect import collect as fetch
    from zelo.data.prices.find import COLLECTED
    from zelo.data.prices.read import read_prices
    from zelo.spec.prices import Prices

    first, end = since and since.date(), until and until.date()
    try:
        spec = Prices(ticker=ticker, files="prices.csv")
    except ValidationError as error:
        raise typer.BadParameter("expected a name such as CMIG4.SA", param_hint="TICKER") from error
    if first and end and first >= end:
        raise typer.BadParameter(f"expected a day after --since, {first}", param_hint="--until")
    settings = open_workspace().settings
    if settings.offline:
        raise SourceError(
            "prices cannot be collected offline",
            where=ticker,
            found="ZELO_OFFLINE is set",
            expected="a network, and leave to use it",
            hint="unset ZELO_OFFLINE",
        )
    kept = fetch(ticker, settings.downloads / COLLECTED, now=now(), since=first, until=end)
    prices = read_prices(kept.path)
    findings = check_prices(prices, spec)
    if as_json:
        told = [asdict(finding) for finding in findings]
        show_json({"ticker": ticker, "path": str(kept.path), "days": len(prices), "findings": told})
    else:
        if findings:
            rows = [
                (str(one.date), one.severity, one.rule.replace("_", " "), one.found, one.expected)
                for one in findings
            ]
            show_table("", ("day", "", "what", "found", "expected"), rows)
        OUT.print(f"{ticker}: {len(prices)} days: {kept.path}", markup=False, soft_wrap=True)
    if any(finding.severity == "fault" for finding in findings):
        raise typer.Exit(1)
