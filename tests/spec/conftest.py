from __future__ import annotations

from collections.abc import Callable

import pytest

WRITTEN = """\
name: demo
title: Demonstração
task: {kind: binary, target: left, positive: 1}
data:
  key: id
  sources:
    train: train.csv
    more: {file: more.csv, encoding: latin-1}
  fields:
    age: {type: integer, unit: years, min: 18, max: 120}
    land: {type: category, values: [a, b]}
    since: {type: date, use: metadata}
derived: {half: age / 2}
split: {by: class, test: 0.15, seed: 42}
candidates:
  - prior
  - random_forest: {n_estimators: 10}
select: {primary: f1, report: [roc_auc, f1]}
decision:
  threshold: {maximise: f1}
  bands: [{above: 0.9, label: high}, {above: 0.5, label: middling}, {label: low}]
serving: {entity: id}
gates: {slices: [land]}
"""

Change = Callable[[str, str], str]


@pytest.fixture
def written() -> str:
    """A valid project.yaml."""
    return WRITTEN


@pytest.fixture
def change() -> Change:
    """The valid project.yaml with one passage replaced."""

    def replaced(old: str, new: str) -> str:
        assert WRITTEN.count(old) == 1, old
        return WRITTEN.replace(old, new)

    return replaced
