"""What somebody reads whose run is refused or held: what is wrong, what to do instead, and the shortest way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.approvals.holding import find_decision_terms, needs_approval
from policy.app.approvals.waiving import find_waiver_terms
from policy.language.phrases import count_words, join_words
from policy.source.display import quote_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.runs.attempt import Attempt
    from policy.model.decision import Decision, Outcome
    from policy.model.mlflow_settings import Binding
    from policy.model.policy import PolicySet
    from policy.records.requests.asking import Asked

SHOWN = 5


def say_unwelcome(attempt: Attempt, binding: Binding) -> str:
    """That somebody may not train in an experiment."""
    return (
        f"{quote_name(attempt.principal)} may not begin runs in the experiment {quote_name(attempt.experiment_name)}: "
        f"it is bound to {say_names(binding.projects)}. Use the experiment of your own project, or have "
        "whoever keeps the server's policy set add you to `principals`."
    )


def say_unknown_manifest(attempt: Attempt) -> str:
    """That a digest names nothing that was sent."""
    return (
        f"the server knows no manifest {attempt.manifest}: send its canonical JSON first, to"
        f" `PUT /policy/api/1/manifests/{attempt.manifest}` (Tunegate's client does so by itself)."
    )


def say_foreign(attempt: Attempt, binding: Binding, project: str) -> str:
    """That the manifest is another project's."""
    return (
        f"the manifest is that of {quote_name(project)}, and the experiment {quote_name(attempt.experiment_name)} is "
        f"bound to {say_names(binding.projects)}: begin the run in the experiment of {quote_name(project)}."
    )


def say_undeclared(attempt: Attempt, decision: Decision) -> str:
    """That a training run brings no manifest."""
    return (
        f"a training run in {quote_name(attempt.experiment_name)} needs the manifest of its project, and none came with"
        f" it (decision {decision.id}). Write an ml-manifest.yaml (`policy init`) beside the code and start the run"
        " from there with Tunegate installed; a run that trains nothing says so: the tag `ml-manifest.activity` is"
        " `baseline`, `evaluation` or `data`."
    )


def say_refused(attempt: Attempt, decision: Decision, policy_set: PolicySet) -> str:
    """Which policies are not met, what to do instead, and the ways on."""
    failed = list_failed(decision)
    head = (
        f"the run in {quote_name(attempt.experiment_name)} is refused by {count_words(len(failed), 'policy')}"
        f" (project {quote_name(decision.subject.project)}, decision {decision.id}):"
    )
    return "\n".join((head, *say_outcomes(failed), *say_ways(decision, policy_set)))


def say_held(attempt: Attempt, decision: Decision, policy_set: PolicySet, asked: Asked | None) -> str:
    """Who has to approve it, where somebody is asked; the id of the run that waits is added by whoever made it."""
    request = f": request {asked.row.id}" if asked is not None else ""
    head = (
        f"the run in {quote_name(attempt.experiment_name)} waits for an approval{request}"
        f" (project {quote_name(decision.subject.project)}, decision {decision.id})."
    )
    who = join_words([need.said for need in find_decision_terms(policy_set, decision).needs], "and")
    ways = f"Who can decide now: {who}."
    if asked is not None:
        ways += f" `policy approvals show {asked.row.id} --server URL` says what is asked."
    return "\n".join((head, *say_outcomes(list_failed(decision)), ways))


def list_failed(decision: Decision) -> list[Outcome]:
    """The outcomes that act, the hardest first."""
    acting = [outcome for outcome in decision.outcomes if outcome.effect in ("block", "hold")]
    return sorted(acting, key=lambda outcome: (outcome.effect != "block", outcome.policy))


def say_outcomes(outcomes: list[Outcome]) -> Iterator[str]:
    """A few lines a policy: what is wrong, what to do instead, how to put it right."""
    for outcome in outcomes[:SHOWN]:
        yield f"- {outcome.policy} ({outcome.outcome}): {outcome.message or outcome.note or 'it is not met'}"
        if outcome.instead:
            yield f"  instead: {join_words(list(outcome.instead))}"
        if outcome.fix:
            yield f"  to put it right: {outcome.fix}"
    if len(outcomes) > SHOWN:
        yield f"- and {len(outcomes) - SHOWN} more: `policy check --gate run` lists them"


def say_ways(decision: Decision, policy_set: PolicySet) -> Iterator[str]:
    """The shortest legal ways on, beside putting it right."""
    if needs_approval(policy_set, decision):
        who = join_words([need.said for need in find_decision_terms(policy_set, decision).needs], "and")
        yield f"Or have it approved, by {who}: `policy approvals ask`."
        return
    blocking = [outcome.policy for outcome in decision.outcomes if outcome.effect == "block"]
    waivable = [(policy, find_waiver_terms(policy_set, policy)) for policy in blocking]
    if waivable and all(need.members for _, terms in waivable for need in terms.needs):
        named = sorted({need.said for _, terms in waivable for need in terms.needs})
        policies = join_words([f"`{policy}`" for policy in blocking], "and")
        yield f"Or ask for a dated waiver of {policies}, `policy waive`; who may grant it: {join_words(named, 'and')}."
    else:
        yield "Nobody can let it pass: put it right, or take another approach."


def say_names(names: tuple[str, ...]) -> str:
    """Names in words."""
    return join_words([quote_name(name) for name in names])
