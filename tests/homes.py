"""A small project on disk, its table, and what every test of the command line and the registry starts from."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zelo.cli.app import main
from zelo.cli.workspace import Workspace, open_workspace
from zelo.spec.loading import load_project
from zelo.spec.project import Project

REPOSITORY = Path(__file__).parents[1]
NAME = "pumps"
ROWS = 600
PROJECT = """
name: pumps
title: Pumps that fail
language: en
task: {kind: binary, target: failed, column: Failed, positive: 1}
data:
  key: pump
  sources: {train: pumps.csv}
  fields:
    age: {type: integer, unit: years, min: 0, max: 60, meaning: years in service, example: 10}
    load: {type: number, unit: kW, min: 0, max: 200, missing: allowed, meaning: mean load, example: 50.5}
    site: {type: category, values: [North, South], meaning: where it stands, example: North}
derived: {effort: age * load}
split: {by: class, test: 0.25, seed: 7}
candidates:
  - prior
  - logistic_regression
  - lightgbm: {n_estimators: 30, learning_rate: 0.1, min_child_samples: 5}
select: {primary: f1, report: [roc_auc, brier], folds: 3}
decision:
  threshold: {maximise: f1}
  bands:
    - {above: 0.7, label: High, recommendation: Stop the pump.}
    - {label: Low, recommendation: Carry on.}
grades:
  - {above: 0.9, label: Excellent}
  - {above: 0.6, label: Fair}
  - {label: Poor}
serving: {entity: pump}
gates: {slices: [site], calibration_error: 0.2, latency_ms: 500}
"""


def pumps(rows: int = ROWS, *, seed: int = 0, first: int = 0) -> pd.DataFrame:
    """Labelled rows in the layout of the source: old pumps under load fail, more in the South."""
    chance = np.random.default_rng(seed)
    age = chance.integers(0, 50, rows)
    load = chance.gamma(4.0, 15.0, rows).clip(1, 190).round(2)
    site = chance.choice(["North", "South"], rows)
    drive = (age * load - 1700) / 500 + 0.8 * (site == "South") + chance.normal(0, 0.5, rows)
    return pd.DataFrame(
        {
            "pump": [f"p{first + number:05d}" for number in range(rows)],
            "age": age,
            "load": [None if chance.random() < 0.03 else value for value in load],
            "site": site,
            "Failed": (drive > 0).astype(int),
        }
    )
