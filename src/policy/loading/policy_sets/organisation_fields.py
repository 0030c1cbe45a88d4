"""The fields of its own that an organisation declares: `fields:` in a policy set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.errors import PolicyError, Problem
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
    RecordsKind,
    enum,
    list_of,
)
from policy.model.reading import NOTHING, FactReader
from policy.model.schema import Field
from policy.source.node import Mapping, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from policy.loading.policy_sets.layers import Layer

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
NAMING = "`x.` and a lower-case word, such as x.team_size (in TOML with quotes around it)"


def read_fields(node: Node | None, values: FactReader) -> list[Field]:
    """The declared fields; what is wrong is added to the reader's problems."""
    if node is None:
        return []
    if not isinstance(node, Mapping):
        values.refuse(node, "`fields` needs fields", "write `fields: {x.team_size: {type: integer, about: …}}`")
        return []
    fields = [_read_field(text, key, inner, values) for text, (key, inner) in node.entries.items()]
    for name, inner in find_clashes(node.entries):
        key = node.entries[name][0]
        values.refuse(key, f"`{name}` is a value and cannot hold `{inner}`", "rename one of them")
    return [field for field in fields if field is not None]


def adopt_fields(declared: Collection[Field], contributed: Collection[Field]) -> list[Field]:
    """The fields of predicates, which no manifest may state. Raises PolicyError for what cannot be one.

    `declared` are those that stand in the policy set.
    """
    names = [field.path for field in (*declared, *contributed)]
    problems = [fault for field in contributed if (fault := _find_fault(field, names))]
    problems += [
        Problem(f"`{name}` is a value and cannot hold `{inner}`", "rename one of them, in the policy set or the plugin")
        for name, inner in find_clashes(dict.fromkeys(names))
    ]
    if problems:
        raise PolicyError(*dict.fromkeys(problems))
    return [field._replace(derived=True, writable=False) for field in contributed]


def _find_fault(field: Field, names: list[str]) -> Problem | None:
    name = field.path
    if not NAME.fullmatch(name):
        return Problem(f"a predicate's field is called `{name}`", f"call it {NAMING}")
    if isinstance(field.kind, RecordsKind):
        return Problem(f"the predicate `{name}` answers records", "let it answer a single value or a list of values")
    if names.count(name) > 1:
        return Problem(f"`{name}` is there twice: a predicate answers it", "rename the one in the policy set or plugin")
    return None


def find_clashes(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each name of a field together with one below it: a field cannot be a value and hold others at once."""
    ordered = list(names)
    for name in ordered:
        inner = next((other for other in ordered if other.startswith(name + ".")), None)
        if inner is not None:
            yield name, inner


def refuse_clashes(layers: dict[str, Layer]) -> Iterator[Problem]:
    """The problems of fields that would be a value in one layer and hold others in another."""
    for name, inner in find_clashes(layers):
        # In one layer it was said while that was read.
        if layers[name] is not layers[inner]:
            where, there = layers[inner].locate("fields", inner), layers[name].locate("fields", name)
            related = ((f"`{name}` is declared here", there),) if there else ()
            yield Problem(f"`{name}` is a value and cannot hold `{inner}`", "rename one of them", where, related)


def _read_field(name: str, key: Scalar, node: Node, values: FactReader) -> Field | None:
    if not NAME.fullmatch(name):
        values.refuse(key, f"`{name}` is no name for a field of an organisation", f"write {NAMING}")
        return None
    if not isinstance(node, Mapping):
        values.refuse(node, f"`{name}` needs a type", f"write `{name}: {{type: integer, about: …}}`")
        return None
    for text, (word, _) in node.entries.items():
        if text not in KEYS:
            values.refuse(word, f"unknown key `{text}` in field `{name}`", f"the keys are {', '.join(KEYS)}")
    kind = _read_kind(name, node, values)
    about = _read(STRING, node, "about", values)
    return None if kind is None else Field(name, kind, str(about or "a field of the organisation's own"))


def _read_kind(name: str, node: Mapping, values: FactReader) -> Kind | None:
    choices = _read(list_of(STRING), node, "values", values)
    word = _read(enum(*TYPES, "enumeration"), node, "type", values)
    if word is None:
        if node.get("type") is None:
            values.refuse(node, f"`{name}` has no type", f"write one of {', '.join((*TYPES, 'enumeration'))}")
        return None
    if word == "enumeration" and not (choices and choices.items):
        values.refuse(node, f"the enumeration `{name}` has no values", "write `type: enumeration, values: […]`")
        return None
    if word != "enumeration" and choices is not None:
        values.refuse(node, f"`{name}` has values and is no enumeration", "write `type: enumeration, values: […]`")
        return None
    kind = enum(*choices.items) if choices is not None else TYPES[word]
    return list_of(kind) if _read(BOOLEAN, node, "list", values) else kind


def _read(kind: Kind, node: Mapping, key: str, values: FactReader) -> Any:
    inner = node.get(key)
    value = NOTHING if inner is None else values.read_value(kind, inner, key)
    return None if value is NOTHING else value
