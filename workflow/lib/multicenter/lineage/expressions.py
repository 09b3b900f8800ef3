"""What an expression of the protocol made of one row: the names that it read, and which argument decided."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pandas as pd

from multicenter.expression_syntax import names_in, parse
from multicenter.expressions import evaluate
from multicenter.lineage.tree import USED, Node, is_missing

NodeOf = Callable[[str], Node]
CHOOSING = {"first_known": "not needed: an earlier one is known", "earliest": "later", "latest": "earlier"}


def value_of(expression: str, frame: pd.DataFrame) -> Any:
    """The value of an expression in the only row of a frame."""
    return evaluate(expression, frame).iloc[0]


def parts_of(expression: str, frame: pd.DataFrame, node_of: NodeOf) -> list[Node]:
    """What an expression depends on: a node a name, and one a choice (first_known, earliest, latest) with its options.

    frame: one row. node_of: the node of a name. An option that was not chosen is not spelled out further.
    """
    text = expression.strip()
    return _unique(_parts(parse(expression).body, text, frame, node_of))


def condition_node(expression: str, frame: pd.DataFrame, node_of: NodeOf, name: str = "when") -> Node:
    """A condition with whether it holds, and the names that it read."""
    return Node(f"{name} {expression}: {holds(expression, frame)}", is_value=False, children=[
        node_of(part) for part in in_order(expression)])  # fmt: skip


def holds(expression: str, frame: pd.DataFrame) -> str:
    """`holds`, `does not hold`, or that it cannot be told because a value is missing."""
    result = value_of(expression, frame)
    if is_missing(result):
        return "does not hold: a value is missing"
    return "holds" if bool(result) else "does not hold"


def in_order(*expressions: str) -> list[str]:
    """The names in expressions, in the order in which they stand there."""
    found: dict[str, None] = {}
    for expression in expressions:
        known = names_in(expression)
        nodes = [node for node in ast.walk(parse(expression)) if isinstance(node, ast.Name) and node.id in known]
        found.update(dict.fromkeys(node.id for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset))))
    return list(found)


def _parts(node: ast.AST, text: str, frame: pd.DataFrame, node_of: NodeOf) -> list[Node]:
    if isinstance(node, ast.Name):
        return [node_of(node.id)]
    if isinstance(node, ast.Call):
        if node.func.id in CHOOSING:
            return [_choice(node, text, frame, node_of)]
        return [part for argument in node.args for part in _parts(argument, text, frame, node_of)]
    return [part for child in ast.iter_child_nodes(node) for part in _parts(child, text, frame, node_of)]


def _choice(call: ast.Call, text: str, frame: pd.DataFrame, node_of: NodeOf) -> Node:
    kind = call.func.id
    result = value_of(ast.unparse(call), frame)
    node, found = Node(f"{kind}(…)", result), False
    for argument in call.args:
        value = value_of(ast.unparse(argument), frame)
        chosen = not found and not is_missing(value) and (kind == "first_known" or value == result)
        option = _option(argument, value, text, frame, node_of, chosen or (is_missing(value) and not found))
        if chosen:
            option.verdict, found = USED, True
        elif is_missing(value):
            option.verdict = "missing"
        else:
            option.verdict = "the same date" if kind != "first_known" and value == result else CHOOSING[kind]
        node.children.append(option)
    return node


def _option(argument: ast.AST, value: Any, text: str, frame: pd.DataFrame, node_of: NodeOf, spelled: bool) -> Node:
    if isinstance(argument, ast.Name):
        option = node_of(argument.id)
        if not spelled:
            option.children = []
        return option
    option = Node(ast.get_source_segment(text, argument), value)
    if spelled:
        option.children = _unique(_parts(argument, text, frame, node_of))
    return option


def _unique(nodes: list[Node]) -> list[Node]:
    return list({node.name: node for node in reversed(nodes)}.values())[::-1]
