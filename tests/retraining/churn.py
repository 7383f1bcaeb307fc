"""A project with candidates to train, its app, and what its answers say."""

from __future__ import annotations

from typing import Any

import httpx
from tests.serving.fakes import PROJECT, AgePredictor, Registry, bundle

from zelo.ledger.store import Ledger
from zelo.retraining.routes import Training, training_extension
from zelo.serving.app import create_app
from zelo.serving.service import Service

SPEC = PROJECT.replace(
    "candidates: [prior]", "candidates: [prior, {lightgbm: {num_leaves: 16}}, logistic_regression, voting]"
)
JSON = {"content-type": "application/json"}
DAY = {"candidates": {"lightgbm": {"n_estimators": 50}}, "reason": "fewer trees"}


class Wakes(list[str]):
    """Which jobs the broker was told of."""

    def __call__(self, job_id: str) -> None:
        self.append(job_id)


def app_of(training: Training, ledger: Ledger) -> Any:
    service = Service(Registry("1", bundle(AgePredictor())), ledger)
    return create_app({"churn": service}, extensions={"churn": training_extension("churn", training)})


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert (document["status"], document["code"]) == (status, code)
    return document


def places(document: dict[str, Any]) -> list[str]:
    return [error["field"] for error in document["errors"]]
