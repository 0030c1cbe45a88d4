"""A run that somebody wants to begin: judged before there is one, and taken back where it cannot be recorded."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.attempt import ADMITTED, HELD, REFUSED
from policy.app.runs.texts import name_recorded
from policy.engine.recording import NOTHING_DIGEST
from policy.errors import PolicyError
from policy.gates.mlflow.server.arguments import check_arguments
from policy.gates.mlflow.server.attempts import make_attempt, make_mirror, read_tags, say_resume
from policy.gates.mlflow.server.identity import SERVER
from policy.gates.mlflow.server.refusals import check_limits, refuse, refuse_fault
from policy.gates.mlflow.server.stores import look_up
from policy.gates.mlflow.server.wrapping import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.runs.attempt import Admission, Attempt
    from policy.gates.mlflow.server.guard import Guard
    from policy.model.mlflow_settings import Binding
    from policy.records.runs.rows import RunRow

    Method = Callable[..., Any]
    Arguments = dict[str, Any]

USER: Final = "mlflow.user"


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
        raise refuse(guard.register.note_decision(admission))
    if admission.state == HELD:
        return hold(guard, store, method, arguments, admission)
    shown = guard.register.name_decision(admission)
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
        raise refuse(guard.register.note_decision(counted))


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
            row = guard.register.record(admission, run)
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
            text = guard.register.note_decision(admission)
        else:
            shown = guard.register.name_decision(admission)
            run = call(store, method, stamp(guard, arguments, admission, shown)).info.run_id
            store.update_run_info(run, RunStatus.SCHEDULED, None, None)
            finish(guard, store, admission, run, shown)
            row = find_waiting(guard, store, admission.attempt)
            if row is not None and row.run != run:
                # Another worker was faster.
                take_back(store, run)
                guard.register.give_up(run, f"the run {row.run} waits for the same")
            text = name_recorded(admission, row.decision if row is not None else shown)
    said = f"\nThe run {row.run} waits for it. {say_resume(row)}" if row is not None else ""
    raise refuse(text + said)


def find_waiting(guard: Guard, store: Any, attempt: Attempt) -> RunRow | None:
    """The run that waits for the same already. Raises MlflowException where the ledger cannot be asked."""
    try:
        waiting = list(guard.register.list_waiting(attempt))
    except PolicyError as error:
        raise refuse_fault(error) from None
    return next((row for row in waiting if is_there(store, row.run)), None)


def is_there(store: Any, run: str) -> bool:
    """Whether a run can be resumed: nobody has deleted it."""
    found = look_up(lambda: store.get_run(run).info)
    return found is not None and found.lifecycle_stage == "active"
