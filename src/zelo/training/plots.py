"""What a training looks like: PNG plots of the winner on the test set, and of the candidates out of fold.

Figures are drawn on a canvas of their own; no global state of matplotlib is read or changed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter
from sklearn.metrics import precision_recall_curve, roc_curve

from zelo.stats.bootstrap import Interval
from zelo.stats.calibration import reliability
from zelo.training.train import Trained

INK, QUIET, GRID = "#1d2733", "#697586", "#e4e8ee"
BLUE, ORANGE, GREY = "#1f5fa8", "#d9772b", "#9aa5b5"
LINES = (BLUE, ORANGE, "#2b8a6f", "#8e5aa8", "#b8433f", "#6b7f1e")
SHADES = LinearSegmentedColormap.from_list("zelo", ["#f5f8fc", "#9dbfe3", BLUE])
DPI = 130
LONGEST_LABEL = 26

WORDS: dict[str, dict[str, str]] = {
    "pt-BR": {
        "synthetic": "DADOS SINTÉTICOS",
        "test_rows": "{n} linhas de teste",
        "train_rows": "{n} linhas de treino",
        "confusion": "Matriz de confusão",
        "predicted": "Previsto",
        "true": "Observado",
        "roc": "Curva ROC",
        "false_positives": "Taxa de falsos positivos",
        "true_positives": "Taxa de verdadeiros positivos (recall)",
        "precision_recall": "Curva de precisão e recall",
        "recall": "Recall",
        "precision": "Precisão",
        "baseline": "referência ingênua",
        "threshold": "limiar {value}",
        "calibration": "Calibração",
        "stated": "Probabilidade prevista",
        "observed": "Frequência observada",
        "perfect": "calibração perfeita",
        "interval": "grupos de igual tamanho, IC de 95 %",
        "calibration_error": "erro de calibração {value}",
        "importances": "Importância dos campos",
        "log_loss_rise": "Aumento da perda logarítmica ao embaralhar o campo",
        "error_rise": "Aumento do erro absoluto médio ao embaralhar o campo",
        "candidates": "Candidatos comparados",
        "out_of_fold": "{metric} fora da amostra de ajuste, IC de 95 %",
        "lower": "menor é melhor",
        "higher": "maior é melhor",
        "scores": "Distribuição das probabilidades",
        "score": "Probabilidade prevista de {label}",
        "top_score": "Probabilidade da classe prevista",
        "share": "Parcela das linhas da classe",
        "share_group": "Parcela das linhas do grupo",
        "right": "acertos",
        "wrong": "erros",
        "fitted": "Previsto e observado",
        "residuals": "Resíduos",
        "residual": "Observado − previsto",
        "rows": "Linhas",
        "half_width": "intervalo de 90 %",
    },
    "en": {
        "synthetic": "SYNTHETIC DATA",
        "test_rows": "{n} test rows",
        "train_rows": "{n} training rows",
        "confusion": "Confusion matrix",
        "predicted": "Predicted",
        "true": "Observed",
        "roc": "ROC curve",
        "false_positives": "False positive rate",
        "true_positives": "True positive rate (recall)",
        "precision_recall": "Precision-recall curve",
        "recall": "Recall",
        "precision": "Precision",
        "baseline": "naive baseline",
        "threshold": "threshold {value}",
        "calibration": "Calibration",
        "stated": "Predicted probability",
        "observed": "Observed frequency",
        "perfect": "perfect calibration",
        "interval": "groups of equal size, 95 % CI",
        "calibration_error": "calibration error {value}",
        "importances": "Importance of the fields",
        "log_loss_rise": "Rise of log loss when the field is shuffled",
        "error_rise": "Rise of mean absolute error when the field is shuffled",
        "candidates": "Candidates compared",
        "out_of_fold": "{metric} out of fold, 95 % CI",
        "lower": "lower is better",
        "higher": "higher is better",
        "scores": "Distribution of the probabilities",
        "score": "Predicted probability of {label}",
        "top_score": "Probability of the predicted class",
        "share": "Share of the class' rows",
        "share_group": "Share of the group's rows",
        "right": "right",
        "wrong": "wrong",
        "fitted": "Predicted and observed",
        "residuals": "Residuals",
        "residual": "Observed − predicted",
        "rows": "Rows",
        "half_width": "90 % interval",
    },
}
