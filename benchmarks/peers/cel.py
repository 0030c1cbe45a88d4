"""Google's CEL: all rules as one expression that gives a list of verdicts, which is its fastest way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cel_expr_python import cel

from benchmarks.formulas import SIGNS, Atom, Rule, write_formula

if TYPE_CHECKING:
    from collections.abc import Callable


def prepare(rules: list[Rule]) -> Callable[[dict[str, Any]], tuple[str, ...]]:
    """The function that judges all rules on the facts of one subject."""
    environment = cel.NewEnv(variables={"facts": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})
    expression = environment.compile(f"[{', '.join(map(write_rule, rules))}]")
    return lambda facts: tuple(expression.eval(data={"facts": facts}).plain_value())


def write_rule(rule: Rule) -> str:
    """The verdict of one rule."""
    met, failed = write_formula(rule.met, write_atom), write_formula(rule.failed, write_atom)
    return f"({met}) ? 'met' : ({failed}) ? 'failed' : 'unknown'"


def write_atom(atom: Atom) -> str:
    """One test; the fact must be there."""
    path, value = json.dumps(atom.path), json.dumps(atom.value)
    known, fact = f"{path} in facts", f"facts[{path}]"
    if atom.test in SIGNS:
        return f"{known} && {fact} {SIGNS[atom.test]} {value}"
    tests = {
        "present": known,
        "missing": f"!({known})",
        "one_of": f"{known} && {fact} in {value}",
        "none_of": f"{known} && !({fact} in {value})",
        "contains": f"{known} && {value} in {fact}",
        "lacks": f"{known} && !({value} in {fact})",
        "contains_any": f"{known} && {fact}.exists(item, item in {value})",
        "contains_none": f"{known} && !{fact}.exists(item, item in {value})",
    }
    return tests[atom.test]
