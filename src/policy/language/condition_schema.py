"""The JSON Schema of conditions: every field with the tests and right sides that its kind takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.expressions import LONGEST
from policy.language.operands import comparable, operand_kind
from policy.language.policies import PARAMETER_NAME
from policy.language.vocabulary import COUNT_TESTS, EQUALITY, EXPRESSION, MEMBERSHIP, PRESENT, SEVERAL, tests_for
from policy.model.kinds import COUNT, DAYS, DateKind, Kind, ListKind, RecordsKind
from policy.model.value_schemas import TEXT, JsonSchema, build_value_schema, describe_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.schema import Field

ABOUT = {
    "equals": "it is this value",
    "not_equals": "it is not this value",
    "one_of": "it is one of these values",
    "none_of": "it is none of these values",
    "at_least": "it is this or more",
    "at_most": "it is this or less",
    "more_than": "it is more than this",
    "less_than": "it is less than this",
    "contains": "the list holds this value",
    "contains_any": "the list holds at least one of these values",
    "contains_none": "the list holds none of these values",
    "starts_with": "it starts with this text",
    "ends_with": "it ends with this text",
    "matches": "the whole of it matches this pattern; a full match in the common subset of RE2",
    "present": "something tells it (true), or nothing does (false)",
    "some": "at least one record meets this condition",
    "each": "every record that meets `where` meets `require`",
    "count": "the number of records that meet `where`",
    "all": "all of these conditions hold",
    "any": "at least one of these conditions holds",
    "not": "this condition does not hold",
    "cel": "this CEL expression over fields holds; it needs the extra `cel`",
    "where": "which records it is about; without it, all",
    "require": "what each of these records must meet",
}
OUTSIDE = "condition"
NOT_EMPTY: JsonSchema = {"minProperties": 1}
_PARAMETER: JsonSchema = {
    "description": "the name of a parameter of this policy",
    "type": "string",
    "pattern": f"^{PARAMETER_NAME.pattern}$",
}
_NOW = "today in UTC, and so many whole days later or, with a minus, earlier"


def refer(name: str) -> JsonSchema:
    """A reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def say(about: str, *choices: JsonSchema) -> JsonSchema:
    """One of these, with a description: beside a reference it would not be seen."""
    return {"description": about, "anyOf": list(choices)}


def build_object(properties: Mapping[str, JsonSchema], *needed: str) -> JsonSchema:
    """A mapping with these keys and no others."""
    required = {"required": list(needed)} if needed else {}
    return {"type": "object", "additionalProperties": False, **required, "properties": dict(properties)}


