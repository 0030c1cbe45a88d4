"""Cases are run on both engines of the language, and what they leave untouched is named."""

from __future__ import annotations

import pytest

from policy.engine import testing
from policy.engine.testing import PolicyTest, run_cases
from policy.language.compiler import compile_policy
from policy.model.fields import SCHEMA
from tests.building import make_policy

POLICY = """\
when: {approach: [fine-tuning, hybrid]}
require: {data.rows: {at_least: {param: fewest}}}
params: {fewest: {default: 50, about: The fewest examples}}
cases:
"""


def run(text: str) -> PolicyTest:
    return run_cases(make_policy(text), SCHEMA)


def run_one(case: str) -> tuple[str, str]:
    (result,) = run(f"{POLICY}  - {case}").results
    assert result.passed is False
    return result.actual, result.message


def test_cases_that_hold():
    test = run(
        POLICY
        + """\
  - {given: {approach: fine-tuning, data.rows: 50}, expect: pass}
  - {given: {approach: fine-tuning, data.rows: 49}, expect: fail}
  - {given: {approach: fine-tuning, data.rows: 49}, params: {fewest: 40}, expect: pass}
  - {given: {approach: rag}, expect: not-applicable}
  - {given: {approach: hybrid}, expect: unknown}
"""
    )
    assert [result.passed for result in test.results] == [True] * 5
    assert [result.message for result in test.results] == [""] * 5
    assert (test.policy, test.missing_outcomes, test.undecisive_leaves) == ("test-policy", (), ())


@pytest.mark.parametrize(
    ("case", "actual", "said"),
    [
        ("{given: {approach: fine-tuning, data.rows: 49}, expect: pass}", "fail", ["data.rows", "49", "50"]),
        ("{given: {approach: fine-tuning}, expect: fail}", "unknown", ["data.rows", "not"]),
        ("{given: {approach: rag}, expect: fail}", "not-applicable", ["the policy does not apply", "approach"]),
        ("{given: {approach: hybrid, data.rows: 50}, expect: fail}", "pass", ["data.rows is at least 50"]),
    ],
)
def test_a_case_that_does_not_hold_is_explained(case, actual, said):
    found, message = run_one(case)
    assert found == actual
    assert all(word in message for word in said)


def test_a_case_stands_where_it_is_written():
    (result,) = run(f"{POLICY}  - {{given: {{approach: rag}}, expect: fail}}").results
    assert result.case.location is not None
    assert (result.case.location.line, result.case.location.column) == (5, 5)
    assert (result.expected, result.actual) == ("fail", "not-applicable")


def test_a_parameter_without_a_value():
    test = run(
        """\
require: {model.base: {one_of: {param: approved}}}
params: {approved: {about: Approved models}}
cases:
  - {given: {model.base: a}, expect: not-applicable}
  - {given: {model.base: a}, expect: pass}
  - {given: {model.base: a}, params: {approved: [a]}, expect: pass}
"""
    )
    assert [result.actual for result in test.results] == ["not-applicable", "not-applicable", "pass"]
    assert test.results[1].message == "parameter not set: approved"


def test_evidence_times_and_time_outs():
    test = run(
        """\
require: {model.retires: {more_than: {now: 30d}}, stage: {present: true}, data.secrets: 0}
observed: [data.secrets]
cases:
  - {given: {model.retires: 2026-02-15, stage: pilot}, observed: {data.secrets: 0}, expect: pass}
  - {given: {model.retires: 2026-02-15, stage: pilot}, observed: {data.secrets: 0}, at: 2026-02-01, expect: fail}
  - {given: {model.retires: 2026-02-15}, observed: {data.secrets: 0}, timed_out: [stage], expect: unknown}
  - {given: {model.retires: 2026-02-15, stage: pilot, data.secrets: 0}, expect: unknown}
"""
    )
    assert [result.actual for result in test.results] == [result.expected for result in test.results]


def test_two_engines_that_disagree_are_an_error(monkeypatch):
    monkeypatch.setattr(testing, "compile_policy", lambda *_: lambda *_: "pass")
    (result,) = run(f"{POLICY}  - {{given: {{approach: rag}}, expect: pass}}").results
    assert (result.actual, result.passed) == ("error", False)
    assert result.message == "the compiled policy says pass and the reference interpreter not-applicable"


def test_a_policy_that_raises_is_an_error_also_where_one_is_expected(monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("no rows")

    monkeypatch.setattr(testing, "compile_policy", lambda *_: fail)
    (result,) = run(f"{POLICY}  - {{given: {{approach: rag}}, expect: error}}").results
    assert (result.actual, result.passed) == ("error", False)
    assert result.message == "it could not be judged: ZeroDivisionError: no rows"


def test_each_set_of_parameters_is_compiled_once(monkeypatch):
    seen = []

    def compile_seen(policy, params):
        seen.append(params)
        return compile_policy(policy, params)

    monkeypatch.setattr(testing, "compile_policy", compile_seen)
    case = "  - {given: {approach: rag}, %sexpect: not-applicable}\n"
    run(POLICY + case % "" + case % "" + case % "params: {fewest: 5}, " + case % "params: {fewest: 50}, ")
    assert [params["fewest"] for params in seen] == [50, 5]


# Outcomes that no case expects


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("when: {stage: pilot}\nrequire: {data.rows: 5}", ("pass", "fail", "not-applicable", "unknown")),
        ("require: {data.rows: 5}", ("pass", "fail", "unknown")),
        ("require: {run.activity: training}", ("pass", "fail")),
        ("when: {run.activity: training}\nrequire: {present: [owner.team]}", ("pass", "fail", "not-applicable")),
        ("when: {run.activity: training}\nrequire: {stage: pilot}", ("pass", "fail", "not-applicable", "unknown")),
        ("require: {tried: {some: {run: {present: true}}}}", ("pass", "fail", "unknown")),
    ],
)
def test_the_outcomes_that_a_policy_can_have(body, missing):
    assert run(body).missing_outcomes == missing


