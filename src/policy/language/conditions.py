"""YAML → tree: reads conditions and checks their types against the fact schema in the same pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.operands import OperandReader
from policy.language.vocabulary import (
    COUNT_TESTS,
    EXPRESSION,
    LIST,
    MAX_DEPTH,
    MAX_NODES,
    PRESENT,
    QUANTIFIERS,
    TESTS,
    tests_for,
)
from policy.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    Count,
    Each,
    Leaf,
    Literal,
    Not,
    Operand,
    Some,
)
from policy.model.kinds import (
    ListKind,
    RecordsKind,
)
from policy.source.node import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from policy.errors import Location, Problem
    from policy.model.schema import Field, Schema


class ConditionReader:
    """Reads the conditions of one policy; `operands.uses` collects where parameters stand."""

    def __init__(self, schema: Schema, file: str, problems: list[Problem]) -> None:
        self.schema = schema
        self.file = file
        self.operands = OperandReader(schema, file, problems)
        self._nodes = 0

    def read(self, node: Node, key: str) -> Condition:
        """The condition under `when` or `require`; an empty one is a problem."""
        return self._condition(node, self.schema.fields, key, 1, member=False)

    def refuse(self, node: Node, message: str, remedy: str = "") -> None:
        self.operands.refuse(node, message, remedy)

    def _condition(self, node: Node, scope: dict[str, Field], what: str, depth: int, *, member: bool) -> Condition:
        if not isinstance(node, Mapping) or not node.entries:
            self.refuse(node, f"`{what}` needs a condition: a mapping of field to test", "write `field: value`")
            return AllOf()
        if depth > MAX_DEPTH:
            self.refuse(node, f"conditions are nested deeper than {MAX_DEPTH}", "split the policy in two")
            return AllOf()
        items = []
        for text, (key, value) in node.entries.items():
            if not self._count_test(key):
                break
            items.append(self._entry(text, key, value, scope, depth, member=member))
        return items[0] if len(items) == 1 else AllOf(tuple(items))

    def _count_test(self, node: Node) -> bool:
        """Whether one more test is within the limit."""
        self._nodes += 1
        if self._nodes == MAX_NODES + 1:
            self.refuse(node, f"a policy has more than {MAX_NODES} tests", "split the policy in two")
        return self._nodes <= MAX_NODES

    def _entry(
        self, text: str, key: Scalar, value: Node, scope: dict[str, Field], depth: int, *, member: bool
    ) -> Condition:
        if text in ("all", "any"):
            items = self._combined(text, value, scope, depth, member=member)
            return AllOf(items) if text == "all" else AnyOf(items)
        if text == "not":
            return Not(self._condition(value, scope, "not", depth + 1, member=member))
        if text == PRESENT:
            return self._all_present(key, value, scope, member=member)
        if text == EXPRESSION:
            return self._expression(key, value, member=member)
        field = scope.get(text)
        if field is None:
            self.operands.refuse_field(key, text, scope, member=member)
            return AllOf()
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
        names = node.items if isinstance(node, Sequence) else []
        leaves = []
        for name in names:
            if not self._count_test(name):
                break
            if not isinstance(name, Scalar) or not name.text:
                self.refuse(name, "`present` needs a list of fields", "write `present: [data.rows, …]`")
            elif name.text not in scope:
                self.operands.refuse_field(name, name.text, scope, member=member)
            else:
                where = name.location(self.file)
                leaves.append(Leaf(name.text, PRESENT, Literal(value=True), scope[name.text].kind, where))
        if not names:
            self.refuse(key, "`present` names no field", "write `present: [data.rows, …]`")
        return leaves[0] if len(leaves) == 1 else AllOf(tuple(leaves))

    def _expression(self, key: Scalar, node: Node, *, member: bool) -> Condition:
        if member:
            remedy = "write it outside the list; it reads facts of the subject"
            self.refuse(key, "`cel` does not work inside a list of records", remedy)
            return AllOf()
        from policy.language.expressions import read_expression  # most policies hold none

        return read_expression(node, self.schema, self.operands) or AllOf()

    # Tests on one field

    def _tests(self, field: Field, key: Scalar, node: Node, scope: dict[str, Field], *, member: bool) -> Condition:
        if not isinstance(node, Mapping):
            return self._short_form(field, key, node)
        if not node.entries:
            self.refuse(node, f"`{field.path}` has no test", f"write one of {', '.join(tests_for(field.kind))}")
        leaves = []
        for text, (word, operand) in node.entries.items():
            if text in ("param", "field", "now") and len(node.entries) == 1:
                self.refuse(
                    word,
                    f"`{text}` needs a test before it",
                    f"write `{field.path}: {{equals: {{{text}: …}}}}`",
                )
            elif self._allows(field, text, word):
                found = self.operands.operand(field, text, operand, scope, member=member)
                if found is not None:
                    leaves.append(Leaf(field.path, text, found, field.kind, operand.location(self.file)))
        return leaves[0] if len(leaves) == 1 else AllOf(tuple(leaves))

    def _short_form(self, field: Field, key: Scalar, node: Node) -> Condition:
        if isinstance(field.kind, ListKind):
            instead = "contains_any" if isinstance(node, Sequence) else "contains"
            self.refuse(key, f"`{field.path}` is a list and cannot equal a value", f"write `{{{instead}: …}}`")
            return AllOf()
        test = "one_of" if isinstance(node, Sequence) else "equals"
        operand = self.operands.literal(field, test, node) if self._allows(field, test, key) else None
        return Leaf(field.path, test, operand, field.kind, node.location(self.file)) if operand else AllOf()

    def _allows(self, field: Field, test: str, word: Scalar) -> bool:
        allowed = tests_for(field.kind)
        if test in allowed:
            return True
        known = (*TESTS, *QUANTIFIERS)
        if test not in known:
            from policy.source.suggestion import nearest

            close = nearest(test, known)
            self.refuse(
                word,
                f"unknown test `{test}`",
                f"write `{close}`" if close else f"the tests are {', '.join(known)}",
            )
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

    # Lists of records

    def _quantified(self, field: Field, kind: RecordsKind, key: Scalar, node: Node, depth: int) -> Condition:
        if not isinstance(node, Mapping) or not node.entries:
            self.refuse(key, f"`{field.path}` is a list of records", "write `{some: …}`, `{each: …}` or `{count: …}`")
            return AllOf()
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
                literal = self.operands.literal(field, text, value)
                if literal is not None:
                    items.append(Leaf(field.path, text, literal, kind, value.location(self.file)))
        return items[0] if len(items) == 1 else AllOf(tuple(items))

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
        return AllOf() if node is None else self._condition(node, scope, "where", depth + 1, member=True)

    def _each(self, field: Field, node: Node, scope: dict[str, Field], depth: int, where: Location) -> Condition:
        parts = self._parts(node, "each", ("where", "require"))
        if parts is None:
            return AllOf()
        required = parts.get("require")
        if required is None:
            self.refuse(node, "`each` has no `require`", "write `each: {where: …, require: …}`")
            return AllOf()
        require = self._condition(required, scope, "require", depth + 1, member=True)
        return Each(field.path, self._where(parts, scope, depth), require, where)

    def _count(self, field: Field, node: Node, scope: dict[str, Field], depth: int, where: Location) -> Condition:
        parts = self._parts(node, "count", ("where", *COUNT_TESTS))
        if parts is None:
            return AllOf()
        bounds: list[tuple[str, Operand]] = []
        for text, (_, value) in parts.entries.items():
            if text in COUNT_TESTS:
                bound = self.operands.bound(value)
                if bound is not None:
                    bounds.append((text, bound))
        if not any(text in COUNT_TESTS for text in parts.entries):
            self.refuse(node, "`count` has no bound", f"write one of {', '.join(COUNT_TESTS)}")
        return Count(field.path, self._where(parts, scope, depth), tuple(bounds), where)
