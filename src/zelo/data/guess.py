"""Guesses about columns of text that nobody described: names, types, ranges, a key, a target."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pandas as pd

from zelo.errors import DataError

LISTED_CATEGORIES = 30
OPEN_CATEGORIES = 1000
MOST_CLASSES = 30
LONG_TEXT = 60
# After the test's share, a class must still reach each of five folds.
RARE_CLASS_ROWS = 6
MOSTLY = 0.8
# Comments may be a single word; codes and names of one word hold no space at all.
MOSTLY_WORDS = 0.5
MOST_MARKERS = 3

Texts: TypeAlias = "pd.Series[str]"  # missing as NaN
Field: TypeAlias = dict[str, Any]

_DOT_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_COMMA_NUMBER = _DOT_NUMBER.replace(r"\.", ",")
_CODE = r"0\d+"
_SURE_MARKERS = frozenset({"#N/A", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>"})
_POSITIVES = frozenset({"1", "sim", "s", "yes", "y", "true", "verdadeiro", "positivo", "positive"})
_KEY_WORDS = frozenset({"id", "uid", "udi", "uuid", "guid", "key", "chave", "codigo", "code", "cpf", "cnpj"})
_LIKE_A_DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%d.%m.%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S")


@dataclass(frozen=True)
class TargetGuess:
    """The task that a target column asks for."""

    kind: Literal["binary", "multiclass", "regression"]
    classes: tuple[int | str, ...] = ()
    positive: int | str | None = None
    rare: tuple[str, ...] = ()
    smallest: int | None = None


def field_name(column: str, taken: Sequence[str]) -> str:
    """A field's name for a column's: ASCII, lower case, underscores, unlike those taken."""
    plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50].strip("_")
    if not name or not name[0].isalpha():
        name = f"field_{name}".strip("_")
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


def decimal_of(columns: Mapping[str, Texts]) -> Literal[".", ","]:
    """The decimal mark that more of the columns are written with."""
    commas = sum(_all_match(texts, _COMMA_NUMBER) and _any_holds(texts, ",") for texts in columns.values())
    dots = sum(_all_match(texts, _DOT_NUMBER) and _any_holds(texts, ".") for texts in columns.values())
    return "," if commas > dots else "."


def nulls_of(columns: Mapping[str, Texts], decimal: str) -> tuple[str, ...]:
    """Texts that mean missing: the usual ones, and the few that stand among a column's numbers."""
    found: set[str] = set()
    for texts in columns.values():
        present = texts.dropna()
        found |= _SURE_MARKERS & set(present.unique())
        strangers = present[~_are_numbers(present, decimal)]
        others = set(strangers.unique())
        if 0 < len(others) <= MOST_MARKERS and len(strangers) <= (1 - MOSTLY) * len(present):
            found |= others
    return tuple(sorted(found))


def key_of(columns: Mapping[str, Texts]) -> str | None:
    """The first column that tells rows apart: never missing, never twice, and like an identifier."""
    for name, texts in columns.items():
        if texts.isna().any() or not texts.is_unique or texts.str.len().max() > LONG_TEXT:
            continue
        words = set(field_name(name, ()).split("_"))
        codes = not texts.str.contains(r"\s").any()
        whole = _all_match(texts, r"\d{1,18}")
        sequence = whole and bool((texts.astype("int64").diff().dropna() == 1).all())
        numbers = _all_match(texts, _DOT_NUMBER) or _all_match(texts, _COMMA_NUMBER)
        named = bool(words & _KEY_WORDS) and (whole or not numbers)
        if sequence or (codes and named) or (codes and not numbers and date_format(texts) is None):
            return name
    return None


def guess_field(texts: Texts, decimal: str) -> Field | str:
    """The field of a column, as keys of project.yaml; or, in words, why it is no field."""
    present = texts.dropna()
    distinct = present.nunique()
    if distinct == 0:
        return "it is empty"
    if distinct == 1:
        return f"it is {present.iloc[0]!r} in every row that has it"
    missing = {"missing": "allowed"} if len(present) < len(texts) else {}
    if _are_numbers(present, decimal).all() and not present.str.fullmatch(_CODE).any():
        numbers = _as_numbers(present, decimal)
        if numbers.nunique() == 1:
            return f"it is {present.iloc[0]!r}, or the same number, in every row that has it"
        if numbers.abs().max() == math.inf:
            return "it holds numbers beyond 1e308"
        return _numeric_field(numbers) | missing
    if (written := date_format(present)) is not None:
        layout = {"format": written} if written else {}
        return {"type": "date", "use": "metadata"} | layout | missing
    if present.str.len().mean() > LONG_TEXT:
        return {"type": "text"} | missing
    if distinct <= LISTED_CATEGORIES and 3 * distinct <= len(present):
        return {"type": "category", "values": sorted(present.unique())} | missing
    if distinct <= min(OPEN_CATEGORIES, len(present) / 10):
        return {"type": "category"} | missing
    if present.str.contains(r"\s").mean() >= MOSTLY_WORDS:
        return {"type": "text"} | missing
    return f"it has {distinct} different texts in {len(present)} rows"


