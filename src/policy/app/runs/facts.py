"""What is known about a run: what its client declared, what the server observed, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.expressions import evaluate_expressions
from policy.evidence.predicates import run_predicates
from policy.model.decision import Subject
from policy.model.fact import Fact
from policy.model.facts import Facts

if TYPE_CHECKING:
    from datetime import date

    from policy.app.runs.attempt import Attempt
    from policy.app.runs.sent import Sent
    from policy.app.workspace import Workspace

SERVER = "tracking server"


def build_facts(
    workspace: Workspace, attempt: Attempt, sent: Sent | None, attested: tuple[Fact, ...], today: date
) -> Facts:
    """The facts about a run; without what was sent they are about the experiment, which no manifest covers."""
    policy_set = workspace.policy_set
    claims = (
        Fact("manifest.present", sent is not None, "observed", SERVER),
        Fact("run.activity", attempt.activity, "declared", "sent by the client"),
        *(sent.claims if sent is not None else ()),
        *attested,
        *attempt.logged,
    )
    subject = Subject(sent.project if sent is not None else attempt.experiment_name)
    outside = (policy_set.tables, today)
    facts = Facts(claims, policy_set.schema, subject, {}, None, *outside)
    predicates = workspace.registry.predicates()
    if predicates:
        answers, faults = run_predicates(predicates, facts.values)
        facts = Facts((*claims, *answers), policy_set.schema, subject, {}, faults, *outside)
    return evaluate_expressions(policy_set, facts)
