"""Webhooks of a server: sent by a thread of each worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.gates.mlflow.server.webhooks.sender import Sender

if TYPE_CHECKING:
    from policy.gates.mlflow.server.guard import Guard


def start_webhooks(flask: Any, guard: Guard) -> Sender:
    """Begin to send; a process that was forked from this one begins with the first request that it serves."""
    sender = Sender(guard)
    sender.start()
    flask.before_request_funcs.setdefault(None, []).insert(0, sender.start)
    return sender
