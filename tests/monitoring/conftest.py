from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zelo.ledger.store import Ledger

from .fakes import NOW, Scene, make_bundle, make_project


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def scene(ledger: Ledger, tmp_path: Path) -> Scene:
    return Scene(ledger, make_bundle(tmp_path / "bundle", make_project()))
