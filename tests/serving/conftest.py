from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import AgePredictor, Client, Clock, Registry, bundle


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", busy_timeout=0.05) as opened:
        yield opened


@pytest.fixture
def predictor() -> AgePredictor:
    return AgePredictor()


@pytest.fixture
def registry(predictor: AgePredictor) -> Registry:
    return Registry("1", bundle(predictor))


@pytest.fixture
def service(registry: Registry, ledger: Ledger) -> Service:
    return Service(registry, ledger, now=Clock())


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(create_app({"churn": service}, max_body_bytes=100_000, max_waiting_rows=1_000)) as opened:
        yield opened
