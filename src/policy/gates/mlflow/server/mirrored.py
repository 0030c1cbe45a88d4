"""What MLflow shows of a run while the ledger cannot be asked: in tags that nobody but the guard writes."""

from __future__ import annotations

from policy.app.runs.admitting import NOBODY
from policy.app.runs.attempt import TRAINING
from policy.app.runs.sent import ACTIVITIES, ACTIVITY_TAG, DIGEST_TAG
from policy.gates.mlflow.server.stores import get_tracking_store
from policy.records.runs.rows import STATES, RunRow

STATE, DECISION = "policy.state", "policy.decision"


def recall_row(server: str, run: str, *, authenticated: bool) -> RunRow | None:
    """What a run was when the ledger last said; None where it never met the gate.

    Whose it is was stamped on it where the server is `authenticated`. What would open its decision again asks the
    ledger, and waits for it.
    """
    known = get_tracking_store().get_run(run)
    tags = known.data.tags
    state, activity = tags.get(STATE, ""), tags.get(ACTIVITY_TAG, "")
    if state not in STATES:
        return None
    return RunRow(
        server=server,
        run=run,
        experiment=str(known.info.experiment_id),
        project="",
        principal=(known.info.user_id or NOBODY) if authenticated else NOBODY,
        activity=activity if activity in ACTIVITIES else TRAINING,
        manifest=tags.get(DIGEST_TAG, ""),
        decision=tags.get(DECISION, ""),
        state=state,
        verdict="",
    )
