"""Of every shipped project a recorded prediction is computed again, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.homes import SHIPPED, Home

from zelo.cli.champion import open_service
from zelo.features.columns import take
from zelo.features.history import gathered
from zelo.ledger.store import Ledger
from zelo.ledger.together import scored_together
from zelo.serving.reproduction import answered, attempts
from zelo.spec.loading import list_projects, load_project

Trained = Callable[[str], Home]
# What has a generator can be trained without anybody's data.
GENERATED = [name for name in list_projects(SHIPPED) if (SHIPPED / name / "dataset.py").exists()]


def first_rows(home: Home, most: int) -> list[dict[str, Any]]:
    """The first rows of the test set, as a request has them but for the history, which stays lags."""
    _, columns, _ = home.test_rows()
    some = take(columns, np.arange(most))
    rows = [{name: values[place] for name, values in some.items()} for place in range(most)]
    return [
        {name: getattr(value, "item", lambda v=value: v)() for name, value in row.items()} for row in rows
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", GENERATED)
def test_it_says_the_same_bits_again(trained: Trained, name: str, tmp_path: Path) -> None:
    home = trained(name)
    rows = first_rows(home, 8)
    forecast = load_project(SHIPPED / name).forecast
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        service = open_service(home.workspace, name, ledger)
        asked = [gathered(row, service.model.bundle.project) for row in rows]
        service.predict([service.question(asked[:1])])
        service.predict([service.question(asked[:5]), service.question(asked[5:])])
        if forecast is not None:
            service.forecast(rows[: forecast.horizon])
        records = ledger.predictions(name, order="oldest")
        assert len(records) == 9 + (forecast.horizon if forecast else 0)
        for record in records:
            together = scored_together(ledger, record, record.version)
            last = attempts(service.model, answered(record), together)[-1]
            assert last.same, last.differences
