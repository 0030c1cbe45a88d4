"""Scopes of Python source: what names are bound to, by imports, definitions, arguments and assignments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nothing is bound or called below these, which are most of every tree.
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.alias, ast.Pass, ast.arg})
DEFINING = frozenset({ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda})
ASSIGNING = frozenset({ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.withitem, ast.For, ast.AsyncFor})

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# What a name was bound to: a dotted name, or an expression or definition in a scope; None for what cannot be told.
Origin = tuple["str | ast.AST | None", "Scope"]


class Scope:
    """The names that are bound in a module, a class or a function, and the scope around it."""

    def __init__(self, parent: Scope | None = None, *, is_class: bool = False) -> None:
        self.names: dict[str, list[Origin]] = {}
        self.stars: list[str] = []
        self.parent = parent
        self.is_class = is_class

    def bind(self, name: str, origin: str | ast.AST | None, scope: Scope | None = None) -> None:
        """Note one more thing that a name is bound to; None for what cannot be told."""
        self.names.setdefault(name, []).append((origin, scope or self))

    def find(self, name: str) -> list[Origin]:
        """What a name is bound to in the nearest scope that binds it; functions do not see names of their class."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
            while scope is not None and scope.is_class:
                scope = scope.parent
        return []


def bind_definition(node: ast.AST, scope: Scope) -> Scope:
    """Note what an import or a definition binds, and give the scope of what is below it."""
    match node:
        case ast.Import(names=names):
            for alias in names:
                package = alias.name.partition(".")[0]
                scope.bind(alias.asname or package, alias.name if alias.asname else package)
        case ast.ImportFrom(module=module, names=names, level=level):
            _bind_imported(f"{'.' * level}{module or ''}", names, scope)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            scope.bind(name, node)
            return _open_function(node, scope)
        case ast.ClassDef(name=name):
            scope.bind(name, node)
            return Scope(scope, is_class=True)
        case ast.Lambda():
            return _open_function(node, scope)
    return scope


def _bind_imported(module: str, names: list[ast.alias], scope: Scope) -> None:
    for alias in names:
        if alias.name == "*":
            scope.stars.append(module)
        else:
            scope.bind(alias.asname or alias.name, f"{module}.{alias.name}")


def _open_function(node: Function, scope: Scope) -> Scope:
    """The scope of a function with its arguments: an annotation tells the type of what is handed over."""
    inner = Scope(scope)
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(zip([argument.arg for argument in plain][::-1], arguments.defaults[::-1], strict=False))
    defaults |= {a.arg: value for a, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value}
    for argument in (*plain, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if argument is None:
            continue
        made = None if argument.annotation is None else ast.Call(argument.annotation, [], [])
        inner.bind(argument.arg, made, scope)
        if argument.arg in defaults:
            inner.bind(argument.arg, defaults[argument.arg], scope)
    return inner


def list_children(node: ast.AST) -> Iterator[ast.AST]:
    """What stands below a node, but for leaves; quicker than `ast.iter_child_nodes`, for this sees every node."""
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            for item in value:
                if isinstance(item, ast.AST) and type(item) not in _LEAVES:
                    yield item
        elif isinstance(value, ast.AST) and type(value) not in _LEAVES:
            yield value


def list_assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Each target of a node with the value that it is given; None for one that cannot be told."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield target, value
        case ast.For(target=target, iter=several) | ast.AsyncFor(target=target, iter=several):
            listed = several.elts if isinstance(several, ast.Tuple | ast.List) else [None]
            yield from ((target, value) for value in listed)
