"""How the Action calls `policy check`: by what it is given, and with the reports that the later steps need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.gates.action.event import Event
    from policy.gates.action.inputs import Inputs

# As the input `policies-from`: no revision; a branch of this name has a longer one, `refs/heads/none`.
WORKSPACE = "none"


class Reports(NamedTuple):
    """Where the reports are that the Action reads or hands on; there is no file of a run that did not get so far."""

    decisions: str
    annotations: str
    markdown: str
    sarif: str


def place_reports(folder: str, inputs: Inputs) -> Reports:
    """Files in a folder, all but the one that the workflow names."""
    decisions, annotations, markdown, sarif = (
        os.path.join(folder, name) for name in ("decisions.json", "annotations.txt", "report.md", "policy.sarif")
    )
    return Reports(decisions, annotations, markdown, os.path.abspath(inputs.sarif_file) if inputs.sarif_file else sarif)


def choose_revision(inputs: Inputs, event: Event, workspace: str) -> str:
    """The revision whose policies judge, empty for the workspace. Raises PolicyError where it cannot be told.

    A pull request does not choose its judges: without a word it is judged by those of its base. It cannot change a
    policy set either that the workflow names outside the workspace.
    """
    if inputs.policies_from:
        return "" if inputs.policies_from == WORKSPACE else inputs.policies_from
    if not event.proposal:
        return ""
    if inputs.config_file and _is_outside(inputs.config_file, workspace):
        _refuse_proposed_baseline(inputs, workspace)
        return ""
    if not event.base:
        message = f"the event `{event.name}` does not say which commit it is based on, so no policies can be read there"
        raise PolicyError(Problem(message, "name a revision as `policies-from`, or `none` for the workspace"))
    return event.base


def _refuse_proposed_baseline(inputs: Inputs, workspace: str) -> None:
    """Raises PolicyError where a proposal could choose what is known, for no revision's baseline is read."""
    if inputs.baseline and not _is_outside(inputs.baseline, workspace):
        message = "the policy set is outside of the workspace and the `baseline` is in it, where the change may edit it"
        raise PolicyError(Problem(message, "keep the baseline beside the policy set, or say `policies-from: none`"))


def _is_outside(path: str, folder: str) -> bool:
    """By its name alone: a link in the workspace is a proposal, wherever it leads."""
    place, top = os.path.abspath(path), os.path.abspath(folder)
    return not place.startswith(os.path.join(top, ""))


def list_arguments(inputs: Inputs, revision: str, reports: Reports) -> list[str]:
    """The arguments; no value can pass for an option."""
    options = {
        "gate": inputs.gate,
        "config": inputs.config_file,
        "fail-on": inputs.fail_on,
        "baseline": inputs.baseline,
        "policies-from": revision,
        "changed-since": inputs.changed_since,
    }
    given = [f"--{name}={value}" for name, value in options.items() if value]
    outputs = [f"--output={output}" for output in _list_outputs(inputs, reports)]
    return ["check", *given, *outputs, "--", *(inputs.paths or (".",))]


def _list_outputs(inputs: Inputs, reports: Reports) -> Iterator[str]:
    """People read text in the log, unless the workflow wants another format there."""
    if all("=" in output for output in inputs.outputs):
        yield "text"
    yield from inputs.outputs
    yield f"json={reports.decisions}"
    yield f"sarif={reports.sarif}"
    yield f"github={reports.annotations}"
    if inputs.summary or inputs.comment:
        yield f"markdown={reports.markdown}"
