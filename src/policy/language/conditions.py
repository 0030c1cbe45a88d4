"""YAML → tree: reads conditions and checks their types against the fact schema in the same pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.errors import Location, Problem
from policy.language.patterns import refuse_pattern
from policy.language.vocabulary import (
    COMBINATORS,
    COUNT_TESTS,
    LIST,
    MAX_DEPTH,
    MAX_NODES,
    ORDER,
    PRESENT,
    QUANTIFIERS,
    SEVERAL,
    TESTS,
    tests_for,
)
from policy.model.condition import (
    All,
    Any_,
    Condition,
    Count,
    Each,
    FieldValue,
    Leaf,
    Literal,
    Not,
    Now,
    Operand,
    Parameter,
    Some,
)
from policy.model.kinds import (
    BOOLEAN,
    COUNT,
    NUMBER,
    SIGNED_DURATION,
    UNITS_MS,
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

if TYPE_CHECKING:
    from policy.model.fields import Field, Schema


class Use(NamedTuple):
    """A place where a parameter is used, and the kind of value that stands there."""

    name: str
    kind: Kind
    location: Location


class ConditionReader:
    """Reads the conditions of one policy; `uses` collects where parameters stand, `problems` what is wrong."""

    def __init__(self, schema: Schema, file: str, problems: list[Problem]) -> None:
        self.schema = schema
        self.file = file
        self.problems = problems
        self.uses: list[Use] = []
        self._nodes = 0

    def read(self, node: Node, key: str) -> Condition:
        """The condition under `when` or `require`; an empty one is a problem."""
        return self._condition(node, self.schema.fields, key, 1, member=False)

    def refuse(self, node: Node, message: str, remedy: str = "") -> None:
        self.problems.append(Problem(message, remedy, node.location(self.file)))

    def _condition(self, node: Node, scope: dict[str, Field], what: str, depth: int, *, member: bool) -> Condition:
        if not isinstance(node, Mapping) or not node.entries:
            self.refuse(node, f"`{what}` needs a condition: a mapping of field to test", "write `field: value`")
            return All()
        if depth > MAX_DEPTH:
            self.refuse(node, f"conditions are nested deeper than {MAX_DEPTH}", "split the policy in two")
            return All()
        items = []
        for text, (key, value) in node.entries.items():
            self._nodes += 1
            if self._nodes == MAX_NODES + 1:
                self.refuse(key, f"a policy has more than {MAX_NODES} tests", "split the policy in two")
            if self._nodes > MAX_NODES:
                break
            items.append(self._entry(text, key, value, scope, depth, member=member))
        return items[0] if len(items) == 1 else All(tuple(items))

    def _entry(
        self, text: str, key: Scalar, value: Node, scope: dict[str, Field], depth: int, *, member: bool
    ) -> Condition:
        if text in ("all", "any"):
            items = self._combined(text, value, scope, depth, member=member)
            return All(items) if text == "all" else Any_(items)
        if text == "not":
            return Not(self._condition(value, scope, "not", depth + 1, member=member))
        if text == PRESENT:
            return self._all_present(key, value, scope, member=member)
        field = scope.get(text)
        if field is None:
            self._refuse_field(key, text, scope, member=member)
            return All()
        if isinstance(field.kind, RecordsKind):
            return self._quantified(field, field.kind, key, value, depth)
        return self._tests(field, key, value, scope, member=member)

    def _combined(
        self, word: str, node: Node, scope: dict[str, Field], depth: int, *, member: bool
    ) -> tuple[Condition, ...]:
        if not isinstance(node, Sequence) or not node.items:
            self.refuse(node, f"`{word}` needs a list of conditions", f"write `{word}: [{{field: value}}, …]`")
            return ()
        return tuple(self._condition(item, scope, word, depth + 1, member=member) for item in node.items)

    def _all_present(self, key: Scalar, node: Node, scope: dict[str, Field], *, member: bool) -> Condition:
        names = node.items if isinstance(node, Sequence) else [node]
        leaves = []
        for name in names:
            if not isinstance(name, Scalar) or not name.text:
                self.refuse(name, "`present` needs a list of fields", "write `present: [data.rows, …]`")
            elif name.text not in scope:
                self._refuse_field(name, name.text, scope, member=member)
            else:
                where = name.location(self.file)
                leaves.append(Leaf(name.text, PRESENT, Literal(value=True), scope[name.text].kind, where))
        if not names:
            self.refuse(key, "`present` names no field", "write `present: [data.rows, …]`")
        return leaves[0] if len(leaves) == 1 else All(tuple(leaves))

    def _refuse_field(self, key: Node, text: str, scope: dict[str, Field], *, member: bool) -> None:
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

    # Tests on one field

    def _tests(self, field: Field, key: Scalar, node: Node, scope: dict[str, Field], *, member: bool) -> Condition:
        if not isinstance(node, Mapping):
            return self._short_form(field, key, node)
        if not node.entries:
            self.refuse(node, f"`{field.path}` has no test", f"write one of {', '.join(tests_for(field.kind))}")
        leaves = []
        for text, (word, operand) in node.entries.items():
            if text in ("param", "field", "now") and len(node.entries) == 1:
                self.refuse(word, f"`{text}` needs a test before it", f"write `{field.path}: {{equals: {{{text}: …}}}}`")
            elif self._allows(field, text, word):
                found = self._operand(field, text, operand, scope, member=member)
                if found is not None:
                    leaves.append(Leaf(field.path, text, found, field.kind, operand.location(self.file)))
        return leaves[0] if len(leaves) == 1 else All(tuple(leaves))

    def _short_form(self, field: Field, key: Scalar, node: Node) -> Condition:
        if isinstance(field.kind, ListKind):
            instead = "contains_any" if isinstance(node, Sequence) else "contains"
            self.refuse(key, f"`{field.path}` is a list and cannot equal a value", f"write `{{{instead}: …}}`")
            return All()
        test = "one_of" if isinstance(node, Sequence) else "equals"
        operand = self._literal(field, test, node) if self._allows(field, test, key) else None
        return Leaf(field.path, test, operand, field.kind, node.location(self.file)) if operand else All()

    def _allows(self, field: Field, test: str, word: Scalar) -> bool:
        allowed = tests_for(field.kind)
        if test in allowed:
            return True
        known = (*TESTS, *QUANTIFIERS)
        if test not in known:
            from policy.source.suggestion import nearest

            close = nearest(test, known)
            self.refuse(word, f"unknown test `{test}`", f"write `{close}`" if close else f"the tests are {', '.join(known)}")
        else:
            kind = field.kind
            article = "an" if kind.name[0] in "aeiou" else "a"
            remedy = f"use {', '.join(allowed)}"
            if isinstance(kind, ListKind) and test in ("equals", "one_of", "not_equals", "none_of"):
                remedy = {"equals": "use contains", "one_of": "use contains_any"}.get(test, "use contains_none")
            elif test in LIST and not isinstance(kind, RecordsKind):
                remedy = {"contains_any": "use one_of", "contains_none": "use none_of"}.get(test, "use equals")
            self.refuse(word, f"`{test}` does not work on `{field.path}`, which is {article} {kind.name}", remedy)
        return False

    def _operand(
        self, field: Field, test: str, node: Node, scope: dict[str, Field], *, member: bool
    ) -> Operand | None:
        if not isinstance(node, Mapping):
            return self._literal(field, test, node)
        if len(node.entries) != 1 or next(iter(node.entries)) not in ("param", "field", "now"):
            self.refuse(node, f"`{test}` needs a value", "write a value, {param: …}, {field: …} or, for a date, {now: …}")
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
            self._refuse_field(node, node.text, scope, member=member)
        elif test in SEVERAL:
            self.refuse(node, f"`{test}` takes a list of values, not another field", "write the values, or a parameter")
        elif not comparable(operand_kind(field.kind, test), other.kind):
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
            self.refuse(node, f"`now` compares dates, and `{field.path}` is {field.kind.describe()}", "use it on a date")
            return None
        if isinstance(node, Mapping):
            inner = node.get("param")
            if isinstance(inner, Scalar) and len(node.entries) == 1:
                return Now(self._parameter(inner, SIGNED_DURATION))
            self.refuse(node, "`now` needs whole days", "write `{now: 180d}` or `{now: {param: …}}`")
            return None
        literal = self._value(SIGNED_DURATION, node, "now")
        if literal is None:
            return None
        if literal.value % UNITS_MS["d"]:
            self.refuse(node, "`now` counts whole days", "write days, such as {now: 180d}")
            return None
        return Now(literal)

    def _literal(self, field: Field, test: str, node: Node) -> Literal | None:
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
        if not isinstance(node, Scalar):
            self.refuse(node, f"`{what}` needs {kind.describe()} here", f"write {kind.describe()}")
            return None
        try:
            return Literal(kind.read(node.text, node.plain))
        except KindError as error:
            self.refuse(node, f"`{what}`: {error.message}", error.remedy)
            return None

    # Lists of records

    def _quantified(self, field: Field, kind: RecordsKind, key: Scalar, node: Node, depth: int) -> Condition:
        if not isinstance(node, Mapping) or not node.entries:
            self.refuse(key, f"`{field.path}` is a list of records", "write `{some: …}`, `{each: …}` or `{count: …}`")
            return All()
        scope = {member.path: member for member in kind.fields}
        items: list[Condition] = []
        for text, (word, value) in node.entries.items():
            where = word.location(self.file)
            if text == "some":
                items.append(Some(field.path, self._condition(value, scope, "some", depth + 1, member=True), where))
            elif text == "each":
                items.append(self._each(field, value, scope, depth, where))
            elif text == "count":
                items.append(self._count(field, value, scope, depth, where))
            elif self._allows(field, text, word):
                literal = self._literal(field, text, value)
                if literal is not None:
                    items.append(Leaf(field.path, text, literal, kind, value.location(self.file)))
        return items[0] if len(items) == 1 else All(tuple(items))

    def _parts(self, node: Node, word: str, allowed: tuple[str, ...]) -> Mapping | None:
        if not isinstance(node, Mapping):
            self.refuse(node, f"`{word}` needs a mapping", f"write {', '.join(allowed)} below it")
            return None
        for text, (key, _) in node.entries.items():
            if text not in allowed:
                self.refuse(key, f"unknown key `{text}` in `{word}`", f"the keys are {', '.join(allowed)}")
        return node

    def _where(self, parts: Mapping, scope: dict[str, Field], depth: int) -> Condition:
        node = parts.get("where")
        return All() if node is None else self._condition(node, scope, "where", depth + 1, member=True)

    def _each(self, field: Field, node: Node, scope: dict[str, Field], depth: int, where: Location) -> Condition:
        parts = self._parts(node, "each", ("where", "require"))
        if parts is None:
            return All()
        required = parts.get("require")
        if required is None:
            self.refuse(node, "`each` has no `require`", "write `each: {where: …, require: …}`")
            return All()
        require = self._condition(required, scope, "require", depth + 1, member=True)
        return Each(field.path, self._where(parts, scope, depth), require, where)

    def _count(self, field: Field, node: Node, scope: dict[str, Field], depth: int, where: Location) -> Condition:
        parts = self._parts(node, "count", ("where", *COUNT_TESTS))
        if parts is None:
            return All()
        bounds: list[tuple[str, Operand]] = []
        for text, (_, value) in parts.entries.items():
            if text in COUNT_TESTS:
                bound = self._bound(value)
                if bound is not None:
                    bounds.append((text, bound))
        if not any(text in COUNT_TESTS for text in parts.entries):
            self.refuse(node, "`count` has no bound", f"write one of {', '.join(COUNT_TESTS)}")
        return Count(field.path, self._where(parts, scope, depth), tuple(bounds), where)

    def _bound(self, node: Node) -> Operand | None:
        name = node.get("param") if isinstance(node, Mapping) else None
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
    return list_of(single) if test in SEVERAL else single


def comparable(left: Kind, right: Kind) -> bool:
    """Whether the values of two kinds can be compared with each other."""
    numeric = (IntegerKind, NumberKind)
    if isinstance(left, numeric) and isinstance(right, numeric):
        return True
    if isinstance(left, EnumKind) and isinstance(right, EnumKind):
        return not set(left.choices).isdisjoint(right.choices)
    return left.name == right.name and not isinstance(right, ListKind | RecordsKind)


