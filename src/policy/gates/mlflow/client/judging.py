"""A run judged in the process that begins it; what may begin is not judged again for a while."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.intent import find_manifest, read_intent
from policy.app.runs.recent import Recent
from policy.gates.mlflow.client.server import say_once

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME: Final = "policy+"
"""What begins an address where runs are judged by who begins them."""

OFF: Final = "`POLICY_OFF` is set: runs begin unjudged"
# A sweep judges once what is the same; data may have changed after that.
KEPT_SECONDS: Final = 600.0
REMEMBERED: Final = 1000
_ADMITTED: Final[Recent[tuple[str, ...], float]] = Recent(REMEMBERED)


def strip_scheme(address: str) -> str:
    """The address that MLflow knows."""
    return address.removeprefix(SCHEME)


def judge_run(experiment: Any, tags: Mapping[str, str]) -> None:
    """Judge a run of an experiment of MLflow's that shall begin with these tags. Raises PolicyError, RunRefused."""
    from policy.app.runs.attempt import TRAINING
    from policy.app.runs.here import Occasion, judge_here
    from policy.app.runs.sent import ACTIVITIES, ACTIVITY_TAG

    intent = read_intent()
    if intent.off:
        say_once(OFF)
        return
    manifest = find_manifest(intent) or ""
    stated = tags.get(ACTIVITY_TAG, "")
    activity = (stated if stated in ACTIVITIES else "") or intent.activity or TRAINING
    occasion = Occasion(manifest, activity, experiment.name, str(experiment.experiment_id), intent.folder)
    known = (*occasion, digest_file(manifest))
    since = _ADMITTED.find(known)
    if since is not None and time.monotonic() - since < KEPT_SECONDS:
        return
    said = judge_here(occasion, datetime.now(UTC))
    if said:
        say_once(said)
    _ADMITTED.keep(known, time.monotonic())


def digest_file(file: str) -> str:
    """Empty where none is named."""
    if not file:
        return ""
    with open(file, "rb") as stream:
        return sha256(stream.read()).hexdigest()
