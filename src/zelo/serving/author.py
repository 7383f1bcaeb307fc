"""Who forecasts, as an answer tells it: the candidate, the baseline, and what it is worth beside it."""

from __future__ import annotations

from typing import Any, Literal

from zelo.decisions.policy import Author

CHANCE = 0.05
"""From this p-value on a difference may be chance."""
Language = Literal["pt-BR", "en"]
_WORDS: dict[Language, dict[str, str]] = {
    "pt-BR": {
        "itself": "Responde {name}, a linha de base: serve enquanto nenhum candidato a vence com "
        "significância.",
        "better": "Responde {name}: erro absoluto médio {skill} % menor que o de {baseline}, de origens "
        "sucessivas{proof}.",
        "worse": "Responde {name}: erro absoluto médio {skill} % maior que o de {baseline}, de origens "
        "sucessivas{proof}.",
        "unknown": "Responde {name}; não há com que comparar seu erro ao de {baseline}.",
        "proof": " (p = {p})",
        "chance": " (p = {p}: pode ser acaso)",
        "persistence": "persistence (o último valor)",
        "seasonal_naive": "seasonal_naive (o valor de uma temporada atrás)",
    },
    "en": {
        "itself": "Answered by {name}, the baseline: it serves as long as no candidate beats it by more than "
        "chance.",
        "better": "Answered by {name}: its mean absolute error is {skill}% below that of {baseline}, from "
        "rolling origins{proof}.",
        "worse": "Answered by {name}: its mean absolute error is {skill}% above that of {baseline}, from "
        "rolling origins{proof}.",
        "unknown": "Answered by {name}; there is nothing to compare its error with that of {baseline}.",
        "proof": " (p = {p})",
        "chance": " (p = {p}: it may be chance)",
        "persistence": "persistence (the last value)",
        "seasonal_naive": "seasonal_naive (the value of a season ago)",
    },
}


def told(author: Author, language: Language) -> dict[str, Any]:
    """The author for an answer: name, baseline, skill and p-value where they are known, and a sentence."""
    parts = {
        "name": author.name,
        "baseline": author.baseline,
        "skill": author.skill,
        "p_value": author.p_value,
        "note": _note(author, language),
    }
    return {name: value for name, value in parts.items() if value is not None}


def _note(author: Author, language: Language) -> str:
    words = _WORDS[language]
    named = {
        "name": words.get(author.name, author.name),
        "baseline": words.get(author.baseline, author.baseline),
    }
    if author.name == author.baseline:
        return words["itself"].format(**named)
    if author.skill is None:
        return words["unknown"].format(**named)
    proof = ""
    if author.p_value is not None:
        shown = _number(author.p_value, 2 if author.p_value >= 0.01 else 4, language)
        proof = words["proof" if author.p_value < CHANCE else "chance"].format(p=shown)
    skill = _number(100 * abs(author.skill), 1, language)
    return words["better" if author.skill >= 0 else "worse"].format(**named, skill=skill, proof=proof)


def _number(value: float, places: int, language: Language) -> str:
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if language == "pt-BR" else text