def test_outcomes_that_no_case_expects():
    test = run(f"{POLICY}  - {{given: {{approach: rag}}, expect: not-applicable}}\n  - {{expect: pass}}")
    # What a case expects counts as shown, also where it fails: it is reported as failing.
    assert test.missing_outcomes == ("fail", "unknown")


# Tests that decide no case


def undecisive(require: str, *cases: str, when: str = "") -> list[str]:
    """The columns, within `require`, of the tests that decide none of the cases."""
    head = f"when: {when}\n" if when else ""
    test = run(f"{head}require: {require}\ncases: [{', '.join(cases)}]")
    assert all(result.passed for result in test.results)
    lines = [leaf.location for leaf in test.undecisive_leaves]
    return [require[location.column - 10 :] for location in lines if location is not None]


ANY = "{any: [{stage: pilot}, {data.rows: 5}]}"


@pytest.mark.parametrize(
    ("cases", "left"),
    [
        (["{given: {stage: pilot}, expect: pass}"], ["5}]}"]),
        (["{given: {data.rows: 5}, expect: pass}"], ["pilot}, {data.rows: 5}]}"]),
        (["{given: {stage: pilot, data.rows: 4}, expect: pass}"], ["5}]}"]),
        (["{given: {stage: production, data.rows: 4}, expect: fail}"], []),
        (["{given: {stage: pilot}, expect: pass}", "{given: {data.rows: 5}, expect: pass}"], []),
        (["{expect: unknown}"], []),
        ([], ["pilot}, {data.rows: 5}]}", "5}]}"]),
    ],
)
def test_tests_that_decide_no_case(cases, left):
    assert undecisive(ANY, *cases) == left


def test_require_decides_nothing_where_the_policy_does_not_apply():
    left = undecisive(
        "{data.rows: 5}", "{given: {stage: pilot, data.rows: 5}, expect: not-applicable}", when="{stage: production}"
    )
    assert left == ["5}"]


def test_an_unknown_when_decides_nothing_where_require_holds():
    test = run("when: {stage: pilot}\nrequire: {data.rows: 5}\ncases: [{given: {data.rows: 5}, expect: pass}]")
    assert [leaf.test for leaf in test.undecisive_leaves] == ["stage is pilot"]


SOME = "{tried: {some: {approach: rag, sufficient: false}}}"
EACH = "{tried: {each: {where: {approach: rag}, require: {sufficient: false}}, some: {run: a}}}"
COUNT = "{tried: {count: {where: {approach: rag}, at_least: 2}}}"


def tried(*members: str) -> str:
    return f"given: {{tried: [{', '.join(members)}]}}"


@pytest.mark.parametrize(
    ("require", "case", "left"),
    [
        (SOME, f"{{{tried('{approach: rag, sufficient: false}')}, expect: pass}}", []),
        # Of a member that fails for another reason, one test decides nothing.
        (SOME, f"{{{tried('{approach: few-shot, sufficient: false}')}, expect: fail}}", ["false}}}"]),
        (SOME, f"{{{tried()}, expect: fail}}", ["rag, sufficient: false}}}", "false}}}"]),
        (SOME, f"{{{tried('{approach: rag}')}, expect: unknown}}", ["rag, sufficient: false}}}"]),
        (
            EACH,
            f"{{{tried('{approach: rag, sufficient: false, run: a}')}, expect: pass}}",
            ["rag}, require: {sufficient: false}}, some: {run: a}}}"],
        ),
        # An entry that is decided says nothing about why all of them are not.
        (
            SOME,
            f"{{{tried('{approach: rag}', '{approach: few-shot}')}, expect: unknown}}",
            ["rag, sufficient: false}}}"],
        ),
        (EACH, f"{{{tried('{approach: rag, sufficient: true, run: a}')}, expect: fail}}", ["some: {run: a}}}", "a}}}"]),
        (
            EACH,
            f"{{{tried('{approach: few-shot, sufficient: true, run: a}')}, expect: pass}}",
            ["false}}, some: {run: a}}}"],
        ),
        (COUNT, f"{{{tried('{approach: rag}')}, expect: fail}}", []),
        (COUNT, f"{{{tried('{approach: few-shot}')}, expect: fail}}", []),
        (COUNT, f"{{{tried()}, expect: fail}}", ["rag}, at_least: 2}}}"]),
    ],
)
def test_tests_inside_lists_decide_on_the_members_that_decide(require, case, left):
    assert undecisive(require, case) == left
