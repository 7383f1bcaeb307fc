"""Simulated requests: the same for the same seed, within the contract, with the drift that was asked for."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.homes import PROJECT, pumps

from zelo.errors import SpecError
from zelo.serving.schema import RequestSchema
from zelo.simulation.change import Change
from zelo.simulation.pool import Pool, Row, pool_of
from zelo.simulation.traffic import Traffic
from zelo.spec.loading import parse_project
from zelo.spec.project import Project

PROJECT_ = parse_project(PROJECT)
ROWS, EACH = 400, 10


def pool() -> Pool:
    return pool_of(pumps(800).rename(columns={"Failed": "failed"}), PROJECT_)


def drawn(*changes: Change, seed: int = 4, found: Pool | None = None) -> tuple[list[Row], list[Any]]:
    traffic = Traffic(found or pool(), requests=ROWS // EACH, rows_each=EACH, seed=seed, changes=changes)
    requests = [traffic.request(number) for number in range(traffic.requests)]
    return [row for request in requests for row in request.rows], [
        truth for request in requests for truth in request.truths
    ]


def ages(rows: list[Row]) -> np.ndarray:
    return np.array([row["age"] for row in rows])


def test_the_same_seed_asks_the_same_rows() -> None:
    assert drawn() == drawn()
    assert drawn(seed=5) != drawn()


def test_rows_are_held_out_ones_about_somebody_new() -> None:
    rows, truths = drawn()
    known = set(map(_facts, pool().rows, pool().truths))

    assert set(map(_facts, rows, truths)) <= known
    assert len({row["pump"] for row in rows}) == ROWS
    assert all(row["pump"].startswith("sim-4-") for row in rows)
    assert any("load" not in row for row in rows)


def _facts(row: Row, truth: Any) -> tuple[Any, ...]:
    return row["age"], row.get("load"), row["site"], truth


@pytest.mark.parametrize(
    "change",
    [
        Change("shift", 3.0, "age"),
        Change("spread", 4.0, "load"),
        Change("swap", 0.5, "site"),
        Change("missing", 0.5, "load"),
        Change("correlation", 0.5, "load"),
        Change("labels", 0.3),
        Change("truth", 0.5),
    ],
    ids=lambda change: change.kind,
)
def test_whatever_changes_the_contract_holds(change: Change) -> None:
    rows, truths = drawn(change)

    checked = RequestSchema(PROJECT_).read_rows(json.dumps({"rows": rows}).encode())

    assert (len(checked.rows), list(checked.errors)) == (ROWS, [])
    assert set(truths) <= {0, 1}


def test_a_shift_is_in_deviations_and_stops_at_the_range() -> None:
    reference = ages(list(pool().rows))

    moved = ages(drawn(Change("shift", 0.5, "age"))[0]) - ages(drawn()[0])

    inside = ages(drawn()[0]) + 0.5 * reference.std() <= 60
    assert moved[inside] == pytest.approx(0.5 * reference.std(), abs=0.5)
    assert ages(drawn(Change("shift", 9.0, "age"))[0]).max() == 60


def test_a_spread_leaves_the_mean() -> None:
    narrow = ages(drawn(Change("spread", 0.5, "age"))[0])

    assert narrow.std() == pytest.approx(0.5 * ages(drawn()[0]).std(), rel=0.05)
    assert narrow.mean() == pytest.approx(ages(drawn()[0]).mean(), abs=1.0)


def test_categories_are_swapped_and_values_go_missing_in_a_share_of_the_rows() -> None:
    plain, swapped = (
        [row["site"] for row in drawn(*some)[0]] for some in ((), (Change("swap", 1.0, "site"),))
    )
    assert len(set(plain)) == 2
    assert len(set(swapped)) == 1
    missing = [row.get("load") is None for row in drawn(Change("missing", 0.4, "load"))[0]]
    assert np.mean(missing) == pytest.approx(0.42, abs=0.08)


def test_a_broken_correlation_leaves_each_field_as_it_was() -> None:
    frame = pumps(800).rename(columns={"Failed": "failed"})
    frame["load"] = frame["age"] * 3.0
    found = pool_of(frame, PROJECT_)

    rows, _ = drawn(Change("correlation", 1.0, "load"), found=found)

    loads = np.array([row["load"] for row in rows])
    assert abs(np.corrcoef(ages(rows), loads)[0, 1]) < 0.15
    assert set(loads) <= {row["load"] for row in found.rows}


def test_labels_and_truths() -> None:
    share = np.mean(pool().truths)
    assert np.mean(drawn(Change("labels", 0.3))[1]) == pytest.approx(share + 0.3, abs=0.07)
    (rows, truths), (others, turned) = drawn(), drawn(Change("truth", 1.0))
    assert rows == others
    assert turned == [1 - truth for truth in truths]


def test_a_change_has_its_part_of_the_run() -> None:
    burst = Change("missing", 1.0, "load", start=0.25, end=0.75)

    rows, _ = drawn(burst)

    missing = np.array(["load" not in row for row in rows]).reshape(4, -1).mean(axis=1)
    assert missing[1:3].tolist() == [1.0, 1.0]
    assert max(missing[0], missing[3]) < 0.15
    # Before its time the rows are those of a run without it.
    assert rows[:100] == drawn()[0][:100]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (Change("shift", 1.0, "nothing"), "--field"),
        (Change("shift", 1.0, "site"), "--drift"),
        (Change("missing", 0.5, "age"), "--drift"),
        (Change("missing", 1.5, "load"), "--size"),
        (Change("shift", float("nan"), "age"), "--size"),
        (Change("swap", 0.5, "site", start=0.6, end=0.4), "--onset and --end"),
        (Change("labels", 0.2, "age"), "--field"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_what_cannot_be_done_is_refused(change: Change, where: str) -> None:
    with pytest.raises(SpecError) as refused:
        drawn(change)
    assert refused.value.where == where


def series() -> tuple[Project, pd.DataFrame]:
    document: dict[str, Any] = {
        "name": "flow",
        "title": "Flow",
        "language": "en",
        "task": {"kind": "regression", "target": "flow", "unit": "l"},
        "forecast": {"history": 3, "season": 1},
        "data": {
            "sources": {"train": "flow.csv"},
            "fields": {"day": {"type": "date", "use": "metadata"}},
        },
        "split": {"by": "time", "column": "day"},
        "candidates": ["persistence"],
        "select": {"primary": "mae"},
        "serving": {"entity": "day"},
    }
    project = Project.model_validate(document)
    values = np.arange(20.0)
    lags = {project.lag(place): values - place for place in (1, 2, 3)}
    days = pd.date_range("2026-01-01", periods=20)
    return project, pd.DataFrame({"day": days, "flow": values, **lags})


def test_a_forecast_comes_in_order_with_its_history() -> None:
    project, frame = series()
    found = pool_of(frame, project)

    rows, truths = drawn(found=found)

    assert rows[0] == {"day": "2026-01-01", "last_flow": [-3.0, -2.0, -1.0]}
    assert truths[:21] == [*range(20), 0]
    moved, _ = drawn(Change("shift", 1.0, "last_flow"), found=found)
    step = np.subtract(moved[0]["last_flow"], rows[0]["last_flow"])
    assert step == pytest.approx([step[0]] * 3)
    assert step[0] > 1
    with pytest.raises(SpecError):
        drawn(Change("labels", 0.2), found=found)


def test_unknown_words_in_a_text() -> None:
    document = PROJECT_.model_dump(mode="json", exclude_defaults=True)
    document["data"]["fields"] = {"note": {"type": "text"}}
    document |= {"derived": {}, "gates": {}, "serving": {}}
    project = Project.model_validate(document)
    frame = pd.DataFrame({"pump": list("ab"), "note": ["bomba vazando", "ruído"], "failed": [0, 1]})

    rows, _ = drawn(Change("words", 1.0, "note"), found=pool_of(frame, project))

    assert {row["note"] for row in rows} == {"abmobx odnazavx", "odíurx"}
