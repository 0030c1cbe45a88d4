"""The cases of a policy, run: what each one gives, and what no case touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from policy.language.cases import DEFAULT_TIME
from policy.language.compiler import compile_policy
from policy.language.comparison import members_of, negate
from policy.language.explanation import explain, find_decisive
from policy.language.interpreter import Scope, evaluate, judge_policy, make_scope
from policy.language.prose import describe_condition
from policy.language.vocabulary import PRESENT
from policy.model.condition import All, Condition, Each, FieldValue, Leaf, Quantifier, Some, walk
from policy.model.derived import DERIVATIONS
from policy.model.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location
    from policy.language.compiler import Judge
    from policy.model.fields import Schema
    from policy.model.policy import Case, Policy

Test = Leaf | Quantifier

# What follows from nothing is always known.
ALWAYS_KNOWN = frozenset(derivation.path for derivation in DERIVATIONS if not derivation.inputs)


class CaseResult(NamedTuple):
    """What one case gave; `message` says why it is not what was expected."""

    case: Case
    expected: str
    actual: str
    message: str = ""

    @property
    def passed(self) -> bool:
        """Whether the outcome is the expected one."""
        return self.actual == self.expected and not self.message


class UndecisiveTest(NamedTuple):
    """A test of the policy, in words, that decided no case: the policy could lose it and no case would notice."""

    test: str
    location: Location | None


class PolicyTest(NamedTuple):
    """What the cases of a policy gave, the outcomes that no case expects, and the tests that decided none."""

    policy: str
    results: tuple[CaseResult, ...]
    missing_outcomes: tuple[str, ...]
    undecisive_leaves: tuple[UndecisiveTest, ...]

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """The cases that gave something else than they expect."""
        return tuple(result for result in self.results if not result.passed)


def run_cases(policy: Policy, schema: Schema) -> PolicyTest:
    """Run every case of the policy, through the compiled function and the reference interpreter."""
    defaults = {spec.name: spec.default for spec in policy.params if spec.default is not None}
    compiled: list[tuple[dict[str, Any], Judge]] = []
    results = []
    decisive: set[int] = set()
    for case in policy.cases:
        run = CaseRun(policy, {**defaults, **case.params}, case, schema)
        results.append(run.judge(compiled))
        decisive |= run.find_decisive()
    expected = {case.expect for case in policy.cases}
    missing = tuple(outcome for outcome in reachable_outcomes(policy) if outcome not in expected)
    return PolicyTest(policy.id, tuple(results), missing, tuple(find_undecisive(policy, decisive, defaults)))


class CaseRun:
    """One case with the facts and parameters that it is judged under."""

    def __init__(self, policy: Policy, params: dict[str, Any], case: Case, schema: Schema) -> None:
        self.policy = policy
        self.params = params
        self.case = case
        self.today = (case.at or DEFAULT_TIME).date()
        self.facts = Facts(case.claims, schema, unavailable=dict.fromkeys(case.timed_out, "timed out"))

    def judge(self, compiled: list[tuple[dict[str, Any], Judge]]) -> CaseResult:
        """The result of the case; what a policy raises is an outcome of `error`."""
        expected = self.case.expect
        try:
            actual = self._call(compiled)
            reference = judge_policy(self.policy, self.params, self.facts, self.today)
            message = "" if actual == expected else self._explain()
        except Exception as error:  # noqa: BLE001 - a policy that errs is an outcome, never a crash
            message = f"it could not be judged: {type(error).__name__}: {error}"
            return CaseResult(self.case, expected, "error", "" if expected == "error" else message)
        if actual != reference:
            message = f"the compiled policy says {actual}, the reference interpreter {reference}"
            return CaseResult(self.case, expected, "error", message)
        return CaseResult(self.case, expected, actual, message)

    def _call(self, compiled: list[tuple[dict[str, Any], Judge]]) -> str:
        """The outcome by the compiled policy; `compiled` keeps the functions made so far, one for each set of parameters."""
        function = next((known for params, known in compiled if params == self.params), None)
        if function is None:
            function = compile_policy(self.policy, self.params)
            compiled.append((self.params, function))
        proven = self.facts.proven_values if self.policy.observed else {}
        return function(self.facts.values, proven, self.facts.unavailable, self.today)

    def _unset(self) -> list[str]:
        return [spec.name for spec in self.policy.params if spec.name not in self.params]

    def _explain(self) -> str:
        if unset := self._unset():
            return f"parameter not set: {', '.join(unset)}"
        return explain(self.policy, self.params, self.facts, self.today).message

    def find_decisive(self) -> set[int]:
        """The identities of the tests that decided the outcome."""
        if self._unset():
            return set()
        scope = make_scope(self.policy, self.params, self.facts, self.today)
        try:
            when, require = evaluate(self.policy.when, scope), evaluate(self.policy.require, scope)
            parts = []
            # Where `require` holds, an unknown `when` changes nothing; where `when` is false, `require` does not.
            if when is not None or require is not True:
                parts.append(self.policy.when)
            if when is not False:
                parts.append(self.policy.require)
            return {id(test) for part in parts for test in find_deciding(part, scope)}
        except Exception:  # noqa: BLE001 - the result of the case tells of it
            return set()


def find_deciding(condition: Condition, scope: Scope) -> Iterator[Test]:
    """The tests that make the condition's result what it is, also those on the members that do."""
    for test, result, _ in find_decisive(condition, scope):
        yield test
        if not isinstance(test, Leaf):
            for member in members_of(scope.look_up(test.path)).items:
                yield from find_deciding_inside(test, result, scope.of_member(member))


def find_deciding_inside(test: Quantifier, result: bool | None, member: Scope) -> Iterator[Test]:
    """The tests on one member that speak for the result of a statement about all of them."""
    where = evaluate(test.where, member)
    if isinstance(test, Each):
        require = evaluate(test.require, member)
        kept = require if where is True else True if require is True else negate(where)
        if kept is not result:
            return
        if where is not True or require is not True:
            yield from find_deciding(test.where, member)
        if where is not False:
            yield from find_deciding(test.require, member)
    # A number rests on the members that count and on those that do not.
    elif where is result or (not isinstance(test, Some) and result is not None and where is not None):
        yield from find_deciding(test.where, member)


def reachable_outcomes(policy: Policy) -> list[str]:
    """The outcomes that some facts give: what a policy's cases should show."""
    outcomes = ["pass", "fail"]
    if policy.when != All():
        outcomes.append("not-applicable")
    if any(can_be_unknown(part) for part in (*walk(policy.when), *walk(policy.require))):
        outcomes.append("unknown")
    return outcomes


def can_be_unknown(condition: Condition) -> bool:
    """Whether this is a test that lacks of facts leave open; `present` is open only after a time-out."""
    if not isinstance(condition, Leaf):
        return isinstance(condition, Quantifier)
    if condition.test == PRESENT:
        return False
    other = condition.operand.path if isinstance(condition.operand, FieldValue) else condition.path
    return not {condition.path, other} <= ALWAYS_KNOWN


def find_undecisive(policy: Policy, decisive: set[int], params: dict[str, Any]) -> Iterator[UndecisiveTest]:
    """The tests of the policy that are not among the decisive ones."""
    for part in (*walk(policy.when), *walk(policy.require)):
        if isinstance(part, Leaf | Quantifier) and id(part) not in decisive:
            yield UndecisiveTest(describe_condition(part, params), part.location)
