"""The fitted pipeline on disk, by skops: no pickle, and only known types are built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import skops.io

from zelo.errors import BundleError

TRUSTED = (
    "catboost.core.CatBoostClassifier",
    "catboost.core.CatBoostRegressor",
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "numpy.dtype",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
    "zelo.features",
    "zelo.models",
)
"""What the candidates hold beside what skops trusts. Whole packages would let in ``builtins.exec``."""


def write_pipeline(model: Any, path: Path) -> None:
    """Save a fitted model."""
    skops.io.dump(model, path)


def read_pipeline(path: Path) -> Any:
    """Load a fitted model.

    Raises:
        BundleError: the file is missing or damaged, or holds a type from elsewhere.
    """
    try:
        foreign = [name for name in skops.io.get_untrusted_types(file=path) if not _is_trusted(name)]
        if not foreign:
            return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    except Exception as error:
        # zipfile, json and the estimators' own loaders each raise classes of their own on a damaged file.
        raise BundleError(
            "the fitted pipeline cannot be loaded",
            where=str(path),
            found=f"{type(error).__name__}: {error}",
            expected="a file that zelo train wrote",
            hint="restore the bundle from a copy, or train again",
        ) from error
    raise BundleError(
        "the fitted pipeline holds types that are not trusted",
        where=str(path),
        found=", ".join(foreign),
        expected=f"none beside {', '.join(TRUSTED)}",
        hint="do not load it; train again from the snapshot",
    )


def _is_trusted(name: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in TRUSTED)
