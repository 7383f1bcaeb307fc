"""What a candidate is: a name, the tasks that it can do, how it is built, and what may be tuned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.pipeline import Pipeline

from zelo.features.augmentation import AugmentTexts, DescribedClasses, Rewrite
from zelo.features.preprocess import Steps, plain_features, text_features
from zelo.models.returns import learning
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
    """What the candidate reads of texts, as its entry in the project says; where it is empty, its default."""
    rewrite: Rewrite | None = None
    """The project's own way to say a text in other words, for augmentation."""

    @property
    def regression(self) -> bool:
        return self.project.task.kind == "regression"

    @property
    def class_weight(self) -> str | None:
        return "balanced" if self.project.imbalance == "class_weight" else None


@dataclass(frozen=True)
class Candidate:
    """An estimator by name.

    ``build`` makes an unfitted pipeline, features included; ``space`` draws parameters for a trial;
    ``of_texts`` is for those that a project without a text cannot use, ``of_series`` for those that one
    without a forecast cannot. What is ``seeded`` starts from random numbers, so that another seed gives
    another model of the same kind.
    """

    name: str
    kinds: frozenset[str]
    build: Callable[[Setting, Params], Any]
    space: Callable[[optuna.Trial], dict[str, Any]] | None = None
    of_texts: bool = False
    of_series: bool = False
    seeded: bool = False


def assemble(setting: Setting, model: Any, *, scaled: bool = False) -> Any:
    """Features, the project's choice against imbalance, then the model, as one pipeline.

    ``scaled`` is for models that do arithmetic on the features; the others split them, and get texts reduced.
    """
    if setting.project.texts:
        steps = text_features(setting.project, setting.features, reduced=not scaled, seed=setting.seed)
        return with_augmentation(setting, [*steps, ("model", model)])
    steps = plain_features(setting.project, scaled=scaled)
    if setting.project.imbalance == "smote" and not setting.regression:
        return SamplingPipeline([*steps, ("smote", SMOTE(random_state=setting.seed)), ("model", model)])
    return learning(setting.project, [*steps, ("model", model)])


def with_augmentation(setting: Setting, steps: Steps) -> Any:
    """The steps as a pipeline, behind the texts that the project wants to be fitted on beside its rows."""
    project = setting.project
    before: Steps = []
    if project.text.descriptions:
        places = {str(label): place for place, label in enumerate(project.classes)}
        described = [(phrase, places[label]) for phrase, label in project.text.descriptions.items()]
        before.append(("describe", DescribedClasses(project.texts[0], described)))
    if wanted := project.text.augmentation:
        augment = AugmentTexts(
            fields=project.texts,
            copies=wanted.copies,
            typos=wanted.typos,
            synonyms=dict(wanted.synonyms),
            hook=setting.rewrite,
            seed=setting.seed,
        )
        before.append(("augment", augment))
    return SamplingPipeline([*before, *steps]) if before else learning(project, steps)


def without_sampler(pipeline: Any) -> Any:
    """The fitted pipeline as it predicts: sampling is for fitting alone."""
    if isinstance(pipeline, SamplingPipeline):
        return Pipeline([step for step in pipeline.steps if not hasattr(step[1], "fit_resample")])
    return pipeline
