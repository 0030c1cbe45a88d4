"""What the gate has done, as Prometheus asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.gates.mlflow.server.api.exchange import Answer
from policy.gates.mlflow.server.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from policy.gates.mlflow.server.api.exchange import Call


def tell_metrics(call: Call) -> Answer:
    """Counts and times of all workers of this server together."""
    return Answer(200, {}, kind=CONTENT_TYPE, text=call.guard.keeper.metrics.render().decode())
