"""What retraining tells a person, in the project's language."""

from __future__ import annotations

from typing import Literal

Language = Literal["pt-BR", "en"]

PORTUGUESE: dict[str, str] = {
    "errors: {failed} of {rows} answers failed, and {limit} % are allowed": "erros: {failed} de {rows} "
    "respostas falharam, e o permitido é {limit} %",
    "latency: the 95th percentile was above {limit} ms in {slow} of {windows} windows": "latência: o "
    "percentil 95 ficou acima de {limit} ms em {slow} de {windows} janelas",
    "quality: worse than the other version on {rows} outcomes; the evidence is {wealth} to 1": "qualidade: "
    "pior que a outra versão em {rows} desfechos; a evidência é de {wealth} para 1",
    "the new champion was watched, and nothing was found against it": "a nova campeã foi observada, e nada "
    "foi encontrado contra ela",
    "the new champion is watched": "a nova campeã está em observação",
    "nothing was found against it; a person decides": "nada foi encontrado contra ela; uma pessoa decide",
    "{answers} of {wanted} answers at {share} %, since {since}": "{answers} de {wanted} respostas com "
    "{share} %, desde {since}",
    "{answers} answers at {share} %, and nothing against it": "{answers} respostas com {share} %, e nada "
    "contra ela",
    "{answers} answers at {share} %, but gates fail by now: {gates}; a person decides": "{answers} respostas "
    "com {share} %, mas agora há gates que falham: {gates}; uma pessoa decide",
    "a move was cut off; version {version} is champion": "uma mudança foi interrompida; a versão {version} é "
    "a campeã",
    "schedule: the last training was on {date}, and one is due every {every}": "agenda: o último treino "
    "foi em {date}, e deve haver um a cada {every}",
    "drift: an alarm at {date} in {fields}": "deriva: alarme em {date} em {fields}",
    "quality: {metric} is {value} on {rows} outcomes, and was {test} on the test set": "qualidade: "
    "{metric} é {value} em {rows} desfechos, e era {test} no teste",
    "quality: {metric} is {value} on {rows} outcomes, beyond its floor of {floor}": "qualidade: {metric} é "
    "{value} em {rows} desfechos, além do limite de {floor}",
    "outcomes: {rows} new ones since the last training, and {wanted} are asked for": "desfechos: {rows} "
    "novos desde o último treino, e são pedidos {wanted}",
    "the gates passed, and the replay says nothing against it": "as provas passaram, e o replay não "
    "diz nada contra",
    "Replay of version {new} beside champion {old}, on the traffic since {since}": "Replay da versão "
    "{new} ao lado da campeã {old}, no tráfego desde {since}",
    "the versions do not answer in the same classes": "as versões não respondem nas mesmas classes",
    "on rows with an outcome the challenger is dearer": "nas linhas com desfecho a desafiante sai mais cara",
    "no traffic is logged in the window": "não há tráfego registrado na janela",
    "the champion cannot score the logged traffic": "a campeã não consegue pontuar o tráfego registrado",
    "the challenger cannot score the logged traffic": "a desafiante não consegue pontuar o tráfego "
    "registrado",
    "the project has no costs": "o projeto não tem tabela de custos",
    "no outcomes in the window": "não há desfechos na janela",
    "what values without an outcome cost is not known": "não se sabe o custo dos valores sem desfecho",
    "{changed} of {rows} decisions change ({share} %)": "{changed} de {rows} decisões mudam ({share} %)",
    "{changed} of {rows} values move by more than {beyond} ({share} %); on average by {move}": "{changed} "
    "de {rows} valores mudam mais que {beyond} ({share} %); em média {move}",
    "{rows} of {logged} were drawn": "{rows} de {logged} foram sorteadas",
    "decisions": "decisões",
    "bands": "faixas",
    "{rows} rows from {before} to {after}": "{rows} linhas de {before} para {after}",
    "most changes where": "mais mudanças onde",
    "{field} is {value}: {changed} of {rows} ({share} %)": "{field} é {value}: {changed} de {rows} "
    "({share} %)",
    "cost on {rows} rows with an outcome: {currency} {old} before, {new} after, difference "
    "{difference}": "custo em {rows} linhas com desfecho: {currency} {old} antes, {new} depois, diferença "
    "{difference}",
    "expected cost of {rows} rows without one: {currency} {old} before, {new} after, "
    "difference {difference}": "custo esperado de {rows} linhas sem desfecho: {currency} {old} antes, "
    "{new} depois, diferença {difference}",
    "95 % interval": "intervalo 95 %",
}


def say(language: Language, phrase: str, **facts: object) -> str:
    """A phrase in a language, with its facts as that language writes numbers."""
    words = PORTUGUESE[phrase] if language == "pt-BR" else phrase
    return words.format(**{name: shown(language, fact) for name, fact in facts.items()})


def shown(language: Language, fact: object) -> str:
    """A fact as it is written: a number with four digits, or with none where it is large."""
    if isinstance(fact, bool) or not isinstance(fact, int | float):
        return str(fact)
    text = f"{fact:,}" if isinstance(fact, int) else f"{fact:,.0f}" if abs(fact) >= 1000 else f"{fact:.4g}"
    return text.translate(str.maketrans(",.", ".,")) if language == "pt-BR" else text
