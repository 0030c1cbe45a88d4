"""CEL expressions in policies: parsed and type-checked against the fact schema when the policy is loaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.errors import Location, Problem
from policy.language.expression_refusals import Refusal, can_read, explain_refusal, refuse_constants
from policy.model.condition import Leaf, Literal
from policy.model.expressions import build_environment, get_type
from policy.model.kinds import BOOLEAN
from policy.model.schema import EXPRESSION
from policy.source.node import Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.language.operands import OperandReader
    from policy.model.schema import Field, Schema

LONGEST = 1000
MISSING = "a CEL expression needs a library that is not installed"
INSTALL = "pip install 'tunegate[cel]'"
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_expression(node: Node, schema: Schema, operands: OperandReader) -> Leaf | None:
    """The expression as the test that it holds; None where something is wrong, which the operands' problems say."""
    if not _is_fit(node, operands) or not isinstance(node, Scalar):
        return None
    text = node.text.strip()
    types = {path: get_type(field.kind) or "" for path, field in _list_near(text, schema) if can_read(field)}
    try:
        compiled = build_environment(types).compile(text)
    except ImportError:
        operands.refuse(node, MISSING, f"install it with {INSTALL}, or write the policy without `cel`")
        return None
    except (RuntimeError, TypeError, ValueError) as error:
        reads: tuple[str, ...] = ()
        refused = explain_refusal(str(error), text, schema)
    else:
        reads = _find_reads(compiled, types, text)
        refused = [*_refuse_result(compiled, reads), *refuse_constants(text)]
    for refusal in refused:
        _report(node, refusal, operands)
    return None if refused else _make_leaf(text, node.location(operands.file), reads)


def _is_fit(node: Node, operands: OperandReader) -> bool:
    """Whether this is a text of a length that is worth reading."""
    if not isinstance(node, Scalar) or node.is_null or not node.text.strip():
        operands.refuse(node, "`cel` needs an expression", "write `cel: data.rows > 100`")
        return False
    if len(node.text) > LONGEST:
        message = f"the CEL expression has {len(node.text)} characters, and {LONGEST} is the limit"
        operands.refuse(node, message, "split it into several, or write a named predicate")
        return False
    return True


def _make_leaf(text: str, place: Location, reads: tuple[str, ...]) -> Leaf:
    return Leaf(EXPRESSION + text, "equals", Literal(value=True), BOOLEAN, place, reads)


def _list_near(text: str, schema: Schema) -> Iterator[tuple[str, Field]]:
    """The fields that may be meant: all words of their paths are in the text."""
    words = set(WORD.findall(text))
    return ((path, field) for path, field in schema.fields.items() if words.issuperset(path.split(".")))


def _find_reads(compiled: Any, types: dict[str, str], text: str) -> tuple[str, ...]:
    """The fields that the expression refers to, in its order: the checked one, a protobuf message, names them."""
    written: bytes = compiled.serialize()
    return tuple(sorted((path for path in types if _write_name(path) in written), key=lambda path: _find(path, text)))


def _find(path: str, text: str) -> tuple[int, str]:
    """Where a path first stands; one that is written with spaces comes first."""
    return text.find(path), path


def _write_name(path: str) -> bytes:
    """A name as the first field of a message: a tag, its length in groups of seven bits, and its bytes."""
    name, length = path.encode(), bytearray()
    size = len(name)
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes((10, *length, size)) + name


def _refuse_result(compiled: Any, reads: tuple[str, ...]) -> Iterator[Refusal]:
    """What is wrong with what an expression gives."""
    from cel_expr_python import cel

    given = compiled.return_type()
    # Only this counts: CEL's values, errors among them, are all true in Python.
    if given != cel.Type.BOOL:
        message = f"the CEL expression gives {_name_type(str(given))}, not true or false"
        yield Refusal(0, 0, message, "compare it with something")
    elif not reads:
        yield Refusal(0, 0, "the CEL expression reads no fact", "name at least one field in it")


def _name_type(name: str) -> str:
    return {"DYN": "a value of any type"}.get(name, f"a value of the type {name.lower()}")


def _report(node: Scalar, refusal: Refusal, operands: OperandReader) -> None:
    place = _locate(node, refusal, operands.file)
    message = refusal.message
    if place is None and refusal.line:
        message = f"{message} (line {refusal.line}, column {refusal.column} of the expression)"
    operands.problems.append(Problem(message, refusal.remedy, place or node.location(operands.file)))


def _locate(node: Scalar, refusal: Refusal, file: str) -> Location | None:
    """The place in the file; None where what is written there is not, character by character, the expression."""
    quotes = 0 if node.plain else 1
    if not refusal.line or node.line != node.end_line or node.end_column - node.column != len(node.text) + 2 * quotes:
        return None
    lead = len(node.text) - len(node.text.lstrip())
    column = node.column + quotes + lead + refusal.column - 1
    return Location(file, node.line, column, node.line, column + max(refusal.length, 1))
