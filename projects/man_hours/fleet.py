"""The truth of a made-up fleet: what each aircraft flies on a day, and what is written up. SYNTHETIC.

Aircraft of three made-up types come, fly, age, go to heavy checks and leave, for three years and some days.
Events are a Poisson process whose intensity follows the hours and cycles of the last weeks, the age, the
season, the nearness of a heavy check and a slow state that nobody records; each costs man-hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# The fleet and its days. The last week is not over when the files are sent.
START, WEEKS, LAST_DAYS = date(2023, 1, 2), 156, 3
# Days before the first, for what an aircraft flew in the weeks before it.
BEFORE = 28
WEAR_OF_A_CYCLE, WEAR_DAYS = 0.4, 21
AGE_EFFECT, MEAN_AGE = 0.035, 9.0
WEATHER = 0.15
CHECK_EVERY, CHECK_LASTS = (330, 480), (12, 21)
WORSE_BEFORE, DAYS_BEFORE, BETTER_AFTER, DAYS_AFTER = 0.35, 45, 0.35, 60
STATE_MEMORY, STATE_SPREAD = 0.94, 0.16
DEMAND_MEMORY, DEMAND_SPREAD, DEMAND_GROWTH = 0.85, 0.08, 0.04
SPREAD_OF_HOURS = 0.65


@dataclass(frozen=True)
class Kind:
    """A made-up type of aircraft: how many, what one flies on a day, and how often it is written up."""

    name: str
    aircraft: int
    hours: float
    leg: float
    week: tuple[float, ...]
    flies: float
    rate: float
    cabin: float


KINDS = (
    Kind("R72", 11, 6.5, 1.1, (1.02, 0.95, 0.97, 1.03, 1.12, 0.88, 1.03), 0.96, 0.078, 0.30),
    Kind("C08", 9, 3.4, 0.6, (1.10, 1.10, 1.10, 1.10, 1.10, 0.85, 0.65), 0.85, 0.070, 0.06),
    Kind("P03", 7, 1.9, 1.3, (1.15, 1.05, 1.10, 1.15, 1.25, 0.55, 0.75), 0.60, 0.110, 0.18),
)
JOINING, LEAVING = 6, 3
# Of the events that are neither of the cabin: who wrote them.
WRITERS, WRITERS_SHARES = ("PILOT", "MAINTENANCE", "SCHEDULED"), (0.70, 0.17, 0.13)
# ATA chapter, share, mean man-hours, what is written.
DEFECTS: dict[str, tuple[tuple[int, float, float, tuple[str, ...]], ...]] = {
    "PILOT": (
        (21, 10, 5.0, ("PACK 1 com baixa vazão", "Ar-condicionado não gela no solo", "Pressurização lenta")),
        (23, 9, 3.0, ("VHF 2 com chiado", "Interfone inoperante", "Sem contato no HF")),
        (24, 8, 5.5, ("Alternador 2 desarmou", "Bateria com baixa tensão", "Luz de GEN acesa em voo")),
        (27, 7, 9.0, ("Folga no comando do aileron", "Compensador lento", "Flape assimétrico")),
        (29, 5, 8.0, ("Baixa pressão hidráulica", "Vazamento hidráulico no poço do trem")),
        (30, 5, 4.5, ("Bota de degelo não infla", "Aquecimento do pitot intermitente")),
        (32, 14, 6.5, ("Pneu fora de limites", "Freio esquerdo fraco", "Indicação de trem em trânsito")),
        (33, 7, 2.0, ("Luz de pouso queimada", "Luz de navegação inoperante")),
        (34, 16, 4.0, ("Radar sem eco", "Altímetro divergente", "Transponder intermitente", "FMS reinicia")),
        (61, 7, 7.5, ("Vibração na hélice", "Hélice não sincroniza")),
        (73, 6, 8.5, ("Fluxo de combustível instável", "FCU fora de ajuste")),
        (79, 6, 9.5, ("Vazamento de óleo no motor 1", "Alto consumo de óleo", "Cavaco no detector")),
    ),
    "CABIN": (
        (25, 50, 1.6, ("Poltrona não reclina", "Mesa solta", "Cinto travado", "Carpete descolado")),
        (33, 20, 1.4, ("Luz de leitura queimada", "Sinal de saída apagado")),
        (35, 6, 3.0, ("Máscara de oxigênio caída", "Garrafa portátil com baixa pressão")),
        (38, 24, 2.6, ("Lavatório entupido", "Sem água na galley", "Vazamento no lavatório")),
    ),
    "MAINTENANCE": (
        (53, 55, 7.0, ("Corrosão no piso", "Rebite solto na carenagem", "Trinca em suporte")),
        (71, 45, 7.5, ("Capô com fixador gasto", "Mangueira ressecada", "Desgaste no disco de freio")),
    ),
    "SCHEDULED": ((5, 100, 14.0, ("Inspeção programada", "Cumprimento de DA", "Troca por limite de vida")),),
}  # fmt: skip


def utilization(seed: int) -> pd.DataFrame:
    """The truth: a row a day [date] and aircraft in service, with flight hours, cycles and age [years].

    ``wear`` [h] and ``check`` (0 far from a heavy check, above it before one, below it after one) are what
    :func:`events` follows, and nobody reports them.
    """
    random = np.random.default_rng([seed, 1])
    days = pd.date_range(START - timedelta(days=BEFORE), periods=BEFORE + WEEKS * 7 + LAST_DAYS)
    demand = _demand(days, random)
    kinds = [kind for kind in KINDS for _ in range(kind.aircraft)]
    first, last = _service(len(kinds), len(days), random)
    parts = []
    for tail, kind, joins, leaves in zip(_tails(len(kinds), random), kinds, first, last, strict=True):
        in_check, check = _checks(len(days), random)
        hours = _flight_hours(kind, days, demand, random) * ~in_check
        cycles = np.ceil(hours / (kind.leg * random.uniform(0.85, 1.15, len(days))))
        wear = hours + WEAR_OF_A_CYCLE * cycles
        part = pd.DataFrame(
            {
                "date": days,
                "acft": tail,
                "fleet": kind.name,
                "flight_hours": hours,
                "cycles": cycles.astype(int),
                "age": (random.uniform(1, 17) + np.arange(len(days)) / 365.25).round(2),
                "wear": np.where(hours > 0, 0.5 * wear + 0.5 * _mean_before(wear, WEAR_DAYS), 0.0),
                "check": check,
            }
        )
        parts.append(part.iloc[joins:leaves])
    flown = pd.concat(parts).sort_values(["date", "fleet", "acft"], ignore_index=True)
    return flown[flown["date"] >= pd.Timestamp(START)].reset_index(drop=True)


def _tails(count: int, random: np.random.Generator) -> list[str]:
    # No Brazilian mark begins with Q, so that none of these is a real aircraft.
    marks = random.choice(26 * 26, count, replace=False)
    return [f"PR-Q{chr(65 + mark // 26)}{chr(65 + mark % 26)}" for mark in marks.tolist()]


def _service(count: int, days: int, random: np.random.Generator) -> tuple[list[int], list[int]]:
    """For each aircraft the days on which it joins the fleet and leaves it."""
    first, last = np.zeros(count, dtype=int), np.full(count, days)
    moving = random.permutation(count)[: JOINING + LEAVING]
    first[moving[:JOINING]] = random.integers(90, days - 90, JOINING)
    last[moving[JOINING:]] = random.integers(180, days - 60, LEAVING)
    return first.tolist(), last.tolist()


def _demand(days: pd.DatetimeIndex, random: np.random.Generator) -> Floats:
    """What the fleet is asked to fly, around one: holidays in summer and July, growth, slow noise by week."""
    day = days.dayofyear.to_numpy()
    from_new_year = np.minimum(np.abs(day - 10), 365 - np.abs(day - 10))
    season = 1 + 0.16 * np.exp(-((from_new_year / 28) ** 2)) + 0.13 * np.exp(-(((day - 196) / 13) ** 2))
    years = np.arange(len(days)) / 365.25
    weekly = _autocorrelated(len(days) // 7 + 1, DEMAND_MEMORY, DEMAND_SPREAD, random)
    demand: Floats = season * (1 + DEMAND_GROWTH) ** years * np.exp(np.repeat(weekly, 7)[: len(days)])
    return demand


def _autocorrelated(count: int, memory: float, spread: float, random: np.random.Generator) -> Floats:
    """An AR(1) process whose standard deviation is ``spread``."""
    noise = random.normal(0.0, spread, count)
    noise[1:] *= np.sqrt(1 - memory**2)
    for place in range(1, count):
        noise[place] += memory * noise[place - 1]
    return noise


def _flight_hours(kind: Kind, days: pd.DatetimeIndex, demand: Floats, random: np.random.Generator) -> Floats:
    """Tenths of hours, as aircraft log them."""
    flies = random.random(len(days)) < kind.flies
    expected = kind.hours / kind.flies * np.array(kind.week)[days.dayofweek] * demand
    hours: Floats = (expected * random.gamma(12.0, 1 / 12.0, len(days)) * flies).clip(0, 15).round(1)
    return hours


def _checks(days: int, random: np.random.Generator) -> tuple[Flags, Floats]:
    """The days in heavy check, and what its nearness adds to the log of the intensity on each day."""
    inside, effect = np.zeros(days, dtype=bool), np.zeros(days)
    place = np.arange(days)
    start = int(random.integers(-CHECK_EVERY[1], CHECK_EVERY[0]))
    while start < days + DAYS_BEFORE:
        end = start + int(random.integers(*CHECK_LASTS))
        inside |= (place >= start) & (place < end)
        effect += np.where(place < start, WORSE_BEFORE * (1 - (start - place) / DAYS_BEFORE).clip(0), 0.0)
        effect -= np.where(place >= end, BETTER_AFTER * np.exp(-(place - end).clip(0) / DAYS_AFTER), 0.0)
        start = end + int(random.integers(*CHECK_EVERY))
    return inside, effect


def _mean_before(values: Floats, days: int) -> Floats:
    means: Floats = pd.Series(values).rolling(days, min_periods=1).mean().shift(fill_value=0.0).to_numpy()
    return means


def events(flown: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The truth: an event a row in the order of time, with its man-hours HH [h]."""
    random = np.random.default_rng([seed, 2])
    week = ((flown["date"] - pd.Timestamp(START)).dt.days // 7).to_numpy()
    state = _autocorrelated(WEEKS + 1, STATE_MEMORY, STATE_SPREAD, random)
    weather = 1 + WEATHER * np.cos(2 * np.pi * (flown["date"].dt.dayofyear.to_numpy() - 25) / 365.25)
    rate = flown["fleet"].map({kind.name: kind.rate for kind in KINDS}).to_numpy()
    logs = AGE_EFFECT * (flown["age"] - MEAN_AGE) + flown["check"] + state[week]
    counts = random.poisson(rate * flown["wear"] * weather * np.exp(logs))
    found = flown.loc[flown.index.repeat(counts), ["date", "acft", "fleet"]].reset_index(drop=True)
    written = [_written(random, fleet) for fleet in found["fleet"]]
    found = found.join(pd.DataFrame(written, columns=["origin", "ata", "description", "HH"]))
    numbers = found.groupby(found["date"].dt.year).cumcount() + 1
    found["order"] = found["date"].dt.strftime("OS-%Y-") + numbers.map("{:05d}".format)
    return found


def _written(random: np.random.Generator, fleet: str) -> tuple[str, int, str, float]:
    cabin = next(kind.cabin for kind in KINDS if kind.name == fleet)
    origin = "CABIN" if random.random() < cabin else str(random.choice(WRITERS, p=WRITERS_SHARES))
    shares = np.array([share for _, share, _, _ in DEFECTS[origin]])
    ata, _, mean, texts = DEFECTS[origin][int(random.choice(len(shares), p=shares / shares.sum()))]
    hours = random.lognormal(np.log(mean) - SPREAD_OF_HOURS**2 / 2, SPREAD_OF_HOURS)
    return origin, ata, str(random.choice(texts)), max(0.2, round(hours, 1))
