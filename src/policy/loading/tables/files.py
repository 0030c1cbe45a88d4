"""Files of dated tables → the tables in force: those that ship with the package, and an organisation's own."""

from __future__ import annotations

import os
import posixpath
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.model.fields import SCHEMA
from policy.model.kinds import PATH
from policy.model.reading import NOTHING, FactReader
from policy.model.tables import TABLE_NAMES, Table, Tables
from policy.source.file import read_bytes
from policy.source.node import Mapping, Scalar
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from policy.model.tables import Row
    from policy.source.node import Node

OPENING = b"table: 1\nrows:\n"


@lru_cache(maxsize=1)
def shipped_tables() -> Tables:
    """The tables that ship with the package. Their bytes are read at once, a row where it is asked for."""
    return make_shipped(read_shipped())


def read_shipped() -> dict[str, bytes]:
    """The files of the package by their tables' names."""
    loading = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folder = os.path.join(os.path.dirname(loading), "tables")
    return {name: read_bytes(os.path.join(folder, f"{name}.yaml"), f"tables/{name}.yaml") for name in TABLE_NAMES}


def make_shipped(contents: dict[str, bytes]) -> Tables:
    """The tables that such files make."""
    shipped = [ShippedTable(name, data) for name, data in contents.items()]
    return Tables({table.name: Table(table.name, digest_bytes(table.data), table.find) for table in shipped})


class ShippedTable:
    """A file of the package with one row a line: to read them all takes longer than the rest of a small check."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.file = f"tables/{name}.yaml"
        self.data = data.replace(b"\r\n", b"\n")
        self.found: dict[str, Row | None] = {}

    def find(self, key: str) -> Row | None:
        """The row of a key in lower case."""
        if key not in self.found:
            self.found[key] = self._read_line(key)
        return self.found[key]

    def _read_line(self, key: str) -> Row | None:
        start = self.data.find(f"\n  {key}: ".encode(errors="replace")) + 1
        if not start:
            return None
        line = self.data[start : self.data.find(b"\n", start)]
        # A key that holds more than a name can stand at the start of another one's line.
        return read_rows(self.name, OPENING + line, self.file)[0].get(key)


def digest_bytes(data: bytes) -> str:
    """Names the content of a table's file; how its lines end is none of it, for version control changes that."""
    return "sha256:" + sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def read_rows(name: str, data: bytes, file: str) -> tuple[dict[str, Row], bool]:
    """The rows of a table's file by key, and whether they replace the whole table below it. Raises PolicyError."""
    from policy.loading.tables.reader import TableReader  # many checks ask for no row

    values = FactReader(SCHEMA, file, [])
    read = TableReader(name, values).read(read_yaml(data, file).root)
    if values.problems:
        raise PolicyError(*values.problems)
    return read


def read_tables(node: Node | None, values: FactReader, folder: str, base: Tables | None = None) -> Tables:
    """The tables in force where `node`, the value of `tables:` in a policy set, names files of some of them.

    A file's rows take the place of the rows with the same key in the table of `base`, by default the shipped one;
    with `replace: true` at its top, of the whole table. Its path is relative to `folder`. What is wrong in the policy
    set or in the files is added to the problems of `values`.

    Layers are read one after the other, each upon the tables of those below it as `base`. A table is read for all
    policies at once. So where a layer made policies final, a later one may not name a table that they read:
    `policy.model.derived.derivations.list_tables(paths)` says which tables stand behind the facts at some paths.
    """
    tables = base if base is not None else shipped_tables()
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return tables
    if not isinstance(node, Mapping):
        values.refuse(node, "`tables` needs a mapping", "write `tables: {licenses: tables/licenses.yaml}`")
        return tables
    changed = dict(tables.by_name)
    for name, (key, inner) in node.entries.items():
        if name not in TABLE_NAMES:
            from policy.loading.policy_sets.settings import refuse_name

            refuse_name(values, key, "table", name, TABLE_NAMES)
            continue
        path = values.read_value(PATH, inner, f"tables.{name}")
        table = _read_table(name, path, inner, values, folder, changed.get(name)) if path is not NOTHING else None
        if table is not None:
            changed[name] = table
    return Tables(changed)


def _read_table(name: str, path: str, node: Node, values: FactReader, folder: str, base: Table | None) -> Table | None:
    """The table that a file makes of the one below it; None where the file is wrong."""
    whole = os.path.join(folder, path)
    if not os.path.exists(whole):
        values.refuse(node, f"there is no table at `{path}`", "name a YAML file, relative to the policy set")
        return None
    file = posixpath.normpath(posixpath.join(posixpath.dirname(values.file), path))
    try:
        data = read_bytes(whole, file)
        rows, replaces = read_rows(name, data, file)
    except PolicyError as error:
        values.problems.extend(error.problems)
        return None
    table = Table(name, digest_bytes(data), rows.get)
    return table if replaces or base is None else base.overlaid(table)
