"""A run that is there, and goes on or ends: it is judged again as what it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.runs.attempt import ADMITTED, HELD, REFUSED, REOPENED, TRAINING
from policy.app.runs.sent import ACTIVITY_TAG, DIGEST_TAG
from policy.app.runs.texts import name_recorded
from policy.errors import PolicyError
from policy.gates.mlflow.server.attempts import make_attempt, make_mirror, say_resume
from policy.gates.mlflow.server.beginning import mirror
from policy.gates.mlflow.server.refusals import refuse, refuse_fault
from policy.gates.mlflow.server.stores import has_ended
from policy.gates.mlflow.server.wrapping import call

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.gates.mlflow.server.guard import Guard
    from policy.model.mlflow_settings import Binding

    Method = Callable[..., Any]
    Arguments = dict[str, Any]


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
    if status == RunStatus.RUNNING or (status == RunStatus.SCHEDULED and has_ended(known.info)):
        return resume(guard, store, method, arguments, binding, known)
    row = guard.find_used(run, lambda: binding, goes_on=True)
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
        text = guard.register.note_decision(admission)
        raise refuse(f"{text}\nThe run {run} is not resumed, and stays as it is: {row.state}")
    if has_ended(known.info) and admission.decision is None and not admission.reason:
        # Nobody judged it: the gate only goes on for what begins.
        raise refuse(f"the run {run} is over, and is taken up again once the ledger answers and it can be judged")
    try:
        recorded = guard.register.record(admission, run, row.principal if row is not None else "")
    except PolicyError as error:
        raise refuse_fault(error) from None
    guard.forget(run)
    mirror(store, run, make_mirror(admission, recorded.decision))
    if admission.state != ADMITTED:
        raise refuse(f"{name_recorded(admission, recorded.decision)}\n{say_resume(recorded)}")
    return call(store, method, arguments)
