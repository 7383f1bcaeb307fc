"""A real server whose predictor can be checked by hand: python served.py LEDGER_URL PORT BUSY_TIMEOUT."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from zelo.decisions.policy import make_policy
from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.serving.app import create_app
from zelo.serving.follow import looking
from zelo.serving.server import serve
from zelo.serving.service import Service
from zelo.spec.loading import parse_project

PROJECT = """
name: tokens
title: Tokens
task: {kind: binary, target: y}
data:
  key: token
  sources: {train: train.csv}
  fields: {x: {type: number, min: 0, max: 1}}
candidates: [prior]
select: {primary: f1}
serving: {entity: token}
"""


class Echo:
    """The probability of the positive class is x."""

    runtime = "onnx"

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        return np.stack([1 - columns["x"], columns["x"]], axis=1)


def main(ledger_url: str, port: str, busy_timeout: str) -> None:
    project = parse_project(PROJECT)
    bundle = Bundle(Path("bundle"), "0" * 64, project, make_policy(project), {"runtime": "onnx"}, Echo())
    with Ledger.open(ledger_url, busy_timeout=float(busy_timeout)) as ledger:
        services = {"tokens": Service(lambda: ("1", bundle), ledger)}
        serve(create_app(services, meanwhile=looking([ledger.settle], seconds=0.05)), port=int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
