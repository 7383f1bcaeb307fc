from __future__ import annotations

from typing import Any

import pytest

from zelo.decisions.policy import Author
from zelo.serving.author import Language, told


@pytest.mark.parametrize(
    ("author", "language", "note"),
    [
        (
            {"name": "persistence", "skill": 0.0},
            "en",
            "Answered by persistence (the last value), the baseline: it serves as long as no candidate beats "
            "it by more than chance.",
        ),
        (
            {"name": "lstm", "skill": -0.021, "p_value": 0.004},
            "pt-BR",
            "Responde lstm: erro absoluto médio 2,1 % maior que o de persistence (o último valor), de "
            "origens sucessivas (p = 0,0040).",
        ),
        (
            {"name": "lstm", "skill": 0.004, "p_value": 0.31},
            "pt-BR",
            "Responde lstm: erro absoluto médio 0,4 % menor que o de persistence (o último valor), de "
            "origens sucessivas (p = 0,31: pode ser acaso).",
        ),
        (
            {"name": "ridge", "baseline": "seasonal_naive", "skill": 0.2, "p_value": 0.02},
            "en",
            "Answered by ridge: its mean absolute error is 20.0% below that of seasonal_naive (the value of "
            "a season ago), from rolling origins (p = 0.02).",
        ),
        (
            {"name": "ridge", "baseline": "seasonal_naive", "skill": 0.2},
            "en",
            "Answered by ridge: its mean absolute error is 20.0% below that of seasonal_naive (the value of "
            "a season ago), from rolling origins.",
        ),
        (
            {"name": "lstm"},
            "pt-BR",
            "Responde lstm; não há com que comparar seu erro ao de persistence (o último valor).",
        ),
    ],
)
def test_who_forecasts_is_told_with_what_it_is_worth(
    author: dict[str, Any], language: Language, note: str
) -> None:
    facts = {"baseline": "persistence", **author}
    assert told(Author(**facts), language) == {**facts, "note": note}
