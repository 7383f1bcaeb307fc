"""Days of traffic into the ledger, at made-up times, with outcomes that come late; and the command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.homes import NAME, Home, answered, zelo
from tests.processes import free_port

MakeHome = Callable[[str], Home]


def test_days_of_traffic(make_home: MakeHome) -> None:
    home = make_home("served")
    with home.workspace.ledger() as ledger:
        before = ledger.count(NAME)
    drift = ["--drift", "shift", "--field", "age", "--size", "1", "--onset", "0.5"]

    ran = answered("simulate", NAME, "--days", 10, "--a-day", 60, "--rows", 5, "--seed", 3, *drift, "--json")

    assert (ran.json["rows"], ran.json["requests"], ran.json["refused"]) == (600, 120, {})
    with home.workspace.ledger() as ledger:
        assert ledger.count(NAME) == before + 600
        (event,) = ledger.events(NAME, kind="simulation")
        records = ledger.predictions(NAME, order="oldest")[-600:]
        judged = ledger.judged(NAME)
    assert (event.payload["synthetic"], event.payload["drift"]["field"]) == (True, "age")
    end = datetime.now(UTC)
    assert end - timedelta(days=10, hours=1) < records[0].at < records[-1].at < end
    ages = np.array([record.inputs["age"] for record in records])
    assert ages[300:].mean() > ages[:300].mean() + 5
    # A truth is about a day late and told at night; of the last day most have not come.
    assert ran.json["outcomes"] == len(judged)
    assert 400 < len(judged) < 600
    told = {row.outcome.recorded_at - row.prediction.at for row in judged}
    assert min(told) >= timedelta(0)
    assert all(row.outcome.observed_at <= row.outcome.recorded_at for row in judged)
    delays = [(row.outcome.observed_at - row.prediction.at) / timedelta(days=1) for row in judged]
    assert np.mean(delays) == pytest.approx(0.9, abs=0.2)


def test_the_same_seed_leaves_the_same_ledger(make_home: MakeHome) -> None:
    home = make_home("served")
    command = ["simulate", NAME, "--days", 2, "--a-day", 20, "--outcomes", 0.5, "--delay", 0, "--json"]

    first, second = answered(*command).json, answered(*command).json

    assert first == second
    assert 10 <= first["outcomes"] <= 30
    with home.workspace.ledger() as ledger:
        records = ledger.predictions(NAME, order="oldest")
    rows: dict[str | None, list[object]] = {}
    for record in records:
        rows.setdefault(record.entity, []).append((record.inputs, record.score))
    assert len(rows) == 40
    assert all(one == other for one, other in rows.values())


def test_nobody_answers(make_home: MakeHome) -> None:
    make_home("served")

    ran = zelo("simulate", NAME, "--url", f"http://127.0.0.1:{free_port()}", "--seconds", 1)

    assert ran.status == 2
    assert "nobody answers" in ran.err


def test_drift_that_cannot_be(make_home: MakeHome) -> None:
    home = make_home("served")

    ran = zelo("simulate", NAME, "--days", 1, "--drift", "shift", "--field", "site")

    assert ran.status == 2
    assert "such drift cannot be simulated" in ran.err
    with home.workspace.ledger() as ledger:
        assert ledger.events(NAME, kind="simulation") == []
