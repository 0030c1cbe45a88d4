"""`policy test`: run the cases of policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from policy.app.policy_files import read_policy_files
from policy.engine.testing import PolicyTest, run_cases
from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.options import config_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf
from policy.gates.cli.workspace import open_here
from policy.reports.layout import count_noun

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--require-cases",
    is_flag=True,
    help="Also fail where an outcome has no case, or where a test of the policy decided no case.",
)
@click.option("--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True)
@config_option
def command(paths: tuple[str, ...], require_cases: bool, form: str, config: str | None) -> int:
    """Run the cases in policy files: those at the PATHs, or of every policy in force.

    Each case is judged by the compiled policy and by the reference interpreter, which must agree. Coverage says
    which of pass, fail, not-applicable and unknown no case expects, and which tests decided none.

    Exit codes: 0 all pass, 1 a case fails (or coverage is incomplete with --require-cases), 2 a file is wrong.
    """
    workspace = open_here(config, with_cases=True)
    files, problems = read_policy_files(workspace, paths)
    if not files and not problems:
        raise NothingToJudgeError(Problem("there are no policies here", "name a policy file, or a folder of policies"))
    tests = [run_cases(file.policy, workspace.policy_set.schema) for file in files]
    if form == "json":
        import json

        say(json.dumps({"format": "policy-tests/1", "policies": list(map(encode_test, tests))}, indent=2))
    else:
        for test in tests:
            for line in describe_test(test, require_cases=require_cases):
                say(line)
        say(summarise(tests))
    print_problems(problems)
    if problems:
        return 2
    failed = any(not result.passed for test in tests for result in test.results)
    incomplete = require_cases and any(not is_covered(test) for test in tests)
    return 1 if failed or incomplete else 0


def is_covered(test: PolicyTest) -> bool:
    """Whether the cases leave nothing of the policy untouched."""
    return bool(test.results) and not test.missing_outcomes and not test.undecisive_leaves


def describe_test(test: PolicyTest, *, require_cases: bool) -> Iterator[str]:
    """One line for a policy whose cases pass, and one for each thing that is wrong."""
    failed = [result for result in test.results if not result.passed]
    word = "FAIL" if failed or (require_cases and not is_covered(test)) else "ok  "
    cases = count_noun(len(test.results), "case")
    yield f"{word} {test.policy}: {len(test.results) - len(failed)} of {cases} pass"
    for result in failed:
        where = f"{result.case.location}: " if result.case.location else ""
        reason = f": {result.message}" if result.message else ""
        yield f"     {where}expected {result.expected}, got {result.actual}{reason}"
    if not test.results:
        yield "     not covered: the policy has no cases"
    elif test.missing_outcomes:
        yield f"     not covered: no case expects {', '.join(test.missing_outcomes)}"
    for leaf in test.undecisive_leaves:
        yield f"     not covered: {leaf.location}: no case is decided by: {leaf.test}"


def summarise(tests: list[PolicyTest]) -> str:
    """The last line: counts over all policies."""
    cases = sum(len(test.results) for test in tests)
    passed = sum(result.passed for test in tests for result in test.results)
    covered = sum(map(is_covered, tests))
    policies = count_noun(len(tests), "policy")
    return f"{policies}, {passed} of {count_noun(cases, 'case')} pass, {covered} of {policies} covered"


def encode_test(test: PolicyTest) -> dict[str, Any]:
    """A policy's test as JSON."""
    return {
        "policy": test.policy,
        "cases": [
            {
                "location": str(result.case.location),
                "expected": result.expected,
                "actual": result.actual,
                "passed": result.passed,
                "message": result.message,
            }
            for result in test.results
        ],
        "missing_outcomes": list(test.missing_outcomes),
        "undecisive": [{"test": leaf.test, "location": str(leaf.location)} for leaf in test.undecisive_leaves],
    }
