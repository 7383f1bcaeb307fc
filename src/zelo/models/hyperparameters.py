"""What may be changed of a candidate without touching its project.yaml: by name, type and range."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from zelo.spec.project import Project

Overrides = Mapping[str, Mapping[str, Any]]
"""Candidate -> hyperparameter -> value."""

_SHOWN = 80
_MOST_BITS = 1_024


@dataclass(frozen=True)
class Hyperparameter:
    """A number of an estimator, bounded: a service that takes any number can be asked for a million trees."""

    type: Literal["integer", "number"]
    minimum: float
    maximum: float
    meaning: str

    @property
    def expected(self) -> str:
        kind = "a whole number" if self.type == "integer" else "a number"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"

    def takes(self, value: object) -> bool:
        """Whether the value is of its type and within its range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.type == "integer" and not isinstance(value, int):
            return False
        return self.minimum <= value <= self.maximum


def _whole(minimum: int, maximum: int, meaning: str) -> Hyperparameter:
    return Hyperparameter("integer", minimum, maximum, meaning)


def _real(minimum: float, maximum: float, meaning: str) -> Hyperparameter:
    return Hyperparameter("number", minimum, maximum, meaning)


HYPERPARAMETERS: dict[str, Hyperparameter] = {
    # Networks.
    "epochs": _whole(1, 1_000, "the most times that the rows are gone through"),
    "patience": _whole(1, 200, "epochs without a better validation before it stops"),
    "validation": _real(0.05, 0.5, "share of the rows that is watched to stop early"),
    "batch_size": _whole(1, 4_096, "rows a step"),
    "hidden": _whole(1, 512, "units a layer"),
    "layers": _whole(1, 8, "layers"),
    "dropout": _real(0.0, 0.9, "share of units left out while learning"),
    "weight_decay": _real(0.0, 1.0, "how strongly weights are drawn to 0"),
    "head_rate": _real(1e-6, 1.0, "learning rate of the head alone"),
    "warm_up": _real(0.0, 0.5, "share of the steps in which the rate grows"),
    "temperature": _real(1e-3, 10.0, "of the contrastive loss"),
    "dimension": _whole(4, 512, "length of a word's vector"),
    "filters": _whole(1, 512, "filters a width"),
    # Networks and boosted trees.
    "learning_rate": _real(1e-6, 1.0, "size of a step"),
    # Trees.
    "n_estimators": _whole(1, 2_000, "trees"),
    "iterations": _whole(1, 2_000, "trees"),
    "max_depth": _whole(1, 32, "the deepest a tree may grow"),
    "depth": _whole(1, 10, "depth of each tree"),
    "num_leaves": _whole(2, 1_024, "the most leaves a tree"),
    "min_child_samples": _whole(1, 10_000, "the fewest rows a leaf"),
    "min_samples_leaf": _whole(1, 10_000, "the fewest rows a leaf"),
    "min_child_weight": _real(0.0, 1_000.0, "the least weight a leaf"),
    "max_features": _real(0.01, 1.0, "share of the features that a split looks at"),
    "subsample": _real(0.05, 1.0, "share of the rows a tree"),
    "colsample_bytree": _real(0.05, 1.0, "share of the features a tree"),
    "rsm": _real(0.05, 1.0, "share of the features a split"),
    "reg_alpha": _real(0.0, 1_000.0, "how strongly leaves are drawn to 0, by their size"),
    "reg_lambda": _real(0.0, 1_000.0, "how strongly leaves are drawn to 0, by their square"),
    "l2_leaf_reg": _real(0.0, 1_000.0, "how strongly leaves are drawn to 0, by their square"),
    # Linear models and counts.
    "C": _real(1e-4, 1e4, "freedom: the less, the stronger the weights are drawn to 0"),
    "alpha": _real(1e-6, 1e6, "how strongly weights, or counts, are smoothed"),
    "var_smoothing": _real(1e-12, 10.0, "share of the largest variance added to all"),
    # Series.
    "rows": _whole(2, 400, "rows that are averaged"),
    "order": _whole(1, 60, "the most past values that are weighed"),
}

_FOREST = {"max_depth": None, "max_features": None, "min_samples_leaf": 1}
_NETWORK = {"batch_size": 32, "weight_decay": 0.01}
_WATCHED = {**_NETWORK, "validation": 0.1}
_WORDS = {**_WATCHED, "dimension": 100, "dropout": 0.4, "epochs": 40, "patience": 6}
_ENCODER = {
    "layers": 3,
    "learning_rate": 2e-4,
    "head_rate": 0.01,
    "warm_up": 0.1,
    "temperature": 0.1,
    "epochs": 8,
}

