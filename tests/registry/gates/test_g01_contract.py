from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.registry.fakes import examined, guesses, snapshot_of, truth
from tests.tables import make_project

from zelo.registry.gates.g01_contract import GATE


def test_rows_checked_against_the_bundles_contract_pass(tmp_path: Path) -> None:
    result = GATE.run(examined(tmp_path, guesses(truth(), right=0.9)))
    assert (result.code, result.status) == ("G01", "passed")
    assert "1600 rows" in result.found


def test_another_snapshot_than_the_bundle_names_fails(tmp_path: Path) -> None:
    other = replace(snapshot_of(make_project()), hash="c" * 64)
    result = GATE.run(examined(tmp_path, guesses(truth(), right=0.9), snapshot=other))
    assert result.status == "failed"
    assert "c" * 16 in result.found
    assert "a" * 16 in result.found


def test_rows_checked_against_another_contract_fail(tmp_path: Path) -> None:
    other = replace(snapshot_of(make_project()), contract="d" * 64)
    result = GATE.run(examined(tmp_path, guesses(truth(), right=0.9), snapshot=other))
    assert result.status == "failed"
    assert "another contract" in result.found
