"""The report's words and numbers as the project's language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zelo.monitoring.drift import LEVELS, NOTE
from zelo.monitoring.watch import PARTIAL_TRUTH, SYNTHETIC

PORTUGUESE: dict[str, str] = {
    SYNTHETIC: "O modelo foi treinado com dados SINTÉTICOS: gerados por programa, ninguém os mediu.",
    PARTIAL_TRUTH: "A qualidade é a das previsões com desfecho conhecido; "
    "as que ainda não o têm podem ser diferentes.",
    NOTE: "Esta tabela é um diagnóstico, não um alarme: entre muitos campos e consultas, "
    "alguns se destacam por acaso.",
    LEVELS: "Níveis do PSI: abaixo de 0,1 estável, de 0,1 a 0,25 moderado, acima de 0,25 grande "
    "(Siddiqi 2006, Credit Risk Scorecards); dentro do acaso: acima de 0,1, mas com tão poucas linhas "
    "isso ocorre sem deriva em uma de cada vinte janelas (Yurdakul 2018).",
    "version": "versão",
    "Volume": "Volume",
    "Quality": "Qualidade",
    "Drift": "Deriva",
    "no predictions in the window": "nenhuma previsão na janela",
    "predictions, all versions": "previsões, todas as versões",
    "by hour": "por hora (UTC)",
    "by day": "por dia (UTC)",
    "by month": "por mês (UTC)",
    "at most": "no máximo",
    "by version": "por versão",
    "by class": "por classe",
    "by band": "por faixa",
    "missing values": "valores ausentes",
    "none": "nenhum",
    "outcomes of": "desfechos de",
    "predictions of this version": "previsões desta versão",
    "positive": "positivos",
    "median delay": "atraso mediano",
    "unusable": "inutilizáveis",
    "metric": "métrica",
    "window": "janela",
    "95 % interval": "intervalo 95 %",
    "test": "teste",
    "slice": "recorte",
    "outcomes": "desfechos",
    "(missing)": "(ausente)",
    "field": "campo",
    "PSI": "PSI",
    "level": "nível",
    "KS / χ²": "KS / χ²",
    "sd": "em dp",
    "largest change": "maior mudança",
    "missing": "ausentes",
    "reference": "referência",
    "training rows": "linhas de treino",
    "for the score": "para o escore",
    "test rows": "linhas de teste",
    "score": "escore",
    "mean": "média",
    "length in words": "tamanho em palavras",
    "share of new words": "parcela de palavras novas",
    "stable": "estável",
    "moderate": "moderado",
    "large": "grande",
    "within chance": "dentro do acaso",
    "too few rows to tell": "linhas de menos para dizer",
    "cannot be computed": "não pode ser calculado",
    "constant in the reference": "constante na referência",
    "no values in the reference": "sem valores na referência",
    "no predictions": "nenhuma previsão",
    "no outcomes yet": "ainda sem desfechos",
    "outcomes of one class only": "desfechos de uma só classe",
    "the true value never changes": "o valor verdadeiro não muda",
    "a true value is 0": "um valor verdadeiro é 0",
    "not every class' probability is on record": "nem todas as probabilidades das classes foram gravadas",
    "too few outcomes for an interval": "desfechos de menos para um intervalo",
    "too few outcomes to judge": "desfechos de menos para julgar",
    "the field is not on record": "o campo não foi gravado",
    "hours": "horas",
    "days": "dias",
}
ENGLISH: dict[str, str] = {f"by {period}": f"by {period} (UTC)" for period in ("hour", "day", "month")}
NOTHING = "–"


@dataclass(frozen=True)
class Words:
    """Called with an English phrase of the report, gives the language's."""

    language: Literal["pt-BR", "en"]

    def __call__(self, phrase: str) -> str:
        return PORTUGUESE[phrase] if self.language == "pt-BR" else ENGLISH.get(phrase, phrase)

    def whole(self, value: int) -> str:
        """A count, with separators of thousands."""
        return self._localised(f"{value:,}")

    def number(self, value: float | None, digits: int = 3) -> str:
        """A number with so many decimals."""
        return NOTHING if value is None else self._localised(f"{value:.{digits}f}")

    def short(self, value: float | None, *, signed: bool = False) -> str:
        """A number of any size in three digits or in whole units."""
        if value is None:
            return NOTHING
        digits = ",.0f" if abs(value) >= 1000 else "#.3g"
        return self._localised(f"{value:{'+' if signed else ''}{digits}}".rstrip("."))

    def percent(self, share: float | None) -> str:
        """A share in percent; above 0, never written as 0."""
        if share is None:
            return NOTHING
        if 0 < share < 0.001:
            return self._localised("<0.1 %")
        return self._localised(f"{100 * share:.1f} %")

    def interval(self, low: float | None, high: float | None) -> str:
        """Two bounds."""
        if low is None or high is None:
            return NOTHING
        between = "; " if self.language == "pt-BR" else ", "
        return f"[{self.number(low)}{between}{self.number(high)}]"

    def duration(self, hours: float) -> str:
        """Hours up to two days, then days."""
        if hours < 48:
            return f"{self.number(hours, 1)} {self('hours')}"
        return f"{self.number(hours / 24, 1)} {self('days')}"

    def _localised(self, text: str) -> str:
        return text.translate(str.maketrans(",.", ".,")) if self.language == "pt-BR" else text
