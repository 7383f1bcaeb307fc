"""The neural candidates: a network on one prepared text, or on plain inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sklearn.linear_model import LogisticRegression

from zelo.errors import SpecError
from zelo.features.preprocess import learned_window
from zelo.features.text.blocks import text_branch
from zelo.features.text.transforms import PrepareTexts
from zelo.models.candidate import CLASSES, VALUES, Candidate, Params, Setting, assemble, with_augmentation
from zelo.models.extras import require
from zelo.models.neural.bilstm import BiLstmClassifier
from zelo.models.neural.contrastive import TunedEmbedding
from zelo.models.neural.lstm import LstmRegressor
from zelo.models.neural.mlp import MlpRegressor
from zelo.models.neural.text_cnn import TextCnnClassifier
from zelo.models.neural.transformer import TransformerClassifier
from zelo.models.returns import learning

if TYPE_CHECKING:
    import optuna

PLAIN_LIBRARIES = ("torch", "lightning")
LIBRARIES = (*PLAIN_LIBRARIES, "transformers", "tokenizers")


def mlp(setting: Setting, params: Params) -> Any:
    _require_plain(setting, "mlp")
    return assemble(setting, MlpRegressor(**{"random_state": setting.seed, **params}), scaled=True)


def mlp_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "hidden": trial.suggest_int("hidden", 8, 64, log=True),
        "layers": trial.suggest_int("layers", 1, 3),
        "dropout": trial.suggest_float("dropout", 0.0, 0.4),
        "learning_rate": trial.suggest_float("learning_rate", 5e-4, 2e-2, log=True),
    }


def lstm(setting: Setting, params: Params) -> Any:
    _require_plain(setting, "lstm")
    model = LstmRegressor(**{"random_state": setting.seed, **params})
    return learning(setting.project, [*learned_window(setting.project), ("model", model)])


def lstm_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "hidden": trial.suggest_int("hidden", 16, 128, log=True),
        "layers": trial.suggest_int("layers", 1, 3),
        "dropout": trial.suggest_float("dropout", 0.0, 0.4),
        "learning_rate": trial.suggest_float("learning_rate", 2e-4, 1e-2, log=True),
    }


def text_cnn(setting: Setting, params: Params) -> Any:
    return _pipeline(setting, TextCnnClassifier, params)


def text_cnn_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "dimension": trial.suggest_int("dimension", 50, 200, step=50),
        "filters": trial.suggest_int("filters", 50, 200, step=50),
        "dropout": trial.suggest_float("dropout", 0.2, 0.6),
        "learning_rate": trial.suggest_float("learning_rate", 5e-4, 1e-2, log=True),
    }


def bilstm(setting: Setting, params: Params) -> Any:
    return _pipeline(setting, BiLstmClassifier, params)


def bilstm_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "dimension": trial.suggest_int("dimension", 50, 200, step=50),
        "hidden": trial.suggest_int("hidden", 32, 128, step=32),
        "dropout": trial.suggest_float("dropout", 0.2, 0.6),
        "learning_rate": trial.suggest_float("learning_rate", 1e-3, 2e-2, log=True),
    }


def transformer(setting: Setting, params: Params) -> Any:
    return _pipeline(setting, TransformerClassifier, {"encoder": setting.project.text.encoder, **params})


def transformer_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 2e-5, 5e-4, log=True),
        "head_rate": trial.suggest_float("head_rate", 2e-4, 2e-2, log=True),
        "layers": trial.suggest_int("layers", 1, 6),
    }


def setfit(setting: Setting, params: Params) -> Any:
    """Fine-tuned embeddings, the blocks of features that its entry names beside them, then a regression."""
    own = {name: params[name] for name in ("C", "max_iter") if name in params}
    tuning = {name: value for name, value in params.items() if name not in own}
    defaults = {
        "encoder": setting.project.text.encoder,
        "random_state": setting.seed,
        "threads": setting.threads,
    }
    tuned = TunedEmbedding(**{**defaults, **tuning})
    model = LogisticRegression(**{"C": 10.0, "max_iter": 2000, "class_weight": tuned.class_weight, **own})
    prepare = _prepared(setting)
    if not setting.features:
        return with_augmentation(setting, [prepare, ("tuned", tuned), ("model", model)])
    branch = text_branch(setting.project, setting.project.texts[0], setting.features, setting.seed)
    branch["blocks"].transformer_list.append(("tuned", tuned))
    return with_augmentation(setting, [*branch.steps, ("model", model)])


def setfit_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 2e-5, 5e-4, log=True),
        "temperature": trial.suggest_float("temperature", 0.03, 0.5, log=True),
        "epochs": trial.suggest_int("epochs", 4, 16),
        "C": trial.suggest_float("C", 1e-1, 1e2, log=True),
    }


MLP = Candidate("mlp", VALUES, mlp, mlp_space, seeded=True)
LSTM = Candidate("lstm", VALUES, lstm, lstm_space, of_series=True, seeded=True)
TEXT_CNN = Candidate("text_cnn", CLASSES, text_cnn, text_cnn_space, of_texts=True, seeded=True)
BILSTM = Candidate("bilstm", CLASSES, bilstm, bilstm_space, of_texts=True, seeded=True)
TRANSFORMER = Candidate("transformer", CLASSES, transformer, transformer_space, of_texts=True, seeded=True)
SETFIT = Candidate("setfit", CLASSES, setfit, setfit_space, of_texts=True, seeded=True)


def _require_plain(setting: Setting, name: str) -> None:
    require(
        setting.project,
        PLAIN_LIBRARIES,
        what=f"{name} needs",
        expected="PyTorch and Lightning",
        extras="deep",
    )


def _pipeline(setting: Setting, kind: type[Any], params: Mapping[str, Any]) -> Any:
    prepare = _prepared(setting)
    model = kind(**{"random_state": setting.seed, "threads": setting.threads, **params})
    return with_augmentation(setting, [prepare, ("model", model)])


def _prepared(setting: Setting) -> tuple[str, PrepareTexts]:
    """The only text, prepared.

    Raises:
        SpecError: there is none or more than one, or the libraries are not installed.
    """
    project = setting.project
    if len(project.texts) != 1:
        raise SpecError(
            "a network reads one text",
            where=f"{project.name}: candidates",
            found=f"text inputs: {', '.join(project.texts) or 'none'}",
            expected="exactly one field of type text that is an input",
            hint="make the other texts metadata, or leave the networks out",
        )
    require(
        project,
        LIBRARIES,
        what="networks of texts need",
        expected="PyTorch, Lightning and transformers",
        extras="deep,text",
    )
    text = project.text
    return "prepare", PrepareTexts(project.texts[0], dict(text.abbreviations), text.accents == "folded")
