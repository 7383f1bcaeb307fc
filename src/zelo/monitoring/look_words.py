"""The words of a look: drift, what arrived, and what is estimated."""

from __future__ import annotations

BUDGET_NOTE = (
    "The alarm is a sequential test of all fields, the score and their joint behaviour together. However "
    "many fields there are and however often anybody looks, rows like the reference bring on average no more "
    "than the project's budget of false alarms: one in"
)
CHECKS_NOTE = (
    "Invalid: outside of the contract's range or values, or missing though that is refused. Unseen: "
    "categories that the reference lacks; of a text, the share of its words."
)
TIME_ALONE = "nearly all of it is the time that passed: no change has evidence of its own"

PORTUGUESE: dict[str, str] = {
    BUDGET_NOTE: "O alarme é um teste sequencial de todos os campos, do escore e de seu comportamento "
    "conjunto. Por mais campos que haja e por mais que se consulte, linhas iguais às da referência dão em "
    "média não mais que o orçamento de alarmes falsos do projeto: um em",
    CHECKS_NOTE: "Inválido: fora da faixa ou dos valores do contrato, ou ausente quando isso é recusado. "
    "Inédito: categorias que a referência não tem; de um texto, a parcela de suas palavras.",
    "Drift alarms": "Alarmes de deriva",
    "no drift alarm": "nenhum alarme de deriva",
    "Other alarms": "Outros alarmes",
    "rows read": "linhas lidas",
    "streams": "séries",
    "since": "desde",
    "evidence at the newest row": "evidência na linha mais nova",
    "of": "de",
    TIME_ALONE: "quase tudo é o tempo que passou: nenhuma mudança tem evidência própria",
    "no rows to test yet": "ainda sem linhas para testar",
    "What arrived": "O que chegou",
    "predictions in the last 24 hours": "previsões nas últimas 24 horas",
    "not enough days to tell": "poucos dias para dizer",
    "model trained": "modelo treinado em",
    "newest training row": "linha mais nova do treino",
    "invalid": "inválidos",
    "unseen": "inéditos",
    "reference missing": "ausentes na referência",
    "Estimated quality": "Qualidade estimada",
    "estimated": "estimado",
    "learned from": "aprendido de",
    "judged rows of the bundle": "linhas julgadas do pacote",
    "Estimates beside the truth": "Estimativas ao lado da verdade",
    "truth": "verdade",
    "held": "dentro",
    "outcomes of the window": "desfechos da janela",
    "the last": "os últimos",
    "from": "desde",
    "return": "retorno",
    "surprise": "surpresa",
}

DRIFT: dict[str, dict[str, str]] = {
    "en": {
        "alarm": "{state}. Drift in {fields}. {change}, since {since}; raised {at} after {rows}{times}. "
        "{to_see}",
        "active": "ACTIVE",
        "past": "Over",
        "times": ", and again {times} times up to {last_at}",
        "to_see": "A change of this size takes about {count} rows to be seen at this budget.",
        "unseeable": "A change of this size alone would not be seen at this budget.",
        "mean": "The mean of {what} went from {before} to {after} ({size})",
        "spread": "The standard deviation of {what} went from {before} to {after} ({size})",
        "missing": "The missing share of {what} went from {before} to {after}",
        "category": "The share of {category} in {what} went from {before} to {after}",
        "other": "The share of rare or unseen values in {what} went from {before} to {after}",
        "correlation": "The rank correlation of {what} went from {before} to {after}",
        "row": " row",
        "rows": " rows",
        "and": "and",
        "evidence": "of the evidence",
    },
    "pt-BR": {
        "alarm": "{state}. Deriva em {fields}. {change}, desde {since}; alarme em {at}, após {rows}"
        "{times}. {to_see}",
        "active": "ATIVO",
        "past": "Passou",
        "times": ", e mais {times} vezes até {last_at}",
        "to_see": "Uma mudança deste tamanho precisa de cerca de {count} linhas para ser vista com este "
        "orçamento.",
        "unseeable": "Uma mudança deste tamanho, sozinha, não seria vista com este orçamento.",
        "mean": "A média de {what} foi de {before} para {after} ({size})",
        "spread": "O desvio padrão de {what} foi de {before} para {after} ({size})",
        "missing": "A parcela ausente de {what} foi de {before} para {after}",
        "category": "A parcela de {category} em {what} foi de {before} para {after}",
        "other": "A parcela de valores raros ou inéditos em {what} foi de {before} para {after}",
        "correlation": "A correlação de postos de {what} foi de {before} para {after}",
        "row": " linha",
        "rows": " linhas",
        "and": "e",
        "evidence": "da evidência",
    },
}
