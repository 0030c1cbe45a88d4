"""The common rules as a pack of hashimori's, the nearest rival: one red zone a rule, and nothing to review."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.model.condition import AllOf, AnyOf, Condition, Leaf, Literal, Not

if TYPE_CHECKING:
    from policy.model.policy import Policy

WORDS = {
    "equals": "is",
    "not_equals": "is_not",
    "one_of": "in",
    "none_of": "not_in",
    "at_least": "gte",
    "at_most": "lte",
    "more_than": "gt",
    "less_than": "lt",
    "contains": "contains",
    "present": "exists",
}


def write_pack(rules: list[Policy]) -> str:
    """The text of the pack. JSON is YAML, but a person writes YAML, which is slower to read: so does this."""
    import yaml

    zones = [
        {
            "id": rule.id,
            "name": rule.title,
            "when": {"all": [write_condition(rule.when), {"none": [write_condition(rule.require)]}]},
            "message": rule.title,
        }
        for rule in rules
    ]
    tiers = [{"name": "clear", "outcome": "approved"}]
    pack = {"version": 1, "pack": {"name": "common"}, "red_zones": zones, "tiers": tiers}
    return str(yaml.safe_dump(pack, sort_keys=False))


def write_condition(condition: Condition) -> dict[str, Any]:
    """A condition in the pack's form."""
    if isinstance(condition, AllOf):
        return {"all": [write_condition(item) for item in condition.items]}
    if isinstance(condition, AnyOf):
        return {"any": [write_condition(item) for item in condition.items]}
    if isinstance(condition, Not):
        return {"none": [write_condition(condition.item)]}
    if not isinstance(condition, Leaf) or not isinstance(condition.operand, Literal):
        raise TypeError(f"hashimori cannot say {condition}")
    value = condition.operand.value
    if condition.test == "contains_any":
        return {"any": [{"path": condition.path, "contains": item} for item in value]}
    return {"path": condition.path, WORDS[condition.test]: list(value) if isinstance(value, tuple) else value}


def write_intake(facts: dict[str, Any]) -> str:
    """Facts by path as the intake file, nested by section."""
    return json.dumps(nest(facts), indent=2)


def nest(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts by dotted path as nested mappings."""
    nested: dict[str, Any] = {}
    for path, value in facts.items():
        *sections, name = path.split(".")
        inner = nested
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[name] = value
    return nested
