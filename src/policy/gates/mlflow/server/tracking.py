"""The rules of the tracking store: runs, experiments and logged models."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from policy.app.runs.methods import TRACKING_TAGGED
from policy.gates.mlflow.server.arguments import check_arguments, check_claims
from policy.gates.mlflow.server.beginning import create_run
from policy.gates.mlflow.server.locations import check_location, check_renamed
from policy.gates.mlflow.server.refusals import refuse
from policy.gates.mlflow.server.reopening import note_change, note_training, point_out
from policy.gates.mlflow.server.resuming import update_run_info
from policy.gates.mlflow.server.signs import find_change, find_training, find_tuning
from policy.gates.mlflow.server.spans import log_spans
from policy.gates.mlflow.server.stores import has_ended
from policy.gates.mlflow.server.wrapping import call

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.wrapping import Rule

    Method = Callable[..., Any]
    Arguments = dict[str, Any]


def make_rules(guard: Guard) -> dict[str, Rule]:
    """A rule for each guarded method."""
    write = partial(write_to_run, guard)
    model = partial(write_to_model, guard)
    return {
        "create_run": partial(create_run, guard),
        "update_run_info": partial(update_run_info, guard),
        "delete_run": pass_on,
        "restore_run": pass_on,
        **dict.fromkeys(
            (
                *("log_batch", "log_metric", "log_param", "log_inputs", "log_outputs", "set_tag", "delete_tag"),
                *("record_logged_model", "link_traces_to_run", "unlink_traces_from_run"),
            ),
            write,
        ),
        "rename_experiment": partial(rename_experiment, guard),
        "delete_experiment": pass_on,
        "restore_experiment": pass_on,
        **dict.fromkeys(TRACKING_TAGGED, pass_with_tags),
        "create_experiment": partial(create_experiment, guard),
        "log_spans": log_spans,
        "create_logged_model": partial(create_logged_model, guard),
        **dict.fromkeys(
            (
                *("finalize_logged_model", "delete_logged_model", "set_logged_model_tags"),
                *("delete_logged_model_tag", "log_logged_model_params"),
            ),
            model,
        ),
    }


def pass_on(store: Any, method: Method, arguments: Arguments) -> Any:
    """What changes nothing that counts: the ledger stands outside of MLflow's database."""
    return call(store, method, arguments)


def pass_with_tags(store: Any, method: Method, arguments: Arguments) -> Any:
    """What may be done, but for the tags that are the server's."""
    check_arguments(arguments)
    return call(store, method, arguments)


def write_to_run(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """Nothing goes into a run that waits; what shows that it trains after all opens its decision again."""
    check_arguments(arguments)
    run = arguments["run_id"]
    row = guard.check_write(run, lambda: store.get_experiment(store.get_run(run).info.experiment_id))
    if row is not None:
        check_claims(row.manifest, row.activity, arguments)
        sign, change = find_training(arguments), find_change(arguments)
        if sign:
            note_training(guard, row, sign)
        if change:
            note_change(guard, row, change, ended=has_ended(store.get_run(run).info))
    elif find_tuning(arguments):
        point_out(guard, run)
    return call(store, method, arguments)


def create_experiment(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """An experiment may be made by anybody, and has its files where they change nothing of others."""
    check_arguments(arguments)
    check_location(guard, store, arguments["name"], arguments.get("artifact_location") or "")
    return call(store, method, arguments)


def rename_experiment(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """An experiment that is governed by its name keeps it."""
    experiment = store.get_experiment(str(arguments["experiment_id"]))
    binding = guard.find_binding(experiment)
    renamed = guard.panel.settings.find_binding(arguments["new_name"], str(experiment.experiment_id))
    if binding is not None and renamed != binding:
        raise refuse(f"the experiment `{experiment.name}` is governed by its name: make another one instead")
    if binding is None and renamed is not None:
        check_renamed(store, arguments["new_name"], experiment)
    return call(store, method, arguments)


def create_logged_model(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """In a governed experiment a model comes from a run of it that may be written to."""
    check_arguments(arguments)
    experiment = store.get_experiment(str(arguments["experiment_id"]))
    source = arguments.get("source_run_id")
    if not source:
        if guard.find_binding(experiment) is not None:
            text = f"a model in the experiment `{experiment.name}` needs the run that it comes from: `source_run_id`"
            raise refuse(text)
        return call(store, method, arguments)
    run = store.get_run(source)
    found = store.get_experiment(run.info.experiment_id)
    row = guard.check_write(source, lambda: found)
    governed = row is not None or guard.find_binding(experiment) is not None or guard.find_binding(found) is not None
    if governed and str(found.experiment_id) != str(experiment.experiment_id):
        text = f"the run {source} is one of the experiment `{found.name}`, and not of `{experiment.name}`"
        raise refuse(f"{text}: log its model there")
    if row is not None:
        note_training(guard, row, "it logs a model")
        note_change(guard, row, "it logs a model", ended=has_ended(run.info))
    return call(store, method, arguments)


def write_to_model(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """Nothing goes into a model of a run that waits."""
    check_arguments(arguments)
    source = store.get_logged_model(arguments["model_id"]).source_run_id
    if source:
        guard.check_write(source, lambda: store.get_experiment(store.get_run(source).info.experiment_id))
    return call(store, method, arguments)
