"""Evaluating expressions (see expression_syntax) over the columns of a data frame.

A comparison with a missing value is missing, and a missing condition does not hold (`is_true`).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import reduce

import pandas as pd

from multicenter.durations import DAYS_PER_MONTH, DAYS_PER_YEAR
from multicenter.errors import StudyError
from multicenter.expression_syntax import parse, problems_in

COMPARE: dict[type, Callable] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ARITHMETIC: dict[type, Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _days(start: pd.Series, end: pd.Series) -> pd.Series:
    return (end - start).dt.days.astype("Float64")


def _first_known(*values: pd.Series) -> pd.Series:
    return reduce(lambda known, other: known.where(known.notna(), other), values)


def _earliest(*dates: pd.Series) -> pd.Series:
    return pd.concat(dates, axis=1).min(axis=1)


def _latest(*dates: pd.Series) -> pd.Series:
    return pd.concat(dates, axis=1).max(axis=1)


FUNCTIONS: dict[str, Callable[..., pd.Series]] = {
    "known": lambda x: x.notna(),
    "missing": lambda x: x.isna(),
    "days": _days,
    "months": lambda start, end: _days(start, end) / DAYS_PER_MONTH,
    "years": lambda start, end: _days(start, end) / DAYS_PER_YEAR,
    "year": lambda date: date.dt.year.astype("Int64"),
    "day_of_year": lambda date: date.dt.dayofyear.astype("Int64"),
    "first_known": _first_known,
    "earliest": _earliest,
    "latest": _latest,
    "round": lambda x, digits: x.round(digits),
}


def evaluate(expression: str, frame: pd.DataFrame) -> pd.Series:
    """Evaluate an expression over the columns of a frame, row by row; the result has the frame's index.

    Raises StudyError that quotes the expression when it names an unknown column or mixes types.
    """
    wrong = problems_in(expression, frame.columns)
    if wrong:
        raise StudyError(wrong[0])
    try:
        result = _evaluate(parse(expression).body, frame)
    except (TypeError, ValueError, AttributeError) as error:
        raise StudyError(f"{expression!r} cannot be evaluated: {error}") from error
    return result if isinstance(result, pd.Series) else pd.Series(result, index=frame.index)


def is_true(expression: str, frame: pd.DataFrame) -> pd.Series:
    """Return where a condition holds (bool, no missing values); a missing condition does not hold."""
    return evaluate(expression, frame).astype("boolean").fillna(False).astype(bool)


def _evaluate(node: ast.AST, frame: Mapping[str, pd.Series]):
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return frame[name]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_evaluate(item, frame) for item in items]
        case ast.BoolOp(op=op, values=values):
            parts = [_evaluate(value, frame).astype("boolean") for value in values]
            return reduce(operator.and_ if isinstance(op, ast.And) else operator.or_, parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ~_evaluate(operand, frame).astype("boolean")
        case ast.UnaryOp(operand=operand):
            return -_evaluate(operand, frame)
        case ast.BinOp(left=left, op=op, right=right):
            return ARITHMETIC[type(op)](_evaluate(left, frame), _evaluate(right, frame))
        case ast.Compare():
            return _compare(node, frame)
        case ast.Call(func=func, args=args):
            return FUNCTIONS[func.id](*(_evaluate(arg, frame) for arg in args))
    raise StudyError(f"expression part {ast.dump(node)} is not known")


def _compare(node: ast.Compare, frame: Mapping[str, pd.Series]) -> pd.Series:
    left, parts = _evaluate(node.left, frame), []
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _evaluate(comparator, frame)
        if isinstance(op, ast.In | ast.NotIn):
            found = left.isin(right).astype("boolean").mask(left.isna())
            parts.append(~found if isinstance(op, ast.NotIn) else found)
        else:
            parts.append(_compare_known(COMPARE[type(op)], left, _as_date(right, left)))
        left = right
    return reduce(operator.and_, parts)


def _compare_known(compare: Callable, left, right) -> pd.Series:
    known = pd.notna(left) & pd.notna(right)
    return compare(left, right).astype("boolean").mask(~known)


def _as_date(value, other):
    return pd.Timestamp(value) if isinstance(value, str) and pd.api.types.is_datetime64_any_dtype(other) else value
