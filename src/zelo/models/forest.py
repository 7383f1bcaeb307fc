"""Forests, and the seed recipe around one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from zelo.features.preprocess import power_features
from zelo.models.candidate import CLASSES, VALUES, Candidate, Params, Setting, assemble

if TYPE_CHECKING:
    import optuna


def random_forest(setting: Setting, params: Params) -> Any:
    options = {"n_estimators": 300, "n_jobs": setting.threads, "random_state": setting.seed, **params}
    if setting.regression:
        return assemble(setting, RandomForestRegressor(**options))
    return assemble(setting, RandomForestClassifier(**{"class_weight": setting.class_weight, **options}))


def random_forest_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 20, log=True),
        "max_features": trial.suggest_float("max_features", 0.2, 1.0),
    }


def seed_recipe(setting: Setting, params: Params) -> Any:
    """KNN imputation, power transform, target encoding, interactions, SMOTE and a forest of 1,000 trees."""
    options = {"n_estimators": 1000, "n_jobs": setting.threads, "random_state": setting.seed, **params}
    encoded = options.pop("target_encoded", [])
    return SamplingPipeline(
        [
            *power_features(setting.project, target_encoded=encoded, seed=setting.seed),
            ("smote", SMOTE(random_state=setting.seed)),
            ("model", RandomForestClassifier(**options)),
        ]
    )


RANDOM_FOREST = Candidate("random_forest", CLASSES | VALUES, random_forest, random_forest_space)
SEED_RECIPE = Candidate("seed_recipe", frozenset({"binary"}), seed_recipe)
