"""Work orders of mining excavators by place, part and fault, for where the file cannot be had. SYNTHETIC.

In the columns of the UWA excavator set that the project reads, sorted by date, with its habits: capitals,
abbreviations, places spelled in several ways, machines that come and go, and texts that fit several places.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

ROWS = 1_500
FIRST, LAST = date(2001, 7, 5), date(2007, 7, 8)
VAGUE, WRONG_PLACE = 0.3, 0.1
# Each machine's name at the top of its tree of places, and the dates between which it has orders.
MACHINES = {
    "A": ("O&K RH120C SHOVEL (TEREX HIRE )", date(2005, 3, 1), date(2007, 7, 8)),
    "B": ("O&K RH120C", date(2001, 7, 5), date(2005, 11, 30)),
    "C": ("SHOVEL TRACKED HYDR O&K RH120E SHD23", date(2003, 1, 6), date(2007, 7, 8)),
    "D": ("EXCAVATOR TWIN DRIVE O&K RH120E SHD24", date(2002, 6, 3), date(2007, 7, 8)),
    "E": ("SHOVEL TRACKED HYDR O&K RH120E SHD26", date(2006, 2, 1), date(2007, 7, 8)),
}
TOP = "Machine"
# Share, spellings, parts, faults. What is here under a rare place becomes the project's other class.
PLACES: dict[str, tuple[float, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    TOP: (0.14, ("Machine",), ("machine", "shovel", "digger"), ("inspect", "wash", "change out", "service")),
    "grease": (
        0.10, ("Grease Lube System",), ("grease line", "auto lube", "grease pump", "grease hose"),
        ("blown", "blocked", "not pumping", "broken", "no grease at pin"),
    ),
    "hoses": (
        0.09, ("Hydraulic Hoses & Lines",), ("hyd hose", "boom hose", "steel line", "hose on stick"),
        ("blown", "leaking", "chafed", "burst", "replace"),
    ),
    "bucket": (
        0.09, ("Bucket", "BUCKET"), ("bucket tooth", "tooth adaptor", "wear plate", "bucket"),
        ("missing", "loose", "cracked", "refit", "weld"),
    ),
    "lip": (
        0.03, ("Bucket Clam (Lip)",), ("clam", "bucket lip", "lip shroud"),
        ("cracked", "bent", "weld", "loose"),
    ),
    "air": (
        0.06, ("Air Conditioning System",), ("a/c", "air conditioner", "a/c belt", "cab air"),
        ("not cold", "not working", "re-gas", "blowing hot", "u/s"),
    ),
    "electric": (
        0.05, ("Electrical",), ("cable", "wiring", "fuse", "isolator"),
        ("fault", "earthing out", "broken", "repair", "melted"),
    ),
    "power": (
        0.03, ("Lights & Power",), ("flood light", "power lead", "light"),
        ("u/s", "no power", "repair"),
    ),
    "lights": (
        0.03, ("Lights",), ("work light", "boom light", "headlight"),
        ("u/s", "blown", "replace globe"),
    ),
    "engines": (
        0.05, ("Engines  x 2", "Engines"), ("both engines", "engs", "engine oil"),
        ("low power", "top up", "will not start", "service"),
    ),
    "right": (
        0.05, ("Engine right hand", "Right Engine"), ("r/h eng", "rh engine", "right hand engine"),
        ("oil leak", "low power", "cuts out", "over temp", "coolant leak"),
    ),
    "left": (
        0.05, ("Engine left hand", "Left Engine"), ("l/h eng", "lh engine", "left hand engine"),
        ("oil leak", "low power", "cuts out", "over temp", "coolant leak"),
    ),
    "cabin": (
        0.05, ("Operators Cabin",), ("cab door", "wiper", "seat", "door latch"),
        ("broken", "u/s", "loose", "repair", "not working"),
    ),
    "exhaust": (
        0.03, ("+Induction and Exhaust System", "Induction & Exhaust"), ("exhaust", "turbo", "air cleaner"),
        ("leak", "cracked", "clamp loose", "replace"),
    ),
    "cooling": (
        0.03, ("+Cooling System", "Cooling System"), ("radiator", "water hose", "fan belt"),
        ("leaking", "blown", "replace", "blocked"),
    ),
    "hydraulic": (
        0.03, ("Hydraulic System",),
        ("hyd oil", "hyd system", "crowd"), ("slow", "low level", "leaking", "fault"),
    ),
    "mechanical": (
        0.03, ("Hydraulic/Mechanical Systems",), ("slew", "swing", "boom"),
        ("slow", "noisy", "fault"),
    ),
    "pumps": (
        0.03, ("Pumps/valves/coolers", "Pumps/valves/coolers/hoses"),
        ("hyd pump", "oil cooler", "main valve"),
        ("leaking", "noisy", "low press"),
    ),
    "fuel": (
        0.03, ("Fuel Systems",), ("fuel line", "fuel filter", "injector"),
        ("leak", "blocked", "change out"),
    ),
    "alarms": (
        0.03, ("Protection Devices & Alarms",), ("alarm", "e-stop", "horn"),
        ("u/s", "sounding", "repair"),
    ),
    # What follows is another place each: the other class.
    "start": (0.04, ("Starting Systems",), ("starter", "battery", "jump start"), ("flat", "u/s", "required")),
    "track": (0.03, ("Track Assemblies", "Undercarriage"), ("track", "idler"), ("tight", "loose", "worn")),
    "radio": (0.02, ("Communications",), ("two way", "radio", "aerial"), ("u/s", "no signal", "repair")),
    "steps": (
        0.02, ("Access Stairs", "Main frame"), ("step", "handrail", "ladder"),
        ("bent", "broken", "weld"),
    ),
}  # fmt: skip
STYLES = (
    "{part} {fault}",
    "{fault} {part}",
    "REPAIR {part}, {fault}",
    "{part} - {fault}",
    "check {part} {fault}",
)


def generate(source: str, seed: int) -> pd.DataFrame:
    """1,500 orders, sorted by date."""
    if source != "train":
        raise ValueError(f"found source {source!r}; expected 'train'")
    random = np.random.default_rng(seed)
    offsets = np.sort(random.integers(0, (LAST - FIRST).days + 1, ROWS))
    shares = np.array([place[0] for place in PLACES.values()])
    places = random.choice(list(PLACES), size=ROWS, p=shares / shares.sum())
    rows = [
        _order(random, FIRST + timedelta(days=int(offset)), str(place))
        for offset, place in zip(offsets, places, strict=True)
    ]
    columns = ["BscStartDate", "Asset", "OriginalShorttext", "PMType", "Cost", "FuncLocation"]
    return pd.DataFrame(rows, columns=columns).assign(id=np.arange(1, ROWS + 1))


def _order(random: np.random.Generator, day: date, place: str) -> tuple[str, str, str, str, float, str]:
    working = [name for name, (_, first, last) in MACHINES.items() if first <= day <= last]
    asset = _one(random, working)
    booked = _one(random, list(PLACES)) if random.random() < WRONG_PLACE else place
    spelling = _one(random, PLACES[booked][1])
    if booked == TOP and random.random() < 0.7:
        spelling = MACHINES[asset][0]
    kind = "PM01" if random.random() < 0.95 else "PM02"
    cost = round(float(random.lognormal(5.5, 1.5)), 2)
    return day.isoformat(), asset, _text(random, place), kind, cost, spelling


def _text(random: np.random.Generator, place: str) -> str:
    _, _, parts, faults = PLACES[place]
    part = _one(random, parts)
    # A fault of any place, such as a leak that is booked where it was found.
    fault = _one(random, PLACES[_one(random, list(PLACES))][3] if random.random() < VAGUE else faults)
    text = _one(random, STYLES).format(part=part, fault=fault)
    if random.random() < 0.15:
        place_of_letter = int(random.integers(1, len(text)))
        text = text[:place_of_letter] + text[place_of_letter + 1 :]
    return text.upper() if random.random() < 0.5 else text


def _one(random: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(random.integers(len(choices)))]
