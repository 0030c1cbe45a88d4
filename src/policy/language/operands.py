"""The right sides of tests: values, parameters, other fields and days, read by the kind that stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Location, Problem
from policy.language.patterns import refuse_pattern
from policy.language.vocabulary import COMBINATORS, ORDER, PRESENT, QUANTIFIERS, SEVERAL, TESTS, TEXT
from policy.model.condition import FieldValue, Literal, Now, Operand, Parameter
from policy.model.kinds import (
    BOOLEAN,
    COUNT,
    DAYS,
    NUMBER,
    STRING,
    DateKind,
    EnumKind,
    IntegerKind,
    Kind,
    KindError,
    ListKind,
    NumberKind,
    RecordsKind,
    list_of,
)
from policy.source.node import Mapping, Node, Scalar, Sequence
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.schema import Field, Schema


class Use(NamedTuple):
    """A place where a parameter is used, and the kind of value that stands there."""

    name: str
    kind: Kind
    location: Location


class OperandReader:
    """Reads right sides; `uses` collects where parameters stand, `problems` what is wrong."""

    def __init__(self, schema: Schema, file: str, problems: list[Problem]) -> None:
        self.schema = schema
        self.file = file
        self.problems = problems
        self.uses: list[Use] = []

    def refuse(self, node: Node, message: str, remedy: str = "") -> None:
        self.problems.append(Problem(message, remedy, node.location(self.file)))

    def refuse_field(self, key: Node, text: str, scope: dict[str, Field], *, member: bool) -> None:
        from policy.source.suggestion import nearest

        if text in TESTS or text in QUANTIFIERS:
            self.refuse(key, f"`{text}` is a test and stands below a field", f"write `field: {{{text}: …}}`")
        elif member and text in self.schema.fields:
            self.refuse(
                key,
                f"`{text}` is a fact of the subject; inside a list only the member's own fields can be read",
                f"use one of {', '.join(scope)}, or move the test out of the list",
            )
        elif text.startswith("x."):
            self.refuse(key, f"`{text}` is declared by no policy set", "declare it under `fields:` in the policy set")
        else:
            close = nearest(text, [*scope, *COMBINATORS])
            known = f"use one of {', '.join(scope)}" if member else "`policy schema manifest` lists every field"
            remedy = f"a field with a similar name exists: `{close}`" if close else known
            self.refuse(key, f"unknown field `{text}`", remedy)

    def operand(self, field: Field, test: str, node: Node, scope: dict[str, Field], *, member: bool) -> Operand | None:
        if not isinstance(node, Mapping):
            return self.literal(field, test, node)
        if len(node.entries) != 1 or next(iter(node.entries)) not in ("param", "field", "now"):
            self.refuse(
                node,
                f"`{test}` needs a value",
                "write a value, {param: …}, {field: …} or, for a date, {now: …}",
            )
            return None
        form, (_, inner) = next(iter(node.entries.items()))
        if form == "now":
            return self._now(field, test, inner)
        if not isinstance(inner, Scalar) or not inner.text:
            self.refuse(inner, f"`{form}` needs a name", f"write `{{{form}: NAME}}`")
            return None
        if test in (PRESENT, "matches"):
            self.refuse(inner, f"`{test}` takes a value that is written in the policy", "write the value itself")
            return None
        if form == "param":
            return self._parameter(inner, operand_kind(field.kind, test))
        return self._other_field(field, test, inner, scope, member=member)

    def _parameter(self, node: Scalar, kind: Kind) -> Parameter:
        self.uses.append(Use(node.text, kind, node.location(self.file)))
        return Parameter(node.text)

    def _other_field(
        self, field: Field, test: str, node: Scalar, scope: dict[str, Field], *, member: bool
    ) -> FieldValue | None:
        other = scope.get(node.text)
        if other is None:
            self.refuse_field(node, node.text, scope, member=member)
        elif test in SEVERAL:
            self.refuse(
                node,
                f"`{test}` takes a list of values, not another field",
                "write the values, or a parameter",
            )
        elif not comparable(field.kind.of if isinstance(field.kind, ListKind) else field.kind, other.kind):
            self.refuse(
                node,
                f"`{field.path}` and `{other.path}` cannot be compared: {field.kind.name} and {other.kind.name}",
                "compare fields of one kind",
            )
        else:
            return FieldValue(node.text)
        return None

    def _now(self, field: Field, test: str, node: Node) -> Now | None:
        if not isinstance(field.kind, DateKind) or test in SEVERAL or test == PRESENT:
            self.refuse(
                node,
                f"`now` compares dates, and `{field.path}` is {field.kind.describe()}",
                "use it on a date",
            )
            return None
        if isinstance(node, Mapping):
            inner = node.get("param")
            if isinstance(inner, Scalar) and len(node.entries) == 1:
                return Now(self._parameter(inner, DAYS))
            self.refuse(node, "`now` needs whole days", "write `{now: 180d}` or `{now: {param: …}}`")
            return None
        literal = self._value(DAYS, node, "now")
        return None if literal is None else Now(literal)

    def literal(self, field: Field, test: str, node: Node) -> Literal | None:
        if test == "matches":
            return self._pattern(field, node)
        kind = BOOLEAN if test == PRESENT else operand_kind(field.kind, test)
        if not isinstance(kind, ListKind):
            return self._value(kind, node, field.path)
        if not isinstance(node, Sequence):
            self.refuse(node, f"`{test}` needs a list of values", f"write `{test}: […]`")
            return None
        values = [self._value(kind.of, item, field.path) for item in node.items]
        known = [literal.value for literal in values if literal is not None]
        return Literal(tuple(known)) if len(known) == len(values) else None

    def _pattern(self, field: Field, node: Node) -> Literal | None:
        literal = self._value(field.kind, node, field.path)
        refusal = refuse_pattern(node.text) if literal is not None and isinstance(node, Scalar) else None
        if refusal is not None:
            self.refuse(node, *refusal)
            return None
        return Literal(node.text) if isinstance(node, Scalar) and literal is not None else None

    def _value(self, kind: Kind, node: Node, what: str) -> Literal | None:
        if not isinstance(node, Scalar) or node.is_null:
            self.refuse(node, f"`{what}` needs {kind.describe()} here", f"write {kind.describe()}")
            return None
        try:
            return Literal(kind.read(node.text, node.plain))
        except KindError as error:
            self.refuse(node, f"`{what}`: {error.message}", error.remedy)
            return None

    def bound(self, node: Node) -> Operand | None:
        name = node.get("param") if isinstance(node, Mapping) and len(node.entries) == 1 else None
        if isinstance(name, Scalar):
            return self._parameter(name, COUNT)
        return self._value(COUNT, node, "count")


def operand_kind(kind: Kind, test: str) -> Kind:
    """What stands on the right side of a test on a field of this kind."""
    single = kind.of if isinstance(kind, ListKind) else kind
    if test in ORDER and isinstance(single, IntegerKind):
        return NUMBER
    if isinstance(single, NumberKind):
        single = NUMBER
    if test in TEXT:
        # A part of a path is no path: its normal form would lose the `/` at its end.
        return STRING
    return list_of(single) if test in SEVERAL else single


def comparable(left: Kind, right: Kind) -> bool:
    """Whether the values of two kinds can be compared with each other."""
    numeric = (IntegerKind, NumberKind)
    if isinstance(left, numeric) and isinstance(right, numeric):
        return True
    if isinstance(left, EnumKind) and isinstance(right, EnumKind):
        return not set(left.choices).isdisjoint(right.choices)
    return left.name == right.name and not isinstance(right, ListKind | RecordsKind)
