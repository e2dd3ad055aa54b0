"""Arithmetic in text, evaluated within bounds: no names but the listed ones, no number that grows without end."""

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

from lockgate.errors import ToolError

MAX_EXPRESSION = 500
"""Characters."""
MAX_BITS = 4_096
"""Of any integer on the way, which is some 1,200 digits."""

Number = int | float

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_SIGNS: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("sqrt", "floor", "ceil", "log", "log2", "log10", "exp")},
    **{name: getattr(math, name) for name in ("sin", "cos", "tan", "degrees", "radians")},
    **{function.__name__: function for function in (abs, round, min, max)},
}
_CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}


def evaluate(expression: str) -> Number:
    """The value of `expression`. Raises ToolError for what is no arithmetic, has no value, or grows too large."""
    if len(expression) > MAX_EXPRESSION:
        raise ToolError(f"The expression has {len(expression):,} characters; the limit is {MAX_EXPRESSION}.")
    try:
        return _value(ast.parse(expression.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError) as error:
        raise ToolError(f"{expression!r} cannot be evaluated: {_reason(error)}.") from None
    except ZeroDivisionError:
        raise ToolError("Division by zero.") from None
    except (OverflowError, MemoryError, RecursionError):
        raise _too_large() from None


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            result = value
        case ast.Name(id=name) if name in _CONSTANTS:
            result = _CONSTANTS[name]
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _SIGNS:
            result = _SIGNS[type(sign)](_value(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            result = _combined(op, _value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            result = _FUNCTIONS[name](*map(_value, args))
        case _:
            raise ToolError(
                f"{ast.unparse(node)[:100]!r} is no arithmetic.",
                f"Use numbers, + - * / // % **, parentheses and {', '.join([*_FUNCTIONS, *_CONSTANTS])}.",
            )
    return _bounded(result)


def _combined(op: ast.operator, left: Number, right: Number) -> Any:
    if isinstance(op, ast.Pow) and isinstance(left, int) and isinstance(right, int):
        # Checked before it is computed: the power of two small numbers can fill the memory.
        if right > 0 and left.bit_length() * right > MAX_BITS + right:
            raise _too_large()
        if right < -MAX_BITS:
            raise _too_large()
    return _OPERATORS[type(op)](left, right)


def _bounded(result: Any) -> Number:
    if isinstance(result, complex):
        raise ToolError("The result is no real number.")
    if isinstance(result, float) and not math.isfinite(result):
        raise _too_large()
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise _too_large()
    number: Number = result
    return number


def _too_large() -> ToolError:
    return ToolError("A number on the way is too large.")


def _reason(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)
