"""Evidently's own page, of the rows that the ledger holds."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest

from zelo.errors import DataError
from zelo.monitoring import evidently_report
from zelo.monitoring.evidently_report import write_evidently

from .fakes import Scene


@pytest.mark.slow
def test_a_page_that_tells_nobody(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    page = tmp_path / "pages" / "drift.html"

    assert write_evidently(scene.bundle, scene.answer(150), page) == 150

    html = page.read_text(encoding="utf-8")
    assert all(name in html for name in ("age", "load", "site", "score"))
    assert "DO_NOT_TRACK" not in os.environ


def test_too_few_rows(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too few predictions"):
        write_evidently(scene.bundle, scene.answer(99), tmp_path / "drift.html")
    assert not (tmp_path / "drift.html").exists()


def test_without_the_library_it_says_how_it_comes(scene: Scene, tmp_path: Path) -> None:
    absent = mock.patch.object(evidently_report.importlib.util, "find_spec", return_value=None)
    with absent, pytest.raises(DataError, match="not installed") as refused:
        write_evidently(scene.bundle, [], tmp_path / "drift.html")
    assert refused.value.hint == "pip install 'zelo[report]'"
