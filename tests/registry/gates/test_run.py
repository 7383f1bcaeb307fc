"""The gates together: codes, the page that explains them, and that one stops no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.registry.fakes import examined, prior, truth

from zelo.registry.gates import run

FOLDER = Path(run.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "gates.md"
TESTS = Path(__file__).parent


def test_codes_are_unique_and_in_order() -> None:
    codes = [gate.code for gate in run.GATES]
    assert codes == [f"G{number:02d}" for number in range(1, len(codes) + 1)]
    assert len({gate.title for gate in run.GATES}) == len(codes)


def test_every_gate_has_a_file_a_test_and_is_run() -> None:
    files = {path.stem for path in FOLDER.glob("g[0-9]*.py")}
    assert {gate.check.__module__.rpartition(".")[2] for gate in run.GATES} == files
    assert {path.stem.removeprefix("test_") for path in TESTS.glob("test_g*.py")} == files


def test_every_gate_has_a_heading_in_the_docs() -> None:
    headings = re.findall(r"^##+ (G\d\d)\b", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [gate.code for gate in run.GATES]


def test_a_gate_that_fails_stops_no_other(tmp_path: Path) -> None:
    results = run.run_gates(examined(tmp_path, prior(truth())))
    assert [result.code for result in results] == [gate.code for gate in run.GATES]
    assert {result.status for result in results} == {"passed", "failed", "skipped"}
    assert all(result.as_dict()["found"] for result in results)
