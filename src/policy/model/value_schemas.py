"""The JSON Schema of each kind of value, for editors: it must never refuse what the readers accept.

Editors see values as YAML 1.2 reads them, the readers see the source text, so what is text may look like a number.
Only keywords that mean the same in every draft from 06 on are used; `errorMessage` is what editors show.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from policy.model.kinds import (
    LARGEST_INTEGER,
    UNITS_MS,
    BooleanKind,
    DateKind,
    DurationKind,
    EnumKind,
    IntegerKind,
    Kind,
    ListKind,
    MoneyKind,
    NumberKind,
    RecordsKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.schema import Field

JsonSchema = dict[str, Any]

# Draft 07 is what the YAML support of VS Code, Neovim, Helix and JetBrains has in common.
DRAFT = "http://json-schema.org/draft-07/schema#"
TEXT: JsonSchema = {"type": ["string", "number", "boolean"], "minLength": 1}
_LONGEST = 40  # characters of a duration or an amount
_SPOKEN = (DateKind, DurationKind, MoneyKind)


def build_value_schema(kind: Kind, *, writable: bool = True) -> JsonSchema:
    """What a value of this kind looks like in a YAML file; `writable` leaves out what a manifest cannot state."""
    match kind:
        case RecordsKind():
            return {"type": "array", "items": _build_record_schema(kind, writable=writable)}
        case ListKind():
            return {"type": "array", "items": build_value_schema(kind.of)}
        case EnumKind():
            return build_choice_schema(kind.choices)
        case BooleanKind():
            return {"type": "boolean"}
        case IntegerKind():
            return {"type": "integer", "minimum": kind.low, "maximum": LARGEST_INTEGER}
        case NumberKind():
            # Infinities are numbers to a YAML editor.
            largest = sys.float_info.max
            return {"type": "number", "minimum": max(kind.low, -largest), "maximum": min(kind.high, largest)}
        case DurationKind():
            units = f"; the units are {', '.join(UNITS_MS)}"
            return _build_text_schema(f"{kind.describe()}{units}", _build_duration_pattern(kind))
        case MoneyKind():
            return _build_text_schema(kind.describe(), "^[0-9]+(\\.[0-9]+)? ?[A-Z]{3}$")
        case DateKind():
            return {**_build_text_schema(kind.describe(), "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), "format": "date"}
    return dict(TEXT)


def build_choice_schema(choices: Iterable[str]) -> JsonSchema:
    """One of these words; one that looks like a number or a boolean may also be written without quotes."""
    values: list[Any] = []
    for choice in choices:
        values += [choice, *_read_plain(choice)]
    return {"enum": values}


def build_field_schema(field: Field, *, writable: bool = True) -> JsonSchema:
    """The value of a field, which may also be left empty, with the field's description."""
    value = build_value_schema(field.kind, writable=writable)
    return {"description": describe_field(field), **allow_empty(value)}


def allow_empty(schema: JsonSchema) -> JsonSchema:
    """The schema, and beside it nothing: an empty value states nothing."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    types = schema["type"]
    return {**schema, "type": [*(types if isinstance(types, list) else [types]), "null"]}


def describe_field(field: Field) -> str:
    """What the field means, how its value is written where that is not plain, and what can observe it."""
    parts = [field.about or field.path]
    if isinstance(field.kind, _SPOKEN):
        parts.append(field.kind.describe())
    if field.evidence:
        parts.append("observed from: " + ", ".join(field.evidence))
    return "; ".join(parts)


def _build_record_schema(kind: RecordsKind, *, writable: bool) -> JsonSchema:
    members = [field for field in kind.fields if field.writable or not writable]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.path: build_field_schema(field) for field in members},
    }


def _build_text_schema(form: str, pattern: str) -> JsonSchema:
    return {
        "type": "string",
        "pattern": pattern,
        "maxLength": _LONGEST,
        "errorMessage": f"write {form}",
    }


def _build_duration_pattern(kind: DurationKind) -> str:
    amount = "[+-]?[0-9]+(\\.[0-9]+)?" if kind.signed else "(\\+?[0-9]+(\\.[0-9]+)?|-0+(\\.0+)?)"
    return f"^{amount} ?({'|'.join(UNITS_MS)})$"


def _read_plain(text: str) -> list[Any]:
    """What YAML 1.2 makes of the text without quotes, where that is no text."""
    if text.lower() in ("true", "false"):
        return [text.lower() == "true"]
    for read in (int, float):
        try:
            value = read(text)
        except ValueError:
            continue
        return [value] if abs(value) <= sys.float_info.max else []
    return []
