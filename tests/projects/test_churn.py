"""The model of leaving customers knows what makes them leave, and answers under the bank's own paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.homes import Home, answered
from tests.serving.fakes import Client

from zelo.cli.champion import open_service
from zelo.features.columns import Columns, count
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app

pytestmark = pytest.mark.slow
Trained = Callable[[str], Home]
CUSTOMER = {
    "pais": "Alemanha", "genero": "Feminino", "idade": 52, "anos_cliente": 3, "saldo_conta": 110_000.5,
    "numero_produtos": 1, "cartao_credito": "Sim", "salario_estimado": 90_000.0, "escore_credito": 610,
}  # fmt: skip


@pytest.fixture
def mean_risk(trained: Trained) -> Callable[..., float]:
    """The mean probability of leaving of the test customers, with some fields set for all of them."""
    bundle, rows, _ = trained("churn").test_rows()

    def mean(**changes: object) -> float:
        changed: Columns = rows | {
            name: np.full(count(rows), value, dtype=rows[name].dtype) for name, value in changes.items()
        }
        return float(bundle.predictor.scores(changed)[:, 1].mean())

    return mean


def test_risk_grows_with_age(mean_risk: Callable[..., float]) -> None:
    assert mean_risk(idade=30) < mean_risk(idade=40) < mean_risk(idade=55)


def test_three_products_and_more_are_riskier_than_two(mean_risk: Callable[..., float]) -> None:
    two, three, four = (mean_risk(numero_produtos=number) for number in (2, 3, 4))
    assert two + 0.1 < three
    assert two + 0.1 < four


def test_germany_is_riskier_than_france(mean_risk: Callable[..., float]) -> None:
    assert mean_risk(pais="Alemanha") > mean_risk(pais="França") + 0.05


def test_a_country_that_was_never_seen_is_still_a_number(mean_risk: Callable[..., float]) -> None:
    assert 0 < mean_risk(pais="Portugal") < 1


def test_what_says_nothing_changes_little(mean_risk: Callable[..., float]) -> None:
    assert abs(mean_risk(cartao_credito="Sim") - mean_risk(cartao_credito="Não")) < 0.05


def test_the_banks_own_paths(trained: Trained, tmp_path: Path) -> None:
    home = trained("churn")
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        service = open_service(home.workspace, home.name, ledger)
        with Client(create_app({home.name: service})) as client:
            rows = [
                CUSTOMER
                | {"id_cliente": 15_600_000 + number, "idade": 18 + number, "numero_produtos": 1 + number % 4}
                for number in range(60)
            ]
            told = client.post("/predict/batch", json={"rows": rows}).json()
            assert told["errors"] == []
            answers = {
                str(row["id_cliente"]): answer for row, answer in zip(rows, told["predictions"], strict=True)
            }
            again = client.post("/predict", json=rows[0]).json()

            one = client.get("/churn/15600000").json()
            assert (one["id"], one["score"], one["entity"]) == (again["id"], again["score"], "15600000")
            assert client.get("/churn/99999999").status_code == 404

            listed = client.get("/churn/todas/predicoes?risco_minimo=0.8&limite=10").json()["predictions"]
            scores = [item["score"] for item in listed]
            assert len(listed) == 10
            assert scores == sorted(scores, reverse=True)
            assert min(scores) >= 0.8
            best = sorted((answer["score"] for answer in answers.values()), reverse=True)[:10]
            assert scores == best
            assert all(item["risk_level"] in {"Risco alto", "Risco muito alto"} for item in listed)
            assert client.get("/churn/todas/predicoes?risco_minimo=alto").status_code == 422


def test_a_file_of_new_customers(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained("churn")
    monkeypatch.setenv("ZELO_DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    path, output = tmp_path / "novos.csv", tmp_path / "predicoes.csv"
    pd.DataFrame([CUSTOMER | {"id_cliente": number, "idade": 20 + number} for number in range(50)]).to_csv(
        path, index=False
    )
    answered("predict", "churn", "--input", path, "--output", output)
    table = pd.read_csv(output)
    assert list(table.columns) == [
        "id_cliente",
        "prediction",
        "score",
        "band",
        "model_version",
        "prediction_id",
    ]
    bounds = [(0.9, "Risco muito alto"), (0.7, "Risco alto"), (0.5, "Risco moderado"), (-1, "Risco baixo")]
    expected = [next(label for bound, label in bounds if score > bound) for score in table["score"]]
    assert table["band"].tolist() == expected


def test_the_metrics_table_is_graded_in_portuguese(trained: Trained, tmp_path: Path) -> None:
    trained("churn")
    answered("compare", "churn", "--csv", tmp_path / "metricas.csv")
    table = pd.read_csv(tmp_path / "metricas.csv", keep_default_na=False)
    words = [(0.9, "Excelente"), (0.8, "Bom"), (0.7, "Aceitável"), (0.6, "Fraco"), (-2, "Ruim")]
    losses = {"brier", "ece", "log_loss"}
    for row in table.itertuples():
        expected = "" if row.metric in losses else next(word for bound, word in words if row.value > bound)
        assert row.grade == expected, row.metric
    assert losses < set(table["metric"])
