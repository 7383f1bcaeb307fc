"""What an estimate assumes, in the languages of projects."""

from __future__ import annotations

BY_CONFIDENCE = (
    "Estimated from the version's own probabilities (CBPE), not measured: it holds as long as the same "
    "inputs still lead to the same outcomes, whatever inputs come."
)
BY_LOSS = (
    "Estimated by a model that learned on judged rows how large an error such answers have (DLE), not "
    "measured: it holds as long as the same inputs still lead to the same errors, whatever inputs come."
)
BLIND = "If what inputs mean has changed (concept drift), the estimate does not see it: only outcomes do."
INTERVAL = (
    "The interval is for what the outcomes of just these predictions will show: chance, and the doubt about "
    "what the judged rows taught."
)
CORRECTED = "Judged rows contradict the version's probabilities: the estimate reads them corrected."

PORTUGUESE: dict[str, str] = {
    BY_CONFIDENCE: "Estimada das próprias probabilidades da versão (CBPE), não medida: vale enquanto as "
    "mesmas entradas levarem aos mesmos desfechos, sejam quais forem as entradas que chegam.",
    BY_LOSS: "Estimada por um modelo que aprendeu em linhas julgadas o tamanho do erro de respostas assim "
    "(DLE), não medida: vale enquanto as mesmas entradas levarem aos mesmos erros, sejam quais forem as que "
    "chegam.",
    BLIND: "Se o que as entradas significam mudou (deriva de conceito), a estimativa não vê: só os "
    "desfechos veem.",
    INTERVAL: "O intervalo é para o que os desfechos justamente destas previsões vão mostrar: o acaso e a "
    "dúvida sobre o que as linhas julgadas ensinaram.",
    CORRECTED: "Linhas julgadas contradizem as probabilidades da versão: a estimativa as lê corrigidas.",
    "the bundle holds no judged rows: train again": "o pacote não tem linhas julgadas: treine de novo",
    "too few judged rows in the bundle": "poucas linhas julgadas no pacote",
    "too few predictions to estimate": "poucas previsões para estimar",
    "this metric cannot be estimated": "esta métrica não pode ser estimada",
    "the model no longer says what is on record": "o modelo já não diz o que está gravado",
}
