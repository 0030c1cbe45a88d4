"""The rules of the tracking store: runs, experiments and logged models."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from policy.app.runs.attempt import ADMITTED, HELD, REFUSED, REOPENED, TRAINING
from policy.app.runs.methods import TRACKING_TAGGED
from policy.app.runs.sent import ACTIVITY_TAG, DIGEST_TAG
from policy.app.runs.texts import name_recorded
from policy.engine.recording import NOTHING_DIGEST
from policy.errors import PolicyError
from policy.gates.mlflow.server.guard import make_attempt, make_mirror, read_tags, say_resume
from policy.gates.mlflow.server.identity import SERVER
from policy.gates.mlflow.server.locations import check_location, check_renamed
from policy.gates.mlflow.server.refusals import check_key, check_limits, check_tags, refuse, refuse_fault
from policy.gates.mlflow.server.reopening import note_change, note_training, point_out
from policy.gates.mlflow.server.signs import find_change, find_training, find_tuning
from policy.gates.mlflow.server.spans import log_spans
from policy.gates.mlflow.server.stores import has_ended, look_up
from policy.gates.mlflow.server.wrapping import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.runs.attempt import Admission, Attempt
    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.wrapping import Rule
    from policy.model.mlflow_settings import Binding
    from policy.records.runs.rows import RunRow

    Method = Callable[..., Any]
    Arguments = dict[str, Any]

USER = "mlflow.user"
CLAIMS = (DIGEST_TAG, ACTIVITY_TAG)


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


def check_arguments(arguments: Arguments) -> None:
    """Raises where any argument writes a tag that mirrors the ledger."""
    check_tags(arguments.get("tags"))
    for dataset in arguments.get("datasets") or ():
        check_tags(dataset.tags)
    for name in ("tag", "trace_info"):
        if arguments.get(name) is not None:
            check_tags([arguments[name]] if name == "tag" else arguments[name].tags)
    check_key(arguments.get("key"))


def create_run(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """Judge before there is a run; one that is held is made, and waits, and whoever asked is told by a refusal."""
    check_arguments(arguments)
    experiment = store.get_experiment(str(arguments["experiment_id"]))
    binding = guard.find_binding(experiment)
    if binding is None:
        return call(store, method, arguments)
    check_limits(arguments["tags"])
    attempt = make_attempt(guard, experiment, read_tags(arguments["tags"]))
    admission = guard.hear(binding, attempt)
    if admission.state == REFUSED:
        raise refuse(guard.note_decision(admission))
    if admission.state == HELD:
        return hold(guard, store, method, arguments, admission)
    shown = guard.name_decision(admission)
    run = call(store, method, stamp(guard, arguments, admission, shown))
    if admission.decision is not None and admission.decision.approvals != NOTHING_DIGEST:
        count_run(guard, store, binding, admission, run.info.run_id)
    told = finish(guard, store, admission, run.info.run_id, shown)
    return run if told else store.get_run(run.info.run_id)


def count_run(guard: Guard, store: Any, binding: Binding, admission: Admission, run: str) -> None:
    """Count a run on the approval that lets it begin; where that covers no more of them the run is taken back."""
    with taken_back(store, run):
        counted = guard.hear(binding, admission.attempt._replace(run=run), again=True)
    if counted.state != ADMITTED:
        take_back(store, run)
        raise refuse(guard.note_decision(counted))


def stamp(guard: Guard, arguments: Arguments, admission: Admission, decision: str) -> Arguments:
    """The arguments with who really asks, and with the tags that mirror the ledger, of which `decision` is one."""
    from mlflow.entities import RunTag

    principal = admission.attempt.principal
    mirror = make_mirror(admission, decision)
    known = [tag for tag in arguments["tags"] or () if tag.key != USER or not guard.authenticated]
    if guard.authenticated and principal != SERVER:
        mirror[USER] = principal
        arguments = {**arguments, "user_id": principal}
    return {**arguments, "tags": [*known, *(RunTag(key, value) for key, value in mirror.items())]}


def finish(guard: Guard, store: Any, admission: Admission, run: str, shown: str) -> bool:
    """Record a run that is there now, and tell whether its decision is the one `shown`; where that fails it goes."""
    with taken_back(store, run):
        try:
            row = guard.record(admission, run)
        except PolicyError as error:
            raise guard.refuse_fault(error, admission.binding) from None
    if row.decision != shown:
        # Somebody else recorded the same decision meanwhile.
        mirror(store, run, {"policy.decision": row.decision})
    if row.state == ADMITTED:
        guard.settle(run, row)
    return row.decision == shown


@contextmanager
def taken_back(store: Any, run: str) -> Iterator[None]:
    """Take a run back where anything fails: one that is on no record must not look admitted."""
    try:
        yield
    except BaseException:
        take_back(store, run)
        raise


def take_back(store: Any, run: str) -> None:
    """A run that must not begin: it has failed, and is deleted."""
    from mlflow.entities import RunStatus

    store.update_run_info(run, RunStatus.FAILED, None, None)
    store.delete_run(run)


def mirror(store: Any, run: str, tags: dict[str, str]) -> None:
    """Show in MLflow what the ledger says."""
    from mlflow.entities import RunTag

    for key, value in tags.items():
        store.set_tag(run, RunTag(key, value))


def hold(guard: Guard, store: Any, method: Method, arguments: Arguments, admission: Admission) -> Any:
    """Keep the run that waits, once, and refuse with what it waits for."""
    from mlflow.entities import RunStatus

    with guard.waiting:
        row = find_waiting(guard, store, admission.attempt)
        if row is not None:
            text = guard.note_decision(admission)
        else:
            shown = guard.name_decision(admission)
            run = call(store, method, stamp(guard, arguments, admission, shown)).info.run_id
            store.update_run_info(run, RunStatus.SCHEDULED, None, None)
            finish(guard, store, admission, run, shown)
            row = find_waiting(guard, store, admission.attempt)
            if row is not None and row.run != run:
                # Another worker was faster.
                take_back(store, run)
            text = name_recorded(admission, row.decision if row is not None else shown)
    said = f"\nThe run {row.run} waits for it. {say_resume(row)}" if row is not None else ""
    raise refuse(text + said)


def find_waiting(guard: Guard, store: Any, attempt: Attempt) -> RunRow | None:
    """The run that waits for the same already. Raises MlflowException where the ledger cannot be asked."""
    try:
        waiting = list(guard.list_waiting(attempt))
    except PolicyError as error:
        raise refuse_fault(error) from None
    return next((row for row in waiting if is_there(store, row.run)), None)


def is_there(store: Any, run: str) -> bool:
    """Whether a run can be resumed: nobody has deleted it."""
    found = look_up(lambda: store.get_run(run).info)
    return found is not None and found.lifecycle_stage == "active"


def update_run_info(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """Resuming is judged again; what waits or was refused ends without having run."""
    from mlflow.entities import RunStatus

    run, status = arguments["run_id"], arguments["run_status"]
    if status is None or RunStatus.to_string(status) in ("KILLED", "FAILED"):
        return call(store, method, arguments)
    known = store.get_run(run)
    binding = guard.find_binding(store.get_experiment(known.info.experiment_id))
    if binding is None:
        return call(store, method, arguments)
    if status == RunStatus.RUNNING:
        return resume(guard, store, method, arguments, binding, known)
    row = guard.find_used(run, lambda: binding)
    if row is not None and row.state in (HELD, REFUSED):
        raise refuse(f"the run {run} is {row.state} and has not run. {say_resume(row)}")
    return call(store, method, arguments)


def resume(guard: Guard, store: Any, method: Method, arguments: Arguments, binding: Binding, known: Any) -> Any:
    """Judge a run that is there as it was asked for: with the manifest that it had when it was made.

    One that turned out to train is judged as one that does.
    """
    run = arguments["run_id"]
    experiment = store.get_experiment(known.info.experiment_id)
    row = guard.find_used(run, lambda: binding)
    claims = dict(known.data.tags)
    if row is not None:
        claims |= {DIGEST_TAG: row.manifest, ACTIVITY_TAG: TRAINING if row.state == REOPENED else row.activity}
    admission = guard.hear(binding, make_attempt(guard, experiment, claims, run))
    if admission.state != ADMITTED and row is not None and row.state in (ADMITTED, REOPENED):
        # It may be training at this moment: what somebody is refused does not stop it.
        text = guard.note_decision(admission)
        raise refuse(f"{text}\nThe run {run} is not resumed, and stays as it is: {row.state}")
    try:
        recorded = guard.record(admission, run, row.principal if row is not None else "")
    except PolicyError as error:
        raise refuse_fault(error) from None
    guard.forget(run)
    mirror(store, run, make_mirror(admission, recorded.decision))
    if admission.state != ADMITTED:
        raise refuse(f"{name_recorded(admission, recorded.decision)}\n{say_resume(recorded)}")
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


def check_claims(manifest: str, activity: str, arguments: Arguments) -> None:
    """Raises where a run that was judged is given another manifest or activity: a run has one of each."""
    tags = [*(arguments.get("tags") or ()), *([arguments["tag"]] if arguments.get("tag") is not None else [])]
    said = {tag.key: tag.value for tag in tags}
    for key, value in ((DIGEST_TAG, manifest), (ACTIVITY_TAG, activity)):
        if key in said and said[key] != value:
            raise refuse(f"the run was judged with `{key}` = `{value}`: begin another run for another one")
    if arguments.get("key") in CLAIMS:
        raise refuse(f"the run was judged with its tag `{arguments['key']}`, which stays")


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
