from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.retraining.churn import SPEC, Wakes, app_of
from tests.serving.fakes import Client

from zelo.ledger.jobs import Jobs
from zelo.ledger.store import Ledger
from zelo.retraining.routes import Training
from zelo.spec.loading import parse_project


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", busy_timeout=0.05) as opened:
        yield opened


@pytest.fixture
def jobs(ledger: Ledger) -> Jobs:
    return Jobs(ledger)


@pytest.fixture
def wakes() -> Wakes:
    return Wakes()


@pytest.fixture
def training(ledger: Ledger, wakes: Wakes) -> Training:
    return Training(
        project=lambda: parse_project(SPEC), ledger=ledger, wake=wakes, actor="Ana", max_body_bytes=2_000
    )


@pytest.fixture
def client(training: Training, ledger: Ledger) -> Iterator[Client]:
    with Client(app_of(training, ledger)) as opened:
        yield opened
