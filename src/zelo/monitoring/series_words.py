"""The words about a weekly forecast, on the terminal and on its page."""

from __future__ import annotations

from zelo.monitoring.features import NOTE

MONTHS_NOTE = "A month has the weeks that begin in it and have both a forecast and a realised value."
WINDOWS_NOTE = (
    "Forecasts as people got them, whatever version made them, each week by its forecast of the fewest weeks "
    "ahead. The error is the forecast less what came. Test and out of fold are the champion's own figures at "
    "the same horizon; the naive forecast says what came a season before, on the same weeks."
)
COVERAGE_NOTE = (
    "Coverage is the share of weeks whose interval held what came, with exact 95 % bounds; the intervals "
    "promise 90 %. Errors have bounds from 50 weeks on: of fewer, a bootstrap would be too sure."
)
ROWS_NOTE = (
    "Raw rows of each week, the newest last. Fewer than half of the median of the 13 weeks before, and fewer "
    "than chance gives in one week of a hundred, is a drop, and an alarm in the newest 4 weeks."
)
STALENESS_NOTE = (
    "The weeks after the training were set aside to test the model: it reads them as history, and learned "
    "nothing from them."
)

PORTUGUESE: dict[str, str] = {
    NOTE: "Um diagnóstico, não um alarme: 13 semanas são poucas, semanas vizinhas se parecem, e uma estação "
    "do ano ou uma frota que cresce muda uma média sem que haja nada errado.",
    MONTHS_NOTE: "Um mês tem as semanas que começam nele e têm previsão e valor realizado.",
    WINDOWS_NOTE: "Previsões como foram dadas, seja qual for a versão que as fez; de cada semana, a feita "
    "com menos semanas de antecedência. O erro é a previsão menos o realizado. Teste e fora da amostra são "
    "as medidas do próprio campeão no mesmo horizonte; a previsão ingênua repete o que veio uma estação "
    "antes, nas mesmas semanas.",
    COVERAGE_NOTE: "Cobertura é a parcela das semanas cujo intervalo conteve o realizado, com limites exatos "
    "de 95 %; os intervalos prometem 90 %. Os erros têm limites a partir de 50 semanas: com menos, o "
    "bootstrap mostraria certeza demais.",
    ROWS_NOTE: "Linhas brutas de cada semana, a mais nova por último. Menos que a metade da mediana das 13 "
    "semanas anteriores, e menos do que o acaso dá em uma semana de cem, é uma queda, e um alarme nas 4 "
    "semanas mais novas.",
    STALENESS_NOTE: "As semanas depois do treino foram separadas para testar o modelo: ele as lê como "
    "passado, e nada aprendeu com elas.",
    "Watch over the forecast": "Acompanhamento da previsão",
    "Contents": "Conteúdo",
    "Forecast and realised": "Previsto e realizado",
    "Errors": "Erros",
    "Windows": "Janelas",
    "By horizon": "Por horizonte",
    "By month": "Por mês",
    "Features": "Entradas do modelo",
    "Rows a week": "Linhas por semana",
    "Runs": "Execuções",
    "Decisions": "Decisões",
    "Alarms": "Alarmes",
    "no alarm": "nenhum alarme",
    "everything in order": "tudo em ordem",
    "made at": "feito em",
    "no forecast yet": "nenhuma previsão ainda",
    "no decision yet": "nenhuma decisão ainda",
    "no data set yet": "nenhum conjunto de dados ainda",
    "rows are not on record": "linhas não registradas",
    "week": "semana",
    "weeks": "semanas",
    "month": "mês",
    "realised": "realizado",
    "forecast": "previsto",
    "90 % interval": "intervalo 90 %",
    "outside of the interval": "fora do intervalo",
    "forecast less realised": "previsto menos realizado",
    "error": "erro",
    "within": "dentro",
    "yes": "sim",
    "no": "não",
    "ahead": "à frente",
    "judged": "julgadas",
    "by this version": "desta versão",
    "MAE": "MAE",
    "RMSE": "RMSE",
    "MAPE": "MAPE",
    "naive MAE": "MAE ingênuo",
    "test MAE": "MAE teste",
    "out of fold": "fora da amostra",
    "coverage": "cobertura",
    "test coverage": "cobertura teste",
    "MAE, 13 weeks": "MAE, 13 semanas",
    "coverage, 13 weeks": "cobertura, 13 semanas",
    "on the test set": "no teste",
    "promised": "prometido",
    "difference": "diferença",
    "in training": "no treino",
    "shift": "mudança (dp)",
    "deviation": "desvio",
    "spread": "razão",
    "shifted": "deslocada",
    "wider": "mais dispersa",
    "constant": "constante",
    "table": "tabela",
    "14 weeks": "14 semanas",
    "rows": "linhas",
    "usual": "usual",
    "dropped": "queda",
    "half of the usual": "metade do usual",
    "newest week": "semana mais nova",
    "data set": "conjunto de dados",
    "trained until": "treinado até",
    "since the training": "desde o treino",
    "weeks ago": "semanas atrás",
    "not known here": "não se sabe aqui",
    "command": "comando",
    "last run": "última execução",
    "status": "situação",
    "last good run": "última boa",
    "days ago": "dias atrás",
    "built": "feito",
    "unchanged": "sem novidade",
    "failed": "falhou",
    "done": "feito",
    "never": "nunca",
}

ALARMS: dict[str, dict[str, str]] = {
    "pt-BR": {
        "rows_dropped": "A tabela {about} tem {found} linhas na semana de {on}, menos que a metade das "
        "{expected} usuais.",
        "data_stale": "A semana mais nova dos dados é a de {on}; ela terminou há {found} dias, mais que "
        "{expected}.",
        "run_failed": "A última execução de zelo {about}, em {on}, falhou.",
        "run_late": "A última execução boa de zelo {about} foi em {on}, há {found} dias, mais que "
        "{expected}.",
        "run_never": "zelo {about} nunca foi executado até o fim.",
        "volume_dropped": "{found} previsões nas últimas 24 horas; o usual são {expected}.",
        "floor_broken": "{about} é {found}, e o intervalo inteiro fere o limite de {expected} do projeto.",
    },
    "en": {
        "rows_dropped": "Table {about} has {found} rows in the week of {on}, fewer than half of the usual "
        "{expected}.",
        "data_stale": "The newest week of the data is that of {on}; it ended {found} days ago, more than "
        "{expected}.",
        "run_failed": "The last run of zelo {about}, on {on}, failed.",
        "run_late": "The last good run of zelo {about} was on {on}, {found} days ago, more than {expected}.",
        "run_never": "zelo {about} has never run to its end.",
        "volume_dropped": "{found} predictions in the last 24 hours; {expected} are usual.",
        "floor_broken": "{about} is {found}, its whole interval beyond the project's floor of {expected}.",
    },
}
