"""Rego in rego-cpp: the rules compiled to a bundle once, one query for the sets of rules that are met and fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from regopy import Input, Interpreter

from benchmarks.formulas import SIGNS, Atom, Both, Rule, tell_verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.formulas import Formula


def prepare(rules: list[Rule]) -> Callable[[dict[str, Any]], tuple[str, ...]]:
    """The function that judges all rules on the facts of one subject."""
    interpreter = Interpreter()
    writer = RegoWriter()
    interpreter.add_module("rules.rego", writer.write(rules))
    bundle = interpreter.build("verdicts = [data.rules.met, data.rules.failed]")

    def judge(facts: dict[str, Any]) -> tuple[str, ...]:
        interpreter.set_input(Input(facts))
        met, failed = map(set, interpreter.query_bundle(bundle)[0]["verdicts"])
        return tuple(tell_verdict(rule.id in met, rule.id in failed) for rule in rules)

    return judge


class RegoWriter:
    """Writes formulas as Rego, where every alternative is a rule of its own."""

    def __init__(self) -> None:
        self.lines = ["package rules", "import rego.v1"]
        self.count = 0

    def write(self, rules: list[Rule]) -> str:
        """The module with the sets of rules that are met and that fail."""
        for rule in rules:
            for word, formula in (("met", rule.met), ("failed", rule.failed)):
                self.lines.append(f"{word} contains {json.dumps(rule.id)} if {{ {self._body(formula)} }}")
        return "\n".join(self.lines)

    def _body(self, formula: Formula) -> str:
        if isinstance(formula, Atom):
            return self._atom(formula)
        if isinstance(formula, Both):
            return "; ".join(map(self._body, formula.parts)) or "true"
        self.count += 1
        name = f"part_{self.count}"
        alternatives = [self._body(part) for part in formula.parts]
        self.lines += [f"{name} if {{ {body} }}" for body in alternatives or ["false"]]
        return name

    def _atom(self, atom: Atom) -> str:
        """One test; without the fact it is undefined, and so is what depends on it."""
        fact, value = f"input[{json.dumps(atom.path)}]", json.dumps(atom.value)
        if atom.test in SIGNS:
            return f"{fact} {SIGNS[atom.test]} {value}"
        self.count += 1
        name = f"value_{self.count}"
        if atom.test in ("present", "missing"):
            self.lines.append(f"known_{name} if {{ _ = {fact} }}")
        tests = {
            "present": f"known_{name}",
            "missing": f"not known_{name}",
            "one_of": f"{fact} in {value}",
            "none_of": f"{name} := {fact}; not {name} in {value}",
            "contains": f"{value} in {fact}",
            "lacks": f"{name} := {fact}; not {value} in {name}",
            "contains_any": f"some {name} in {fact}; {name} in {value}",
            "contains_none": f"{name} := {fact}; count([item | some item in {name}; item in {value}]) == 0",
        }
        return tests[atom.test]
