"""The cases of a policy, tried on its mutants: a mistake that no case notices is one that nobody would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.mutation.case_text import write_case
from policy.engine.mutation.mutants import find_mutants
from policy.engine.mutation.witness import find_witness, get_defaults
from policy.errors import Problem
from policy.language.cases import DEFAULT_TIME
from policy.language.interpreter import judge_policy
from policy.model.facts import Facts
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from policy.engine.mutation.mutants import Mutant
    from policy.model.policy import Case, EquivalentMutant, Policy
    from policy.model.schema import Schema


# To look for a case takes longer than all else, and nobody adds more of them at once.
MOST_OFFERED = 20


class Survivor(NamedTuple):
    """A mutant that no case kills, and a case that would, as YAML; empty where none was found."""

    mutant: Mutant
    case: str


class MutationTest(NamedTuple):
    """What the cases noticed of the policy's mutants: how many were killed, and which ones live.

    `explained` are those that live by the policy's own word; `findings` what is wrong with its explanations.
    """

    policy: str
    total: int
    survivors: tuple[Survivor, ...]
    explained: tuple[Mutant, ...]
    findings: tuple[Problem, ...]

    @property
    def killed(self) -> int:
        return self.total - len(self.survivors) - len(self.explained)

    @property
    def passed(self) -> bool:
        """Whether every mutant is killed, or rightly explained."""
        return not self.survivors and not self.findings


class Trial(NamedTuple):
    """A case, ready to be judged again and again."""

    case: Case
    facts: Facts
    today: date


def try_mutants(policy: Policy, schema: Schema) -> MutationTest:
    """Judge every case by every mutant, until one gives another outcome than the case expects."""
    # A case that fails is no witness: it would seem to kill whatever leaves it as it is.
    trials = [
        trial for trial in (make_trial(case, schema) for case in policy.cases) if not find_killer(policy, [trial])
    ]
    killers: dict[str, Case] = {}
    living: dict[str, Mutant] = {}
    for mutant in find_mutants(policy):
        killer = find_killer(mutant.policy, trials)
        if killer is None:
            living[mutant.id] = mutant
        else:
            killers[mutant.id] = killer
    explained = {item.mutant for item in policy.equivalents}
    left = [mutant for name, mutant in living.items() if name not in explained]
    return MutationTest(
        policy.id,
        len(living) + len(killers),
        (
            *(suggest_case(policy, mutant, schema) for mutant in left[:MOST_OFFERED]),
            *(Survivor(mutant, "") for mutant in left[MOST_OFFERED:]),
        ),
        tuple(mutant for name, mutant in living.items() if name in explained),
        tuple(check_explanations(policy.equivalents, living, killers)),
    )


def suggest_case(policy: Policy, mutant: Mutant, schema: Schema) -> Survivor:
    """The survivor, with a case that would kill it."""
    witness = find_witness(policy, mutant.policy, schema)
    return Survivor(mutant, write_case(witness, policy, schema) if witness else "")


def make_trial(case: Case, schema: Schema) -> Trial:
    """The case with its facts."""
    facts = Facts(case.claims, schema, unavailable=dict.fromkeys(case.timed_out, "timed out"))
    return Trial(case, facts, (case.at or DEFAULT_TIME).date())


def find_killer(mutant: Policy, trials: Sequence[Trial]) -> Case | None:
    """The first case that comes out otherwise than it expects; a mutant that errs is noticed, too."""
    return next((trial.case for trial in trials if judge_trial(mutant, trial) != trial.case.expect), None)


def judge_trial(policy: Policy, trial: Trial) -> str:
    """The outcome of the trial; walked, for most mutants do not live through enough cases to be worth compiling."""
    params = {**get_defaults(policy), **trial.case.params}
    try:
        return judge_policy(policy, params, trial.facts, trial.today)
    except Exception:  # noqa: BLE001 - a mutant that errs is an outcome, never a crash
        return "error"


def check_explanations(
    explained: Sequence[EquivalentMutant], living: dict[str, Mutant], killers: dict[str, Case]
) -> Iterator[Problem]:
    """What is wrong with the explanations: each must be of a mutant that no case kills."""
    for item in explained:
        if item.mutant in killers:
            related = (("this case", place),) if (place := killers[item.mutant].location) else ()
            message = f"`{item.mutant}` is explained as equivalent, and a case tells it from the policy"
            yield Problem(message, "take the explanation out", item.location, related)
        elif item.mutant not in living:
            from policy.source.suggestion import nearest

            close = nearest(item.mutant, living)
            remedy = f"write `{close}`" if close else "take the explanation out"
            yield Problem(f"the policy has no mutant `{item.mutant}`", remedy, item.location)
