"""Collecting daily prices from Yahoo Finance: what came on a day is kept as it came, and never changed."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zelo.data.folder import remove_unfinished, whole_folder
from zelo.data.sources import sha256_of
from zelo.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd

Fetch = Callable[[str, dt.date | None, dt.date | None], "pd.DataFrame"]
"""Ticker, first day, the day after the last -> a row a day, indexed by its time with a zone."""

COLUMNS = ("Open", "High", "Low", "Close", "Adj Close", "Volume")
PRICES_FILE, RECORD_FILE = "prices.csv", "collected.json"
TIMEOUT_SECONDS = 30
DAY_IS_OVER = dt.time(20)
"""At the exchange: until then the newest row may be of a day that is still traded."""


@dataclass(frozen=True)
class Collected:
    """A collection on disk; ``new`` tells one of now from one that was there."""

    path: Path
    day: dt.date
    sha256: str
    new: bool = False


def collect(
    ticker: str,
    folder: Path,
    *,
    now: dt.datetime,
    since: dt.date | None = None,
    until: dt.date | None = None,
    fetch: Fetch | None = None,
) -> Collected:
    """Fetch the prices of a ticker and keep them as ``folder/<ticker>/<day>/prices.csv``, once a day.

    Open, high, low and close are adjusted for splits, Adj Close also for dividends. A day that is not over
    is left out. A day's second collection finds the first one; of other days, it is ``<day>.2``, and so on.

    Args:
        now: with a time zone.
        since: the first day; all that Yahoo has if absent.
        until: the day after the last; today if absent.

    Raises:
        SourceError: the library is not installed, Yahoo cannot be reached, knows no such ticker, or has
            nothing for these days; nothing is kept.
    """
    period = {"since": since and since.isoformat(), "until": until and until.isoformat()}
    target = folder / ticker / f"{now:%Y-%m-%d}"
    for place in count(2):
        if not target.is_dir():
            break
        kept, record = _read(target)
        if record.items() >= period.items():
            return kept
        target = target.with_name(f"{now:%Y-%m-%d}.{place}")
    frame = _finished((fetch or from_yahoo)(ticker, since, until), now)
    if frame.empty or (missing := [name for name in COLUMNS if name not in frame]):
        raise _nothing(ticker, f"without {', '.join(missing)}" if not frame.empty else "no day", since, until)
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished(target.parent)
    with whole_folder(target) as work:
        table = frame[list(COLUMNS)].set_axis(frame.index.strftime("%Y-%m-%d"))
        table.to_csv(work / PRICES_FILE, index_label="Date", lineterminator="\n")
        record = {
            "ticker": ticker,
            "collected_at": now.astimezone(dt.UTC).isoformat(),
            **period,
            "days": len(table),
            "first": table.index[0],
            "last": table.index[-1],
            "sha256": sha256_of(work / PRICES_FILE),
        }
        (work / RECORD_FILE).write_text(f"{json.dumps(record, indent=2)}\n", encoding="utf-8")
    return replace(_read(target)[0], new=True)


def latest_collection(ticker: str, folder: Path, *, since: dt.date | None = None) -> Collected | None:
    """The newest collection of a ticker from a day on to its present; ``None`` before the first.

    Raises:
        SourceError: one of them was changed, or is not whole.
    """
    kept = [_read(path.parent) for path in (folder / ticker).glob(f"[0-9]*/{RECORD_FILE}")]
    period = {"since": since and since.isoformat(), "until": None}
    able = [found for found, record in kept if record.items() >= period.items()]
    return max(able, key=lambda found: found.day, default=None)


def from_yahoo(ticker: str, since: dt.date | None, until: dt.date | None) -> pd.DataFrame:
    """Daily prices as ``yfinance`` gives them, adjusted for splits alone. Raises SourceError."""
    if importlib.util.find_spec("yfinance") is None:
        raise SourceError(
            "collecting prices needs a library that is not installed",
            where=ticker,
            found="without yfinance",
            expected="the extra 'prices'",
            hint="pip install 'zelo[prices]', or put a file of prices among the raw data",
        )
    import yfinance
    from yfinance.exceptions import YFException

    # Otherwise it logs what goes wrong and answers with an empty table.
    yfinance.config.debug.hide_exceptions = False
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    span = {"start": since, "end": until} if since or until else {"period": "max"}
    try:
        found: pd.DataFrame = yfinance.Ticker(ticker).history(
            **span, interval="1d", auto_adjust=False, actions=False, timeout=TIMEOUT_SECONDS
        )
    except (YFException, OSError, ValueError) as error:
        raise SourceError(
            "the prices could not be collected",
            where=f"Yahoo Finance, {ticker}",
            found=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no answer'}",
            expected="an answer with prices",
            hint="look at the network and at the ticker (CMIG4.SA, say), or put a file of prices among the "
            "raw data",
        ) from error
    return found


def _finished(frame: pd.DataFrame, now: dt.datetime) -> pd.DataFrame:
    """The days that are over where the shares are traded."""
    if frame.empty:
        return frame
    there: Any = now.astimezone(frame.index.tz)
    last = there.date() if there.time() >= DAY_IS_OVER else there.date() - dt.timedelta(days=1)
    return frame[frame.index.date <= last]


def _nothing(ticker: str, found: str, since: dt.date | None, until: dt.date | None) -> SourceError:
    return SourceError(
        "Yahoo Finance has no daily prices of it",
        where=f"Yahoo Finance, {ticker}",
        found=found,
        expected=f"days from {since or 'the first'} to {until or 'today'} with {', '.join(COLUMNS)}",
        hint="look at the ticker's name at finance.yahoo.com",
    )


def _read(folder: Path) -> tuple[Collected, dict[str, Any]]:
    """A collection, and the record of it."""
    path = folder / PRICES_FILE
    try:
        record = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        expected, found = record["sha256"], sha256_of(path)
        day = dt.date.fromisoformat(folder.name.partition(".")[0])
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(folder, f"{type(error).__name__}: {error}") from error
    if found != expected:
        raise _damaged(folder, f"sha256 {found}, recorded {expected}")
    return Collected(path, day, found), record


def _damaged(folder: Path, found: str) -> SourceError:
    return SourceError(
        "a collection of prices is not as it was kept",
        where=str(folder),
        found=found,
        expected="the file as it came, and its record",
        hint="delete its folder and collect again",
    )
