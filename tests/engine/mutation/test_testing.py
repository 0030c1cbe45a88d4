"""A policy whose cases notice everything, and policies whose cases do not."""

from __future__ import annotations

import pytest
from hypothesis import given

from policy.engine.mutation.case_text import write_case
from policy.engine.mutation.mutants import find_mutants, replace
from policy.engine.mutation.testing import MutationTest, try_mutants
from policy.engine.mutation.witness import find_witness
from policy.engine.testing import run_cases
from policy.loading.catalogue import catalogue_folder, list_policies, load_policies
from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import SCHEMA
from policy.model.policy import Case
from tests.building import make_policy
from tests.strategies import Situation, print_policy, situations

STRONG = """\
when: {stage: {one_of: [pilot, production, retired, experiment]}}
require: {data.rows: {at_least: {param: fewest}}}
params: {fewest: {default: 50}}
cases:
  - {given: {stage: pilot, data.rows: 50}, expect: pass}
  - {given: {stage: production, data.rows: 49}, expect: fail}
  - {given: {stage: retired, data.rows: 3}, expect: fail}
  - {given: {stage: experiment, data.rows: 3}, expect: fail}
  - {given: {stage: pilot, data.rows: 3}, expect: fail}
  - {given: {stage: prototype, data.rows: 3}, expect: not-applicable}
  - {given: {stage: pilot}, expect: unknown}
  - {given: {data.rows: 3}, expect: unknown}
"""


def run(text: str) -> MutationTest:
    return try_mutants(make_policy(text), SCHEMA)


def list_survivors(text: str) -> dict[str, str]:
    return {survivor.mutant.id: survivor.case for survivor in run(text).survivors}


def test_cases_that_notice_everything():
    test = run(STRONG)
    assert (test.survivors, test.explained, test.findings) == ((), (), ())
    assert test.killed == test.total > 10
    assert test.passed


@pytest.mark.parametrize(
    ("line", "survivors"),
    [
        (
            "{given: {stage: pilot, data.rows: 50}, expect: pass}",
            ["require.data.rows.at_least becomes more_than", "params.fewest with 51"],
        ),
        (
            "{given: {stage: production, data.rows: 49}, expect: fail}",
            ["when.stage.one_of without production", "params.fewest with 49"],
        ),
        (
            "{given: {stage: prototype, data.rows: 3}, expect: not-applicable}",
            ["when.stage.one_of with prototype"],
        ),
        (
            "{given: {stage: pilot}, expect: unknown}",
            ["require.data.rows.at_least unknown as false", "require.data.rows.at_least unknown as true"],
        ),
    ],
)
def test_a_case_that_is_missing_is_noticed_and_offered(line, survivors):
    weak = STRONG.replace(f"  - {line}\n", "")
    found = list_survivors(weak)
    assert set(survivors) <= set(found)
    for case in found.values():
        assert run(f"{weak}  - {case}\n").killed > run(weak).killed


def test_adding_every_case_that_is_offered_kills_everything():
    text = "\n".join(STRONG.splitlines()[:5]) + "\n"
    while found := list_survivors(text):
        text += f"  - {next(iter(found.values()))}\n"
    assert run(text).passed
    assert all(result.passed for result in run_cases(make_policy(text), SCHEMA).results)


def test_without_cases_everything_survives():
    test = run("require: {stage: pilot}")
    assert (test.killed, len(test.survivors)) == (0, test.total)
    # There is no case to change.
    assert {survivor.case for survivor in test.survivors} == {""}


def test_a_case_that_fails_kills_nothing():
    assert run("require: {stage: pilot}\ncases: [{given: {stage: pilot}, expect: fail}]").killed == 0


def test_cases_with_their_own_parameters_time_and_evidence():
    test = run(
        "require: {model.retires: {more_than: {now: {param: horizon}}}, data.secrets: 0}\n"
        "params: {horizon: {about: Days}}\n"
        "observed: [data.secrets]\n"
        "cases:\n"
        "  - {given: {model.retires: 2026-03-03}, observed: {data.secrets: 0}, at: 2026-02-01, "
        "params: {horizon: 29d}, expect: pass}\n"
        "  - {given: {model.retires: 2026-03-03, data.secrets: 0}, at: 2026-02-01, "
        "params: {horizon: 29d}, expect: unknown}\n"
    )
    survivors = {survivor.mutant.id: survivor.case for survivor in test.survivors}
    assert "require.model.retires.more_than becomes less_than" not in survivors
    assert "observed without data.secrets" not in survivors
    assert survivors["require.model.retires.more_than becomes at_least"] == (
        "{given: {model.retires: 2026-03-02}, observed: {data.secrets: 0}, at: 2026-02-01T00:00:00Z, "
        "params: {horizon: 29d}, expect: fail}"
    )


