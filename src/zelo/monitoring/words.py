"""The report's words and numbers as the project's language writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from zelo.monitoring.accuracy import Measure
from zelo.monitoring.alarms import Alarm
from zelo.monitoring.day_words import ALARMS_OF_DAYS, DAYS, DAYS_IN_PORTUGUESE
from zelo.monitoring.drift import LEVELS, NOTE
from zelo.monitoring.estimate_words import PORTUGUESE as OF_AN_ESTIMATE
from zelo.monitoring.look_words import PORTUGUESE as OF_A_LOOK
from zelo.monitoring.pace import WEEKLY, Pace
from zelo.monitoring.series_words import ALARMS
from zelo.monitoring.series_words import PORTUGUESE as OF_A_SERIES
from zelo.monitoring.watch import NEWEST, ONE_AHEAD, PARTIAL_TRUTH, SAMPLED, SYNTHETIC

PORTUGUESE: dict[str, str] = {
    **OF_A_SERIES,
    **DAYS_IN_PORTUGUESE,
    **OF_A_LOOK,
    **OF_AN_ESTIMATE,
    ONE_AHEAD: "Qualidade e deriva são as das previsões um passo à frente, como as medidas do teste.",
    SYNTHETIC: "O modelo foi treinado com dados SINTÉTICOS: gerados por programa, ninguém os mediu.",
    PARTIAL_TRUTH: "A qualidade é a das previsões com desfecho conhecido; "
    "as que ainda não o têm podem ser diferentes.",
    NEWEST: "São lidas as 100.000 previsões mais novas da janela, e tantos desfechos; zelo monitor --from lê "
    "todas as de um arquivo exportado.",
    SAMPLED: "A qualidade, e as palavras dos textos, são medidas numa amostra das linhas, sorteada; "
    "contagens, parcelas e toda a outra deriva são de todas as linhas.",
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
    "not defined on these outcomes": "sem definição nestes desfechos",
    "not every class' probability is on record": "nem todas as probabilidades das classes foram gravadas",
    "too few outcomes for an interval": "desfechos de menos para um intervalo",
    "too few outcomes to judge": "desfechos de menos para julgar",
    "the field is not on record": "o campo não foi gravado",
    "hours": "horas",
    "days": "dias",
}
ENGLISH: dict[str, str] = {f"by {period}": f"by {period} (UTC)" for period in ("hour", "day", "month")}
NOTHING = "–"
Language = Literal["pt-BR", "en"]


@dataclass(frozen=True)
class Words:
    """Called with an English phrase of the report, gives the language's.

    At a daily pace a phrase about weeks becomes one about days.
    """

    language: Language
    pace: Pace = WEEKLY

    @property
    def digits(self) -> int:
        """Decimals of a value of the series."""
        return self.pace.digits

    def __call__(self, phrase: str) -> str:
        phrase = DAYS.get(phrase, phrase) if self.pace.daily else phrase
        return PORTUGUESE[phrase] if self.language == "pt-BR" else ENGLISH.get(phrase, phrase)

    def day(self, day: date) -> str:
        """A day as people write it."""
        return f"{day:%d/%m/%Y}" if self.language == "pt-BR" else day.isoformat()

    def moment(self, at: datetime) -> str:
        """A time in UTC, to the minute."""
        utc = at.astimezone(UTC)
        return f"{self.day(utc.date())} {utc:%H:%M} UTC"

    def month(self, day: date) -> str:
        """The month of a day."""
        return f"{day:%m/%Y}" if self.language == "pt-BR" else f"{day:%Y-%m}"

    def day_of_month(self, day: date) -> str:
        """A day of this year."""
        return f"{day:%d/%m}" if self.language == "pt-BR" else f"{day:%m-%d}"

    def axis(self, value: float) -> str:
        """A number of a scale, with as many digits as it needs."""
        return self._localised(f"{value:,.6g}")

    def alarm(self, alarm: Alarm) -> str:
        """An alarm as a sentence."""
        sentences = ALARMS[self.language] | (ALARMS_OF_DAYS[self.language] if self.pace.daily else {})
        told = self.short if alarm.code == "floor_broken" else self._count
        return sentences[alarm.code].format(
            about=alarm.about,
            on=self.day(alarm.on) if alarm.on else NOTHING,
            found=told(alarm.found),
            expected=told(alarm.expected),
        )

    def status(self, status: str | None) -> str:
        """What a run said of itself; a word that is not ours stays as it is."""
        if status is None:
            return NOTHING
        return PORTUGUESE.get(status, status) if self.language == "pt-BR" else status

    def whole(self, value: int) -> str:
        """A count, with separators of thousands."""
        return self._localised(f"{value:,}")

    def number(self, value: float | None, digits: int = 3) -> str:
        """A number with so many decimals."""
        return NOTHING if value is None else self._localised(f"{_unsigned_zero(value, digits):.{digits}f}")

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

    def interval(self, low: float | None, high: float | None, digits: int = 3) -> str:
        """Two bounds."""
        if low is None or high is None:
            return NOTHING
        return self._bounds(self.number(low, digits), self.number(high, digits))

    def bounded(self, found: Measure) -> str:
        """A figure with its bounds, where it has them: 23.4 [20.1, 27.0]."""
        if found.low is None or found.high is None:
            return self.short(found.value)
        return f"{self.short(found.value)} {self._bounds(self.short(found.low), self.short(found.high))}"

    def shares(self, found: Measure) -> str:
        """A share in percent with its bounds, where it has them: 92 % [64, 100]."""
        if found.value is None or found.low is None or found.high is None:
            return self.percent(found.value)
        low, high = (self.number(100 * bound, 0) for bound in (found.low, found.high))
        return f"{100 * found.value:.0f} % {self._bounds(low, high)}"

    def signed(self, value: float | None, digits: int = 1) -> str:
        """A number with its sign, with so many decimals."""
        return NOTHING if value is None else self._localised(f"{_unsigned_zero(value, digits):+.{digits}f}")

    def duration(self, hours: float) -> str:
        """Hours up to two days, then days."""
        if hours < 48:
            return f"{self.number(hours, 1)} {self('hours')}"
        return f"{self.number(hours / 24, 1)} {self('days')}"

    def _bounds(self, low: str, high: str) -> str:
        return f"[{low}{'; ' if self.language == 'pt-BR' else ', '}{high}]"

    def _count(self, value: float | None) -> str:
        return NOTHING if value is None else self.number(value, 0 if value % 1 == 0 else 1)

    def _localised(self, text: str) -> str:
        return text.translate(str.maketrans(",.", ".,")) if self.language == "pt-BR" else text


def _unsigned_zero(value: float, digits: int) -> float:
    """What rounds to nothing has no minus: -0.001 in two decimals is 0.00."""
    return round(value, digits) + 0.0
