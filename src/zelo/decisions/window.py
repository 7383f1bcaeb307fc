"""Whether the last prices look like those of the training: in level, in how much they move, and in how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from zelo.spec.frozen import Frozen
from zelo.stats.window_shape import distances, evenly, shapes

Array = np.ndarray[Any, Any]
Language = Literal["pt-BR", "en"]

WIDE = 2.0
"""How far beyond the largest move of the training another may be: extremes have heavy tails, and the largest
of the next years is easily half as large again."""
MARGIN = 1.2
"""The same of the distance between distributions, which has none."""
COMMON = 0.975
"""The share of the training windows that is no wilder than the limit: the rest are crises, which may be told
as such when they come again."""
CALM = 0.5
"""Of the calmest training window, how little the price must move to be told."""
FAR = 2.0 * np.sqrt(1250.0)
"""Daily deviations: how far five years of returns may carry a price, all but seldom."""
_QUANTILES = 200
_WORDS: dict[Language, dict[str, str]] = {
    "pt-BR": {
        "high": "Nível de preço: {0} está acima de {1}, o limite que vem da faixa do treino ({2} a {3}).",
        "low": "Nível de preço: {0} está abaixo de {1}, o limite que vem da faixa do treino ({2} a {3}).",
        "wild": "Volatilidade alta: variação média de {0} % ao dia, acima do limite de {1} % que vem do "
        "treino.",
        "calm": "Volatilidade baixa: variação média de {0} % ao dia, abaixo do limite de {1} % que vem do "
        "treino.",
        "largest": "Salto: {0} % de um dia para o outro, além do limite de {1} % que vem do treino.",
        "span": "Amplitude: o maior preço é {0} vezes o menor, acima do limite de {1} vezes que vem do "
        "treino.",
        "distance": "Distribuição: a forma dos retornos dista {0} da do treino (Kolmogorov-Smirnov), acima "
        "do limite de {1}.",
    },
    "en": {
        "high": "Price level: {0} is above {1}, the limit from the training's range ({2} to {3}).",
        "low": "Price level: {0} is below {1}, the limit from the training's range ({2} to {3}).",
        "wild": "High volatility: an average move of {0}% a day, above the training's limit of {1}%.",
        "calm": "Low volatility: an average move of {0}% a day, below the training's limit of {1}%.",
        "largest": "Jump: {0}% from one day to the next, beyond the training's limit of {1}%.",
        "span": "Span: the highest price is {0} times the lowest, above the training's limit of {1} times.",
        "distance": "Distribution: the shape of the returns is {0} from the training's (Kolmogorov-Smirnov), "
        "above the limit of {1}.",
    },
}


class WindowLimits(Frozen):
    """What the training windows were like, and how far another one may be from them.

    Returns are changes of the price's logarithm; :mod:`zelo.stats.window_shape` says what is measured.
    """

    lowest: float
    highest: float
    """The range of the training's prices."""
    reach: float
    """How far beyond it a price may lie, as the logarithm of a factor."""
    calmest: float
    wildest: float
    """How much the price moves on a usual day."""
    largest: float
    """The largest move in a day."""
    span: float
    """From a window's lowest to its highest price."""
    distance: float
    """The Kolmogorov-Smirnov distance of a window's scaled returns from those of the training."""
    scaled: tuple[float, ...]
    """Quantiles of the training's scaled returns, at evenly spaced shares."""

    def findings(self, windows: Array, language: Language) -> list[tuple[str, ...]]:
        """What is unlike the training in each window, a sentence each; none of one that looks like it.

        Args:
            windows: :data:`zelo.spec.project.PRICES`, the newest first, [n, history].
        """
        found: list[tuple[str, ...]] = [()] * len(windows)
        for kind, beyond, places, numbers in self._checks(windows):
            for row in np.flatnonzero(beyond):
                # A limit is one number for all windows: "clip" takes it for any row.
                each = (float(np.take(number, row, mode="clip")) for number in numbers)
                told = (_number(number, places, language) for number in each)
                found[row] += (_WORDS[language][kind].format(*told),)
        return found

    def _checks(self, windows: Array) -> Iterator[tuple[str, Array, int, tuple[Array | float, ...]]]:
        """Each kind: which windows are beyond the limit, and the numbers that say so, with their decimals."""
        low, high = self.lowest * np.exp(-self.reach), self.highest * np.exp(self.reach)
        lowest, highest = windows.min(axis=1), windows.max(axis=1)
        yield "high", highest > high, 2, (highest, high, self.lowest, self.highest)
        yield "low", lowest < low, 2, (lowest, low, self.lowest, self.highest)
        usual, largest, span, scaled = shapes(windows)
        yield "wild", usual > self.wildest, 2, (100 * usual, 100 * self.wildest)
        yield "calm", usual < self.calmest, 2, (100 * usual, 100 * self.calmest)
        limit = np.copysign(self.largest, largest)
        yield "largest", abs(largest) > self.largest, 1, (100 * np.expm1(largest), 100 * np.expm1(limit))
        yield "span", span > self.span, 2, (np.exp(span), np.exp(self.span))
        distance = distances(scaled, np.array(self.scaled))
        # A price that stands still has no shape, and is told as calm.
        yield "distance", (distance > self.distance) & (usual > 0), 2, (distance, self.distance)


def limits_of(windows: Array, truth: Array) -> WindowLimits:
    """What training windows [n, history], the newest value first, and the values [n] after them allow.

    Every price is above 0. The limits are those of the windows themselves with a margin, so that what the
    training saw in ordinary times is never told; the level may wander as far as the returns carry it in five
    years.
    """
    moved = shapes(windows)
    quantiles = np.quantile(moved.scaled, evenly(_QUANTILES))
    daily = np.log(truth / windows[:, 0])
    return WindowLimits(
        lowest=min(windows.min(), truth.min()),
        highest=max(windows.max(), truth.max()),
        reach=FAR * daily.std(),
        calmest=CALM * moved.usual.min(),
        wildest=np.quantile(moved.usual, COMMON),
        largest=WIDE * np.abs(moved.largest).max(),
        span=WIDE * moved.span.max(),
        distance=MARGIN * distances(moved.scaled, quantiles).max(),
        scaled=tuple(quantiles.tolist()),
    )


def _number(value: float, places: int, language: Language) -> str:
    text = f"{value:,.{places}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "pt-BR" else text
