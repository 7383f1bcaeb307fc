"""What a candidate is: a name, the tasks that it can do, how it is built, and what may be tuned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.pipeline import Pipeline

from zelo.features.preprocess import plain_features
from zelo.spec.project import Entry, Project

if TYPE_CHECKING:
    import optuna

Params = Mapping[str, Any]
CLASSES = frozenset({"binary", "multiclass"})
VALUES = frozenset({"regression"})


@dataclass(frozen=True)
class Setting:
    """What every candidate of a run shares."""

    project: Project
    seed: int
    threads: int
    features: tuple[Entry, ...] = ()
    """What the candidate reads of texts, as its entry in the project says; its own default where it is empty."""

    @property
    def regression(self) -> bool:
        return self.project.task.kind == "regression"

    @property
    def class_weight(self) -> str | None:
        return "balanced" if self.project.imbalance == "class_weight" else None


@dataclass(frozen=True)
class Candidate:
    """An estimator by name.

    ``build`` makes an unfitted pipeline, features included; ``space`` draws parameters for a trial.
    """

    name: str
    kinds: frozenset[str]
    build: Callable[[Setting, Params], Any]
    space: Callable[[optuna.Trial], dict[str, Any]] | None = None


def assemble(setting: Setting, model: Any, *, scaled: bool = False) -> Any:
    """Features, the project's choice against imbalance, then the model, as one pipeline."""
    steps = plain_features(setting.project, scaled=scaled)
    if setting.project.imbalance == "smote" and not setting.regression:
        return SamplingPipeline([*steps, ("smote", SMOTE(random_state=setting.seed)), ("model", model)])
    return Pipeline([*steps, ("model", model)])


def without_sampler(pipeline: Any) -> Any:
    """The fitted pipeline as it predicts: sampling is for fitting alone."""
    if isinstance(pipeline, SamplingPipeline):
        return Pipeline([step for step in pipeline.steps if not hasattr(step[1], "fit_resample")])
    return pipeline
