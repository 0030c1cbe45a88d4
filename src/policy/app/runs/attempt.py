"""A run that somebody wants to begin, resume or release from, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.runs.precedents import Precedent
    from policy.model.decision import Decision
    from policy.model.fact import Fact
    from policy.model.mlflow_settings import Binding
    from policy.records.objects import Draft
    from policy.records.requests.asking import Asked

TRAINING: Final = "training"
ADMITTED, HELD, REFUSED, REOPENED = "admitted", "held", "refused", "reopened"


class Attempt(NamedTuple):
    """What is known when a run is asked for: `manifest` is the digest of what was sent, or empty.

    `principal` is whom the server authenticated; `logged` is what the run has
    told of itself, which is empty before it has begun. `run` is the id of a run that is there already.
    """

    experiment: str
    experiment_name: str
    principal: str
    manifest: str = ""
    activity: str = TRAINING
    run: str = ""
    parent: str = ""
    logged: tuple[Fact, ...] = ()


class Admission(NamedTuple):
    """What comes of an attempt: its `state`, the `verdict` that takes effect there, and the `text` for who is refused.

    `project` is empty where it is not known. `draft` records the decision; there is none where nothing was judged, or
    where the decision of a `precedent` is recorded already. `glass` is the id of the request by which somebody let it
    pass while the ledger was down. `reason` is why somebody is refused before any policy is asked: `principal`,
    `manifest` (there is none of that digest), `form` (it cannot be read), or `project`.
    """

    attempt: Attempt
    binding: Binding
    state: str
    verdict: str
    text: str = ""
    project: str = ""
    decision: Decision | None = None
    draft: Draft | None = None
    asked: Asked | None = None
    precedent: Precedent | None = None
    glass: str = ""
    reason: str = ""
