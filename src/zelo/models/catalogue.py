"""Every candidate that a project.yaml may name."""

from __future__ import annotations

import difflib
from dataclasses import replace

from zelo.errors import SpecError
from zelo.models.baseline import PRIOR
from zelo.models.boosting import CATBOOST, LIGHTGBM, XGBOOST
from zelo.models.candidate import Candidate
from zelo.models.forest import RANDOM_FOREST, SEED_RECIPE
from zelo.models.linear import LOGISTIC_REGRESSION, NAIVE_BAYES, RIDGE, SVM
from zelo.spec.project import Project

CATALOGUE: dict[str, Candidate] = {
    candidate.name: candidate
    for candidate in (
        PRIOR,
        LOGISTIC_REGRESSION,
        NAIVE_BAYES,
        RANDOM_FOREST,
        SEED_RECIPE,
        SVM,
        LIGHTGBM,
        XGBOOST,
        CATBOOST,
        RIDGE,
    )
}
# Made from the other candidates' out-of-fold scores, so they are no estimators to fit by themselves.
BLENDS = ("voting", "stacking")


def chosen(project: Project) -> list[Candidate]:
    """The project's candidates in order, without the blends; the baseline is always the first.

    Raises:
        SpecError: a name is unknown, or cannot do the project's task.
    """
    able = sorted(name for name, item in CATALOGUE.items() if project.task.kind in item.kinds)
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
    others = {
        entry: name for entry, name in estimators.items() if name not in BLENDS and entry != PRIOR.name
    }
    return [PRIOR, *(replace(CATALOGUE[name], name=entry) for entry, name in others.items())]