class ConditionSchema:
    """Collects definitions: one condition for the subject's fields and one for each list of records.

    What fields of one kind have in common is defined once for each of these scopes.
    """

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.definitions: dict[str, JsonSchema] = {
            "parameter": {"title": "{param: …}", **build_object({"param": _PARAMETER}, "param")},
            "days": {
                "title": "{now: …}",
                **build_object({"now": say(_NOW, build_value_schema(DAYS), refer("parameter"))}, "now"),
            },
        }
        self._names: dict[tuple[str, Kind], str] = {}
        self._define_condition(OUTSIDE, fields)

    def _define_condition(self, scope: str, fields: Mapping[str, Field]) -> None:
        """Define the condition of a scope, under its name, and what it refers to."""
        condition, paths = refer(scope), f"{scope}-fields"
        self.definitions[paths] = {"enum": list(fields)}
        several = {"type": "array", "minItems": 1, "items": condition}
        entries = {
            **{path: self._describe(scope, field, fields) for path, field in fields.items()},
            "all": {"description": ABOUT["all"], **several},
            "any": {"description": ABOUT["any"], **several},
            "not": say(ABOUT["not"], condition),
            PRESENT: say("something tells these fields", *one_or_more(refer(paths))),
        }
        if scope == OUTSIDE:
            entries[EXPRESSION] = {
                "description": ABOUT[EXPRESSION],
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST,
            }
        self.definitions[scope] = {**NOT_EMPTY, **build_object(entries)}

    def _describe(self, scope: str, field: Field, fields: Mapping[str, Field]) -> JsonSchema:
        """What may stand under the field's name."""
        kind = field.kind
        if isinstance(kind, RecordsKind):
            self._define_condition(field.path, {member.path: member for member in kind.fields})
            return {"description": describe_field(field), **_build_quantifiers(field.path)}
        tests = refer(self._define_tests(scope, field, fields))
        # Beside the alternatives, so that editors name the wrong key instead of the wrong alternative.
        keys = {**NOT_EMPTY, "propertyNames": {"enum": list(tests_for(kind))}}
        if isinstance(kind, ListKind):
            return {**say(describe_field(field), tests), **keys}
        value = build_value_schema(operand_kind(kind, EQUALITY[0]))
        several = [{"type": "array", "items": value}] if MEMBERSHIP[0] in tests_for(kind) else []
        return {**say(describe_field(field), value, *several, tests), **keys}

    def _define_tests(self, scope: str, field: Field, fields: Mapping[str, Field]) -> str:
        """The name of the definition of the tests on fields of this kind."""
        kind = field.kind
        if (scope, kind) not in self._names:
            name = f"{scope}-{kind.name.replace(' ', '-')}"
            # Enumerations differ from each other, and so do numbers with bounds.
            name = f"{name}-{field.path}" if name in self.definitions else name
            self._names[scope, kind] = name
            operands = self._define_operands(name, kind, fields)
            tests = {test: _build_test(kind, test, operands) for test in tests_for(kind)}
            # Editors say this where a value stands instead; elsewhere the file's own title tells more.
            title = {"title": "{contains: …}"} if isinstance(kind, ListKind) else {}
            self.definitions[name] = {**title, "type": "object", "properties": tests}
        return self._names[scope, kind]

    def _define_operands(self, name: str, kind: Kind, fields: Mapping[str, Field]) -> list[JsonSchema]:
        """What may stand in the place of a value of this kind."""
        single = kind.of if isinstance(kind, ListKind) else kind
        others = [path for path, other in fields.items() if comparable(single, other.kind)]
        operands = []
        if others:
            title = {"title": "{field: …}"}
            self.definitions[f"{name}-other"] = {**title, **build_object({"field": {"enum": others}}, "field")}
            operands.append(refer(f"{name}-other"))
        return [*operands, refer("days")] if isinstance(kind, DateKind) else operands


def _build_test(kind: Kind, test: str, operands: list[JsonSchema]) -> JsonSchema:
    """What may stand on the right side of a test; `operands` are those that stand for a single value."""
    if test == PRESENT:
        return {"description": ABOUT[test], "type": "boolean"}
    if test == "matches":
        return {"description": ABOUT[test], **TEXT}
    value = build_value_schema(operand_kind(kind, test))
    return say(ABOUT[test], value, refer("parameter"), *([] if test in SEVERAL else operands))


def one_or_more(item: JsonSchema) -> tuple[JsonSchema, JsonSchema]:
    """One such value, or a list of them."""
    return item, {"type": "array", "minItems": 1, "items": item}


def _build_quantifiers(scope: str) -> JsonSchema:
    condition = refer(scope)
    where = say(ABOUT["where"], condition)
    bounds = {test: say(ABOUT[test], build_value_schema(COUNT), refer("parameter")) for test in COUNT_TESTS}
    count = build_object({"where": where, **bounds})
    tests = {
        "some": say(ABOUT["some"], condition),
        "each": {
            "description": ABOUT["each"],
            **build_object({"where": where, "require": say(ABOUT["require"], condition)}, "require"),
        },
        "count": {"description": ABOUT["count"], **count, "anyOf": [{"required": [test]} for test in COUNT_TESTS]},
        PRESENT: {"description": ABOUT[PRESENT], "type": "boolean"},
    }
    return {**NOT_EMPTY, **build_object(tests)}
