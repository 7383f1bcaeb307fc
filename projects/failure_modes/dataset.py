"""Portuguese workshop comments by component, symptom and style of the writer. SYNTHETIC.

They stand in for the FMC-MWO2KG where it cannot be had, in its columns, with a date and a vehicle beside
them: abbreviations, typing errors and missing accents as people write, vague words, a long tail of classes,
some wrong labels, and a drift over the years: electrical faults grow, new words come up, and an electric
vehicle enters the fleet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

import numpy as np
import pandas as pd

T = TypeVar("T")
ROWS = {"train": 2_500, "dev": 500}
DAYS = {"train": (date(2019, 1, 2), date(2023, 12, 29)), "dev": (date(2024, 1, 2), date(2024, 6, 28))}
NEW_WORDS, NEW_VEHICLE = date(2022, 1, 1), date(2022, 7, 1)
VEHICLES, NEWCOMER = ("Aurora 1.6", "Cerrado 4x4", "Mantiqueira Diesel", "Jangada Van"), "Ipê Elétrico"
WRONG_LABELS, VAGUE = 0.04, 0.14
RARE = {"Fail to close": 3, "Fail to open": 2, "Failure to rotate": 1}

# Shares of the other classes, about those of the FMC-MWO2KG.
SHARES = {
    "Minor in-service problems": 0.21,
    "Breakdown": 0.13,
    "Structural deficiency": 0.12,
    "Electrical": 0.09,
    "Plugged / choked": 0.08,
    "Leaking": 0.07,
    "Failure to start on demand": 0.05,
    "Abnormal instrument reading": 0.04,
    "Fail to function": 0.035,
    "Low output": 0.03,
    "Overheating": 0.03,
    "Vibration": 0.028,
    "Other": 0.018,
    "Noise": 0.016,
    "Contamination": 0.014,
    "Erratic output": 0.012,
    "Failure to stop on demand": 0.012,
    "Spurious stop": 0.012,
    "High output": 0.008,
}
# What the share of a class is multiplied with at the end of the years, from 1 at their start.
TREND = {"Electrical": 2.5, "Abnormal instrument reading": 2.0, "Leaking": 0.5, "Plugged / choked": 0.6}

# "#" is the ending that agrees with the component: o or a.
COMPONENTS = {
    "fluid": [
        ("bomba d'água", "a"), ("radiador", "o"), ("mangueira do radiador", "a"), ("cárter", "o"),
        ("caixa de direção", "a"), ("tampa de válvulas", "a"), ("cilindro mestre", "o"), ("câmbio", "o"),
        ("diferencial", "o"), ("retentor do comando", "o"), ("amortecedor", "o"), ("flexível de freio", "o"),
    ],
    "electric": [
        ("alternador", "o"), ("motor de partida", "o"), ("bateria", "a"), ("farol", "o"), ("lanterna", "a"),
        ("chicote do motor", "o"), ("bobina", "a"), ("vidro elétrico", "o"), ("bomba de combustível", "a"),
        ("eletroventilador", "o"), ("limpador", "o"), ("trava elétrica", "a"), ("luz de freio", "a"),
    ],
    "body": [
        ("bandeja", "a"), ("pivô", "o"), ("terminal de direção", "o"), ("coxim do motor", "o"),
        ("suporte do escapamento", "o"), ("disco de freio", "o"), ("para-choque", "o"), ("longarina", "a"),
        ("correia dentada", "a"), ("dobradiça da porta", "a"), ("roda", "a"), ("bieleta", "a"),
        ("banco", "o"),
    ],
    "flow": [
        ("filtro de ar", "o"), ("bico injetor", "o"), ("catalisador", "o"), ("corpo de borboleta", "o"),
        ("válvula EGR", "a"), ("filtro de combustível", "o"), ("respiro do cárter", "o"), ("evaporador", "o"),
    ],
    "engine": [
        ("motor", "o"), ("turbina", "a"), ("compressor do ar", "o"), ("bomba de óleo", "a"),
        ("motor diesel", "o"), ("bomba injetora", "a"), ("cabeçote", "o"),
    ],
    "drive": [
        ("embreagem", "a"), ("caixa de marchas", "a"), ("freio", "o"), ("cubo de roda", "o"),
        ("semieixo", "o"), ("cardã", "o"), ("eixo", "o"), ("freio de mão", "o"), ("direção", "a"),
    ],
    "gauge": [
        ("marcador de combustível", "o"), ("velocímetro", "o"), ("sensor de temperatura", "o"),
        ("painel", "o"), ("sensor de pressão do óleo", "o"), ("conta-giros", "o"), ("sonda lambda", "a"),
        ("hodômetro", "o"),
    ],
    "new": [
        ("inversor", "o"), ("bateria de tração", "a"), ("módulo da bateria", "o"),
        ("carregador de bordo", "o"), ("câmera de ré", "a"), ("central multimídia", "a"),
        ("radar dianteiro", "o"),
    ],
}  # fmt: skip
MODES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Minor in-service problems": (("body", "drive", "electric", "fluid"), (
        "solt#", "frouxo, reapertar", "faltando parafuso", "mal fixad#", "precisa de regulagem",
        "fora de posição", "com folga pequena", "suj#, limpar", "desgaste leve, trocar na próxima",
        "abraçadeira solta", "sem graxa", "desalinhad#", "presilha caída", "riscad#", "precisa de ajuste",
        "vencid#, substituir", "caindo",
    )),
    "Breakdown": (("engine", "drive", "electric", "fluid"), (
        "quebrou", "travou de vez", "fundiu", "estourou", "pifou", "parou e não voltou", "queimou",
        "inoperante", "travad#", "não funciona mais", "quebrad#, veículo no guincho", "deixou na estrada",
        "com defeito, trocar",
    )),
    "Structural deficiency": (("body", "body", "drive", "fluid"), (
        "trincad#", "com fissura", "rachad#", "corroíd#", "enferrujad#", "empenad#", "quebrad# na base",
        "furad#", "amassad#", "gast# além do limite", "com solda aberta", "rompid#", "desgaste excessivo",
        "torto por batida",
    )),
    "Electrical": (("electric", "electric", "gauge", "new"), (
        "em curto", "com mau contato", "fusível queimando", "sem alimentação", "fio partido",
        "terminal oxidado", "aterramento ruim", "chicote roçando na lata", "descarrega a bateria",
        "fio descascado", "queimou o fusível", "conector derretido", "só funciona mexendo no fio",
        "fuga de corrente", "relé colado",
    )),
    "Plugged / choked": (("flow", "flow", "fluid"), (
        "entupid#", "obstruíd#", "saturad#", "sem passagem", "carbonizad#", "com passagem restrita",
        "com borra", "não passa combustível", "cheio de fuligem", "desobstruir", "não circula água",
        "bloquead# por sujeira",
    )),
    "Leaking": (("fluid", "fluid", "engine", "drive"), (
        "vazando", "com vazamento de óleo", "pingando", "perdendo fluido", "babando óleo", "merejando",
        "vaza pela junta", "mancha de óleo no chão", "baixando água", "goteja parado", "úmid# de óleo",
    )),
    "Failure to start on demand": (("engine", "electric"), (
        "não dá partida", "não pega de manhã", "demora a pegar", "gira mas não pega", "não liga ao acionar",
        "só pega no tranco", "não arma", "não aciona", "partida falha a frio", "não entra em funcionamento",
    )),
    "Abnormal instrument reading": (("gauge",), (
        "marcando errado", "luz acesa no painel", "ponteiro oscilando", "indicação incorreta", "não marca",
        "leitura fora da faixa", "acendeu a luz da injeção", "valor implausível", "travad# no zero",
        "sem indicação",
    )),
    "Fail to function": (("electric", "drive", "flow", "new"), (
        "não funciona", "não responde", "não atua", "sem ação", "inoperante", "não engata",
        "não obedece ao comando",
    )),
    "Low output": (("engine", "fluid", "flow", "electric"), (
        "sem força", "perdendo potência na subida", "pressão baixa", "carga fraca", "gelando pouco", "frac#",
        "rendimento baixo", "vazão abaixo do especificado", "não atinge a rotação",
    )),
    "Overheating": (("engine", "drive", "electric", "new"), (
        "superaquecendo", "esquentando demais", "ferveu", "temperatura alta", "azulad# de calor",
        "cheiro de queimado", "aquece no trânsito",
    )),
    "Vibration": (("engine", "drive", "body"), (
        "vibrando", "trepida ao frear", "volante tremendo", "sem balanceamento", "treme na marcha lenta",
        "com vibração",
    )),
    "Other": (("engine", "body", "gauge"), (
        "verificar a pedido do cliente", "avaliar", "orçamento", "ver ficha", "problema", "com defeito",
        "revisar",
    )),
    "Noise": (("body", "drive", "engine"), (
        "com barulho", "rangendo", "chiando", "batendo seco", "assobia", "ronco em curva",
        "grilo no piso ruim",
    )),
    "Contamination": (("fluid", "flow"), (
        "com água no óleo", "óleo emulsionado", "fluido leitoso", "combustível adulterado", "limalha no óleo",
        "água no combustível", "com borra",
    )),
    "Erratic output": (("engine", "electric", "flow"), (
        "oscilando", "marcha lenta irregular", "falhando", "ora funciona ora não", "engasga",
        "pressão variando",
    )),
    "Failure to stop on demand": (("electric", "engine"), (
        "não desliga", "fica ligad# com a chave fora", "acionad# direto", "não corta", "não para de girar",
    )),
    "Spurious stop": (("engine", "electric", "new"), (
        "apaga sozinho", "morre em marcha lenta", "desliga do nada", "corta em movimento", "parou rodando",
    )),
    "High output": (("engine", "electric"), (
        "pressão acima do especificado", "acelerado demais", "carga alta, 16 V", "rotação alta",
        "consumo excessivo",
    )),
    "Fail to close": (("flow", "body"), ("não fecha", "fica abert#")),
    "Fail to open": (("flow", "body"), ("não abre", "emperrad# na posição fechada")),
    "Failure to rotate": (("drive",), ("não gira", "eixo parado")),
}  # fmt: skip
# How the same fault is written once workshops read trouble codes.
NEW_SYMPTOMS = {
    "Electrical": ("sem comunicação na rede CAN", "DTC de circuito aberto", "perde comunicação com o módulo"),
    "Abnormal instrument reading": (
        "DTC de sinal implausível",
        "alerta no painel digital",
        "scanner lê errado",
    ),
    "Overheating": ("derating por temperatura", "corte térmico"),
    "Low output": ("modo tartaruga", "autonomia baixa"),
    "Fail to function": ("não recarrega", "trava de software"),
}
# What any fault may be called, by those in a hurry.
VAGUE_FAULTS = (
    "com defeito", "com problema", "ruim", "avariad#", "danificad#", "não está bom", "trocar", "falhando",
    "para avaliar", "não funciona direito", "com falha", "estragad#", "precisa de conserto",
)  # fmt: skip
POSITIONS = ("dianteir# direit#", "dianteir# esquerd#", "traseir# direit#", "traseir# esquerd#")
STYLES = (
    "{part} {fault}", "{part} {fault}", "{fault} - {part}", "{part}: {fault}", "{fault}",
    "cliente relata {part} {fault}", "verificar {part}, {fault}", "{part} {fault} com {km} km",
    "{part} {fault}, trocar", "veículo com {part} {fault}",
)  # fmt: skip
SHORT = {
    "dianteiro direito": ("DD", "dto"), "dianteira direita": ("dta", "diant dir"), "dianteiro": ("diant",),
    "direito": ("dir", "LD"), "esquerdo": ("esq", "LE"), "traseiro": ("tras",), "temperatura": ("temp",),
    "suspensão": ("susp",), "verificar": ("verif",), "cliente": ("cli",), "combustível": ("comb",),
    "com": ("c/",), "sem": ("s/",), "não": ("ñ", "nao", "n"), "motor": ("mot",), "veículo": ("veic",),
    "pressão": ("press",), "radiador": ("rad",), "alternador": ("alter",), "rotação": ("rot",),
    "válvula": ("valv",), "para": ("p/",), "substituir": ("subst",), "vazamento": ("vaz",),
    "mangueira": ("mang",), "amortecedor": ("amort",), "bomba": ("bba",), "cilindro": ("cil",),
    "embreagem": ("embr",), "retentor": ("ret",), "bateria": ("bat",),
}  # fmt: skip
ACCENTS = str.maketrans("áàâãéêíóôõúç", "aaaaeeiooouc")


def generate(source: str, seed: int) -> pd.DataFrame:
    """The comments of a source, in the order of their dates; the two sources share no text."""
    if source not in ROWS:
        raise ValueError(f"found source {source!r}; expected one of {', '.join(ROWS)}")
    seen: set[str] = set()
    for name in ROWS:
        frame = _comments(np.random.default_rng([seed, list(ROWS).index(name)]), name, seen)
        if name == source:
            break
    return frame


def _comments(random: np.random.Generator, source: str, seen: set[str]) -> pd.DataFrame:
    first, last = DAYS[source]
    offsets = np.sort(random.integers(0, (last - first).days + 1, ROWS[source]))
    days = [first + timedelta(days=int(offset)) for offset in offsets]
    modes = [_mode(random, day) for day in days]
    # The rarest classes have so many rows, not such a share.
    rare = [mode for mode, rows in RARE.items() for _ in range(rows if source == "train" else 1)]
    for place, mode in zip(random.choice(len(days), len(rare), replace=False), rare, strict=True):
        modes[place] = mode
    rows = []
    for day, mode in zip(days, modes, strict=True):
        text = _unseen(random, mode, day, seen)
        wrong = mode not in RARE and random.random() < WRONG_LABELS
        rows.append((text, _mode(random, day) if wrong else mode, day.isoformat(), _vehicle(random, day)))
    return pd.DataFrame(rows, columns=["observation", "failure_mode", "date", "vehicle"])


def _mode(random: np.random.Generator, day: date) -> str:
    passed = (day - DAYS["train"][0]).days / (DAYS["dev"][1] - DAYS["train"][0]).days
    weights = np.array([share * TREND.get(mode, 1.0) ** passed for mode, share in SHARES.items()])
    return str(random.choice(list(SHARES), p=weights / weights.sum()))


def _vehicle(random: np.random.Generator, day: date) -> str:
    if day >= NEW_VEHICLE and random.random() < 0.25:
        return NEWCOMER
    return str(random.choice(VEHICLES, p=(0.4, 0.25, 0.2, 0.15)))


def _unseen(random: np.random.Generator, mode: str, day: date, seen: set[str]) -> str:
    while True:
        text = _as_typed(random, _sentence(random, mode, day))
        if text.casefold() not in seen:
            seen.add(text.casefold())
            return text


def _sentence(random: np.random.Generator, mode: str, day: date) -> str:
    places, faults = MODES[mode]
    modern = day >= NEW_WORDS
    groups = [place for place in places if place != "new" or modern]
    group = _one(random, groups)
    part, ending = _one(random, COMPONENTS[group])
    if group in ("body", "drive") and random.random() < 0.4:
        part = f"{part} {_one(random, POSITIONS)}"
    fault = _one(random, faults)
    if modern and mode in NEW_SYMPTOMS and random.random() < 0.4:
        fault = _one(random, NEW_SYMPTOMS[mode])
    if random.random() < VAGUE:
        fault = _one(random, VAGUE_FAULTS)
    style = _one(random, STYLES)
    kilometres = (
        f"{random.integers(8, 320)} mil" if random.random() < 0.5 else f"{random.integers(8, 320)}.000"
    )
    return style.format(part=part, fault=fault, km=kilometres).replace("#", ending)


def _as_typed(random: np.random.Generator, text: str) -> str:
    """Each writer has habits: abbreviations, no accents, capitals; everyone mistypes now and then."""
    habit = random.random()
    if habit < 0.6:
        for words, shorts in SHORT.items():
            if words in text and random.random() < 0.5:
                padded = f" {text} ".replace(f" {words} ", f" {_one(random, shorts)} ")
                text = padded.strip()
    if random.random() < 0.5:
        text = text.translate(ACCENTS)
    if random.random() < 0.25:
        place = int(random.integers(0, len(text) - 1))
        kind = random.integers(3)
        two = text[place : place + 2]
        middle = (two[::-1], two[1], two[0] + two)[kind]
        text = text[:place] + middle + text[place + 2 :]
    return text.upper() if random.random() < 0.2 else text


def _one(random: np.random.Generator, choices: Sequence[T]) -> T:
    return choices[int(random.integers(len(choices)))]
