"""The file of one dated table → its rows; every problem with its position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.loading.policy_sets.settings import refuse_name
from policy.model.derived.license_expression import choose_licenses
from policy.model.kinds import BOOLEAN
from policy.model.reading import NOTHING
from policy.model.table_columns import COLUMNS, SHARED
from policy.model.tables import ACCELERATORS, LICENSES, MODELS, PRICES, Row
from policy.source.node import Mapping, Scalar

if TYPE_CHECKING:
    from policy.model.reading import FactReader
    from policy.model.table_columns import Column
    from policy.source.node import Node

FORMAT = "1"
KEYS = ("table", "replace", "rows")
OF_PROVIDERS = (MODELS, PRICES)
# In the others a row without a column says that there is nothing to say.
OF_VALUES = (PRICES, ACCELERATORS)


class TableReader:
    """Reads the file of one table; what is wrong is added to the problems of `values`."""

    def __init__(self, name: str, values: FactReader) -> None:
        self.name = name
        self.values = values
        self.columns = {**COLUMNS[name], **SHARED}

    def read(self, root: Node) -> tuple[dict[str, Row], bool]:
        """The rows by key, and whether they replace the whole table below."""
        if not isinstance(root, Mapping):
            self.values.refuse(root, "the table is not a mapping", "start with `table: 1`, then `rows:`")
            return {}, False
        self._check_keys(root)
        replace = root.get("replace")
        replaces = replace is not None and self.values.read_value(BOOLEAN, replace, "replace") is True
        node = root.get("rows")
        if not isinstance(node, Mapping):
            example = "provider/model" if self.name in OF_PROVIDERS else "name"
            self.values.refuse(node or root, "the table has no rows", f"write `rows: {{{example}: {{source: …}}}}`")
            return {}, replaces
        rows: dict[str, Row] = {}
        for text, (key, inner) in node.entries.items():
            row = self._read_row(text, key, inner)
            if row is not None and rows.setdefault(row.key, row) is not row:
                message = f"there is a row `{text}` already, in other letters"
                self.values.refuse(key, message, "leave one of them out: upper and lower case are the same here")
        return rows, replaces

    def _check_keys(self, root: Mapping) -> None:
        for text, (key, _) in root.entries.items():
            if text not in KEYS:
                refuse_name(self.values, key, "key of a table", text, KEYS)
        node = root.get("table")
        if not (isinstance(node, Scalar) and node.text == FORMAT):
            shown = f"`{node.text}`" if isinstance(node, Scalar) else "not said"
            message = f"the table's format is {shown}; this version reads format 1"
            self.values.refuse(node or root, message, "write `table: 1`")

    def _read_row(self, name: str, key: Scalar, node: Node) -> Row | None:
        fault = self._find_fault(name)
        if fault is not None:
            self.values.refuse(key, *fault)
            return None
        if not isinstance(node, Mapping):
            self.values.refuse(node, f"the row `{name}` has no columns", "write `{source: …, date: …}`")
            return None
        for text, (word, _) in node.entries.items():
            if text not in self.columns:
                refuse_name(self.values, word, f"column of the table {self.name}", text, self.columns)
        read = {text: self._read_column(name, key, text, column, node) for text, column in self.columns.items()}
        if NOTHING in read.values():
            return None
        told = {text: value for text, value in read.items() if text not in SHARED and value is not None}
        if self.name in OF_VALUES and not told:
            columns = ", ".join(f"`{text}`" for text in COLUMNS[self.name])
            self.values.refuse(key, f"the row `{name}` fills no column", f"fill one of {columns}")
            return None
        return Row(name.lower(), told, read["source"], read["date"])

    def _find_fault(self, name: str) -> tuple[str, str] | None:
        """Why no row is ever looked up by this name, and what to write; None where one can be."""
        if self.name in OF_PROVIDERS and not all(name.partition("/")):
            return f"`{name}` names no provider and model", "write `provider/model`"
        if not name or name != name.strip():
            return f"the name `{name}` of a row is empty or begins or ends with a space", "write the name alone"
        if self.name == LICENSES and choose_licenses(name, sorted) != {name.lower()}:
            return f"`{name}` is an expression, which is taken apart before a row is looked up", "write a row a licence"
        return None

    def _read_column(self, name: str, key: Scalar, text: str, column: Column, node: Mapping) -> Any:
        """The value in a column, None where it may be left out and is, NOTHING where it is wrong."""
        inner = node.get(text)
        if inner is not None:
            value = self.values.read_value(column.kind, inner, f"{name}.{text}")
            if isinstance(value, str) and not value.strip():
                self.values.refuse(inner, f"`{name}.{text}` is blank", f"write {column.about}")
                return NOTHING
            return value
        if column.needed:
            self.values.refuse(key, f"the row `{name}` has no {text}", f"add `{text}: …`, {column.about}")
            return NOTHING
        return None
