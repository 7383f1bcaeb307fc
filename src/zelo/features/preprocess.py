"""From the contract's fields to a model's matrix: transformers that are fitted with the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
    TargetEncoder,
)

from zelo.features.text.blocks import DEFAULT, text_branch
from zelo.features.text.transforms import Reduce
from zelo.features.transforms import Cast, Derive
from zelo.features.window import Window
from zelo.spec.project import Entry, Project


def numeric_inputs(project: Project) -> list[str]:
    return [name for name, field in project.inputs.items() if field.is_numeric]


def category_inputs(project: Project) -> list[str]:
    return [name for name, field in project.inputs.items() if field.type == "category"]


Steps = list[tuple[str, Any]]
REDUCED = 150


def plain_features(project: Project, *, scaled: bool) -> Steps:
    """Median imputation, derived features, one-hot categories; centred and scaled where a model needs it.

    Of a forecast's history the models read the lags and rolling means that it names, of the values or of
    their relative changes.
    """
    columns = _columns(project, [_numbers(project, scaled=scaled)])
    # Trees split single precision; what needs scaling is arithmetic, and would lose digits by it.
    return [("columns", columns), ("cast", Cast("float64" if scaled else "float32"))]


def text_features(project: Project, entries: Sequence[Entry], *, reduced: bool, seed: int) -> Steps:
    """The texts' blocks beside the other fields: wide and sparse, or reduced to few columns for trees.

    Raises:
        SpecError: a block of features is unknown.
    """
    texts = [(name, text_branch(project, name, entries or DEFAULT, seed), [name]) for name in project.texts]
    columns = _columns(project, [*texts, _numbers(project, scaled=True)], sparse=True)
    if not reduced:
        return [("columns", columns)]
    return [("columns", columns), ("reduce", Reduce(REDUCED, seed)), ("cast", Cast("float32"))]


def window_alone(project: Project) -> Steps:
    """The history of a forecast [n, history] as it is, the newest value first, and no other input."""
    return [("columns", ColumnTransformer([("window", Cast("float64"), list(project.lags))]))]


def learned_window(project: Project) -> Steps:
    """What models of the series learn from and nothing else, the newest first.

    The history [n, history] as it is, or its relative changes [n, history - 1], as the project says.
    """
    forecast = project.forecast
    if forecast is None or forecast.learns == "values":
        return window_alone(project)
    every = tuple(range(1, forecast.history))
    window = Window(project.task.target, 0, forecast.history, every, (), returns=True)
    return [("columns", ColumnTransformer([("window", window, list(project.lags))]))]


def power_features(project: Project, *, target_encoded: Sequence[str], seed: int) -> Steps:
    """The seed recipe: KNN imputation, power transform, target encoding of some counts, interactions."""
    encoded = [name for name in target_encoded if name in numeric_inputs(project)]
    rest = [name for name in numeric_inputs(project) if name not in encoded]
    # Two libraries' powers differ in the last bit. On single-precision inputs that bit is rounded away at the
    # model's border; between neighbouring doubles it could move a row across a split point.
    single = [("single", Cast("float32")), ("double", Cast("float64"))]
    numbers = Pipeline(
        [*single, ("impute", KNNImputer(keep_empty_features=True)), ("power", PowerTransformer())]
    )
    counts = Pipeline(
        [
            ("impute", SimpleImputer(strategy="most_frequent", keep_empty_features=True)),
            ("encode", TargetEncoder(cv=StratifiedKFold(5, shuffle=True, random_state=seed))),
        ]
    )
    columns = _columns(project, [("numbers", numbers, rest), ("counts", counts, encoded)])
    interactions = PolynomialFeatures(degree=2, interaction_only=True, include_bias=False)
    return [("columns", columns), ("interactions", interactions), ("cast", Cast())]


def _numbers(project: Project, *, scaled: bool) -> tuple[str, Any, list[str]]:
    names = numeric_inputs(project)
    numbers: Steps = [("impute", SimpleImputer(strategy="median", keep_empty_features=True))]
    if project.derived:
        numbers.append(("derive", Derive(tuple(names), dict(project.derived))))
    if forecast := project.forecast:
        # After the derived features: they may name any value of the history.
        first = names.index(project.lag(1))
        window = Window(
            project.task.target,
            first,
            forecast.history,
            forecast.lags,
            forecast.means,
            returns=forecast.learns == "returns",
        )
        numbers.append(("window", window))
    if scaled:
        numbers.append(("scale", StandardScaler()))
    return ("numbers", Pipeline(numbers), names)


def _columns(
    project: Project, blocks: list[tuple[str, Any, list[str]]], *, sparse: bool = False
) -> ColumnTransformer:
    categories = Pipeline(
        [
            ("one_hot", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
            ("cast", Cast("float64")),
        ]
    )
    every = [*blocks, ("categories", categories, category_inputs(project))]
    return ColumnTransformer([block for block in every if block[2]], sparse_threshold=float(sparse))
