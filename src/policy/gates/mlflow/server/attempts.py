"""What somebody asks of a run, by MLflow's words, and what the answer looks like in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.attempt import HELD, Attempt
from policy.records.runs.rows import LONGEST, is_digest, is_line
from policy.source.display import quote_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.app.runs.attempt import Admission
    from policy.gates.mlflow.server.guard import Guard
    from policy.records.runs.rows import RunRow

PARENT: Final = "mlflow.parentRunId"


def make_attempt(guard: Guard, experiment: Any, claims: dict[str, str], run: str = "") -> Attempt:
    """What somebody wants, from an experiment and the tags of a run, with no activity where none is said.

    Raises MlflowException for an unknown activity, and for what cannot name a manifest or a run.
    """
    from policy.app.runs.sent import ACTIVITIES, ACTIVITY_TAG, DIGEST_TAG
    from policy.gates.mlflow.server.refusals import refuse_invalid

    activity = claims.get(ACTIVITY_TAG, "")
    if activity and activity not in ACTIVITIES:
        raise refuse_invalid(f"`{ACTIVITY_TAG}` is one of {', '.join(ACTIVITIES)}, and not {quote_name(activity)}")
    manifest, parent = claims.get(DIGEST_TAG, ""), claims.get(PARENT, "")
    if manifest and not is_digest(manifest):
        raise refuse_invalid(f"`{DIGEST_TAG}` is `sha256:` and 64 digits of a SHA-256, not {quote_name(manifest)}")
    if len(parent) > LONGEST or not is_line(parent):
        raise refuse_invalid(f"`{PARENT}` is the id of a run, and not {quote_name(parent)}")
    return Attempt(
        experiment=str(experiment.experiment_id),
        experiment_name=experiment.name,
        principal=guard.find_principal(),
        manifest=manifest,
        activity=activity,
        run=run,
        parent=parent,
    )


def make_mirror(admission: Admission, decision: str) -> dict[str, str]:
    """The tags that show in MLflow's pages what the ledger says: ids and words, never texts."""
    shown = {
        "policy.state": admission.state,
        "policy.verdict": admission.verdict,
        "policy.decision": decision,
        "policy.request": admission.asked.row.id if admission.asked is not None else admission.glass,
    }
    return {key: value for key, value in shown.items() if value}


def say_resume(row: RunRow) -> str:
    """How a run goes on that waits, or was refused when somebody resumed it."""
    resume = f"`mlflow.start_run(run_id={row.run!r})`"
    if row.state == HELD:
        return f"Once it is approved, it goes on by {resume}, or in an unchanged program by `MLFLOW_RUN_ID={row.run}`"
    return (
        "It is always judged with the manifest that it has: begin another run with one that is put right, or resume"
        f" this one once its policies have changed: {resume}"
    )


def read_tags(tags: Iterable[Any] | None) -> dict[str, str]:
    """Tags by their keys; of several with one key the last counts, as in MLflow."""
    return {tag.key: tag.value for tag in tags or ()}
