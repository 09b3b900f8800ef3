"""The expression language of the protocol and of the cross-field rules: what a line may say.

An expression is a line of Python syntax over column names. Allowed are comparisons, `and`, `or`, `not`, `in`,
arithmetic, constants, and the functions in FUNCTION_ARGUMENTS. Nothing else of Python is reachable: an expression is
data, not code. Here it is only read and checked (no data frames are needed for that); `expressions` evaluates it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache

from multicenter.errors import StudyError, did_you_mean

# name → how many arguments it takes (None: one or more)
FUNCTION_ARGUMENTS = {
    "known": 1, "missing": 1, "days": 2, "months": 2, "years": 2, "year": 1, "day_of_year": 1, "first_known": None,
    "earliest": None, "latest": None, "round": 2,
}  # fmt: skip
COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Compare, ast.Call,
    ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple, *COMPARISONS, *ARITHMETIC,
)  # fmt: skip


@cache
def parse(expression: str) -> ast.Expression:
    """Return the syntax tree of an expression; StudyError that quotes it if it is not of this language."""
    try:
        tree = ast.parse(str(expression).strip(), mode="eval")
    except SyntaxError as error:
        raise StudyError(f"{expression!r} is not an expression: {error.msg}") from error
    for node in ast.walk(tree):
        _check_node(node, expression)
    return tree


def names_in(expression: str) -> set[str]:
    """Return the column names that an expression reads; StudyError if it is not an expression of this language."""
    tree = parse(expression)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}


def problems_in(expression: str, columns: Iterable[str]) -> list[str]:
    """Return what is wrong with an expression over the given columns, one line each; nothing is evaluated."""
    columns = list(columns)
    try:
        unknown = sorted(names_in(expression) - set(columns))
    except StudyError as error:
        return [str(error)]
    return [f"{expression!r} names {name!r}, which does not exist.{did_you_mean(name, columns)}" for name in unknown]


def _check_node(node: ast.AST, expression: str) -> None:
    if not isinstance(node, ALLOWED):
        raise StudyError(f"{expression!r} uses {type(node).__name__}, which expressions do not know")
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else "?"
        if name not in FUNCTION_ARGUMENTS:
            raise StudyError(f"{expression!r} calls unknown function {name!r}.{did_you_mean(name, FUNCTION_ARGUMENTS)}")
        wanted = FUNCTION_ARGUMENTS[name]
        if len(node.args) != wanted if wanted else not node.args:
            raise StudyError(f"{expression!r}: {name} takes {wanted or 'one or more'} arguments, not {len(node.args)}")
