"""JSON Schema in jsonschema-rs: two schemas a rule, one for met and one for failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema_rs import Draft202012Validator

from benchmarks.formulas import Atom, Both, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.formulas import Formula


def prepare(rules: list[Rule]) -> Callable[[dict[str, Any]], tuple[str, ...]]:
    """The function that judges all rules on the facts of one subject."""
    checks = [
        (
            Draft202012Validator(write_schema(rule.met)).is_valid,
            Draft202012Validator(write_schema(rule.failed)).is_valid,
        )
        for rule in rules
    ]

    def judge(facts: dict[str, Any]) -> tuple[str, ...]:
        return tuple(
            "met" if is_met(facts) else "failed" if is_failed(facts) else "unknown" for is_met, is_failed in checks
        )

    return judge


def write_schema(formula: Formula) -> Any:
    """The schema of the facts for which the formula holds."""
    if isinstance(formula, Atom):
        return write_atom(formula)
    parts = [write_schema(part) for part in formula.parts]
    if isinstance(formula, Both):
        return {"allOf": parts} if parts else True
    return {"anyOf": parts} if parts else False


def write_atom(atom: Atom) -> Any:
    """One test; the fact must be there."""
    known = {"required": [atom.path]}
    if atom.test in ("present", "missing"):
        return known if atom.test == "present" else {"not": known}
    value = list(atom.value) if isinstance(atom.value, tuple) else atom.value
    tests: dict[str, Any] = {
        "equals": {"const": value},
        "not_equals": {"not": {"const": value}},
        "one_of": {"enum": value},
        "none_of": {"not": {"enum": value}},
        "at_least": {"minimum": value},
        "at_most": {"maximum": value},
        "more_than": {"exclusiveMinimum": value},
        "less_than": {"exclusiveMaximum": value},
        "contains": {"contains": {"const": value}},
        "lacks": {"not": {"contains": {"const": value}}},
        "contains_any": {"contains": {"enum": value}},
        "contains_none": {"not": {"contains": {"enum": value}}},
    }
    return {**known, "properties": {atom.path: tests[atom.test]}}
