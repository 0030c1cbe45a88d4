"""Whom an MLflow server tells of requests, as a policy set says it: addresses, and the names of secrets' variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.loading.policy_sets.mlflow_webhook_kinds import ADDRESS, EVENT, SERVER, VARIABLE, WITHIN
from policy.loading.policy_sets.settings import refuse_name
from policy.model.kinds import list_of
from policy.model.mlflow_settings import EXPIRING_WITHIN, WEBHOOK_EVENTS, Webhook
from policy.model.reading import NOTHING
from policy.source.node import Mapping, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.kinds import Kind
    from policy.model.reading import FactReader
    from policy.source.node import Node

WHAT: Final = "mlflow.webhooks"
EXAMPLE: Final = "{url: 'https://hooks.example.com/policy', secret_env: POLICY_WEBHOOK_SECRET}"
MOST: Final = 20
# Two while one is replaced by the other.
MOST_SECRETS: Final = 2
KEYS: Final = ("url", "secret_env", "events", "expiring_within", "server_url")


def read_webhooks(values: FactReader, node: Node | None) -> Iterator[Webhook]:
    """Each webhook that is whole; what is wrong is noted."""
    if node is None:
        return
    if not isinstance(node, Sequence):
        values.refuse(node, f"`{WHAT}` needs a list", f"write `webhooks: [{EXAMPLE}]`")
        return
    if not 0 < len(node.items) <= MOST:
        message = f"`{WHAT}` is empty" if not node.items else f"`{WHAT}` has more than {MOST} entries"
        values.refuse(node, message, f"write `webhooks: [{EXAMPLE}]`, or leave it out")
        return
    seen: set[str] = set()
    for item in node.items:
        webhook = _read_webhook(values, item)
        if webhook is not None and webhook.url in seen:
            values.refuse(item, "another webhook has the same address", "say all that it is told in one entry")
        elif webhook is not None:
            seen.add(webhook.url)
            yield webhook


def _read_webhook(values: FactReader, node: Node) -> Webhook | None:
    if not isinstance(node, Mapping):
        values.refuse(node, "a webhook needs an address and a secret", f"write `- {EXAMPLE}`")
        return None
    entries = dict(_list_entries(values, node))
    if len(entries) == len(node.entries):
        for key in ("url", "secret_env"):
            if key not in entries:
                values.refuse(node, f"the webhook has no `{key}`", f"write `- {EXAMPLE}`")
    url = _read_one(values, ADDRESS, entries.get("url"), "url", "")
    secrets = _read_several(values, VARIABLE, entries.get("secret_env"), "secret_env", MOST_SECRETS)
    events = _read_several(values, EVENT, entries.get("events"), "events", len(WEBHOOK_EVENTS))
    within = _read_one(values, WITHIN, entries.get("expiring_within"), "expiring_within", EXPIRING_WITHIN)
    server = _read_one(values, SERVER, entries.get("server_url"), "server_url", "")
    if not url or not secrets:
        return None
    return Webhook(url, secrets, events or WEBHOOK_EVENTS, within, server, node.location(values.file))


def _list_entries(values: FactReader, node: Mapping) -> Iterator[tuple[str, Node]]:
    for text, (key, inner) in node.entries.items():
        if text in KEYS:
            yield text, inner
        else:
            refuse_name(values, key, "key of a webhook", text, KEYS)


def _read_one(values: FactReader, kind: Kind, node: Node | None, key: str, default: Any) -> Any:
    value = NOTHING if node is None else values.read_value(kind, node, f"{WHAT}.{key}")
    return default if value is NOTHING else value


def _read_several(values: FactReader, kind: Kind, node: Node | None, key: str, most: int) -> tuple[str, ...]:
    """One or a list; nothing where it is not said, and where it cannot be read."""
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        value = _read_one(values, kind, node, key, "")
        return (value,) if value else ()
    if not 0 < len(node.items) <= most:
        message = f"`{WHAT}.{key}` is empty" if not node.items else f"`{WHAT}.{key}` has more than {most} items"
        values.refuse(node, message, f"name 1 to {most}")
        return ()
    found: Any = values.read_value(list_of(kind), node, f"{WHAT}.{key}")
    return () if found is NOTHING else tuple(found.items)
