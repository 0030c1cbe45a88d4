"""Document nodes → typed values and facts, by the schema; every problem with its position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import Problem
from policy.model.fact import Fact, Members
from policy.model.kinds import KindError, ListKind, RecordsKind
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.kinds import Kind
    from policy.model.schema import Field, Schema
    from policy.source.node import Node

NOTHING: Final = object()  # no value was written, or none that could be read


class FactReader:
    """Reads mappings of field to value into facts of one origin; collects problems instead of raising.

    `dotted` allows `data.rows: 5` beside `data: {rows: 5}`; `only_writable` refuses what a manifest cannot state.
    """

    def __init__(
        self,
        schema: Schema,
        file: str,
        problems: list[Problem],
        *,
        origin: str = "declared",
        source: str = "",
        dotted: bool = False,
        only_writable: bool = True,
        complete: bool = True,
    ) -> None:
        self.schema = schema
        self.file = file
        self.problems = problems
        self.origin = origin
        self.source = source or file
        self.dotted = dotted
        self.only_writable = only_writable
        self.complete = complete

    def read(self, mapping: Mapping, prefix: str = "", skip: Iterable[str] = ()) -> list[Fact]:
        """All facts that the mapping states, in its order."""
        facts: list[Fact] = []
        fields, sections = self.schema.fields, self.schema.sections
        for text, (key, node) in mapping.entries.items():
            if text in skip:
                continue
            path = prefix + text
            field = fields.get(path)
            if field is not None and (self.dotted or "." not in text):
                value = self.read_field(field, node)
                if value is not NOTHING:
                    facts.append(Fact(path, value, self.origin, self.source, node.location(self.file)))
            elif path in sections and (self.dotted or "." not in text):
                self._read_section(path, node, facts)
            else:
                self._refuse_key(path, text, key, sections)
        return facts

    def _read_section(self, path: str, node: Node, facts: list[Fact]) -> None:
        if isinstance(node, Mapping):
            facts.extend(self.read(node, path + "."))
        elif not (isinstance(node, Scalar) and node.is_null):
            names = [name[len(path) + 1 :] for name in self.schema.fields if name.startswith(path + ".")]
            self.refuse(node, f"`{path}` needs fields below it, not a value", f"write `{path}: {{{names[0]}: …}}`")

    def read_field(self, field: Field, node: Node) -> Any:
        """The value of one field, or NOTHING."""
        if self.only_writable and not field.writable:
            why = "it follows from other facts" if field.derived else "only evidence can tell it"
            self.refuse(node, f"`{field.path}` cannot be stated in a manifest: {why}", "leave the line out")
            return NOTHING
        if isinstance(node, Scalar) and node.is_null:
            return NOTHING
        return self.read_value(field.kind, node, field.path)

    def read_value(self, kind: Kind, node: Node, what: str) -> Any:
        """The value that `node` writes, or NOTHING after a problem was noted."""
        if isinstance(kind, RecordsKind):
            return self._read_records(kind, node, what)
        if isinstance(kind, ListKind):
            return self._read_list(kind, node, what)
        if not isinstance(node, Scalar) or node.is_null:
            found = {Sequence: "a list", Mapping: "a mapping"}.get(type(node), "empty")
            self.refuse(node, f"`{what}` is {found} where {kind.describe()} is needed", f"write {kind.describe()}")
            return NOTHING
        try:
            return kind.read(node.text, node.plain)
        except KindError as error:
            self.refuse(node, f"`{what}`: {error.message}", error.remedy)
            return NOTHING

    def _read_list(self, kind: ListKind, node: Node, what: str) -> Any:
        if not isinstance(node, Sequence):
            shown = f"[{node.text}]" if isinstance(node, Scalar) else "[…]"
            self.refuse(node, f"`{what}` needs a list", f"write `{what.rpartition('.')[2]}: {shown}`")
            return NOTHING
        values = [self.read_value(kind.of, item, what) for item in node.items]
        if NOTHING in values:
            return NOTHING
        return Members(tuple(dict.fromkeys(values)), self.complete)

    def _read_records(self, kind: RecordsKind, node: Node, what: str) -> Any:
        if not isinstance(node, Sequence):
            self.refuse(node, f"`{what}` needs a list of records", f"write `{what.rpartition('.')[2]}: [{{…}}]`")
            return NOTHING
        fields = {field.path: field for field in kind.fields}
        items = [self._read_record(fields, item, what) for item in node.items]
        return Members(tuple(item for item in items if item is not None), self.complete)

    def _read_record(self, fields: dict[str, Field], node: Node, what: str) -> dict[str, Fact] | None:
        if not isinstance(node, Mapping):
            self.refuse(node, f"an item of `{what}` needs fields", f"write {{{next(iter(fields))}: …}}")
            return None
        record: dict[str, Fact] = {}
        for text, (key, value_node) in node.entries.items():
            field = fields.get(text)
            if field is None:
                known = [name for name, field in fields.items() if field.writable or not self.only_writable]
                self._refuse_key(text, text, key, known, f" of `{what}`")
                continue
            value = self.read_field(field, value_node)
            if value is not NOTHING:
                record[text] = Fact(text, value, self.origin, self.source, value_node.location(self.file))
        return record

    def _refuse_key(self, path: str, text: str, key: Node, known: Iterable[str], where: str = "") -> None:
        from policy.source.suggestion import nearest

        if "." in text and not self.dotted and path in self.schema.fields:
            section, _, name = text.rpartition(".")
            self.refuse(key, f"`{text}` is written in one word", f"write `{section}: {{{name}: …}}`")
            return
        names = list(known) if where else [*self.schema.fields, *known]
        close = nearest(path, names)
        if path == "x" or path.startswith("x."):
            remedy = "declare it under `fields:` in the policy set" + (f", or write `{close}`" if close else "")
        elif close:
            remedy = f"a field with a similar name exists: `{close}`"
        else:
            remedy = f"the fields are {', '.join(names)}" if where else "`policy schema manifest` lists every field"
        self.refuse(key, f"unknown field `{path}`{where}", remedy)

    def refuse(self, node: Node, message: str, remedy: str) -> None:
        """Note a problem at the node."""
        self.problems.append(Problem(message, remedy, node.location(self.file)))
