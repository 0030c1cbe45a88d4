"""What names in Python source stand for, as far as the source itself tells: dotted names of what is imported.

A value is a dotted name, with `()` for what a call gives: after `from openai import OpenAI as O; client = O()` the
name `client` is `openai.OpenAI()`. Where it may be one of several it is all of them; what cannot be told is `?`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from policy.evidence.source.python_parts import UnparsedError
from policy.evidence.source.scopes import (
    ASSIGNING,
    DEFINING,
    Function,
    Scope,
    bind_definition,
    list_assigned,
    list_children,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.evidence.source.scopes import Origin

UNKNOWN = "?"
# What a hostile source could drive up.
_MOST_VALUES = 16
_LONGEST = 200
_DEEPEST = 40
# As many as a large file of many calls takes, ten times over.
_MOST_STEPS = 2_000_000
_IMPORTING = frozenset({"importlib.import_module"})


class Names:
    """The scopes of some syntax trees that are run one after the other, and every call in them."""

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        self.module = Scope()
        self.attributes: dict[str, list[Origin]] = {}
        self.calls: list[tuple[int, ast.Call, Scope]] = []
        self._known: dict[int, tuple[str, ...]] = {}
        self._returns: dict[int, list[Origin]] = {}
        self._steps = 0
        for number, tree in enumerate(trees):
            self._survey(number, tree)

    def _survey(self, number: int, tree: ast.Module) -> None:
        """Walk a tree without recursion: it may be deep."""
        # Each node with its scope and the function that it is in.
        pending: list[tuple[ast.AST, Scope, ast.AST | None]] = [(tree, self.module, None)]
        while pending:
            node, scope, function = pending.pop()
            kind = type(node)
            if kind is ast.Call:
                self.calls.append((number, node, scope))  # type: ignore[arg-type]  # it is one
            elif kind in ASSIGNING:
                for target, value in list_assigned(node):
                    self._assign(target, value, scope)
            elif kind in DEFINING:
                scope = bind_definition(node, scope)
                function = node if isinstance(node, Function) else function
                if isinstance(node, ast.Lambda):
                    self._returns[id(node)] = [(node.body, scope)]
            elif isinstance(node, ast.Return) and function is not None:
                self._returns.setdefault(id(function), []).append((node.value, scope))
            pending += [(child, scope, function) for child in list_children(node)]

    def _assign(self, target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
            for number, inner in enumerate(target.elts):
                # Of what is unpacked each name is taken for the whole: a model and its tokenizer.
                self._assign(inner, value.elts[number] if same else value, scope)  # type: ignore[union-attr]
        elif isinstance(target, ast.Name):
            scope.bind(target.id, value)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            self.attributes.setdefault(f"{target.value.id}.{target.attr}", []).append((value, scope))

    def _step(self, count: int) -> None:
        """Note that so many things are looked at. Raises UnparsedError where each of many names has many meanings."""
        self._steps += count
        if self._steps > _MOST_STEPS:
            raise UnparsedError("its names may stand for too many things")

    def resolve(self, node: ast.AST | None, scope: Scope, depth: int = 0) -> tuple[str, ...]:
        """What an expression may stand for. Raises UnparsedError where a source is made to take for ever."""
        if node is None or depth > _DEEPEST:
            return (UNKNOWN,)
        if id(node) not in self._known:
            # Whatever refers to itself adds nothing to what it is.
            self._known[id(node)] = ()
            found = dict.fromkeys(value for value in self._list(node, scope, depth + 1) if len(value) <= _LONGEST)
            self._known[id(node)] = tuple(found)[:_MOST_VALUES]
        return self._known[id(node)]

    def _list(self, node: ast.AST, scope: Scope, depth: int) -> Iterator[str]:
        match node:
            case ast.Name(id=name):
                yield from self._list_named(name, scope, depth)
            case ast.Attribute(value=value, attr=attribute):
                yield from self._list_attributes(value, attribute, scope, depth)
            case ast.Call(func=function, args=[ast.Constant(value=str() as module)]) if _IMPORTING.intersection(
                self.resolve(function, scope, depth)
            ):
                yield module
            case ast.Call(func=function):
                yield from self.resolve_result(function, scope, depth)
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                yield from self.resolve(value, scope, depth)
            case ast.IfExp(body=body, orelse=orelse):
                yield from (*self.resolve(body, scope, depth), *self.resolve(orelse, scope, depth))
            case ast.BoolOp(values=values):
                for value in values:
                    yield from self.resolve(value, scope, depth)
            case ast.Constant(value=None):
                # As where an import failed.
                return
            case _:
                yield UNKNOWN

    def _list_named(self, name: str, scope: Scope, depth: int) -> Iterator[str]:
        origins = scope.find(name)
        self._step(len(origins) or len(self.module.stars))
        for origin, place in origins:
            if isinstance(origin, str):
                yield origin
            elif isinstance(origin, ast.ClassDef):
                # A class of one's own is taken for those that it is made of.
                yield from (value for base in origin.bases for value in self.resolve(base, place, depth))
                if not origin.bases:
                    yield f".{name}"
            elif isinstance(origin, Function):
                yield UNKNOWN
            else:
                yield from self.resolve(origin, place, depth)
        if not origins:
            yield from (f"{module}.{name}" for module in self.module.stars)
            yield UNKNOWN

    def _list_attributes(self, value: ast.expr, attribute: str, scope: Scope, depth: int) -> Iterator[str]:
        set_to = self.attributes.get(f"{value.id}.{attribute}", []) if isinstance(value, ast.Name) else []
        self._step(len(set_to))
        for origin, place in set_to:
            yield from self.resolve(origin if isinstance(origin, ast.AST) else None, place, depth)
        for base in self.resolve(value, scope, depth):
            if not set_to or base != UNKNOWN:
                yield f"{base}.{attribute}"

    def resolve_result(self, function: ast.expr, scope: Scope, depth: int = 0) -> Iterator[str]:
        """What calling an expression may give."""
        returned = list(self._find_returned(function, scope))
        self._step(len(returned))
        for value, place in returned:
            yield from self.resolve(value if isinstance(value, ast.AST) else None, place, depth)
        if not returned:
            yield from (f"{value}()" for value in self.resolve(function, scope, depth))

    def _find_returned(self, function: ast.expr, scope: Scope) -> Iterator[Origin]:
        """What a function of the source itself returns."""
        named = scope.find(function.id) if isinstance(function, ast.Name) else [(function, scope)]
        self._step(len(named))
        for origin, _ in named:
            yield from self._returns.get(id(origin), ())
