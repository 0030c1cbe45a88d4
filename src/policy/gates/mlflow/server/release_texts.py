"""What somebody reads whose release is refused before any policy is asked: why, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.runs.attempt import HELD, REOPENED

if TYPE_CHECKING:
    from policy.app.runs.attempt import Admission
    from policy.gates.mlflow.server.origins import Release
    from policy.model.mlflow_settings import Binding
    from policy.records.runs.rows import RunRow


def say_state(row: RunRow | None) -> str:
    """Why nothing is released from a run that is not admitted, and what helps."""
    if row is None:
        return "never met the gate: begin one that does, and register from that"
    if row.state == HELD:
        return "is held: once it is approved resume it, and register it again"
    if row.state != REOPENED:
        return f"is {row.state}: begin another one that is admitted, and register from that"
    return "is reopened, for it was changed: resume it, which judges it again, and then register a new version of it"


def say_ungoverned(row: RunRow) -> str:
    """The same where nothing governs its experiment any more, so that nobody would judge it again."""
    return f"is {row.state}, and nothing governs its experiment any more: register from a run that is admitted"


def say_lost(row: RunRow) -> str:
    """The same where MLflow has the run no more."""
    return f"is {row.state}, and MLflow has it no more: register from a run that is admitted"


def say_outdated(version: str, run: str) -> str:
    """What is the matter with it, and what helps."""
    return f"the version `{version}` is older than a change of its run {run}: register a new version of it"


def say_unbound(release: Release, binding: Binding, bound: Binding) -> str:
    """Why a run is none from which a model is released by its name, and what helps."""
    if not binding.releases(release.name):
        return (
            f"whose entry under `mlflow` has no `models` that take `{release.name}`: register it from a run of an"
            " experiment whose entry has, or have whoever keeps the server's policy set add it there"
        )
    return f"and `{release.name}` takes runs of {' or '.join(bound.projects)} only: register it under another name"


def say_released(release: Release, row: RunRow, admission: Admission) -> str:
    """That a version passes, by which decision."""
    precedent, decision = admission.precedent, admission.decision
    known = precedent.recorded if precedent is not None else ""
    by = known or (decision.id if decision is not None else "")
    return f"`{release.name}` passes from its run {row.run}" + (f" (decision {by})" if by else "")
