from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.registry.fakes import examined, guesses, truth
from tests.tables import make_project

from zelo.registry.gates.g08_critical import CLASSES, GATE
from zelo.registry.gates.gate import GateResult


def judged(folder: Path, *recalls: float | None, critical: list[int] | None = None) -> GateResult:
    """The gate on a binary task whose classes have these recalls."""
    written = [
        {
            "label": label,
            "out_of_fold": {"recall": {"value": value, "low": value and value / 2, "high": value and 1.0}},
        }
        for label, value in enumerate(recalls)
    ]
    (folder / CLASSES).write_text(json.dumps({"classes": written}), encoding="utf-8")
    select: dict[str, Any] = {"primary": "f1", "folds": 3}
    if critical:
        select["critical"] = {"classes": critical, "recall": 0.6}
    return GATE.run(examined(folder, guesses(truth(), right=0.9), project=make_project(select=select)))


@pytest.mark.parametrize(("recall", "status"), [(0.6, "passed"), (0.8, "passed"), (0.59, "failed")])
def test_the_floor_decides(recall: float, status: str, tmp_path: Path) -> None:
    result = judged(tmp_path, 0.1, recall, critical=[1])
    assert (result.code, result.status) == ("G08", status)
    assert f"1 {recall:.2f} [" in result.found
    assert "at least 0.6" in result.expected


def test_every_critical_class_is_judged(tmp_path: Path) -> None:
    result = judged(tmp_path, 0.1, 0.9, critical=[0, 1])
    assert result.status == "failed"
    assert result.found.startswith("0 too low; 0 0.10")


def test_a_class_that_was_never_scored_is_not_held(tmp_path: Path) -> None:
    result = judged(tmp_path, 0.9, None, critical=[1])
    assert result.status == "failed"
    assert "1 has no scored rows" in result.found


def test_without_critical_classes_there_is_nothing_to_judge(tmp_path: Path) -> None:
    assert judged(tmp_path, 0.1, 0.1).status == "skipped"
