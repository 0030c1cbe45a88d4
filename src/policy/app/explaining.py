"""What a policy says, and how one project stands to it, as text."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING

from policy.app.subjects import build_subjects
from policy.engine.judge import judge
from policy.engine.plan import act_on_failure
from policy.errors import NothingToJudgeError, Problem
from policy.language.explanation import Explainer
from policy.language.phrases import fill_parameters, join_words, say_parameter
from policy.language.prose import describe_policy
from policy.loading.discovery import discover
from policy.model.gates import GATES
from policy.reports.findings import say_wanted
from policy.source.display import show_text

if TYPE_CHECKING:
    from datetime import datetime

    from policy.app.waivers.in_force import Waivers
    from policy.app.workspace import Workspace
    from policy.engine.plan import Action
    from policy.model.decision import Decision, Reason
    from policy.model.facts import Facts
    from policy.model.policy import Policy, PolicySet

WIDTH = 96


def describe(policy: Policy, policy_set: PolicySet, gate: str) -> str:
    """A policy's page as plain text: what, why, what instead, parameters, effects."""
    params = policy_set.values_for(policy)
    # The gate that was asked for comes first.
    gates = sorted(GATES, key=lambda name: name != gate)
    effects = [f"{name} {_say_action(act_on_failure(policy_set, policy, name))}" for name in gates]
    lines = [
        f"{policy.id} ({policy.severity}): {policy.title}",
        "",
        *_paragraph("Requires", describe_policy(policy, params)),
        *_paragraph("Because", policy.because),
        *_paragraph("Fix", fill_parameters(policy.fix, policy, params)),
        *_paragraph("Limits", policy.limits),
        *_paragraph("Instead", join_words(list(policy.instead)) if policy.instead else ""),
        *_paragraph("Effects", f"{', '.join(effects)} (an unknown outcome: {_say_unknown(policy, policy_set)})"),
    ]
    for spec in policy.params:
        value = say_parameter(spec.kind, params[spec.name]) if spec.name in params else "not set"
        lines += _paragraph("Parameter", f"{policy.id}.{spec.name} = {value}: {spec.about}")
    for framework, controls in policy.controls.items():
        lines += _paragraph("Controls", f"{framework}: {', '.join(controls)}")
    lines += _paragraph("Sources", "; ".join(policy.references))
    return "\n".join(lines)


def _say_action(action: Action | None) -> str:
    if action is None:
        return "not judged"
    return f"{action.effect or 'none'} (would {action.would_be})" if action.would_be else str(action.effect)


def _say_unknown(policy: Policy, policy_set: PolicySet) -> str:
    said = policy_set.on_unknown.get(policy.id, policy.on_unknown)
    return {None: "one step milder", "same": "the same"}.get(said, str(said))


def _paragraph(head: str, text: str) -> list[str]:
    if not text:
        return []
    return textwrap.wrap(text, WIDTH, initial_indent=f"{head + ':':<11}", subsequent_indent=" " * 11)


def judge_alone(
    workspace: Workspace, policy: Policy, path: str, gate: str, now: datetime, trusted: str | None = None
) -> tuple[str, list[Problem]]:
    """How the subjects at a path stand to one policy, test by test, and the problems met."""
    found = discover([path])[0]
    problems = list(found.problems)
    waivers = _open_waivers(workspace, gate, now, trusted)
    texts = []
    for item in found.items:
        subjects = build_subjects(workspace, item, now.date())
        problems += subjects.problems
        for facts in subjects.facts:
            counted = waivers.select(facts.subject.project) if waivers else ()
            decision = judge(workspace.policy_set, facts, gate=gate, now=now, waivers=counted)
            texts.append(_stand(workspace, policy, facts, decision, now))
    if waivers is not None:
        problems += waivers.warn(whole=False, policy=policy.id)
    if not texts and not any(problem.level == "error" for problem in problems):
        nothing = Problem(f"there is no manifest and no training config at {path}", "name a manifest")
        raise NothingToJudgeError(*problems, nothing)
    return "\n\n".join(texts), problems


def _open_waivers(workspace: Workspace, gate: str, now: datetime, trusted: str | None) -> Waivers | None:
    if workspace.policy_set.waiving is None:
        return None
    from policy.app.waivers.in_force import Waivers  # most policy sets waive nothing

    waivers = Waivers(workspace, gate=gate, now=now, trusted=trusted)
    waivers.ask_ledger(workspace, gate, now)
    return waivers


def _stand(workspace: Workspace, policy: Policy, facts: Facts, decision: Decision, now: datetime) -> str:
    outcome = next((item for item in decision.outcomes if item.policy == policy.id), None)
    subject = facts.subject
    config = f" ({subject.training_config})" if subject.manifest and subject.training_config else ""
    said = outcome.outcome if outcome is not None else f"not judged at the gate {decision.gate}"
    lines = [show_text(f"{subject.project}{config}: {said}")]
    if outcome is not None and outcome.outcome == "error":
        return f"{lines[0]}\n  {show_text(outcome.message)}"
    explained = Explainer(policy, workspace.policy_set.values_for(policy)).explain(facts, now.date())
    lines += [f"  {reason.result:<8}{_say_reason(reason, workspace.root)}" for reason in explained.reasons]
    if outcome is not None and outcome.note:
        lines.append(f"  note: {outcome.note}")
    return "\n".join(lines)


def _say_reason(reason: Reason, root: str) -> str:
    required = f"required: {reason.expected}" if reason.test in ("some", "each", "count") else say_wanted(reason)
    if reason.actual is None:
        return show_text(f"{reason.field} is not known; {required}")
    where = reason.location
    place = f" at {os.path.relpath(os.path.join(root, where.file))}:{where.line}:{where.column}" if where else ""
    return show_text(f"{reason.field} is {reason.actual} ({reason.origin}{place}); {required}")
