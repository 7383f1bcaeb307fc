"""The words about a forecast of days, in the place of those about weeks."""

from __future__ import annotations

from zelo.monitoring.features import NOTE
from zelo.monitoring.series_words import (
    COVERAGE_NOTE,
    MONTHS_NOTE,
    ROWS_NOTE,
    STALENESS_NOTE,
    WINDOWS_NOTE,
)

_CHANGES_NOTE = (
    "A diagnosis, not an alarm: the changes from day to day of 63 days. Calm and nervous months alternate "
    "without anything being wrong."
)
_MONTHS_NOTE = (
    "A month has the days that have both a forecast and a realised value; what is shown are their means."
)
_WINDOWS_NOTE = (
    "Forecasts as people got them, whatever version made them. The error is the forecast less what came, on "
    "the scale of prices on which it was made. Test and out of fold are the champion's own figures; the "
    "naive forecast says the last price again, on the same days. Windows count weekdays, holidays among them."
)
_COVERAGE_NOTE = (
    "Coverage is the share of days whose interval held what came, with exact 95 % bounds; the intervals "
    "promise 90 %. Errors have bounds from 50 days on: of fewer, a bootstrap would be too sure."
)
_ROWS_NOTE = "Prices come from one file: how old its newest day is tells whether they come."
_STALENESS_NOTE = (
    "The days after the training were set aside to test the model: it reads them as history, and learned "
    "nothing from them."
)

DAYS: dict[str, str] = {
    NOTE: _CHANGES_NOTE,
    MONTHS_NOTE: _MONTHS_NOTE,
    WINDOWS_NOTE: _WINDOWS_NOTE,
    COVERAGE_NOTE: _COVERAGE_NOTE,
    ROWS_NOTE: _ROWS_NOTE,
    STALENESS_NOTE: _STALENESS_NOTE,
    "week": "day",
    "weeks": "days",
    "weeks ago": "days ago",
    "newest week": "newest day",
    "Rows a week": "The newest prices",
    "MAE, 13 weeks": "MAE, 63 days",
    "coverage, 13 weeks": "coverage, 63 days",
}
"""A phrase about weeks -> the same about days."""

DAYS_IN_PORTUGUESE: dict[str, str] = {
    _CHANGES_NOTE: "Um diagnóstico, não um alarme: as mudanças de um dia para o outro em 63 dias. Meses "
    "calmos e nervosos se alternam sem que haja nada errado.",
    _MONTHS_NOTE: "Um mês tem os dias que têm previsão e valor realizado; mostram-se as médias deles.",
    _WINDOWS_NOTE: "Previsões como foram dadas, seja qual for a versão que as fez. O erro é a previsão menos "
    "o realizado, na escala de preços em que foi feita. Teste e fora da amostra são as medidas do próprio "
    "campeão; a previsão ingênua repete o último preço, nos mesmos dias. As janelas contam dias úteis, com "
    "os feriados.",
    _COVERAGE_NOTE: "Cobertura é a parcela dos dias cujo intervalo conteve o realizado, com limites exatos "
    "de 95 %; os intervalos prometem 90 %. Os erros têm limites a partir de 50 dias: com menos, o bootstrap "
    "mostraria certeza demais.",
    _ROWS_NOTE: "Os preços vêm de um arquivo: a idade do dia mais novo diz se eles chegam.",
    _STALENESS_NOTE: "Os dias depois do treino foram separados para testar o modelo: ele os lê como passado, "
    "e nada aprendeu com eles.",
    "day": "dia",
    "days ago": "dias atrás",
    "newest day": "dia mais novo",
    "The newest prices": "Os preços mais novos",
    "MAE, 63 days": "MAE, 63 dias",
    "coverage, 63 days": "cobertura, 63 dias",
}

ALARMS_OF_DAYS: dict[str, dict[str, str]] = {
    "pt-BR": {
        "data_stale": "O dia mais novo dos preços é {on}; ele terminou há {found} dias, mais que {expected}.",
    },
    "en": {
        "data_stale": "The newest day of the prices is {on}; it ended {found} days ago, more than "
        "{expected}.",
    },
}