# Explanations

REDUNDANT = """\
when: {stage: {one_of: [pilot, production, retired, experiment]}}
require: {any: [{stage: {not_equals: prototype}}, {stage: experiment}]}
cases:
  - {given: {stage: pilot}, expect: pass}
"""


def explain(*names: str) -> str:
    return REDUNDANT + "equivalent:\n" + "".join(f"  - {{mutant: {name}, because: So}}\n" for name in names)


def test_an_explained_mutant_is_no_survivor():
    name = "require.any.2.stage.equals dropped"
    assert name in list_survivors(REDUNDANT)
    test = run(explain(name))
    assert [mutant.id for mutant in test.explained] == [name]
    assert name not in [survivor.mutant.id for survivor in test.survivors]
    assert test.findings == ()
    assert test.killed + len(test.explained) + len(test.survivors) == test.total


def test_an_explanation_of_a_mutant_that_a_case_kills():
    (finding,) = run(explain("require.any negated")).findings
    assert "`require.any negated` is explained as equivalent, and a case tells it from the policy" in finding.message
    assert str(finding.location) == "policies/test.yaml:6:5"
    assert [(label, place.line) for label, place in finding.related] == [("this case", 4)]


def test_an_explanation_of_a_mutant_that_is_not_there():
    first, second = run(explain("require.any.2.stage.equals droped", "nonsense at all")).findings
    assert first.message == "the policy has no mutant `require.any.2.stage.equals droped`"
    assert first.remedy == "write `require.any.2.stage.equals dropped`"
    assert second.remedy == "take the explanation out"
    assert not run(explain("nonsense at all")).passed


# Cases that are offered


@given(situations())
def test_a_case_that_is_offered_reads_back_and_tells_the_two_apart(situation: Situation):
    # Of what cannot be stated a case does not say that it was.
    claims = [claim for claim in situation.facts.claims if can_be_written(claim)]
    case = Case(tuple(claims), "fail", timed_out=tuple(situation.facts.unavailable))
    policy = make_policy(print_policy(situation.policy))
    for mutant in list(find_mutants(policy))[:6]:
        witness = find_witness(replace(policy, cases=(case,)), mutant.policy, SCHEMA, most_tries=20)
        if witness is None or any(len(claims) > 1 for claims in group_claims(witness).values()):
            continue
        text = write_case(witness, policy, SCHEMA)
        assert text.endswith(f"expect: {witness.expect}}}")
        # A mutant may have conditions that cannot be written, such as an empty `all`.
        written = make_policy(f"{print_policy(policy)}cases:\n  - {text}\n")
        ours, theirs = (
            run_cases(replace(each, cases=written.cases), SCHEMA).results[0] for each in (policy, mutant.policy)
        )
        assert ours.passed
        assert theirs.actual not in (ours.actual, "error")


def can_be_written(claim: Fact) -> bool:
    items = claim.value.items if isinstance(claim.value, Members) else ()
    facts = [fact for item in items if isinstance(item, dict) for fact in item.values()]
    return all(fact.value is not ABSENT for fact in facts) and (
        claim.origin != "declared" or SCHEMA.fields[claim.path].writable
    )


def group_claims(case: Case) -> dict[tuple[str, str], list[object]]:
    found: dict[tuple[str, str], list[object]] = {}
    for claim in case.claims:
        found.setdefault((claim.path, claim.origin), []).append(claim)
    return found


def test_the_catalogue_notices_every_mistake():
    policies = load_policies(list_policies(catalogue_folder(), "policies"), SCHEMA, with_cases=True)
    tests = [try_mutants(policy, SCHEMA) for policy in policies]
    left = [f"{survivor.mutant.location} {survivor.mutant.id}" for test in tests for survivor in test.survivors]
    findings = [str(finding) for test in tests for finding in test.findings]
    assert len(policies) > 20
    assert left + findings == []
