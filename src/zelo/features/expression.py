"""Arithmetic of a derived feature, read from project.yaml without ever running it as Python.

One walk over the syntax tree serves every backend: numpy in training, ONNX nodes in the compiled model.
"""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from zelo.errors import SpecError

T = TypeVar("T")

BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
COMPARE = {ast.Lt: "less", ast.Gt: "greater"}
FUNCTIONS = {"abs": 1, "sqrt": 1, "log": 1, "exp": 1, "min": 2, "max": 2}
CONSTANTS = {"pi": math.pi}
MAX_LENGTH = 500


class Backend(Protocol[T]):
    """What a walk needs: constants, and operations by name on values of type T."""

    def constant(self, value: float) -> T: ...

    def apply(self, operation: str, *operands: T) -> T: ...


@dataclass(frozen=True)
class Expression:
    """A checked expression over field names."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    def walk(self, values: Mapping[str, T], backend: Backend[T]) -> T:
        """Evaluate with ``values`` for the names."""
        return _walk(self.tree, values, backend)


def parse(name: str, text: str, fields: Mapping[str, Any]) -> Expression:
    """Check the text of the derived feature ``name`` against the fields that it may use.

    Raises:
        SpecError: it is no arithmetic, or uses an unknown name.
    """
    try:
        tree = ast.parse(text, mode="eval").body if len(text) <= MAX_LENGTH else None
    except SyntaxError as error:
        raise _refused(name, text, f"{error.msg} at position {error.offset}") from error
    except ValueError as error:
        # A null character or half a surrogate pair.
        raise _refused(name, text, str(error)) from error
    if tree is None:
        raise _refused(name, text[:40] + "...", f"{len(text)} characters, over {MAX_LENGTH}")
    names: set[str] = set()
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if id(node) not in called:
            _check(name, text, node, fields, names)
    return Expression(text, tree, frozenset(names))


class NumpyBackend:
    """float64 arrays. Non-finite intermediate values are let through; the caller settles them."""

    operations: Mapping[str, Callable[..., Any]] = {
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "div": np.divide,
        "pow": np.power,
        "neg": np.negative,
        "less": lambda a, b: np.less(a, b).astype(np.float64),
        "greater": lambda a, b: np.greater(a, b).astype(np.float64),
        "abs": np.abs,
        "sqrt": np.sqrt,
        "log": np.log,
        "exp": np.exp,
        "min": np.minimum,
        "max": np.maximum,
    }

    def constant(self, value: float) -> Any:
        return np.float64(value)

    def apply(self, operation: str, *operands: Any) -> Any:
        with np.errstate(all="ignore"):
            return self.operations[operation](*operands)


def _check(name: str, text: str, node: ast.AST, fields: Mapping[str, Any], names: set[str]) -> None:
    match node:
        case ast.Name(id=identifier):
            if identifier in fields:
                names.add(identifier)
            elif identifier not in CONSTANTS:
                raise _refused(name, text, f"unknown name {identifier}", fields)
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]):
            if FUNCTIONS.get(function) != len(args):
                raise _refused(name, text, f"{function}() with {len(args)} arguments")
        case ast.Constant(value=value) if _is_number(value):
            pass
        case ast.Compare(ops=[operator], comparators=[_]) if type(operator) in COMPARE:
            pass
        case ast.BinOp(op=operator) if type(operator) in BINARY:
            pass
        case ast.UnaryOp(op=ast.USub()) | ast.operator() | ast.unaryop() | ast.cmpop() | ast.expr_context():
            pass
        case _:
            raise _refused(name, text, type(node).__name__)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # An int may be too large for a float, and a float may be infinite.
    return abs(value) <= sys.float_info.max


def _walk(node: ast.expr, values: Mapping[str, T], backend: Backend[T]) -> T:
    match node:
        case ast.Name(id=identifier):
            return values[identifier] if identifier in values else backend.constant(CONSTANTS[identifier])
        case ast.Constant(value=int() | float() as value):
            return backend.constant(float(value))
        case ast.BinOp(left=left, op=operator, right=right):
            return backend.apply(
                BINARY[type(operator)], _walk(left, values, backend), _walk(right, values, backend)
            )
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return backend.apply(
                COMPARE[type(operator)], _walk(left, values, backend), _walk(right, values, backend)
            )
        case ast.UnaryOp(operand=operand):
            return backend.apply("neg", _walk(operand, values, backend))
        case ast.Call(func=ast.Name(id=function), args=args):
            return backend.apply(function, *(_walk(argument, values, backend) for argument in args))
    raise AssertionError(ast.dump(node))


def _refused(name: str, text: str, found: str, fields: Mapping[str, Any] | None = None) -> SpecError:
    known = f" over {', '.join(sorted(fields))}" if fields else ""
    return SpecError(
        "not an arithmetic expression",
        where=f"derived.{name}",
        found=f"{found} in {text!r}",
        expected=f"+ - * / ** < >, numbers, pi, {', '.join(FUNCTIONS)}{known}",
        hint="write it as plain arithmetic of numeric inputs",
    )
