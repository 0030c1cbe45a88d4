"""Collectors run over one project, so that one that breaks takes nothing with it but its own facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Problem
from policy.evidence.value_kinds import find_misfit
from policy.plugins.contracts import Evidence
from policy.plugins.faults import BREAKING, describe_fault

if TYPE_CHECKING:
    from policy.app.workspace import Workspace
    from policy.model.fact import Fact
    from policy.plugins.contracts import Collector, Project


def collect_evidence(workspace: Workspace, project: Project) -> Evidence:
    """What all collectors observe about a project, together."""
    facts: list[Fact] = []
    problems: list[Problem] = []
    unavailable: dict[str, str] = {}
    for collector in workspace.registry.collectors():
        evidence = _collect(collector, project, workspace)
        facts += evidence.facts
        problems += evidence.problems
        unavailable |= evidence.unavailable
    return Evidence(tuple(facts), tuple(problems), unavailable)


def _collect(collector: Collector, project: Project, workspace: Workspace) -> Evidence:
    try:
        evidence = Evidence(*collector.collect(project))
        fault = find_misfit(evidence.facts, evidence.problems, workspace.policy_set.schema)
        evidence = evidence._replace(unavailable=dict(evidence.unavailable))
    except BREAKING as error:
        fault = describe_fault(error)
    if not fault:
        return evidence
    reason = f"the collector {collector.name} failed: {fault}"
    warning = Problem(reason, "mend the plugin, or leave it out", level="warning")
    return Evidence((), (warning,), dict.fromkeys(collector.observes, reason))
