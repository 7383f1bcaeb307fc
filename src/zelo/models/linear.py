"""Linear models, on scaled features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier, SGDRegressor
from sklearn.naive_bayes import ComplementNB, GaussianNB
from sklearn.svm import SVC, LinearSVC

from zelo.models.candidate import CLASSES, VALUES, Candidate, Params, Setting, assemble

if TYPE_CHECKING:
    import optuna


def logistic(setting: Setting, params: Params) -> Any:
    options = {"max_iter": 2000, "class_weight": setting.class_weight, **params}
    return assemble(setting, LogisticRegression(**options), scaled=True)


def logistic_space(trial: optuna.Trial) -> dict[str, Any]:
    return {"C": trial.suggest_float("C", 1e-3, 1e2, log=True)}


def bayes(setting: Setting, params: Params) -> Any:
    return assemble(setting, GaussianNB(**{"var_smoothing": 1e-2, **params}), scaled=True)


def bayes_space(trial: optuna.Trial) -> dict[str, Any]:
    return {"var_smoothing": trial.suggest_float("var_smoothing", 1e-6, 1.0, log=True)}


def complement_bayes(setting: Setting, params: Params) -> Any:
    """For counts of words and of their parts; it takes no negative features, such as an encoder's."""
    return assemble(setting, ComplementNB(**{"alpha": 0.3, **params}), scaled=True)


def complement_bayes_space(trial: optuna.Trial) -> dict[str, Any]:
    return {"alpha": trial.suggest_float("alpha", 1e-2, 3.0, log=True)}


def linear_machine(setting: Setting, params: Params) -> Any:
    from zelo.models.margin import MarginClassifier

    options = {"class_weight": setting.class_weight, "random_state": setting.seed, **params}
    return assemble(setting, MarginClassifier(LinearSVC(**options)), scaled=True)


def linear_machine_space(trial: optuna.Trial) -> dict[str, Any]:
    return {"C": trial.suggest_float("C", 1e-2, 1e2, log=True)}


def vector_machine(setting: Setting, params: Params) -> Any:
    # Its own probabilities would cost an inner cross-validation; the decision value is squashed instead
    # by the calibration that every candidate gets out of fold.
    from zelo.models.margin import MarginClassifier

    options = {"class_weight": setting.class_weight, "cache_size": 500, **params}
    return assemble(setting, MarginClassifier(SVC(**options)), scaled=True)


def vector_machine_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "C": trial.suggest_float("C", 1e-2, 1e2, log=True),
        "gamma": trial.suggest_float("gamma", 1e-3, 1.0, log=True),
    }


def ridge(setting: Setting, params: Params) -> Any:
    return assemble(setting, Ridge(**params), scaled=True)


def ridge_space(trial: optuna.Trial) -> dict[str, Any]:
    return {"alpha": trial.suggest_float("alpha", 1e-3, 1e3, log=True)}


def stochastic(setting: Setting, params: Params) -> Any:
    """A linear model by stochastic gradient descent: it can go on learning from new rows.

    Of classes by steps that stay as large as they are: by smaller ones, or weights averaged over all of them,
    what is new would hardly move it, and scikit-learn's own rate is so large at first that it is noise.
    """
    options = {"alpha": 1e-4, "random_state": setting.seed, **params}
    if setting.regression:
        return assemble(setting, SGDRegressor(**options), scaled=True)
    steps = {"learning_rate": "constant", "eta0": 0.01, **options}
    classifier = SGDClassifier(**{"loss": "log_loss", "class_weight": setting.class_weight, **steps})
    return assemble(setting, classifier, scaled=True)


def stochastic_space(trial: optuna.Trial) -> dict[str, Any]:
    return {"alpha": trial.suggest_float("alpha", 1e-6, 1e-1, log=True)}


LOGISTIC_REGRESSION = Candidate("logistic_regression", CLASSES, logistic, logistic_space)
NAIVE_BAYES = Candidate("naive_bayes", CLASSES, bayes, bayes_space)
COMPLEMENT_BAYES = Candidate(
    "complement_bayes", CLASSES, complement_bayes, complement_bayes_space, of_texts=True
)
LINEAR_SVM = Candidate("linear_svm", CLASSES, linear_machine, linear_machine_space)
SVM = Candidate("svm", CLASSES, vector_machine, vector_machine_space)
RIDGE = Candidate("ridge", VALUES, ridge, ridge_space)
SGD = Candidate("sgd", CLASSES | VALUES, stochastic, stochastic_space)
