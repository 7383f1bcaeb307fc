"""The sheet that every plot is drawn on: style, words in the project's language, numbers as it writes them.

Figures have a canvas of their own; no global state of matplotlib is read or changed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter

Place = Literal["best", "upper left", "lower right"]

INK, QUIET, GRID = "#1d2733", "#697586", "#e4e8ee"
BLUE, ORANGE, GREY, RED = "#1f5fa8", "#d9772b", "#9aa5b5", "#a8322d"
LINES = (BLUE, ORANGE, "#2b8a6f", "#8e5aa8", "#b8433f", "#6b7f1e")
SHADES = LinearSegmentedColormap.from_list("zelo", ["#f5f8fc", "#9dbfe3", BLUE])
DPI = 130
HEADER = 0.66
"""Inches above the axes, for title and subtitle."""
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
        "half_width": "intervalo de 90 %",
        "series": "Previsto e realizado, um passo à frente",
        "forecast": "Previsto",
        "horizons": "Erro por horizonte, fora da amostra de ajuste",
        "error_interval": "IC de 95 %",
        "ahead": "Passos à frente",
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
        "half_width": "90 % interval",
        "series": "Forecast and realised, one step ahead",
        "forecast": "Forecast",
        "horizons": "Error by horizon, out of fold",
        "error_interval": "95 % CI",
        "ahead": "Steps ahead",
    },
}


@dataclass(frozen=True)
class Sheet:
    """Makes figures that look alike, and writes them as PNG."""

    folder: Path
    language: str
    synthetic: bool

    def word(self, key: str, **parts: Any) -> str:
        """A phrase in the project's language."""
        return WORDS[self.language][key].format(**parts)

    def number(self, value: float, digits: int = 3) -> str:
        """A number with the language's decimal sign."""
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self.language == "pt-BR" else text

    def short(self, value: float) -> str:
        """A number of a scale, with as many digits as it needs."""
        text = f"{value:.6g}"
        return text.replace(".", ",") if self.language == "pt-BR" else text

    def axes(self, title: str, subtitle: str, *, width: float = 7.0, height: float = 5.0) -> Axes:
        """Empty axes under a title (a key of the words) and a subtitle (text)."""
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        engine = figure.get_layout_engine()
        assert isinstance(engine, ConstrainedLayoutEngine)
        engine.set(w_pad=0.15, h_pad=0.12, rect=(0.0, 0.0, 1.0, 1.0 - HEADER / height))
        heading = self.word(title) + (f" · {self.word('synthetic')}" if self.synthetic else "")
        colour = RED if self.synthetic else INK
        left, top = 0.2 / width, 1.0 - 0.18 / height
        figure.text(left, top, heading, va="top", fontsize=14, fontweight="bold", color=colour)
        figure.text(left, top - 0.29 / height, subtitle, va="top", fontsize=9.5, color=QUIET)
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(GREY)
        axes.tick_params(colors=INK, labelsize=9, length=3, color=GREY)
        axes.grid(color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        self.format(axes.xaxis)
        self.format(axes.yaxis)
        return axes

    def format(self, axis: Any) -> None:
        """Write the axis' numbers as the language does."""
        axis.set_major_formatter(FuncFormatter(lambda value, _: self.short(value)))

    def save(self, axes: Axes, name: str) -> Path:
        """Write the axes' figure as ``name``.png."""
        figure = axes.figure
        assert isinstance(figure, Figure)
        for axis in (axes.xaxis, axes.yaxis):
            axis.label.set(color=INK, fontsize=10)
        # Names come from people's data: "$" in one is no formula.
        for text in figure.findobj(Text):
            text.set_parse_math(False)
        path = self.folder / f"{name}.png"
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(path, format="png", metadata={"Software": None})
        return path

    def legend(self, axes: Axes, place: Place) -> None:
        axes.legend(loc=place, fontsize=9, frameon=True, framealpha=0.9, edgecolor=GRID, labelcolor=INK)


def label(name: object, longest: int = LONGEST_LABEL) -> str:
    """A name as a plot can show it: short, on one line, and no name that a legend would leave out."""
    text = " ".join(str(name).split()).lstrip("_")
    return text if len(text) <= longest else text[: longest - 1] + "…"
