"""A small project, a predictor whose answers can be checked by hand, and a client for the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np
from fastapi import FastAPI

from zelo.decisions.policy import make_policy
from zelo.features.columns import Columns
from zelo.registry.bundle import Bundle
from zelo.spec.loading import parse_project

PROJECT = """
name: churn
title: Evasão
task: {kind: binary, target: saiu, meaning: o cliente sai}
data:
  key: id_cliente
  sources: {train: train.csv}
  fields:
    idade: {type: integer, unit: anos, min: 0, max: 100, meaning: Idade do cliente}
    saldo: {type: number, missing: allowed, unit: R$}
    pais: {type: category, values: [França, Alemanha]}
    cidade: {type: category, missing: allowed}
candidates: [prior]
select: {primary: f1}
decision:
  bands:
    - {above: 0.8, label: Risco alto, recommendation: Ligar hoje}
    - {label: Risco baixo, recommendation: Acompanhar}
serving:
  entity: id_cliente
  aliases:
    latest: /churn/{id_cliente}
    ranking: /churn/todas/predicoes
    minimum: risco_minimo
    limit: limite
"""
BANDS = PROJECT[PROJECT.index("decision:") : PROJECT.index("serving:")]
REGRESSION = """
name: man_hours
title: Hours
task: {kind: regression, target: hours, unit: h}
data:
  sources: {train: train.csv}
  fields: {flights: {type: number, min: 0}}
split: {by: random}
candidates: [prior]
select: {primary: mae}
"""
TEXTS = """
name: faults
title: Modos de falha
task:
  kind: multiclass
  target: falha
  classes: [vazamento, quebra, ruído]
  spellings: {Aberto: quebra, vaza: vazamento}
data:
  key: ordem
  sources: {train: train.csv}
  fields:
    comentario: {type: text, meaning: o que a equipe escreveu}
    ativo: {type: category, use: metadata}
candidates: [prior]
select: {primary: f1_macro}
decision: {top: 2, confidence: 0.6, coverage: 0.9}
serving: {entity: ativo}
"""
ROW = {"idade": 40, "saldo": 10.5, "pais": "França"}
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class AgePredictor:
    """The probability of the positive class is idade / 100."""

    runtime = "onnx"

    def __init__(self) -> None:
        self.calls: list[int] = []

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        share = columns["idade"] / 100
        self.calls.append(len(share))
        return np.stack([1 - share, share], axis=1)


class WordPredictor:
    """Each of its words speaks for a class: p is the softmax of how often they are there."""

    runtime = "onnx"
    WORDS = ("vaza", "quebrou", "ruido")

    def __init__(self) -> None:
        self.calls: list[int] = []

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        texts = columns["comentario"]
        self.calls.append(len(texts))
        counts = np.array([[text.split().count(word) for word in self.WORDS] for text in texts], dtype=float)
        odds = np.exp(np.minimum(counts, 20))
        return odds / odds.sum(axis=1, keepdims=True)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


def bundle(
    predictor: Any, text: str = PROJECT, set_limits: tuple[float, ...] = (), **manifest: Any
) -> Bundle:
    project = parse_project(text)
    half_width = 2.0 if project.task.kind == "regression" else None
    policy = make_policy(project, half_width=half_width, set_limits=set_limits)
    return Bundle(Path("bundles/0"), "0" * 64, project, policy, {"runtime": "onnx", **manifest}, predictor)


class Registry:
    """What a service loads from; a test changes ``current``."""

    def __init__(self, version: str, loaded: Bundle) -> None:
        self.current: tuple[str, Bundle] | Exception = (version, loaded)

    def __call__(self) -> tuple[str, Bundle]:
        if isinstance(self.current, Exception):
            raise self.current
        return self.current


class Client:
    """Speaks to an app without a network, within the app's lifespan."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://zelo")

    def __enter__(self) -> Self:
        self._runner.run(self._stack.enter_async_context(self.app.router.lifespan_context(self.app)))
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._http.aclose())
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def run(self, together: Callable[[httpx.AsyncClient], Any]) -> Any:
        return self._runner.run(together(self._http))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._http.get(path, **options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._http.post(path, **options))
