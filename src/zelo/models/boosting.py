"""Boosted trees: LightGBM, XGBoost and CatBoost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from xgboost import XGBClassifier, XGBRegressor

from zelo.models.candidate import CLASSES, VALUES, Candidate, Params, Setting, assemble
from zelo.models.contiguous import ContiguousClassifier

if TYPE_CHECKING:
    import optuna


def lightgbm(setting: Setting, params: Params) -> Any:
    options: dict[str, Any] = {
        "n_estimators": 200,
        "learning_rate": 0.03,
        "num_leaves": 8,
        "min_child_samples": 30,
        "subsample": 0.8,
        "subsample_freq": 1,
        "colsample_bytree": 0.6,
        "reg_lambda": 5.0,
        "n_jobs": setting.threads,
        "random_state": setting.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **params,
    }
    if setting.regression:
        return assemble(setting, LGBMRegressor(**options))
    return assemble(setting, LGBMClassifier(**{"class_weight": setting.class_weight, **options}))


def lightgbm_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "n_estimators": trial.suggest_int("n_estimators", 100, 600, step=50),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.15, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 48, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 5, 80, log=True),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.4, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-2, 30.0, log=True),
    }


def xgboost(setting: Setting, params: Params) -> Any:
    options: dict[str, Any] = {
        "n_estimators": 200,
        "learning_rate": 0.05,
        "max_depth": 4,
        "subsample": 0.8,
        "colsample_bytree": 0.7,
        "min_child_weight": 5.0,
        "n_jobs": setting.threads,
        "random_state": setting.seed,
        **params,
    }
    if setting.regression:
        return assemble(setting, XGBRegressor(**options))
    return assemble(setting, ContiguousClassifier(XGBClassifier(**options), setting.class_weight))


def xgboost_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "n_estimators": trial.suggest_int("n_estimators", 100, 600, step=50),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.15, log=True),
        "max_depth": trial.suggest_int("max_depth", 2, 8),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.4, 1.0),
        "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 30.0, log=True),
    }


def catboost(setting: Setting, params: Params) -> Any:
    options: dict[str, Any] = {
        "iterations": 500,
        "learning_rate": 0.03,
        "depth": 5,
        "rsm": 0.5,
        "l2_leaf_reg": 5.0,
        "thread_count": setting.threads,
        "random_seed": setting.seed,
        "allow_writing_files": False,
        "verbose": False,
        **params,
    }
    if setting.regression:
        return assemble(setting, CatBoostRegressor(**options))
    weights = "Balanced" if setting.class_weight else None
    return assemble(setting, CatBoostClassifier(**{"auto_class_weights": weights, **options}))


def catboost_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "iterations": trial.suggest_int("iterations", 200, 800, step=50),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.15, log=True),
        "depth": trial.suggest_int("depth", 3, 8),
        "rsm": trial.suggest_float("rsm", 0.3, 1.0),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 1.0, 30.0, log=True),
    }


LIGHTGBM = Candidate("lightgbm", CLASSES | VALUES, lightgbm, lightgbm_space)
XGBOOST = Candidate("xgboost", CLASSES | VALUES, xgboost, xgboost_space)
CATBOOST = Candidate("catboost", CLASSES | VALUES, catboost, catboost_space)
