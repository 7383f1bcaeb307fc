"""The page of features is what the code and the projects say now."""

from __future__ import annotations

from pathlib import Path

from tests.series import RETURNS, make_forecast_project
from tests.texts import make_text_project

from zelo.features.catalogue import page
from zelo.features.text.blocks import BLOCKS
from zelo.spec.loading import list_projects, load_project

ROOT = Path(__file__).parents[2]


def test_the_kept_page_is_the_one_that_the_code_makes() -> None:
    projects = [load_project(ROOT / "projects" / name) for name in list_projects(ROOT / "projects")]
    kept = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    assert kept == page(projects), "make docs"


def test_the_page_tells_whether_values_or_their_changes_are_read() -> None:
    assert "last 24 values; read as lags 1, 2, 12 and means of the last 3, 24" in page(
        [make_forecast_project()]
    )
    returns = make_forecast_project(forecast=RETURNS)
    expected = "last 24 values; read as their relative changes, lags 1, 2, 12 and means of the last 3, 23"
    assert expected in page([returns])


def test_the_page_names_every_block_and_every_experiment() -> None:
    experiment = {
        "spelled": {"estimator": "linear_svm", "features": ["words", {"chars": {"ngrams": [2, 3]}}]}
    }
    found = page([make_text_project(candidates=["prior", experiment])])
    assert all(f"| `{name}` |" in found for name in BLOCKS)
    assert "| `spelled` | `linear_svm` | words, chars ngrams [2, 3] |" in found
