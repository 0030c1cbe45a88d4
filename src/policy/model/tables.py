"""Dated tables: licences, providers, models, prices and accelerators, each row with its source and its date."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from policy.model.canonical import digest
from policy.structs import NamedTuple, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LICENSES, PROVIDERS, MODELS, PRICES, ACCELERATORS = TABLE_NAMES = (
    "licenses",
    "providers",
    "models",
    "prices",
    "accelerators",
)
# So far may a judge look back, to days before a row was looked up.
AHEAD_DAYS: Final = 365


class Row(NamedTuple):
    """One row: its key in lower case, the columns that it fills, who says so, and on which day that was looked up."""

    key: str
    values: Mapping[str, Any]
    source: str
    date: date


class Table(Record):
    """One table: `find` gives the row of a key in lower case; `digest` names all that it could find."""

    name: str
    digest: str
    find: Callable[[str], Row | None]
    layers: tuple[Table, ...] = ()
    _uncompared: ClassVar = frozenset({"find", "layers"})

    def overlaid(self, other: Table) -> Table:
        """This table with the rows of `other`, which take the place of rows of the same key."""
        both = digest([self.digest, other.digest])
        return Table(self.name, both, lambda key: other.find(key) or self.find(key), (other, self))

    def find_all(self, key: str) -> Iterator[Row]:
        """The rows of a key in all layers, the one that counts first."""
        if self.layers:
            for layer in self.layers:
                yield from layer.find_all(key)
        elif (row := self.find(key)) is not None:
            yield row


class Tables(Record):
    """All tables in force, by name; a table that is not there says nothing."""

    by_name: Mapping[str, Table] = MappingProxyType({})

    @cached_property
    def digest(self) -> str:
        """Names the content of every table, whether or not a decision reads it."""
        return digest([[name, table.digest] for name, table in sorted(self.by_name.items())])


NO_TABLES: Final = Tables()


class Lookup:
    """Looks rows up on behalf of one subject, and remembers how old those of each table were.

    `today` is the day of judging; without one, what depends on it is unknown.
    """

    def __init__(self, tables: Tables = NO_TABLES, today: date | None = None) -> None:
        self.tables = tables.by_name
        self.today = today
        self.used: dict[str, date] = {}

    def find(self, name: str, key: str) -> Row | None:
        """The row of a table, in whatever case its key is written."""
        table = self.tables.get(name)
        row = table.find(key.lower()) if table is not None else None
        if row is not None:
            self.used[name] = min(self._date(row), self.used.get(name, row.date))
        return row

    def find_value(self, name: str, key: str, column: str) -> tuple[Any, Row] | None:
        """What a column says of a key, and the row that says it: that of the uppermost layer that fills the column.

        So an organisation gives the one price that it knows, and what it does not say stays as it was.
        """
        table = self.tables.get(name)
        for row in table.find_all(key.lower()) if table is not None else ():
            if column in row.values:
                self.used[name] = min(self._date(row), self.used.get(name, row.date))
                return row.values[column], row
        return None

    def _date(self, row: Row) -> date:
        """The row's date; a mistyped one, such as 2206-11-20, must not keep it fresh until then."""
        return date.min if self.today is not None and (row.date - self.today).days > AHEAD_DAYS else row.date
