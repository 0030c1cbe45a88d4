"""Whether a model may be released: every run that it comes from was admitted, and is what it was admitted as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.runs.attempt import ADMITTED, HELD, TRAINING, Attempt
from policy.errors import PolicyError
from policy.gates.mlflow.server.observing import find_logged
from policy.gates.mlflow.server.origins import Origin, trace_origin
from policy.gates.mlflow.server.refusals import refuse, refuse_fault
from policy.gates.mlflow.server.release_texts import (
    say_lost,
    say_outdated,
    say_released,
    say_state,
    say_unbound,
    say_ungoverned,
)
from policy.gates.mlflow.server.released import read_history
from policy.gates.mlflow.server.roots import find_governed
from policy.model.gates import cap_effect
from policy.records.runs.decisions import find_kept_back

if TYPE_CHECKING:
    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.origins import Release
    from policy.gates.mlflow.server.stores import Found
    from policy.model.mlflow_settings import Binding
    from policy.records.runs.rows import RunRow


def check_release(guard: Guard, release: Release) -> Origin:
    """Where a version comes from. Raises MlflowException where it may not be released."""
    origin = trace_origin(release)
    bound = guard.find_model_binding(release.name)
    governed = {found.run for found in origin.runs if check_run(guard, release, origin, found, bound)}
    check_models(guard, release, origin)
    for run in origin.lost:
        check_lost_run(guard, release, run)
    check_stray(guard, release, origin)
    if bound is not None and (not governed or not origin.is_of(governed)):
        stop(
            guard,
            release,
            bound,
            f"versions of `{release.name}` come from an admitted run of {' or '.join(bound.projects)}, and this one"
            " does not, or not all of it: register it from the run, `runs:/RUN_ID/…`",
        )
    return origin


def check_run(guard: Guard, release: Release, origin: Origin, found: Found, bound: Binding | None) -> bool:
    """Raises where a run does not let it be released; else whether it was admitted, and is judged here."""
    binding = guard.find_binding(found.experiment)
    row = guard.find_used(found.run, lambda: binding, "release")
    # Who names only files is told of, and found by, the run that they are of.
    release = release._replace(run=release.run or found.run)
    text = f"`{release.name}` cannot be released: its run {found.run}"
    if binding is None:
        # What was judged once stays judged, whatever has become of its experiment.
        if row is not None and row.state != ADMITTED:
            raise guard.register.refuse_release(release, bound, f"{text} {say_ungoverned(row)}")
        if row is not None and (old := find_outdated(guard, origin, found.run)):
            said = say_outdated(old, found.run)
            raise guard.register.refuse_release(release, bound, f"`{release.name}` cannot be released: {said}")
        return False
    if row is None or row.state != ADMITTED:
        stop(guard, release, binding, f"{text} {say_state(row)}")
    elif row.activity != TRAINING:
        stop(guard, release, binding, f"{text} was admitted as `{row.activity}` only: train in a run of its own")
    elif old := find_outdated(guard, origin, found.run):
        stop(guard, release, bound or binding, f"`{release.name}` cannot be released: {say_outdated(old, found.run)}")
    elif bound is not None and not (binding.releases(release.name) and bound.takes(row.project)):
        # An experiment that is only watched does not release under the name of one that is not.
        said = f"is one of `{row.project}` in the experiment `{found.experiment.name}`"
        stop(guard, release, bound, f"{text} {said}, {say_unbound(release, binding, bound)}")
    elif verdict := find_passed(guard, row):
        said = f"began while nothing was enforced, though its decision is {verdict}: resume it, which judges it again"
        stop(guard, release, bound or binding, f"{text} {said}")
    else:
        judge_release(guard, release, row, found.experiment.name, bound or binding)
        return True
    return False


def find_passed(guard: Guard, row: RunRow) -> str:
    """What would have stopped the run, where its experiment or the gate was only watched; empty where nothing."""
    try:
        return find_kept_back(guard.ledger, row.decision) if row.decision else ""
    except PolicyError as error:
        raise refuse_fault(error) from None


def find_outdated(guard: Guard, origin: Origin, run: str) -> str:
    """A version that is older than what was changed of a run since; empty where none is."""
    versions = [one.version for one in origin.named if one.version]
    if not versions:
        return ""
    history = read_history(guard, run)
    return next((version for version in versions if not history.is_current(version)), "")


def check_lost_run(guard: Guard, release: Release, run: str) -> None:
    """Raises where a run that MLflow has no more did not end admitted: the ledger outlasts it."""
    row = guard.find_row(run)
    if row is not None and row.state != ADMITTED:
        text = f"`{release.name}` cannot be released: its run {run} {say_lost(row)}"
        raise guard.register.refuse_release(release, guard.find_model_binding(release.name), text)


def check_models(guard: Guard, release: Release, origin: Origin) -> None:
    """Raises where a logged model of a governed experiment comes from no run of it."""
    for model, experiment in origin.models:
        binding = guard.find_binding(experiment)
        runs = {found.run for found in origin.runs if found.experiment.experiment_id == experiment.experiment_id}
        if binding is not None and model.source_run_id not in runs:
            text = f"its model {model.model_id} comes from no run of the experiment `{experiment.name}`"
            stop(guard, release, binding, f"`{release.name}` cannot be released: {text}")


def check_stray(guard: Guard, release: Release, origin: Origin) -> None:
    """Raises where files are taken from a governed experiment, and from none of its runs."""
    for place in origin.stray:
        experiment = find_governed(guard, place)
        binding = guard.find_binding(experiment) if experiment is not None else None
        if binding is not None:
            text = f"its files are those of the experiment `{experiment.name}`, and of none of its runs"
            stop(guard, release, binding, f"`{release.name}` cannot be released: {text}: register it from the run")


def judge_release(guard: Guard, release: Release, row: RunRow, experiment: str, binding: Binding) -> None:
    """Judge the run's manifest, with what it logged. Raises MlflowException where that does not pass."""
    schema = guard.panel.find(binding).workspace.policy_set.schema
    attempt = Attempt(
        experiment=row.experiment,
        experiment_name=experiment,
        principal=guard.find_principal(),
        manifest=row.manifest,
        activity=row.activity,
        run=row.run,
        logged=find_logged(row.run, schema),
    )
    admission = guard.hear(binding, attempt, "release")
    if admission.state == ADMITTED and not admission.text:
        # For the log.
        admission = admission._replace(text=say_released(release, row, admission))
    text = guard.register.note_decision(admission)
    if admission.state != ADMITTED:
        # What is held waits in no run: whoever releases tries again.
        again = "\nOnce it is approved, release it again." if admission.state == HELD else ""
        raise refuse(f"`{release.name}` cannot be released: {text}{again}")


def stop(guard: Guard, release: Release, binding: Binding, text: str) -> None:
    """Refuse, or where the experiment or the gate only watches, have it on record what would have been refused."""
    mode = guard.panel.find(binding).workspace.policy_set.gate("release").mode
    capped = cap_effect("block", mode)
    if capped is not None and cap_effect(capped, binding.mode or "enforce") == "block":
        raise guard.register.refuse_release(release, binding, text)
    guard.register.note_watched(release, binding, text)
