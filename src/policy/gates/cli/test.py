"""`policy test`: run the cases of policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from policy.app.expressions import answer_cases
from policy.app.policy_files import read_policy_files
from policy.engine.testing import PolicyTest, run_cases
from policy.errors import NothingToJudgeError, Problem
from policy.gates.cli.mutants import REMEDY, count_mutants, describe_survivors, encode_mutants, summarise_mutants
from policy.gates.cli.options import config_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say
from policy.gates.cli.usage import NameOf
from policy.gates.cli.workspace import open_here
from policy.reports.layout import count_noun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.policy_files import PolicyFile
    from policy.engine.mutation.testing import MutationTest
    from policy.model.schema import Schema


@click.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--require-cases",
    is_flag=True,
    help="Also fail where an outcome has no case, or where a test of the policy decided no case.",
)
@click.option(
    "--mutate",
    is_flag=True,
    help="Also change each policy, one small mistake at a time, and fail where no case notices.",
)
@click.option("--output", "-o", "form", type=NameOf("format", ("text", "json")), default="text", show_default=True)
@config_option
def command(paths: tuple[str, ...], require_cases: bool, mutate: bool, form: str, config: str | None) -> int:
    """Run the cases in policy files: those at the PATHs, or of every policy in force.

    Each case is judged by the compiled policy and by the reference interpreter, which must agree. Coverage says
    which of pass, fail, not-applicable and unknown no case expects, and which tests decided none.

    With --mutate every policy is also tried with a test flipped, dropped or moved to the next value, and so on. A case
    kills such a mutant where its outcome is no longer the expected one. A mutant that no facts could tell from the
    policy can be explained in the policy's file, under `equivalent`.

    Exit codes: 0 all pass, 1 a case fails (or coverage is incomplete with --require-cases, or a mutant survives with
    --mutate), 2 a file is wrong.
    """
    workspace = open_here(config, with_cases=True)
    files, problems = read_policy_files(workspace, paths)
    if not files and not problems:
        raise NothingToJudgeError(Problem("there are no policies here", "name a policy file, or a folder of policies"))
    schema = workspace.policy_set.schema
    files = answer_files(files, schema)
    tests = [run_cases(file.policy, schema) for file in files]
    mutations = try_all_mutants(files, schema) if mutate else {}
    if form == "json":
        import json

        encoded = [encode_test(test, mutations.get(test.policy)) for test in tests]
        say(json.dumps({"format": "policy-tests/1", "policies": encoded}, indent=2))
    else:
        for test in tests:
            for line in describe_test(test, mutations.get(test.policy), require_cases=require_cases):
                say(line)
        say(summarise(tests, list(mutations.values())))
    findings = [finding for mutation in mutations.values() for finding in mutation.findings]
    print_problems([*problems, *findings])
    if problems:
        return 2
    failed = any(not result.passed for test in tests for result in test.results)
    incomplete = require_cases and any(not is_covered(test) for test in tests)
    survived = any(not mutation.passed for mutation in mutations.values())
    return 1 if failed or incomplete or survived else 0


def answer_files(files: list[PolicyFile], schema: Schema) -> list[PolicyFile]:
    """The files with what CEL expressions say about the cases of their policies."""
    policies = answer_cases([file.policy for file in files], schema)
    return [file._replace(policy=policy) for file, policy in zip(files, policies, strict=True)]


def try_all_mutants(files: list[PolicyFile], schema: Schema) -> dict[str, MutationTest]:
    """What became of each policy's mutants, by the policy's id."""
    from policy.engine.mutation.testing import try_mutants

    return {file.policy.id: try_mutants(file.policy, schema) for file in files}


def is_covered(test: PolicyTest) -> bool:
    """Whether the cases leave nothing of the policy untouched."""
    return bool(test.results) and not test.missing_outcomes and not test.undecisive_leaves


def describe_test(test: PolicyTest, mutation: MutationTest | None = None, *, require_cases: bool) -> Iterator[str]:
    """One line for a policy whose cases pass, and one for each thing that is wrong."""
    failed = [result for result in test.results if not result.passed]
    lacking = (require_cases and not is_covered(test)) or (mutation is not None and not mutation.passed)
    word = "FAIL" if failed or lacking else "ok  "
    cases = count_noun(len(test.results), "case")
    mutants = f", {count_mutants(mutation)}" if mutation else ""
    yield f"{word} {test.policy}: {len(test.results) - len(failed)} of {cases} pass{mutants}"
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
    # Where nothing is tried everything survives, and the line above has said why.
    if mutation and test.results:
        yield from describe_survivors(mutation)


def summarise(tests: list[PolicyTest], mutations: list[MutationTest]) -> str:
    """The last line: counts over all policies."""
    cases = sum(len(test.results) for test in tests)
    passed = sum(result.passed for test in tests for result in test.results)
    covered = sum(map(is_covered, tests))
    policies = count_noun(len(tests), "policy")
    said = f"{policies}, {passed} of {count_noun(cases, 'case')} pass, {covered} of {policies} covered"
    if not mutations:
        return said
    remedy = f"\n{REMEDY}" if any(mutation.survivors for mutation in mutations) else ""
    return f"{said}\n{summarise_mutants(mutations)}{remedy}"


def encode_test(test: PolicyTest, mutation: MutationTest | None) -> dict[str, Any]:
    """A policy's test as JSON; `mutants` only where they were tried."""
    encoded = {
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
    return encoded if mutation is None else {**encoded, "mutants": encode_mutants(mutation)}
