"""The fields of its own that an organisation declares: `fields:` in a policy set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.model.fields import Field
from policy.model.kinds import (
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    NUMBER,
    PATH,
    STRING,
    Kind,
    enum,
    list_of,
)
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Mapping, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

TYPES: dict[str, Kind] = {
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "number": NUMBER,
    "string": STRING,
    "path": PATH,
    "duration": DURATION,
    "date": DATE,
    "money": MONEY,
}
KEYS = ("type", "values", "list", "about")
NAME = re.compile(r"x(?:\.[a-z][a-z0-9_]*)+")


def read_fields(node: Node | None, values: FactReader) -> list[Field]:
    """The declared fields; what is wrong is added to the reader's problems."""
    if node is None:
        return []
    if not isinstance(node, Mapping):
        values.refuse(
            node, "`fields` needs fields", "write `fields: {x.team_size: {type: integer, about: …}}`"
        )
        return []
    fields = [_read_field(text, key, inner, values) for text, (key, inner) in node.entries.items()]
    _refuse_clashes(node, values)
    return [field for field in fields if field is not None]


def _read_field(name: str, key: Scalar, node: Node, values: FactReader) -> Field | None:
    if not NAME.fullmatch(name):
        values.refuse(
            key, f"`{name}` is no name for a field of an organisation", "write `x.` and lower-case words"
        )
        return None
    if not isinstance(node, Mapping):
        values.refuse(node, f"`{name}` needs a type", f"write `{name}: {{type: integer, about: …}}`")
        return None
    for text, (word, _) in node.entries.items():
        if text not in KEYS:
            values.refuse(word, f"unknown key `{text}` in field `{name}`", f"the keys are {', '.join(KEYS)}")
    kind = _read_kind(name, node, values)
    about = _read(STRING, node, "about", values)
    return None if kind is None else Field(name, kind, str(about or ""))


def _read_kind(name: str, node: Mapping, values: FactReader) -> Kind | None:
    choices = _read(list_of(STRING), node, "values", values)
    word = _read(enum(*TYPES, "enumeration"), node, "type", values)
    if word is None:
        if node.get("type") is None:
            values.refuse(node, f"`{name}` has no type", f"write one of {', '.join((*TYPES, 'enumeration'))}")
        return None
    if (word == "enumeration") != (choices is not None):
        values.refuse(
            node,
            f"`{name}`: an enumeration, and nothing else, has `values`",
            "write `type: enumeration, values: […]`",
        )
        return None
    kind = enum(*choices.items) if choices is not None else TYPES[word]
    return list_of(kind) if _read(BOOLEAN, node, "list", values) else kind


def _read(kind: Kind, node: Mapping, key: str, values: FactReader) -> Any:
    inner = node.get(key)
    value = NOTHING if inner is None else values.read_value(kind, inner, key)
    return None if value is NOTHING else value


def _refuse_clashes(node: Mapping, values: FactReader) -> None:
    """A field cannot be a value and hold other fields at once."""
    names: Iterable[str] = node.entries
    for name, (key, _) in node.entries.items():
        below = next((other for other in names if other.startswith(name + ".")), None)
        if below is not None:
            values.refuse(key, f"`{name}` is a value and cannot hold `{below}`", "rename one of them")
