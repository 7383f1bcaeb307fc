"""The model of machine failures knows the physics that made its data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.homes import Home, answered
from tests.serving.fakes import Client

from zelo.cli.champion import open_service
from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app

pytestmark = pytest.mark.slow
Trained = Callable[[str], Home]

NOMINAL = {
    "air_temperature": 300.0,
    "process_temperature": 310.0,
    "rotational_speed": 1500.0,
    "torque": 40.0,
    "tool_wear": 80.0,
}
OVERSTRAIN = 11_000.0


def column(**changes: Any) -> Columns:
    """Rows that differ from the nominal one in what is given."""
    length = max((np.size(value) for value in changes.values()), default=1)
    return {
        name: np.broadcast_to(changes.get(name, value), length).astype(float)
        for name, value in NOMINAL.items()
    }


@pytest.fixture
def failure(trained: Trained) -> Callable[..., np.ndarray]:
    """The probability of a failure for changes of the nominal row."""
    predictor = trained("machine_failure").bundle("champion").predictor
    return lambda **changes: predictor.scores(column(**changes))[:, 1]


@pytest.mark.parametrize("torque", [50.0, 55.0, 60.0])
def test_more_wear_never_lowers_the_risk_across_the_overstrain_limit(
    failure: Callable[..., np.ndarray], torque: float
) -> None:
    limit = OVERSTRAIN / torque
    strained = failure(
        torque=torque, rotational_speed=1400.0, tool_wear=np.array([0.5, 0.8, 1.05, 1.15]) * limit
    )
    below, above = strained[:2].max(), strained[2:].min()
    assert above > below
    assert above > 0.5


@pytest.mark.parametrize(
    "violation",
    [
        {"process_temperature": 308.0, "rotational_speed": 1300.0, "torque": 50.0},
        {"rotational_speed": 2800.0, "torque": 9.0},
        {"rotational_speed": 1350.0, "torque": 68.0},
        {"torque": 60.0, "rotational_speed": 1380.0, "tool_wear": 215.0},
    ],
    ids=["heat is not carried off", "too little power", "too much power", "overstrain"],
)
def test_a_row_that_breaks_a_rule_is_riskier_than_the_nominal_one(
    failure: Callable[..., np.ndarray], violation: dict[str, float]
) -> None:
    assert failure(**violation)[0] > max(0.3, failure()[0] * 5)


def test_a_nominal_machine_is_safe(failure: Callable[..., np.ndarray]) -> None:
    assert failure()[0] < 0.05


def test_a_trifle_changes_nothing(failure: Callable[..., np.ndarray]) -> None:
    base = failure()[0]
    for name, step in (("air_temperature", 0.1), ("torque", 0.1), ("rotational_speed", 1.0)):
        assert abs(failure(**{name: NOMINAL[name] + step})[0] - base) < 0.02


def test_the_five_fields_are_answered_as_promised(trained: Trained, tmp_path: Path) -> None:
    home = trained("machine_failure")
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        service = open_service(home.workspace, home.name, ledger)
        with Client(create_app({home.name: service})) as client:
            safe = client.post("/predict", json=NOMINAL).json()
            risky = client.post("/predict", json=NOMINAL | {"torque": 68.0, "rotational_speed": 1350}).json()
            assert client.post("/predict", json=NOMINAL | {"HDF": 1}).status_code == 422
            assert client.get(f"/predictions/{safe['id']}").json()["inputs"] == NOMINAL
    assert {"prediction", "probability", "risk_level", "recommendation", "id", "model_version"} <= set(safe)
    assert (safe["prediction"], safe["risk_level"]) == (0, "Baixo")
    assert safe["recommendation"] == "Operação normal. Continuar monitoramento."
    assert safe["probability"] == pytest.approx(1 - safe["score"])
    assert safe["probability"] > 0.9
    assert safe["model_version"] == "1"
    assert risky["prediction"] == 1
    assert risky["probability"] == risky["score"]
    assert risky["risk_level"] in {"Alto", "Crítico"}


def test_a_file_of_the_five_fields_needs_no_column_of_the_training(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = trained("machine_failure")
    monkeypatch.setenv("ZELO_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    heads = {home.project.column_of(name): [value, value] for name, value in NOMINAL.items()}
    path = tmp_path / "new.csv"
    pd.DataFrame({"UDI": [1, 2], **heads}).to_csv(path, index=False)
    answered("predict", home.name, "--input", path, "--output", tmp_path / "out.csv")
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table.columns) == ["udi", "prediction", "score", "band", "model_version", "prediction_id"]
    assert table["band"].tolist() == ["Baixo", "Baixo"]
