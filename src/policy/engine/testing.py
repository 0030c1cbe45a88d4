"""The cases of a policy, run: what each one gives, and what no case touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.engine.coverage import UndecisiveTest, find_deciding, find_undecisive, reachable_outcomes
from policy.language.cases import DEFAULT_TIME
from policy.language.compiler import compile_policy
from policy.language.explanation import Explainer, find_decisive
from policy.language.ground import make_ground
from policy.language.interpreter import judge_policy
from policy.language.prose import describe_condition
from policy.model.facts import Facts
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.language.compiler import Judge
    from policy.language.ground import Ground
    from policy.model.policy import Case, Policy
    from policy.model.schema import Schema


class CaseResult(NamedTuple):
    """What one case gave; `message` says why that is not what was expected."""

    case: Case
    expected: str
    actual: str
    message: str = ""

    @property
    def passed(self) -> bool:
        """Whether the outcome is the expected one; an error never is."""
        return self.actual == self.expected != "error"


class PolicyTest(NamedTuple):
    """What the cases of a policy gave, the outcomes that no case expects, and the tests that decided none."""

    policy: str
    results: tuple[CaseResult, ...]
    missing_outcomes: tuple[str, ...]
    undecisive_leaves: tuple[UndecisiveTest, ...]


def run_cases(policy: Policy, schema: Schema) -> PolicyTest:
    """Run every case of the policy, through the compiled function and the reference interpreter."""
    defaults = {spec.name: spec.default for spec in policy.params if spec.default is not None}
    functions: dict[tuple[Any, ...], Judge] = {}
    results = []
    decisive: set[int] = set()
    for case in policy.cases:
        run = CaseRun(policy, {**defaults, **case.params}, case, schema)
        result = run.judge(functions)
        results.append(result)
        if result.actual != "error":
            decisive |= run.find_decisive()
    expected = {case.expect for case in policy.cases}
    missing = tuple(outcome for outcome in reachable_outcomes(policy) if outcome not in expected)
    return PolicyTest(policy.id, tuple(results), missing, tuple(find_undecisive(policy, decisive, defaults)))


class CaseRun:
    """One case with the facts and parameters that it is judged on."""

    def __init__(self, policy: Policy, params: dict[str, Any], case: Case, schema: Schema) -> None:
        self.policy = policy
        self.params = params
        self.case = case
        self.today = (case.at or DEFAULT_TIME).date()
        self.facts = Facts(case.claims, schema, unavailable=dict.fromkeys(case.timed_out, "timed out"))

    def judge(self, functions: dict[tuple[Any, ...], Judge]) -> CaseResult:
        """The result of the case; `functions` keeps what was compiled, by parameters."""
        expected = self.case.expect
        try:
            fault = next((self.case.faults[path] for path in sorted(self.case.faults)), None)
            if fault is not None:
                return CaseResult(self.case, expected, "error", fault)
            actual = self._call(functions)
            reference = judge_policy(self.policy, self.params, self.facts, self.today)
            if actual != reference:
                message = f"the compiled policy says {actual} and the reference interpreter {reference}"
                return CaseResult(self.case, expected, "error", message)
            message = "" if actual == expected else self._explain(actual)
            return CaseResult(self.case, expected, actual, message)
        except Exception as error:  # noqa: BLE001 - a policy that errs is an outcome, never a crash
            message = f"it could not be judged: {type(error).__name__}: {error}"
            return CaseResult(self.case, expected, "error", message)

    def _call(self, functions: dict[tuple[Any, ...], Judge]) -> str:
        key = tuple(self.params.items())
        if key not in functions:
            functions[key] = compile_policy(self.policy, self.params)
        proven = self.facts.proven_values if self.policy.observed else {}
        return functions[key](self.facts.values, proven, self.facts.unavailable, self.today)

    @property
    def _unset(self) -> list[str]:
        return [spec.name for spec in self.policy.params if spec.name not in self.params]

    def _explain(self, actual: str) -> str:
        if self._unset:
            return f"parameter not set: {', '.join(self._unset)}"
        if actual in ("fail", "unknown"):
            return Explainer(self.policy, self.params).explain(self.facts, self.today).message
        applies = actual == "pass"
        decided = find_decisive(self.policy.require if applies else self.policy.when, self._ground)
        said = [describe_condition(item.test, self.params, negated=item.negated == applies) for item in decided]
        return f"{'' if applies else 'the policy does not apply: '}{'; '.join(said)}"

    @property
    def _ground(self) -> Ground:
        return make_ground(self.policy, self.params, self.facts, self.today)

    def find_decisive(self) -> set[int]:
        """The identities of the tests that decided the outcome."""
        if self._unset:
            return set()
        return {id(test) for test in find_deciding(self.policy, self._ground)}
