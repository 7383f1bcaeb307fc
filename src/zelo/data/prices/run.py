"""The verb: from a file of daily prices to a data set of days."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from zelo.data.folder import scratch_folder
from zelo.data.pipeline.dataset import (
    EDITION,
    Dataset,
    find_dataset,
    inputs_hash,
    latest_dataset,
    let_stand,
    locked,
    write_dataset,
)
from zelo.data.pipeline.faults import Fault
from zelo.data.pipeline.raw import RawData
from zelo.data.pipeline.run import Built, refusals, refuse_broken
from zelo.data.prices.checks import Finding, carried, check_prices
from zelo.data.prices.collect import Fetch
from zelo.data.prices.find import TABLE, find_prices, not_named, written_as
from zelo.data.prices.read import read_prices
from zelo.data.prices.table import coming, rows_of
from zelo.errors import DataError, PipelineError, SourceError
from zelo.spec.project import Project
from zelo.spec.series_rules import PRICE_DATE

SHOWN = 5


def build_prices(
    project: Project,
    *,
    folder: Path,
    data_dir: Path | None,
    downloads: Path,
    datasets: Path,
    offline: bool,
    created: dt.datetime,
    collect_now: bool = False,
    fetch: Fetch | None = None,
) -> Built:
    """Make the project's data set of its prices, or find the one that was made of the same file.

    The checks read the days from ``prices.since`` on, and the data set that stands as an older collection.

    Raises:
        SourceError: there are no prices, and none can be collected.
        PipelineError: the prices are at fault; each fault is named, and nothing is written.
        DataError: another run is at work, or the disk refuses; nothing is left half written.
    """
    root = datasets / project.name
    with refusals(root), locked(datasets, project.name):
        raw, notes = find_prices(
            project,
            folder=folder,
            data_dir=data_dir,
            downloads=downloads,
            offline=offline,
            collect_now=collect_now,
            now=created,
            fetch=fetch,
        )
        notes = (*notes, *not_named(project, folder))
        standing = latest_dataset(datasets, project.name)
        _refuse_generated(project, raw, standing)
        before = _comparable(project, raw, standing)
        digest = inputs_hash(project, raw)
        if (same := find_dataset(datasets, project.name, digest)) is not None:
            _refuse_lost(same, raw, before)
            let_stand(same)
            told = _told([_finding(found) for found in same.run["findings"]])
            return Built(same, False, same.synthetic, (*notes, *told), same.run["counts"])
        try:
            tables, counts, findings = _made(project, raw, before and before.read("rows"))
        except PipelineError as error:
            if raw.origin == "publisher":
                raise _with_way_out(error, project, folder) from error
            raise
        notes = (*notes, *_told(findings))
        run = _facts(project, raw, findings) | {"counts": counts, "notes": notes}
        with scratch_folder(root) as work:
            refuse_broken(tables[TABLE], PRICE_DATE, work / f"{TABLE}.parquet", project)
        made = write_dataset(datasets, project.name, digest, tables, created=created, run=run)
    return Built(made, True, raw.synthetic, notes, counts)


def _refuse_generated(project: Project, raw: RawData, standing: Dataset | None) -> None:
    """Made prices never take the place of observed ones: what was forecast would be judged by them."""
    if raw.synthetic and standing is not None and not standing.synthetic:
        raise SourceError(
            "the prices are nowhere to be found",
            where=f"prices of {project.name}",
            found=f"the generator alone, and data set {standing.name} of observed prices",
            expected="the file, or the collection, that it was made of, or a newer one",
            hint="set ZELO_DATA_DIR, bring the file back, or use another ZELO_HOME for generated prices",
        )


def _facts(project: Project, raw: RawData, findings: Sequence[Finding]) -> dict[str, Any]:
    """What is recorded of the run."""
    return {
        "edition": EDITION,
        "origin": raw.origin,
        "synthetic": raw.synthetic,
        "ticker": _ticker(project),
        "files": [{"table": TABLE, "file": file.name, "sha256": file.sha256} for file in raw.files],
        "findings": [asdict(finding) | {"date": finding.date.isoformat()} for finding in findings],
    }


def _ticker(project: Project) -> str:
    assert project.prices is not None
    return project.prices.ticker


def _comparable(project: Project, raw: RawData, standing: Dataset | None) -> Dataset | None:
    """The data set that stands, where it is of the same ticker, and both or neither are made."""
    if standing is None or standing.synthetic != raw.synthetic or standing.run["ticker"] != _ticker(project):
        return None
    return standing


def _refuse_lost(same: Dataset, raw: RawData, before: Dataset | None) -> None:
    """A file put back must not end before the days that are known: they would be forecast anew."""
    if before is None:
        return
    last, known = (dt.date.fromisoformat(made.run["counts"][TABLE]["last"]) for made in (same, before))
    if last < known:
        expected = f"days to {known}, as data set {before.name} has them; remove that data set to begin anew"
        _refuse([Finding(known, "lost", f"days to {last}", expected)], raw.files[0].name, raw.root)


def _made(
    project: Project, raw: RawData, older: pd.DataFrame | None
) -> tuple[dict[str, pa.Table], dict[str, Any], tuple[Finding, ...]]:
    """The tables, what was counted, and what was found. Raises PipelineError."""
    (file,) = raw.files
    assert project.prices is not None
    assert project.forecast is not None
    every = read_prices(file.path, written_as(project, raw.origin))
    since = project.prices.since
    prices = every if since is None else every[every[PRICE_DATE] >= pd.Timestamp(since)]
    prices = prices.reset_index(drop=True)
    findings = check_prices(prices, project.prices, older)
    _refuse(findings, file.name, raw.root)
    kept = prices[~carried(prices)].reset_index(drop=True)
    if len(kept) <= project.forecast.history:
        raise DataError(
            "too few days of prices",
            where=file.name,
            found=f"{len(kept)} days" + (f" since {since}" if since else ""),
            expected=f"more than {project.forecast.history}, the history of a forecast",
            hint="bring an older file, or mend prices.since in project.yaml",
        )
    tables = {TABLE: rows_of(kept, project), "coming": coming(kept, project)}
    first, last = (f"{kept[PRICE_DATE].iloc[place]:%Y-%m-%d}" for place in (0, -1))
    counts = {
        "read": len(every),
        "before": len(every) - len(prices),
        "left_out": len(prices) - len(kept),
        "days": len(kept),
        "warm_up": project.forecast.history,
        "first": first,
        "last": last,
        "coming": tables["coming"][PRICE_DATE][0].as_py().isoformat(),
        "found": dict(Counter(finding.rule for finding in findings)),
    }
    return tables, {TABLE: counts}, findings


def _refuse(findings: Sequence[Finding], file: str, root: Path) -> None:
    faults = [
        Fault(file, "", finding.date.isoformat(), finding.rule, finding.found, finding.expected)
        for finding in findings
        if finding.severity == "fault"
    ]
    if faults:
        raise PipelineError(f"{len(faults)} fault(s) in the prices", faults=faults, where=str(root))


def _with_way_out(error: PipelineError, project: Project, folder: Path) -> PipelineError:
    """The faults of a collection, which nobody may change, with what to do instead."""
    assert project.prices is not None
    own = folder / "data" / "raw"
    hint = f"put a corrected copy into {own}, named {project.prices.files}: it is read instead"
    return PipelineError(error.what, faults=error.faults, where=error.where, hint=hint)


def _finding(recorded: Mapping[str, Any]) -> Finding:
    return Finding(**{**recorded, "date": dt.date.fromisoformat(recorded["date"])})


def _told(findings: Sequence[Finding]) -> Iterator[str]:
    """A line a rule: how many days, the first of them, and what was found on the first."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    for rule, same in by_rule.items():
        days = ", ".join(finding.date.isoformat() for finding in same[:SHOWN])
        more = f" and {len(same) - SHOWN} more" if len(same) > SHOWN else ""
        yield f"{rule}: {days}{more}: {same[0].found}; {same[0].expected}"
