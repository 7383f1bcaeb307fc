"""What callers get wrong, in few words for counting: the kind of a fault, and fields in another order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from pydantic_core import from_json

Fault = Literal["missing", "unknown", "type", "range", "category", "length", "other"]

_KINDS: Mapping[str, Fault] = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "literal_error": "category",
    "enum": "category",
    "finite_number": "range",
    "string_too_long": "length",
    "string_too_short": "length",
    "too_long": "length",
    "too_short": "length",
    "int_from_float": "type",
    "multiple_of": "type",
}
_READ = 16_384


def fault_of(kind: str, value: object) -> Fault:
    """What an error of pydantic is: ``kind`` as it names it, ``value`` as it was sent."""
    if value is None and kind.endswith("_type"):
        return "missing"
    if kind in _KINDS:
        return _KINDS[kind]
    if kind.startswith(("greater_than", "less_than")):
        return "range"
    return "type" if kind.endswith(("_type", "_parsing")) else "other"


def reordered(body: bytes, names: Sequence[str]) -> bool:
    """Whether the first row of a JSON body has the fields in another order than ``names``.

    The order means nothing to a model, which reads by name. That it changes tells that the caller changed.
    Of a large body its beginning alone is read.
    """
    if _in_order(body, names):
        return False
    try:
        document: Any = from_json(body[:_READ], allow_partial=True)
    except ValueError:
        return False
    rows = document.get("rows") if isinstance(document, dict) else None
    row = rows[0] if isinstance(rows, list) and rows else document
    if not isinstance(row, dict):
        return False
    place = {name: number for number, name in enumerate(names)}
    places = [place[name] for name in row if name in place]
    return places != sorted(places)


def _in_order(body: bytes, names: Sequence[str]) -> bool:
    """Whether the first row surely has every name, each after the one before it: seen without parsing."""
    at, end = 0, body.find(b"}")
    for name in names:
        at = body.find(_key(name), at, end)
        if at < 0:
            return False
    return True


@lru_cache(maxsize=10_000)
def _key(name: str) -> bytes:
    return b'"%s":' % name.encode()