ADJUSTABLE: dict[str, dict[str, float | None]] = {
    "logistic_regression": {"C": 1.0},
    "linear_svm": {"C": 1.0},
    "svm": {"C": 1.0},
    "naive_bayes": {"var_smoothing": 0.01},
    "complement_bayes": {"alpha": 0.3},
    "ridge": {"alpha": 1.0},
    "sgd": {"alpha": 1e-4},
    "random_forest": {"n_estimators": 300, **_FOREST},
    "seed_recipe": {"n_estimators": 1000, **_FOREST},
    "lightgbm": {
        "n_estimators": 200,
        "learning_rate": 0.03,
        "num_leaves": 8,
        "max_depth": None,
        "min_child_samples": 30,
        "min_child_weight": 0.001,
        "subsample": 0.8,
        "colsample_bytree": 0.6,
        "reg_alpha": 0.0,
        "reg_lambda": 5.0,
    },
    "xgboost": {
        "n_estimators": 200,
        "learning_rate": 0.05,
        "max_depth": 4,
        "min_child_weight": 5.0,
        "subsample": 0.8,
        "colsample_bytree": 0.7,
        "reg_alpha": None,
        "reg_lambda": None,
    },
    "catboost": {"iterations": 500, "learning_rate": 0.03, "depth": 5, "rsm": 0.5, "l2_leaf_reg": 5.0},
    "moving_average": {"rows": 8},
    "ar": {"order": 10},
    "mlp": {
        **_NETWORK,
        "hidden": 32,
        "layers": 2,
        "dropout": 0.1,
        "learning_rate": 3e-3,
        "epochs": 150,
        "patience": 15,
        "validation": 0.15,
    },
    "lstm": {
        "hidden": 64,
        "layers": 2,
        "dropout": 0.1,
        "learning_rate": 1e-3,
        "weight_decay": 0.01,
        "batch_size": 64,
        "epochs": 60,
        "patience": 6,
        "validation": 0.176,
    },
    "text_cnn": {**_WORDS, "filters": 100, "learning_rate": 2e-3},
    "bilstm": {**_WORDS, "hidden": 64, "learning_rate": 4e-3},
    "transformer": {**_WATCHED, **_ENCODER, "patience": 3},
    "setfit": {**_NETWORK, **_ENCODER, "C": 10.0},
}
"""What each estimator has of them, and takes where nobody says otherwise (None: what its library chooses).

Written down, so that a server can check a request at once, without the libraries of training; a test holds it
to the estimators.
"""

BLENDS = frozenset({"voting", "stacking"})
"""The candidates that are made of others; written down for the same reason."""


@dataclass(frozen=True)
class Fault:
    """One override that cannot be taken. ``key`` is ``candidate`` or ``candidate.hyperparameter``."""

    key: str
    found: str
    expected: str


def estimators(project: Project) -> dict[str, str]:
    """Each candidate of the project.yaml with the catalogue's name of its estimator."""
    return {name: str(entry.get("estimator", name)) for name, entry in project.candidate_entries.items()}


def can_blend(project: Project, names: Iterable[str]) -> bool:
    """Whether there is anything to blend among these candidates: the baselines are not."""
    baselines = {"prior"}
    if project.forecast is not None:
        baselines = {"persistence"}
        if project.forecast.season > 1:
            baselines |= {"seasonal_naive", "moving_average"}
    return not BLENDS.union(baselines).issuperset(names)


def faults(project: Project, overrides: Overrides) -> list[Fault]:
    """Every override that names no candidate, no hyperparameter of it, or a value out of range.

    Where a value is None, the names alone are judged.
    """
    have = estimators(project)
    found: list[Fault] = []
    for name, values in overrides.items():
        if name not in have:
            found.append(Fault(name, name, _one_of(name, have, "a candidate of the project.yaml")))
            continue
        found += [
            Fault(f"{name}.{key}", *fault)
            for key, value in values.items()
            if (fault := _fault(have[name], key, value)) is not None
        ]
    return found


def _fault(estimator: str, key: str, value: object) -> tuple[str, str] | None:
    allowed = ADJUSTABLE.get(estimator, {})
    if key not in allowed:
        return key, _one_of(key, allowed, f"a hyperparameter of {estimator}")
    if value is None or HYPERPARAMETERS[key].takes(value):
        return None
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        # Python refuses to write out the longest.
        text = f"a whole number of {value.bit_length()} bits"
    else:
        text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...", HYPERPARAMETERS[key].expected


def _one_of(name: str, allowed: Mapping[str, object], what: str) -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    listed = ", ".join(sorted(allowed)) or "none may be changed"
    return f"{what}: {listed}" + (f"; did you mean {close[0]}?" if close else "")
