"""Simulated traffic over HTTP: a real server answers it, and its ledger holds what was told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.homes import NAME, stage
from tests.processes import opened_world

from zelo.ledger.store import Ledger


@pytest.mark.slow
def test_a_served_project_is_driven(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    import shutil

    root = tmp_path / "zelo"
    shutil.copytree(stage(tmp_path_factory, "served"), root)
    with opened_world(root, root / "projects") as world:
        server = world.serve(NAME)
        burst = ["--drift", "missing", "--field", "load", "--size", 1, "--onset", 0.5]
        url = ["--url", server.url, "--rate", 60, "--seconds", 2, "--delay", 0.2]
        ones = world.json("simulate", NAME, *url, *burst)
        many = world.json("simulate", NAME, *url, "--rows", 5, "--seed", 1, "--outcomes", 0.5)
        with world.ledger() as ledger:
            facts = _facts(ledger)

    assert (ones["rows"], ones["outcomes"], ones["refused"]) == (120, 120, {})
    assert (many["rows"], many["refused"]) == (600, {})
    assert 200 < many["outcomes"] < 400
    assert 0 < ones["latency_ms"]["p50"] <= ones["latency_ms"]["p99"]
    assert facts == (720, 120 + many["outcomes"], 2)


def _facts(ledger: Ledger) -> tuple[int, int, int]:
    return ledger.count(NAME), len(ledger.judged(NAME)), len(ledger.events(NAME, kind="simulation"))
