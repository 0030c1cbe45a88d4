"""Collectors run over one project, so that one that breaks takes nothing with it but its own facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Problem
from policy.evidence.forms import find_stray_reason
from policy.evidence.value_kinds import find_misfit
from policy.plugins.contracts import Evidence
from policy.plugins.faults import BREAKING, describe_fault
from policy.plugins.metering import Meter, SpentError, find_meter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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
    settings = workspace.policy_set.evidence
    try:
        with Meter(settings, find_meter().watcher):
            evidence = Evidence(*collector.collect(project))
        fault = find_misfit(evidence.facts, evidence.problems, workspace.policy_set.schema)
        fault = fault or find_stray(evidence.facts, collector.observes)
        evidence = evidence._replace(unavailable=dict(evidence.unavailable))
        fault = fault or find_stray_reason(evidence.unavailable, collector.observes)
    except SpentError:
        # What it has found until then might be taken for all that there is.
        reason = f"the collector {collector.name} took longer than {settings.describe_time()}"
        return _lose(collector, reason, "raise the limit, or name less data")
    except BREAKING as error:
        fault = describe_fault(error)
    if not fault:
        return evidence
    return _lose(collector, f"the collector {collector.name} failed: {fault}", "mend the plugin, or leave it out")


def _lose(collector: Collector, reason: str, remedy: str) -> Evidence:
    """Nothing of what the collector observes is known."""
    return Evidence((), (Problem(reason, remedy, level="warning"),), dict.fromkeys(collector.observes, reason))


def find_stray(facts: Iterable[Fact], observes: Collection[str]) -> str:
    """Why the facts are not those that a collector says it can tell; empty where they are.

    What it says decides whether a layer may bring it in: a final policy must not rest on it.
    """
    stray = next((fact.path for fact in facts if fact.path not in observes), None)
    return "" if stray is None else f"it tells `{stray}`, which is not among what it observes"