def guess_target(texts: Texts, decimal: str, *, where: str) -> TargetGuess:
    """The task for the target's texts, none of them missing; ``where`` names the target in errors.

    Raises:
        DataError: the target has one value alone, or too many classes, or too few rows of one.
    """
    counts = texts.value_counts()
    numeric = bool(_are_numbers(texts, decimal).all()) and not texts.str.fullmatch(_CODE).any()
    numbers = _as_numbers(texts, decimal) if numeric else None
    whole = numbers is not None and bool((numbers == numbers.round()).all())
    if numbers is not None:
        counts = numbers.value_counts()
    if len(counts) < 2:
        raise DataError(
            "the target has one value alone",
            where=where,
            found=repr(texts.iloc[0]),
            expected="two values at least",
            hint="bring rows of another class, or choose another target",
        )
    # More than ten rows a value are classes; fewer are a quantity, counted in whole numbers.
    is_quantity = len(counts) > MOST_CLASSES or len(texts) < 10 * len(counts) or not whole
    if numbers is not None and len(counts) > 2 and is_quantity:
        return TargetGuess("regression")
    label = {value: int(value) if whole else str(value) for value in counts.index}
    return _classes({label[value]: int(count) for value, count in counts.items()}, where)


def date_format(present: Texts) -> str | None:
    """How each text is written as a date, as in strptime; "" for ISO 8601; ``None`` where they are none."""
    if not _all_match(present, _LIKE_A_DATE):
        return None
    for date in _DATES:
        for time in _TIMES:
            if pd.to_datetime(present, format=date + time, errors="coerce").notna().all():
                return "" if date == _DATES[0] else date + time
    return "" if pd.to_datetime(present, format="ISO8601", errors="coerce").notna().all() else None


def _classes(counts: dict[int | str, int], where: str) -> TargetGuess:
    smallest = min(counts.values())
    if len(counts) == 2:
        if smallest < 2:
            raise DataError(
                "a class has too few rows",
                where=where,
                found=", ".join(f"{label}: {count}" for label, count in counts.items()),
                expected="two rows of each class at least",
                hint="bring more rows of the rare class",
            )
        said = [label for label in counts if str(label).casefold() in _POSITIVES]
        positive = said[0] if len(said) == 1 else min(counts, key=lambda label: counts[label])
        negative = next(label for label in counts if label != positive)
        return TargetGuess("binary", (negative, positive), positive, smallest=smallest)
    kept = {label: count for label, count in counts.items() if count >= RARE_CLASS_ROWS}
    if len(kept) < 2:
        raise DataError(
            "too few rows a class",
            where=where,
            found=", ".join(f"{label}: {count}" for label, count in counts.items()),
            expected=f"two classes at least with {RARE_CLASS_ROWS} rows or more",
            hint="bring more rows, or join classes",
        )
    if len(kept) > MOST_CLASSES:
        raise DataError(
            "the target has too many classes",
            where=where,
            found=f"{len(kept)} classes of {RARE_CLASS_ROWS} rows or more",
            expected=f"at most {MOST_CLASSES}, or numbers",
            hint="join the rare classes into one, or choose another target",
        )
    rare = tuple(sorted(str(label) for label in counts if label not in kept))
    return TargetGuess(
        "multiclass", tuple(sorted(kept, key=_in_order)), rare=rare, smallest=min(kept.values())
    )


def _in_order(label: int | str) -> tuple[float, str]:
    return (label, "") if isinstance(label, int) else (0, label)


def _numeric_field(numbers: pd.Series[float]) -> Field:
    whole = bool((numbers == numbers.round()).all())
    lowest, highest = float(numbers.min()), float(numbers.max())
    low, high = (0.0, 1.0) if whole and (lowest, highest) == (0, 1) else _widened(lowest, highest)
    # What was seen is allowed, whatever the rounding.
    return {
        "type": "integer" if whole else "number",
        "min": _plain(min(low, lowest)),
        "max": _plain(max(high, highest)),
    }


def _widened(low: float, high: float) -> tuple[float, float]:
    """Room for tomorrow's values: once the span on either side, rounded outwards; no sign never seen."""
    span = high - low
    if not 1e-300 < span < 1e300:
        return low, high
    step = 10.0 ** (math.floor(math.log10(span)) - 1)
    below, above = math.floor((low - span) / step) * step, math.ceil((high + span) / step) * step
    below, above = float(f"{below:.15g}"), float(f"{above:.15g}")
    return (max(below, 0.0) if low >= 0 else below), (min(above, 0.0) if high <= 0 else above)


def _plain(value: float) -> int | float:
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _are_numbers(texts: Texts, decimal: str) -> pd.Series[bool]:
    return texts.str.fullmatch(_COMMA_NUMBER if decimal == "," else _DOT_NUMBER).astype(bool)


def _as_numbers(texts: Texts, decimal: str) -> pd.Series[float]:
    return texts.str.replace(decimal, ".", regex=False).astype("float64")


def _all_match(texts: Texts, pattern: str) -> bool:
    present = texts.dropna()
    return len(present) > 0 and bool(present.str.fullmatch(pattern).all())


def _any_holds(texts: Texts, mark: str) -> bool:
    return bool(texts.dropna().str.contains(mark, regex=False).any())
