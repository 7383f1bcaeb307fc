from __future__ import annotations

import pytest

from zelo.monitoring.words import NOTHING, Words

PORTUGUESE, ENGLISH = Words("pt-BR"), Words("en")


@pytest.mark.parametrize(
    ("value", "digits", "signed", "number"),
    [
        (-0.004, 2, "+0,00", "0,00"),
        (-0.0, 2, "+0,00", "0,00"),
        (0.004, 2, "+0,00", "0,00"),
        (-0.006, 2, "-0,01", "-0,01"),
        (-0.4, 0, "+0", "0"),
        (1.25, 2, "+1,25", "1,25"),
    ],
)
def test_what_rounds_to_nothing_has_no_minus(value: float, digits: int, signed: str, number: str) -> None:
    assert PORTUGUESE.signed(value, digits) == signed
    assert PORTUGUESE.number(value, digits) == number
    assert ENGLISH.signed(value, digits) == signed.replace(",", ".")


def test_what_is_not_known_is_a_dash() -> None:
    assert PORTUGUESE.signed(None) == PORTUGUESE.number(None) == NOTHING
