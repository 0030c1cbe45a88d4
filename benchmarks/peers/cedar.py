"""Cedar: two permits a rule, all judged in one request; the reasons of its answer name those that hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cedarpy

from benchmarks.formulas import SIGNS, Atom, Rule, tell_verdict, write_formula

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.formulas import Formula


def prepare(rules: list[Rule]) -> Callable[[dict[str, Any]], tuple[str, ...]]:
    """The function that judges all rules on the facts of one subject."""
    permits = [write_permit(formula) for rule in rules for formula in (rule.met, rule.failed)]
    policies = cedarpy.PolicySet.from_str("\n".join(permits))
    entities = cedarpy.Entities.from_json_str("[]")
    names = [(f"policy{2 * number}", f"policy{2 * number + 1}") for number in range(len(rules))]

    def judge(facts: dict[str, Any]) -> tuple[str, ...]:
        request = {
            "principal": 'User::"gate"',
            "action": 'Action::"judge"',
            "resource": 'Project::"project"',
            "context": facts,
        }
        holding = set(cedarpy.is_authorized(request, policies, entities).diagnostics.reasons)
        return tuple(tell_verdict(met in holding, failed in holding) for met, failed in names)

    return judge


def write_permit(formula: Formula) -> str:
    """A policy that permits where the formula holds."""
    return f"permit(principal, action, resource) when {{ {write_formula(formula, write_atom)} }};"


def write_atom(atom: Atom) -> str:
    """One test; the fact must be there. Numbers are whole: Cedar knows no others."""
    value = json.dumps(int(atom.value) if isinstance(atom.value, float) else atom.value)
    known, fact = f"context has {json.dumps(atom.path)}", f"context[{json.dumps(atom.path)}]"
    if atom.test in SIGNS:
        return f"{known} && {fact} {SIGNS[atom.test]} {value}"
    tests = {
        "present": known,
        "missing": f"!({known})",
        "one_of": f"{known} && {value}.contains({fact})",
        "none_of": f"{known} && !{value}.contains({fact})",
        "contains": f"{known} && {fact}.contains({value})",
        "lacks": f"{known} && !{fact}.contains({value})",
        "contains_any": f"{known} && {fact}.containsAny({value})",
        "contains_none": f"{known} && !{fact}.containsAny({value})",
    }
    return tests[atom.test]
