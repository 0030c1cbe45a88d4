"""Breaking the glass while the ledger is down: by somebody whom the policy set names, for the runs of one manifest."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from policy.app.approvals.served import check_person
from policy.app.runs.attempt import ADMITTED, TRAINING, Attempt
from policy.app.runs.glass import check_glass, check_reason, describe_glass, make_glass, shorten
from policy.app.runs.offline import hear_offline
from policy.app.runs.sent import ACTIVITIES
from policy.app.runs.spool_keys import VARIABLE
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.api.approvals import read_length
from policy.gates.mlflow.server.api.exchange import Answer, describe, read_object
from policy.gates.mlflow.server.api.manifests import find_experiment, repeat
from policy.gates.mlflow.server.awaited import is_awaited
from policy.records.faults import LedgerError
from policy.records.requests.clock import write_time
from policy.records.requests.refusals import refuse
from policy.records.runs.uploads import list_senders
from policy.records.spool_statements import GLASS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.app.runs.glass import Glass
    from policy.app.runs.offline import Offline
    from policy.gates.mlflow.server.api.exchange import Call
    from policy.model.mlflow_settings import Binding

LOG: Final = logging.getLogger("policy.mlflow")
ASKED: Final = ("experiment_name", "experiment_id", "manifest", "activity", "reason", "for")


def break_glass(call: Call) -> Answer:
    """Let the runs of a manifest begin while nothing can be recorded. Raises PolicyError."""
    from mlflow.exceptions import MlflowException

    asked = read_object(call.body, ASKED, ("manifest", "reason"))
    check_person(call.person, "override")
    check_key(call)
    if answers(call):
        remedy = "break the glass for the request that waits: `POST /requests/REQUEST/break-glass`"
        return describe(409, "the ledger answers, and is where the glass is broken", remedy)
    try:
        experiment = find_experiment(asked)
    except MlflowException as error:
        return repeat(error)
    binding = call.panel.settings.find_binding(experiment.name, str(experiment.experiment_id)) if experiment else None
    if binding is None:
        return describe(404, "there is no such experiment, or nothing governs it", "name one that is governed")
    return break_for(call, asked, experiment, binding)


def check_key(call: Call) -> None:
    """Raises where this server could keep nothing of it that anybody would believe."""
    if is_awaited(call.guard.ledger) and call.guard.keeper.outage.key is None:
        said = "this server started while the ledger was down, and does not know for which one it would sign"
        raise refuse(said, "begin the run once the ledger answers")
    if call.guard.keeper.outage.key is None:
        remedy = (
            "make a key with `policy ledger key spool`, name its public part in the policy set (`mlflow.spool_keys`)"
            f" and its file in {VARIABLE}, and start the server again"
        )
        raise refuse("this server has no key to sign what it keeps while the ledger is down", remedy)


def answers(call: Call) -> bool:
    """Whether the ledger can be written."""
    try:
        with call.guard.ledger.transaction():
            return True
    except LedgerError:
        return False


def break_for(call: Call, asked: Mapping[str, str], experiment: Any, binding: Binding) -> Answer:
    """Break it for one experiment."""
    keeper, now = call.guard.keeper, datetime.now(UTC)
    reason = check_reason(asked["reason"])
    lasts = read_length(asked["for"]) if "for" in asked else None
    digest, body = asked["manifest"], keeper.find_manifest(asked["manifest"])
    sent = dict.fromkeys((*keeper.outage.list_senders(digest), *find_senders(call, digest)))
    if body is None or not sent:
        remedy = "have who trains send it again, and begin the run, which is refused: then ask once more"
        return describe(404, f"the server has no manifest {digest[:80]} since the ledger is down", remedy)
    # Whoever else sends the same, too, keeps nobody from it.
    senders = tuple(filter(binding.admits, sent))
    if not senders:
        text = f"nobody who sent it may begin runs in the experiment `{experiment.name}`"
        raise refuse(text, "have somebody send it who may")
    judge = call.panel.find(binding)
    attempt = Attempt(
        str(experiment.experiment_id), experiment.name, senders[0], digest, read_activity(asked.get("activity"))
    )
    glass = shorten(make_glass(attempt, senders, call.person, judge, now), lasts)
    heard = hear_offline(call.panel, binding, attempt, body, now, glass)
    check_glass(glass, judge, heard.owners)
    if heard.admission.state != ADMITTED:
        remedy = "put right what blocks: only what is held, or cannot be recorded, is let pass"
        raise refuse(heard.admission.text, remedy)
    keeper.outage.state(GLASS, describe_glass(glass, reason, heard, judge), now)
    return say_broken(call, glass, heard, reason)


def say_broken(call: Call, glass: Glass, heard: Offline, reason: str) -> Answer:
    """Tell everybody."""
    call.guard.keeper.metrics.broken.inc()
    ends, project = write_time(glass.ends), heard.admission.project
    LOG.critical(
        "%s BROKE THE GLASS for %s in experiment %s until %s, while the ledger is down (%s): %s",
        *(glass.person, project, glass.experiment, ends, glass.request, " ".join(reason.split())),
    )
    told = {"request": glass.request, "project": project, "ends": ends, "principals": list(glass.principals)}
    return Answer(200, told)


def find_senders(call: Call, digest: str) -> list[str]:
    """Who sent a manifest before, where the ledger can still be read."""
    try:
        return list_senders(call.guard.ledger, digest)
    except PolicyError:
        return []


def read_activity(text: str | None) -> str:
    """What the run is for. Raises PolicyError."""
    if text is not None and text not in ACTIVITIES:
        raise PolicyError(Problem("the activity is not one that there is", f"write one of {', '.join(ACTIVITIES)}"))
    return text or TRAINING
