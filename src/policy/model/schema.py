"""What the fact schema is made of: a field, and all fields together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from policy.model.kinds import BOOLEAN, ListKind, PathKind, RecordsKind
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.kinds import Kind


class Field(NamedTuple):
    """One fact that a policy can name: type, meaning, who can observe it, how values combine and agree.

    `evidence` names what can observe it. `combine` says what several observations make: `one` (they must
    be equal, else the fact is unknown), `any` (true if one is) or `sum`. `agree` says when a claim and an
    observation speak of the same: `equal`, `case` (equal but for upper and lower case), `prefix` (one is
    the start of the other), `split` (both or neither is train), `approach`, `within:R` (relative difference
    at most R) or `any` (never a contradiction). `writable` is false for what a manifest cannot state;
    `derived` for what other facts give.
    `staked` is false where an approval stays whatever is observed, as long as something is.
    """

    path: str
    kind: Kind
    about: str
    evidence: tuple[str, ...] = ()
    derived: bool = False
    writable: bool = True
    combine: str = "one"
    agree: str = "equal"
    staked: bool = True


# A CEL expression is a fact of its own, whose path is this and the expression.
EXPRESSION = "cel:"


def is_expression(path: str) -> bool:
    """Whether the path is that of a CEL expression, which nobody can state or name."""
    return path.startswith(EXPRESSION)


class Fields(dict[str, Field]):
    """Fields by path. Whoever asks for an expression gets its field, though it is not one of them."""

    def __missing__(self, path: str) -> Field:
        if not is_expression(path):
            raise KeyError(path)
        return Field(path, BOOLEAN, "whether the CEL expression holds", derived=True, writable=False)


class Schema:
    """The fields that a manifest and a policy may name: the fact schema and an organisation's own `x.` fields."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = Fields((field.path, field) for field in fields)
        self.sections = {path[:end] for path in self.fields for end in range(len(path)) if path[end] == "."}

    @cached_property
    def naming_files(self) -> dict[str, frozenset[str]]:
        """The fields whose values are paths; of a list of records, with the records' fields that are."""
        found = {}
        for field in self.fields.values():
            of = field.kind.of if isinstance(field.kind, ListKind) else field.kind
            inner = of.fields if isinstance(of, RecordsKind) else ()
            names = frozenset(member.path for member in inner if isinstance(member.kind, PathKind))
            if names or isinstance(of, PathKind):
                found[field.path] = names
        return found

    def get(self, path: str) -> Field | None:
        """The field of a fact; None where there is none."""
        return self.fields[path] if is_expression(path) else self.fields.get(path)

    def extended(self, fields: tuple[Field, ...]) -> Schema:
        """This schema and `fields` beside it."""
        return Schema((*self.fields.values(), *fields)) if fields else self
