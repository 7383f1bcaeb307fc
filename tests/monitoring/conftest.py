from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from zelo.ledger.store import Ledger

from .fakes import NOW, Scene, make_bundle, make_project
from .weekly_fakes import Clock, Watched, make_data_set, make_watched_project


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def ledger(tmp_path: Path, empty_ledger: Path) -> Iterator[Ledger]:
    shutil.copy(empty_ledger, tmp_path / "ledger.db")
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def scene(ledger: Ledger, tmp_path: Path) -> Scene:
    return Scene(ledger, make_bundle(tmp_path / "bundle", make_project()))


@pytest.fixture
def watched(tmp_path: Path, empty_ledger: Path) -> Iterator[Watched]:
    shutil.copy(empty_ledger, tmp_path / "weekly.db")
    clock = Clock()
    with Ledger.open(f"sqlite:///{tmp_path / 'weekly.db'}", now=clock) as opened:
        yield Watched(opened, clock, tmp_path, make_watched_project(), make_data_set())
