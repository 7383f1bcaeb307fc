from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zelo.errors import SpecError
from zelo.features.expression import MAX_LENGTH, NumpyBackend, parse

FIELDS = {"a": None, "b": None}
ROWS = 7

Floats = np.ndarray[Any, Any]
Reference = Callable[[Floats, Floats], Floats]


def evaluate(text: str, **values: Any) -> Any:
    fields = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    return parse("x", text, fields).walk(fields, NumpyBackend())


def joined(operator: str, function: Callable[[Floats, Floats], Floats]) -> Any:
    """Grow (text, reference) pairs by one binary operator."""

    def grow(pair: tuple[tuple[str, Reference], tuple[str, Reference]]) -> tuple[str, Reference]:
        (left, f), (right, g) = pair
        return f"({left} {operator} {right})", lambda a, b: function(f(a, b), g(a, b))

    return grow


def called(name: str, function: Callable[..., Floats], arity: int) -> Any:
    def grow(parts: tuple[tuple[str, Reference], ...]) -> tuple[str, Reference]:
        inner = [reference for _, reference in parts]
        text = f"{name}({', '.join(text for text, _ in parts)})"
        return text, lambda a, b: function(*(reference(a, b) for reference in inner))

    return arity, grow


CONSTANTS = st.one_of(st.integers(0, 50), st.floats(0, 1e3, allow_nan=False).map(lambda x: round(x, 3)))
LEAVES = st.one_of(
    st.just(("a", lambda a, b: a)),
    st.just(("b", lambda a, b: b)),
    st.just(("pi", lambda a, b: np.full_like(a, math.pi))),
    CONSTANTS.map(lambda value: (repr(value), lambda a, b: np.full_like(a, float(value)))),
)
OPERATORS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
    "<": lambda x, y: (x < y) * 1.0,
    ">": lambda x, y: (x > y) * 1.0,
}
CALLS = {
    "abs": (np.abs, 1),
    "sqrt": (np.sqrt, 1),
    "log": (np.log, 1),
    "exp": (np.exp, 1),
    "min": (np.minimum, 2),
    "max": (np.maximum, 2),
}


def extended(inner: st.SearchStrategy[tuple[str, Reference]]) -> st.SearchStrategy[tuple[str, Reference]]:
    binary = [st.tuples(inner, inner).map(joined(sign, function)) for sign, function in OPERATORS.items()]
    calls = []
    for name, (function, arity) in CALLS.items():
        _, grow = called(name, function, arity)
        calls.append(st.tuples(*[inner] * arity).map(grow))
    negated = inner.map(lambda part: (f"(-{part[0]})", lambda a, b: -part[1](a, b)))
    return st.one_of(*binary, *calls, negated)


EXPRESSIONS = st.recursive(LEAVES, extended, max_leaves=12)
NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=ROWS, max_size=ROWS).map(np.array)


@settings(deadline=None, max_examples=60)
@given(EXPRESSIONS, NUMBERS, NUMBERS)
def test_numpy_agrees_with_a_reference(expression: tuple[str, Reference], a: Floats, b: Floats) -> None:
    text, reference = expression
    if len(text) > MAX_LENGTH:
        return
    with np.errstate(all="ignore"):
        expected = reference(a, b)
    found = np.broadcast_to(evaluate(text, a=a, b=b), ROWS)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * 2", 2 + 3 * 2),
        ("(a + b) * 2", 10),
        ("-a ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("a / b / 2", 2 / 3 / 2),
        ("a - b - 1", -2),
        ("1e-3 * a", 0.002),
        ("(a < b) + (a > b)", 1),
        ("a < a", 0),
        ("min(a, b) + max(a, b) * pi", 2 + 3 * math.pi),
    ],
)
def test_precedence_is_pythons(text: str, expected: float) -> None:
    assert evaluate(text, a=2.0, b=3.0) == pytest.approx(expected)


def test_names_are_the_fields_that_are_used() -> None:
    assert parse("x", "a * pi + 1", FIELDS).names == {"a"}


def test_a_field_may_be_called_as_a_constant() -> None:
    assert evaluate("pi * 2", pi=5.0) == 10.0


def test_missing_and_impossible_values_pass_through() -> None:
    values = evaluate("log(a) / b", a=[np.nan, -1.0, 1.0], b=[1.0, 1.0, 0.0])
    assert np.isnan(values).all()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "c",
        "a if b else 1",
        "a and b",
        "not a",
        "~a",
        "+a",
        "a % b",
        "a // b",
        "a | b",
        "a @ b",
        "a == b",
        "a <= b",
        "a < b < 1",
        "a.real",
        "a[0]",
        "[a]",
        "(a, b)",
        "{a: b}",
        "'text'",
        "True",
        "None",
        "1j",
        "...",
        "lambda: a",
        "(a := 1)",
        "[x for x in a]",
        "f'{a}'",
        "abs(a, b)",
        "abs()",
        "min(a)",
        "max(*a)",
        "abs(x=a)",
        "max(a, b=1)",
        "round(a)",
        "a(b)",
        "__import__('os').system('true')",
        "abs.__class__",
        "eval('1')",
        "open('/etc/passwd')",
        "a; b",
        "a = 1",
        "import os",
        "a" + " + a" * MAX_LENGTH,
    ],
)
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse("ratio", text, FIELDS)
    assert caught.value.where == "derived.ratio"
    assert caught.value.found
    assert "+ - * /" in caught.value.expected


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(SpecError):
        parse("x", text, FIELDS).walk({name: np.ones(1) for name in FIELDS}, NumpyBackend())


@pytest.mark.parametrize("name", ["abs", "min"])
def test_a_function_alone_is_no_value(name: str) -> None:
    with pytest.raises(SpecError):
        parse("x", f"{name} + 1", FIELDS)


@pytest.mark.parametrize(
    "text", ["1e999 * a", "9" * 400 + " * a", "a \0", "a\ud800", "(" * 240 + "a" + ")" * 240]
)
def test_what_python_itself_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse("x", text, FIELDS)


def test_the_deepest_text_is_evaluated() -> None:
    assert evaluate("-" * (MAX_LENGTH - 1) + "a", a=1.0) == -1.0
