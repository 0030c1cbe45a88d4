"""Facts as a manifest would state them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from policy.model.fact import ABSENT, Members
from policy.model.kinds import EnumKind, Kind, ListKind, PathKind, RecordsKind, StringKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policy.model.fact import Fact
    from policy.model.schema import Schema

Tree = dict[str, "str | list[str] | Tree"]

WIDTH = 96
PLAIN = re.compile(r"[A-Za-z0-9./][A-Za-z0-9 ._/@+-]*(?<! )")
# YAML takes these for something else than text.
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def write_manifest(facts: Iterable[Fact], schema: Schema) -> list[str]:
    """The lines that state the facts, in their order; facts of one section stand together, absent ones nowhere."""
    tree: Tree = {}
    for fact in facts:
        if fact.value is ABSENT:
            continue
        *sections, name = fact.path.split(".")
        inner: Any = tree
        for section in sections:
            inner = inner.setdefault(section, {})
        kind = schema.fields[fact.path].kind
        records = isinstance(kind, RecordsKind) and isinstance(fact.value, Members) and fact.value.items
        inner[name] = (
            [write_value(item, kind) for item in fact.value.items] if records else write_value(fact.value, kind)
        )
    return [line for name, value in tree.items() for line in _write_entry(name, value, "")]


def _write_entry(name: str, value: str | list[str] | Tree, indent: str) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{indent}{name}: {value}"
    elif isinstance(value, list):
        yield f"{indent}{name}:"
        yield from (f"{indent}  - {item}" for item in value)
    elif all(isinstance(inner, str) for inner in value.values()) and len(flow := _write_flow(value)) < WIDTH:
        yield f"{indent}{name}: {flow}"
    else:
        yield f"{indent}{name}:"
        for inner_name, inner in value.items():
            yield from _write_entry(inner_name, inner, f"{indent}  ")


def _write_flow(entries: Mapping[str, Any]) -> str:
    return f"{{{', '.join(f'{name}: {value}' for name, value in entries.items())}}}"


def write_value(value: Any, kind: Kind) -> str:
    """A value as YAML on one line."""
    if isinstance(kind, RecordsKind):
        if isinstance(value, Members):
            return f"[{', '.join(write_value(item, kind) for item in value.items)}]"
        kinds = {field.path: field.kind for field in kind.fields}
        return _write_flow({name: write_value(fact.value, kinds[name]) for name, fact in value.items()})
    if isinstance(kind, ListKind):
        items = value.items if isinstance(value, Members) else value
        return f"[{', '.join(write_value(item, kind.of) for item in items)}]"
    text = kind.show(value)
    if not isinstance(kind, StringKind | PathKind | EnumKind) or (PLAIN.fullmatch(text) and text.lower() not in WORDS):
        return text
    return json.dumps(text, ensure_ascii=False)
