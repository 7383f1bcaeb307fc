"""The fitted pipeline on disk, by skops: no pickle, and only known types are built."""

from __future__ import annotations

from importlib import import_module
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
)
"""What the candidates hold beside what skops trusts. Whole packages would let in ``builtins.exec``."""
OWN = ("zelo.features", "zelo.models")
"""Of these packages the classes that they define. What they import for themselves is no class of theirs."""


def write_pipeline(model: Any, path: Path) -> None:
    """Save a fitted model."""
    skops.io.dump(model, path)


def read_pipeline(path: Path) -> Any:
    """Load a fitted model.

    Raises:
        BundleError: the file is missing or damaged, or holds a type from elsewhere.
    """
    try:
        # Read once: what is judged is what is loaded, whoever writes the file meanwhile.
        content = path.read_bytes()
        foreign = foreign_types(content)
        if not foreign:
            return skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
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
        expected=f"none beside {', '.join(TRUSTED)}, and classes of {' and '.join(OWN)}",
        hint="do not load it; train again from the snapshot",
    )


def foreign_types(content: bytes) -> list[str]:
    """The types in a pipeline's file that nothing of Zelo's would have written; they are not built."""
    return [name for name in skops.io.get_untrusted_types(data=content) if not _is_trusted(name)]


def _is_trusted(name: str) -> bool:
    return name in TRUSTED or (name.startswith(tuple(f"{own}." for own in OWN)) and _is_own_class(name))


def _is_own_class(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute, None)
    return isinstance(found, type) and found.__module__ == module
