"""CEL expressions as facts: each is a boolean fact, called `cel:` and its text, that other facts give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.condition import Leaf, walk
from policy.model.kinds import (
    BooleanKind,
    DateKind,
    DurationKind,
    EnumKind,
    IntegerKind,
    Kind,
    ListKind,
    NumberKind,
    PathKind,
    StringKind,
)
from policy.model.schema import EXPRESSION, is_expression
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policy.model.policy import Policy
    from policy.model.schema import Schema

# Money is an amount in a currency, which CEL has no type for; records would need one type each.
TYPES: dict[type[Kind], str] = {
    BooleanKind: "bool",
    DateKind: "timestamp",
    DurationKind: "duration",
    EnumKind: "string",
    IntegerKind: "int",
    NumberKind: "double",
    PathKind: "string",
    StringKind: "string",
}


class Expression(NamedTuple):
    """An expression by its text, and the facts that it reads with their types in CEL."""

    text: str
    types: Mapping[str, str]

    @property
    def path(self) -> str:
        """The fact that says whether it holds."""
        return EXPRESSION + self.text


def get_type(kind: Kind) -> str | None:
    """The type in CEL of what a fact of this kind holds; None where it has none."""
    if isinstance(kind, ListKind):
        inner = get_type(kind.of)
        return inner and f"list<{inner}>"
    return TYPES.get(type(kind))


def list_expressions(policies: Iterable[Policy], schema: Schema) -> list[Expression]:
    """The expressions in the conditions of some policies, each once."""
    leaves = {leaf.path: leaf for policy in policies for leaf in _walk_expressions(policy)}
    return [
        Expression(
            path.removeprefix(EXPRESSION), {name: get_type(schema.fields[name].kind) or "dyn" for name in leaf.reads}
        )
        for path, leaf in leaves.items()
    ]


def _walk_expressions(policy: Policy) -> Iterator[Leaf]:
    # The paths are known already, and most policies hold no expression.
    if any(map(is_expression, policy.paths)):
        for condition in (policy.when, policy.require):
            yield from (part for part in walk(condition) if isinstance(part, Leaf) and is_expression(part.path))


def build_environment(types: Mapping[str, str]) -> Any:
    """What CEL compiles expressions over these variables in. Raises ImportError where the library is missing."""
    from cel_expr_python import cel  # an extra: only policies with expressions need it

    return cel.NewEnv(variables={path: cel.Type(name) for path, name in types.items()})
