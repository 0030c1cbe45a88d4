"""Tree → Python: each policy becomes one generated function; it must agree with the interpreter everywhere.

Generated code is about twice as fast as closures over the tree and four times as fast as walking it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.comparison import (
    apply_test,
    bound_count,
    conjoin,
    disjoin,
    members_of,
    negate,
)
from policy.language.interpreter import add_days
from policy.language.vocabulary import OPPOSITES, PRESENT
from policy.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    Count,
    Each,
    FieldValue,
    Leaf,
    Literal,
    Not,
    Operand,
    Parameter,
    Some,
)
from policy.model.fact import ABSENT
from policy.model.kinds import ListKind, MoneyKind
from policy.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from policy.model.policy import Policy

    # values by path, proven values by path, paths whose evidence could not be had, today → outcome
    Judge = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, str], date], str]

SIGNS = {"equals": "==", "at_least": ">=", "at_most": "<=", "more_than": ">", "less_than": "<"}
HELPERS = {
    "ABSENT": ABSENT,
    "add_days": add_days,
    "apply_test": apply_test,
    "bound_count": bound_count,
    "conjoin": conjoin,
    "disjoin": disjoin,
    "members_of": members_of,
    "negate": negate,
}


def compile_policy(policy: Policy, params: Mapping[str, Any]) -> Judge:
    """The function that judges one policy under these parameters."""
    return compile_policies([(policy, params)])[0]


def compile_policies(policies: Sequence[tuple[Policy, Mapping[str, Any]]]) -> list[Judge]:
    """The functions that judge the policies, in their order; compiled together, which is cheaper."""
    constants: dict[str, Any] = {}
    lines: list[str] = []
    for number, (policy, params) in enumerate(policies):
        lines += PolicyWriter(policy, params, constants, f"judge_{number}").write()
    namespace: dict[str, Any] = {**HELPERS, **constants}
    # What is executed holds only our own templates, field paths as literals, and names of constants.
    exec(compile("\n".join(lines), "<policies>", "exec"), namespace)  # noqa: S102
    return [namespace[f"judge_{number}"] for number in range(len(policies))]


class PolicyWriter:
    """Writes the function of one policy as lines of Python."""

    def __init__(self, policy: Policy, params: Mapping[str, Any], constants: dict[str, Any], name: str) -> None:
        self.policy = policy
        self.params = params
        self.constants = constants
        self.name = name
        self.observed = policy.observed
        self.lines: list[str] = []
        self.indent = 1
        self.variables = 0
        self.inner: list[str] = []

    def write(self) -> list[str]:
        head = f"def {self.name}(V, P, U, T):"
        if any(spec.name not in self.params for spec in self.policy.params):
            return [head, '    return "not-applicable"']
        applies = self._write_when()
        require = self._condition(self.policy.require)
        self._emit(f"if {require} is True:", '    return "pass"')
        unsure = "" if applies == "True" else f"{applies} is True and "
        self._emit(f"if {unsure}{require} is False:", '    return "fail"', 'return "unknown"')
        return [*self.inner, head, *self.lines]

    def _write_when(self) -> str:
        """Leave early where a part of `when` is false; the variable that says whether all of it is true."""
        when = self.policy.when
        items = when.items if isinstance(when, AllOf) else (when,)
        if not items:
            return "True"
        applies = self._variable()
        self._emit(f"{applies} = True")
        for item in items:
            result = self._condition(item)
            self._emit(f"if {result} is False:", '    return "not-applicable"')
            self._emit(f"if {result} is None:", f"    {applies} = None")
        return applies

    # Conditions: each writes lines and gives the name of the variable that holds its result

    def _condition(self, condition: Condition) -> str:
        if isinstance(condition, AllOf):
            return self._combine(condition.items, empty=True)
        if isinstance(condition, AnyOf):
            return self._combine(condition.items, empty=False)
        if isinstance(condition, Not):
            return self._negated(self._condition(condition.item))
        if isinstance(condition, Leaf):
            return self._leaf(condition)
        return self._quantifier(condition)

    def _combine(self, items: tuple[Condition, ...], *, empty: bool) -> str:
        result = self._variable()
        self._emit(f"{result} = {empty}")
        for position, item in enumerate(items):
            if position:
                self._emit(f"if {result} is not {not empty}:")
                self.indent += 1
            inner = self._condition(item)
            self._emit(f"if {inner} is not {empty}:", f"    {result} = {inner}")
            if position:
                self.indent -= 1
        return result

    def _negated(self, result: str) -> str:
        opposite = self._variable()
        self._emit(f"{opposite} = None if {result} is None else not {result}")
        return opposite

    def _leaf(self, leaf: Leaf) -> str:
        if leaf.test == PRESENT:
            return self._present(leaf)
        if leaf.test in OPPOSITES:
            return self._negated(self._plain(leaf, OPPOSITES[leaf.test]))
        return self._plain(leaf, leaf.test)

    def _present(self, leaf: Leaf) -> str:
        value, result = self._look_up(leaf.path), self._variable()
        wanted = isinstance(leaf.operand, Literal) and leaf.operand.value
        found, missing = (True, False) if wanted else (False, True)
        absent = f"None if {leaf.path!r} in U else {missing}"
        self._emit(f"{result} = ({absent}) if {value} is None else {missing} if {value} is ABSENT else {found}")
        return result

    def _plain(self, leaf: Leaf, test: str) -> str:
        value, operand = self._look_up(leaf.path), self._operand(leaf.operand)
        result = self._variable()
        whole = isinstance(leaf.kind, ListKind | MoneyKind) or test not in (*SIGNS, "one_of")
        if whole or (test == "one_of" and not self.constants[operand]):
            self._emit(f"{result} = apply_test({test!r}, {value}, {operand})")
        elif test == "one_of":
            self._emit(f"{result} = None if {value} is None else {value} in {operand}")
        elif isinstance(leaf.operand, FieldValue):
            known = f"None if {value} is None or {operand} is None else {value} {SIGNS[test]} {operand}"
            self._emit(f"{result} = False if {value} is ABSENT or {operand} is ABSENT else {known}")
        else:
            known = f"False if {value} is ABSENT else {value} {SIGNS[test]} {operand}"
            self._emit(f"{result} = None if {value} is None else {known}")
        return result

    def _quantifier(self, condition: Some | Each | Count) -> str:
        members, chosen, result = self._variable(), self._variable(), self._variable()
        value = self._look_up(condition.path)
        self._emit(f"{members} = members_of({value})")
        where = self._member_function(condition.where)
        open_end = f"() if {members}.complete else (None,)"
        self._emit(f"{chosen} = [{where}(M, T) for M in {members}.items]")
        if isinstance(condition, Some):
            self._emit(f"{result} = disjoin((*{chosen}, *({open_end})))")
        elif isinstance(condition, Each):
            require = self._member_function(condition.require)
            kept = f"disjoin((negate(w), {require}(M, T))) for w, M in zip({chosen}, {members}.items)"
            self._emit(f"{result} = conjoin((*[{kept}], *({open_end})))")
        else:
            low, high = self._variable(), self._variable()
            self._emit(f"{low} = {chosen}.count(True)")
            self._emit(f"{high} = {low} + {chosen}.count(None) if {members}.complete else None")
            bounds = [
                f"bound_count({test!r}, {low}, {high}, {self._operand(bound)})" for test, bound in condition.bounds
            ]
            self._emit(f"{result} = conjoin(({''.join(bound + ', ' for bound in bounds)}))")
        return result

    def _member_function(self, condition: Condition) -> str:
        """Write a function of one member; inside it bare names are the member's."""
        name = f"{self.name}_{self.variables}"
        saved = self.lines, self.indent, self.observed
        self.lines, self.indent, self.observed = [], 1, frozenset()
        result = self._condition(condition)
        self._emit(f"return {result}")
        body = self.lines
        self.lines, self.indent, self.observed = saved
        self.inner += [f"def {name}(V, T, U=()):", *body]
        return name

    # Values

    def _look_up(self, path: str) -> str:
        value = self._variable()
        self._emit(f"{value} = {'P' if path in self.observed else 'V'}.get({path!r})")
        return value

    def _operand(self, operand: Operand) -> str:
        if isinstance(operand, FieldValue):
            return self._look_up(operand.path)
        if isinstance(operand, Literal):
            return self._constant(operand.value)
        if isinstance(operand, Parameter):
            return self._constant(self.params[operand.name])
        day = self._variable()
        self._emit(f"{day} = add_days(T, {self._operand(operand.offset)})")
        return day

    def _constant(self, value: Any) -> str:
        name = f"K{len(self.constants)}"
        # A long list is looked up by hash; amounts of money are compared one by one.
        long = isinstance(value, tuple) and len(value) > 4 and not isinstance(value[0], Money)
        self.constants[name] = frozenset(value) if long else value
        return name

    def _variable(self) -> str:
        self.variables += 1
        return f"r{self.variables}"

    def _emit(self, *lines: str) -> None:
        self.lines += ["    " * self.indent + line for line in lines]
