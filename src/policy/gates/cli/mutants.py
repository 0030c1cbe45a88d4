"""What `policy test --mutate` says of mutants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.reports.layout import count_noun, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.engine.mutation.mutants import Mutant
    from policy.engine.mutation.testing import MutationTest, Survivor

REMEDY = (
    "help: add a case that a survivor judges otherwise than the policy, such as the one named, if its outcome is "
    "right; where no facts can tell them apart, say why: `equivalent: [{mutant: …, because: …}]`, after the cases"
)
INDENT = " " * 9


def count_mutants(tested: MutationTest) -> str:
    """`13 of 14 mutants killed, 1 explained`."""
    explained = f", {len(tested.explained)} explained" if tested.explained else ""
    return f"{tested.killed} of {count_noun(tested.total, 'mutant')} killed{explained}"


def describe_survivors(tested: MutationTest) -> Iterator[str]:
    """Where each survivor was changed, and what it says instead."""
    for mutant, case in tested.survivors:
        yield f"     {mutant.location}: survives: {mutant.id}"
        yield from wrap(describe_change(mutant), INDENT)
        if case:
            yield f"{INDENT}only the policy gives: {case}"


def describe_change(mutant: Mutant) -> str:
    """What the policy says there, and what the mutant says."""
    after = f'"{mutant.after}"' if mutant.after else "nothing"
    return f'"{mutant.before}" → {after}'


def summarise_mutants(tests: Sequence[MutationTest]) -> str:
    """The counts over all policies, and the score in percent, rounded down."""
    killed, total = sum(test.killed for test in tests), sum(test.total for test in tests)
    explained = sum(len(test.explained) for test in tests)
    said = f", {explained:,} explained" if explained else ""
    score = 100 * killed // (total - explained) if total > explained else 100
    return f"{killed:,} of {count_noun(total, 'mutant')} killed{said}: {score} %"


def encode_mutants(tested: MutationTest) -> dict[str, Any]:
    """What became of a policy's mutants, as JSON."""
    return {
        "total": tested.total,
        "killed": tested.killed,
        "survivors": list(map(encode_survivor, tested.survivors)),
        "explained": [mutant.id for mutant in tested.explained],
        "findings": [
            {"message": finding.message, "remedy": finding.remedy, "location": str(finding.location)}
            for finding in tested.findings
        ],
    }


def encode_survivor(survivor: Survivor) -> dict[str, Any]:
    """A survivor; `after` is null where something was left out, `case` where none was found."""
    mutant = survivor.mutant
    return {
        "mutant": mutant.id,
        "location": str(mutant.location),
        "before": mutant.before,
        "after": mutant.after or None,
        "case": survivor.case or None,
    }
