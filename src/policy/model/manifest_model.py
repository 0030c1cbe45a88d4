"""The fact schema as pydantic models: what a manifest may say, as Python data and as JSON Schema for editors."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, create_model
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticCustomError

from policy.model.fields import SCHEMA
from policy.model.kinds import Kind, KindError, ListKind, RecordsKind
from policy.model.manifest import FORMAT
from policy.model.value_schemas import DRAFT, allow_empty, build_value_schema, describe_field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import core_schema

    from policy.model.schema import Field as FactField
    from policy.model.schema import Schema
    from policy.model.value_schemas import JsonSchema

FORMAT_ABOUT = "the format of the manifest; this version reads format 1"


class Section(BaseModel):
    """Fields that stand together; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EditorSchema(GenerateJsonSchema):
    """JSON Schema as editors show it best: no made-up titles, no defaults, no alternatives for an empty value."""

    def generate_inner(self, schema: Any) -> JsonSchema:
        # Sections are written out where they stand: editors show no description beside a reference.
        return self.resolve_ref_schema(super().generate_inner(schema))

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchema:
        described = super().model_schema(schema)
        return {key: value for key, value in described.items() if key not in ("title", "description")}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchema:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchema:
        return allow_empty(self.generate_inner(schema["schema"]))


def manifest_model(schema: Schema = SCHEMA) -> type[BaseModel]:
    """The model of a manifest: accepts what `read_manifest` accepts, as Python data with values as in JSON.

    A field of the model holds what its kind reads: milliseconds, dates, `Money`.
    """
    return _build_manifest(schema)


def manifest_json_schema(schema: Schema = SCHEMA) -> JsonSchema:
    """The JSON Schema of a manifest; every description stands where it applies."""
    described = manifest_model(schema).model_json_schema(schema_generator=EditorSchema)
    return {
        "$schema": DRAFT,
        "$id": f"urn:tunegate:manifest:{FORMAT}",
        "title": "ml-manifest.yaml",
        "description": "What a project states about itself, for policies to judge.",
        **described,
    }


@lru_cache(maxsize=8)
def _build_manifest(schema: Schema) -> type[BaseModel]:
    fields = [(field.path, field) for field in schema.fields.values() if field.writable]
    members = {"manifest": (_FORMAT, Field(description=FORMAT_ABOUT)), **_build_members(fields)}
    name = schema.fields["project"]
    members["project"] = (_annotate(name.kind), Field(description=describe_field(name)))
    return create_model("Manifest", __base__=Section, **members)


def _build_members(fields: Iterable[tuple[str, FactField]]) -> dict[str, Any]:
    """Pydantic's fields for facts whose paths, relative to where they stand, may lead into sections."""
    below: dict[str, list[tuple[str, FactField]]] = {}
    for path, field in fields:
        name, _, rest = path.partition(".")
        below.setdefault(name, []).append((rest, field))
    return {_name_attribute(name): _build_member(name, inner) for name, inner in below.items()}


def _build_member(name: str, inner: list[tuple[str, FactField]]) -> tuple[Any, Any]:
    rest, field = inner[0]
    if rest:
        model: Any = create_model(name, __base__=Section, **_build_members(inner))
        about = "holds " + ", ".join(dict.fromkeys(path.partition(".")[0] for path, _ in inner))
    else:
        model, about = _annotate(field.kind), describe_field(field)
    return model | None, Field(default=None, alias=name, description=about)


def _name_attribute(name: str) -> str:
    """A name that pydantic does not use itself: an organisation may call a field `x.schema`."""
    taken = name.startswith("model_") or hasattr(BaseModel, name)
    return name.upper() if taken else name


def _annotate(kind: Kind) -> Any:
    """The type of a value of this kind."""
    if isinstance(kind, RecordsKind):
        members = _build_members((field.path, field) for field in kind.fields if field.writable)
        record: Any = create_model("Record", __base__=Section, **members)
        return tuple[record, ...]
    if isinstance(kind, ListKind):
        return tuple[_annotate(kind.of), ...]  # type: ignore[misc]
    return Annotated[
        Any,
        PlainValidator(lambda value: _read_value(kind, value)),
        WithJsonSchema(build_value_schema(kind)),
    ]


def _read_value(kind: Kind, value: Any) -> Any:
    """What the reader makes of the value where it stands in a file."""
    try:
        return kind.read(*_write_source(value))
    except KindError as error:
        raise PydanticCustomError("value", "{message}; {remedy}", vars(error)) from None


def _write_source(value: Any) -> tuple[str, bool]:
    """The source text of a single value, and whether it stands without quotes."""
    if isinstance(value, str):
        return value, False
    if isinstance(value, bool | int | float):
        return json.dumps(value), True
    raise PydanticCustomError("value", "a single value is needed here; write text, a number, true or false")


def _read_format(value: Any) -> int:
    if _write_source(value)[0] != FORMAT:
        raise PydanticCustomError("format", "this version reads format 1; write 1")
    return int(FORMAT)


_FORMAT = Annotated[Any, PlainValidator(_read_format), WithJsonSchema({"const": int(FORMAT)})]
