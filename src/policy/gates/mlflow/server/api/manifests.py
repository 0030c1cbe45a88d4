"""What MLflow's clients ask for: manifests are put there, and a look is taken before a run begins."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.sent import ACTIVITIES, MOST_BYTES, decode_for_any
from policy.errors import PolicyError, Problem
from policy.gates.mlflow.server.api.exchange import Answer, describe, read_object
from policy.gates.mlflow.server.keeping import is_outage
from policy.gates.mlflow.server.stores import get_tracking_store
from policy.records.faults import LedgerError

if TYPE_CHECKING:
    from policy.gates.mlflow.server.api.exchange import Call

LONGEST_ID: Final = 18
"""Digits of an experiment's id: more than MLflow's database can hold is an error of its own there."""
ASKED: Final = ("experiment_name", "experiment_id", "manifest", "activity")


def describe_server(call: Call) -> Answer:
    """Which server this is, and whom it takes somebody for."""
    return Answer(200, {"server": call.guard.server, "principal": call.person})


def put_manifest(call: Call) -> Answer:
    """Keep what a client sends, by its digest, until a run names it."""
    from policy.records.runs.uploads import put_upload

    digest = call.place["digest"]
    if len(call.body) > MOST_BYTES:
        return describe(413, f"a manifest has at most {MOST_BYTES:,} bytes")
    # Which policy set judges it is known once a run names it.
    schemas = (judge.workspace.policy_set.schema for judge in call.panel.judges)
    sent = decode_for_any(call.body, schemas)
    if sent.digest != digest:
        message = f"the digest of what was sent is {sent.digest}, and not {digest[:80]}"
        raise PolicyError(Problem(message, "name it by the SHA-256 of its bytes"))
    try:
        new = put_upload(call.guard.ledger, call.person, digest, call.body)
    except LedgerError as error:
        # It can be kept, so that somebody may break the glass for it.
        kept = is_outage(error) and call.guard.keeper.outage.keep_upload(
            call.person, digest, call.body, datetime.now(UTC)
        )
        if not kept:
            raise
        new = True
    return Answer(201 if new else 200, {"digest": sent.digest, "project": sent.project})


def look_ahead(call: Call) -> Answer:
    """What would come of a run, without a record of it."""
    from mlflow.exceptions import MlflowException

    from policy.records.runs.rows import is_digest

    asked = read_object(call.body, ASKED)
    if asked.get("activity", "training") not in ACTIVITIES:
        raise PolicyError(Problem("the activity is not one that there is", f"write one of {', '.join(ACTIVITIES)}"))
    if asked.get("manifest") and not is_digest(asked["manifest"]):
        raise PolicyError(Problem("`manifest` is no digest", "write `sha256:` and 64 digits of a SHA-256"))
    named = [asked[key] for key in ("experiment_name", "experiment_id") if key in asked]
    if not named or "" in named:
        raise PolicyError(Problem("no experiment is named", "add `experiment_name` or `experiment_id`"))
    if len(asked.get("experiment_id", "")) > LONGEST_ID:
        raise PolicyError(Problem("the experiment's id is longer than any", "name it as MLflow does: by a number"))
    try:
        # One that is still to be made is governed by its name.
        made = SimpleNamespace(experiment_id="", name=asked.get("experiment_name", ""))
        return hear(call, find_experiment(asked) or made, asked)
    except MlflowException as error:
        return repeat(error)


def repeat(error: Any) -> Answer:
    """What MLflow itself says."""
    said = json.loads(error.serialize_as_json())
    return describe(error.get_http_status_code(), str(said.get("message", "")), code=str(said["error_code"]))


def find_experiment(asked: dict[str, str]) -> Any:
    """The experiment that is asked about; None where there is none yet."""
    store = get_tracking_store()
    if asked.get("experiment_id"):
        return store.get_experiment(asked["experiment_id"])
    return store.get_experiment_by_name(asked.get("experiment_name", ""))


def hear(call: Call, experiment: Any, asked: dict[str, str]) -> Answer:
    """The hearing of an attempt of which nothing is kept."""
    from policy.app.runs.attempt import ADMITTED, HELD, Attempt
    from policy.app.runs.texts import name_recorded

    binding = call.guard.find_binding(experiment)
    if binding is None:
        return Answer(200, {"verdict": "allow", "governed": False})
    attempt = Attempt(
        str(experiment.experiment_id),
        experiment.name,
        call.person,
        asked.get("manifest", ""),
        asked.get("activity", "training"),
    )
    admission = call.guard.hear(binding, attempt, asks=False)
    found = {"verdict": admission.verdict, "governed": True, "state": admission.state}
    if admission.state in (ADMITTED, HELD):
        # What is held is asked for by who begins the run.
        return Answer(200, found)
    refused = describe(403, f"Tunegate: {name_recorded(admission, '')}")
    return refused._replace(document={**refused.document, **found})
