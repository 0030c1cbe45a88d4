"""What somebody reads whose run is refused or held: what is wrong, what to do instead, and the shortest way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.approvals.holding import needs_approval
from policy.app.approvals.waiving import find_waiver_terms
from policy.app.runs.deciders import say_deciders
from policy.app.runs.panel import RELEASE
from policy.language.phrases import count_words, join_words
from policy.source.display import quote_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.runs.attempt import Admission, Attempt
    from policy.errors import PolicyError
    from policy.model.decision import Decision, Outcome
    from policy.model.mlflow_settings import Binding
    from policy.model.policy import PolicySet
    from policy.records.requests.asking import Asked

SHOWN = 5


def say_unwelcome(attempt: Attempt, binding: Binding) -> str:
    """That somebody may not train in an experiment."""
    return (
        f"{quote_name(attempt.principal)} may not begin runs in the experiment {quote_name(attempt.experiment_name)}, "
        f"which is that of {say_names(binding.projects)}: use the experiment of your own project, or have whoever"
        " keeps the server's policy set add you to its `principals`"
    )


def say_unknown_manifest(attempt: Attempt) -> str:
    """That a digest names nothing that was sent."""
    return (
        f"the server knows no manifest {attempt.manifest}: send its canonical JSON first, to"
        f" `PUT /policy/api/1/manifests/{attempt.manifest}` (Tunegate's client does so by itself)"
    )


def say_foreign(attempt: Attempt, binding: Binding, project: str) -> str:
    """That the manifest is another project's."""
    return (
        f"the manifest is that of {quote_name(project)}, and the experiment {quote_name(attempt.experiment_name)} is "
        f"bound to {say_names(binding.projects)}: begin the run in the experiment of {quote_name(project)}; if it is"
        " the name that is wrong, put it right in the manifest, under `project`"
    )


def say_unread(attempt: Attempt, error: PolicyError) -> str:
    """That the manifest was taken for another policy set, and this one has no meaning for it."""
    said = "; ".join(f"{problem.message} ({problem.remedy})" for problem in error.problems)
    name = quote_name(attempt.experiment_name)
    return f"the policy set that judges the experiment {name} cannot read the manifest: {said}"


def say_undeclared(attempt: Attempt, decision: Decision) -> str:
    """That a training run brings no manifest."""
    return (
        f"a training run in {quote_name(attempt.experiment_name)} needs the manifest of its project, and none came with"
        f" it (decision {decision.id}). Write an ml-manifest.yaml (`policy init`) beside the code, and start the run"
        " from there with Tunegate installed. A run that trains nothing needs none: it says `baseline`, `evaluation` or"
        " `data`, as `POLICY_ACTIVITY` for Tunegate's client, or as the run's tag `ml-manifest.activity`"
    )


def say_refused(
    attempt: Attempt,
    decision: Decision,
    policy_set: PolicySet,
    asked: Asked | None = None,
    involved: tuple[str, ...] = (),
) -> str:
    """Which policies are not met, what to do instead, and the ways on; `involved` are who contributed."""
    failed = list_failed(decision)
    blocking = [outcome for outcome in failed if outcome.effect == "block"] or failed
    more = f", and {count_words(len(failed) - len(blocking), 'policy')} more would hold it"
    head = (
        f"{say_subject(attempt, decision)} is refused by {count_words(len(blocking), 'policy')}"
        f"{more if len(failed) > len(blocking) else ''} (project {quote_name(decision.subject.project)}, decision"
        f" {decision.id}):"
    )
    ways = say_ways(decision, policy_set, asked, (attempt.principal, *involved))
    return "\n".join((head, *say_outcomes(failed), *ways))


def say_held(
    attempt: Attempt, decision: Decision, policy_set: PolicySet, asked: Asked | None, involved: tuple[str, ...]
) -> str:
    """Who has to approve it, where somebody is asked; the id of the run that waits is added by whoever made it."""
    request = f": request {asked.row.id}" if asked is not None else ""
    head = (
        f"{say_subject(attempt, decision)} waits for an approval{request}"
        f" (project {quote_name(decision.subject.project)}, decision {decision.id})."
    )
    ways = [f"Who can decide now: {say_deciders(policy_set, decision, (attempt.principal, *involved))}."]
    if asked is not None:
        ways += [say_request(asked)]
    return "\n".join((head, *say_outcomes(list_failed(decision)), *ways))


def say_subject(attempt: Attempt, decision: Decision) -> str:
    """What was judged: a run that is to begin, or a release from one that is there."""
    if decision.gate == RELEASE:
        return f"the release from the run {attempt.run}"
    return f"the run in {quote_name(attempt.experiment_name)}"


def say_request(asked: Asked) -> str:
    """How somebody reads what is asked, and decides; `URL` is the server, which does not know by what address."""
    return f"They read it by `policy approvals show {asked.row.id} --server URL`, which says how they decide."


def name_recorded(admission: Admission, recorded: str) -> str:
    """The text with the id by which its decision is on record, and without any where it is on none."""
    if admission.decision is None:
        return admission.text
    known = admission.decision.id
    if recorded:
        return admission.text.replace(known, recorded)
    return admission.text.replace(f" (decision {known})", "").replace(f", decision {known}", "")


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
    if rest := [outcome.policy for outcome in outcomes[SHOWN:]]:
        yield f"- and {count_words(len(rest), 'policy')} more, of which `policy explain` says what each requires:"
        yield f"  {', '.join(rest)}"


def say_ways(
    decision: Decision, policy_set: PolicySet, asked: Asked | None, involved: tuple[str, ...]
) -> Iterator[str]:
    """The shortest legal ways on, beside putting it right."""
    if needs_approval(policy_set, decision):
        request = f", in the request {asked.row.id}" if asked is not None else ""
        who = say_deciders(policy_set, decision, involved)
        yield f"Or have it approved{request}, and begin again. Who can decide now: {who}."
        if asked is not None:
            yield say_request(asked)
        return
    blocking = [outcome.policy for outcome in decision.outcomes if outcome.effect == "block"]
    waivable = [(policy, find_waiver_terms(policy_set, policy)) for policy in blocking]
    if waivable and all(need.members for _, terms in waivable for need in terms.needs):
        named = sorted({need.said for _, terms in waivable for need in terms.needs})
        policies = join_words([f"`{policy}`" for policy in blocking], "and")
        yield (
            f"Or have a dated waiver of {policies} granted, by {join_words(named, 'and')}: `policy waive` writes one,"
            " for the server's policy set."
        )
    else:
        yield "Nobody can let it pass: put it right, or take another approach."


def say_names(names: tuple[str, ...]) -> str:
    """Names in words."""
    return join_words([quote_name(name) for name in names])
