"""What a cost is worked out from: a project's facts, and the rows of dated tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.costs.working import PriceUsed, Working, lack
from policy.model.derived.providers import name_provider
from policy.model.fields import SCHEMA
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.tables import Lookup, Row

TUNED = "ft:"


class Inputs(NamedTuple):
    """Path to plain value of what is known and there, and the tables to look prices up in."""

    values: Mapping[str, Any]
    lookup: Lookup

    def get(self, path: str) -> Any:
        """The value at a path; None where it is not known."""
        return self.values.get(path)

    def state(self, path: str) -> Working:
        """The value at a path, or that it is missing."""
        value = self.values.get(path)
        return Working(value, (path,)) if value is not None else lack(ask(path))

    def find_price(self, table: str, key: str, column: str, what: str) -> Working:
        """A price in a table."""
        found = self.lookup.find_value(table, key, column)
        if found is None:
            return lack(ask_row(table, key, column))
        price, row = found
        return Working(price, prices=(PriceUsed(what, price, row.source, row.date),))

    def find_number(self, table: str, key: str, column: str, say: str) -> Working:
        """A number in a table, as an assumption: `say` has a place for it."""
        found = self.lookup.find_value(table, key, column)
        if found is None:
            return lack(ask_row(table, key, column))
        number, row = found
        return Working(number, assumptions=(f"{say.format(number)} ({cite(row)})",))


def ask(path: str) -> str:
    """That a fact is missing."""
    return f"`{path}` ({SCHEMA.fields[path].about})"


def ask_row(table: str, key: str, column: str) -> str:
    """That a row is missing, or a column of it."""
    return f"`{column}` of `{key}` in the table of {table}"


def cite(row: Row) -> str:
    """Who says a row, and when."""
    return f"{row.source}, {row.date}"


def name_base(inputs: Inputs, *, tuned: bool = False) -> Working:
    """The key `provider/model` of the base model in the table of prices; `tuned`: of what is tuned from it."""
    provider = name_provider(inputs.get("training.tool"), inputs.get("model.provider"))
    base = inputs.state("model.base")
    if provider is None or base.value is None:
        return lack(*base.missing, *(() if provider else (ask("model.provider"),)))
    name: str = base.value
    # As in ft:gpt-4o-mini-2024-07-18:organisation:name:id.
    model = name.split(":")[1] if name.startswith(TUNED) else name
    return Working(f"{provider}/{TUNED if tuned else ''}{model}".lower(), base.used)
