"""Bank customers drawn from the data dictionary's fields, for where the file cannot be had. SYNTHETIC.

Each field is drawn in the range that the dictionary and common sense give it. Leaving depends on age,
products, country, balance and gender through a logit, so that about one customer in five leaves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

ROWS = {"train": 6_000, "new": 2_000}
FIRST_ID, LAST_ID = 15_565_701, 15_815_690
COUNTRIES, COUNTRY_SHARES = ("França", "Alemanha", "Espanha"), (0.5, 0.25, 0.25)
PRODUCTS_WITH_BALANCE = (0.655, 0.312, 0.026, 0.007)
PRODUCTS_WITHOUT = (0.247, 0.722, 0.027, 0.004)
LOGIT_OF_PRODUCTS = np.array([0.0, -1.7, 2.9, 6.0])

Floats = npt.NDArray[np.float64]


def generate(source: str, seed: int) -> pd.DataFrame:
    """The customers of a source, in the layout of dados_treino.csv. Two sources have no id in common."""
    if source not in ROWS:
        raise ValueError(f"found source {source!r}; expected one of {', '.join(ROWS)}")
    every_id = np.arange(FIRST_ID, LAST_ID + 1)
    ids = np.random.default_rng(seed).choice(every_id, sum(ROWS.values()), replace=False)
    place = list(ROWS).index(source)
    start = sum(list(ROWS.values())[:place])
    random = np.random.default_rng([seed, place])
    rows = ROWS[source]

    country = random.choice(COUNTRIES, size=rows, p=COUNTRY_SHARES)
    gender = random.choice(["Masculino", "Feminino"], size=rows, p=(0.54, 0.46))
    age = np.clip(18 + random.gamma(4.0, 5.2, rows), 18, 92).astype(int)
    empty = (country != "Alemanha") & (random.random(rows) < 0.485)
    balance = np.where(empty, 0.0, np.clip(random.normal(120_000, 30_000, rows), 3_000, 250_000)).round(2)
    products = _products(random, empty)
    leaves = random.random(rows) < 1 / (1 + np.exp(-_logit(country, gender, age, products, empty)))
    return pd.DataFrame(
        {
            "id_cliente": ids[start : start + rows],
            "pais": country,
            "genero": gender,
            "idade": age,
            "anos_cliente": np.rint(random.uniform(0, 10, rows)).astype(int),
            "saldo_conta": balance,
            "numero_produtos": products,
            "cartao_credito": random.choice(["Sim", "Não"], size=rows, p=(0.7, 0.3)),
            "salario_estimado": random.uniform(11.58, 199_992.48, rows).round(2),
            "saiu": leaves.astype(int),
            "escore_credito": np.clip(random.normal(650, 97, rows), 350, 850).astype(int),
        }
    )


def _products(random: np.random.Generator, empty: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    counts = np.arange(1, 5)
    return np.where(
        empty,
        random.choice(counts, size=len(empty), p=PRODUCTS_WITHOUT),
        random.choice(counts, size=len(empty), p=PRODUCTS_WITH_BALANCE),
    )


def _logit(
    country: npt.NDArray[np.str_],
    gender: npt.NDArray[np.str_],
    age: npt.NDArray[np.int64],
    products: npt.NDArray[np.int64],
    empty: npt.NDArray[np.bool_],
) -> Floats:
    """Leaving grows with age up to the fifties; more leave in Germany, among women, with one product."""
    of_age = 3.1 * np.exp(-(((age - 55) / 13.0) ** 2))
    logit: Floats = (
        -2.55
        + of_age
        + LOGIT_OF_PRODUCTS[products - 1]
        + 0.9 * (country == "Alemanha")
        + 0.5 * (gender == "Feminino")
        + 0.3 * (empty & (products == 1))
    )
    return logit
