"""Every candidate that a project.yaml may name."""

from __future__ import annotations

import difflib
from dataclasses import replace

from zelo.errors import SpecError
from zelo.features.text.blocks import text_branch
from zelo.models.baseline import PRIOR, baselines
from zelo.models.boosting import CATBOOST, LIGHTGBM, XGBOOST
from zelo.models.candidate import Candidate
from zelo.models.forecasting import (
    AR,
    AUTO_ARIMA,
    AUTO_ETS,
    DRIFT,
    MOVING_AVERAGE,
    PERSISTENCE,
    SEASONAL_NAIVE,
)
from zelo.models.forest import RANDOM_FOREST, SEED_RECIPE
from zelo.models.linear import (
    COMPLEMENT_BAYES,
    LINEAR_SVM,
    LOGISTIC_REGRESSION,
    NAIVE_BAYES,
    RIDGE,
    SGD,
    SVM,
)
from zelo.models.neural.candidates import BILSTM, LSTM, MLP, SETFIT, TEXT_CNN, TRANSFORMER
from zelo.spec.project import Entry, Project

CATALOGUE: dict[str, Candidate] = {
    candidate.name: candidate
    for candidate in (
        PRIOR,
        LOGISTIC_REGRESSION,
        NAIVE_BAYES,
        COMPLEMENT_BAYES,
        RANDOM_FOREST,
        SEED_RECIPE,
        LINEAR_SVM,
        SVM,
        LIGHTGBM,
        XGBOOST,
        CATBOOST,
        RIDGE,
        SGD,
        MLP,
        LSTM,
        PERSISTENCE,
        SEASONAL_NAIVE,
        MOVING_AVERAGE,
        DRIFT,
        AR,
        AUTO_ETS,
        AUTO_ARIMA,
        TEXT_CNN,
        BILSTM,
        TRANSFORMER,
        SETFIT,
    )
}
# Made from the other candidates' out-of-fold scores, so they are no estimators to fit by themselves.
BLENDS = ("voting", "stacking")


def chosen(project: Project) -> list[Candidate]:
    """The project's candidates in order, without the blends; the baselines are always the first.

    Raises:
        SpecError: a name is unknown, or cannot do the project's task, or reads features that do not exist.
    """
    able = sorted(name for name, item in CATALOGUE.items() if _is_able(item, project))
    estimators = {
        entry: params.get("estimator", entry) for entry, params in project.candidate_entries.items()
    }
    for name in estimators.values():
        if name not in able and name not in BLENDS:
            close = difflib.get_close_matches(name, [*able, *BLENDS], n=1)
            raise SpecError(
                f"no candidate {name} for a {project.task.kind} task",
                where=f"{project.name}: candidates",
                found=name,
                expected=f"one of {', '.join([*able, *BLENDS])}",
                hint=f"did you mean {close[0]}?" if close else "choose among those",
            )
    naive = baselines(project)
    first = [item.name for item in naive]
    others = {entry: name for entry, name in estimators.items() if name not in BLENDS and entry not in first}
    for entry in others:
        for field in project.texts:
            text_branch(project, field, features_of(project, entry), project.split.seed)
    return [*naive, *(replace(CATALOGUE[name], name=entry) for entry, name in others.items())]


def features_of(project: Project, candidate: str) -> tuple[Entry, ...]:
    """What a candidate reads of texts, as its entry says; nothing where it leaves that to its default."""
    return tuple(project.candidate_entries.get(candidate, {}).get("features", ()))


def _is_able(candidate: Candidate, project: Project) -> bool:
    lacks_texts = candidate.of_texts and not project.texts
    lacks_series = candidate.of_series and project.forecast is None
    return project.task.kind in candidate.kinds and not (lacks_texts or lacks_series)
