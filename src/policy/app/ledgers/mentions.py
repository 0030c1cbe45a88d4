"""Where a person's name stands in what decisions were judged with: approvals and waivers, which are judged by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.records.people import fold_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.records.ledger import Ledger

_NAMING: Final = "SELECT digest, body FROM objects WHERE kind IN ('approvals', 'waivers') AND body IS NOT NULL"


def list_mentions(ledger: Ledger, name: str) -> list[str]:
    """The digests of the recorded approvals and waivers in which a person is named, under any spelling."""
    folded = fold_name(name)
    return [digest for digest, body in ledger.read(_NAMING) if folded in map(fold_name, _list_texts(body))]


def _list_texts(body: bytes) -> Iterator[str]:
    """Every text in a document; of what is no JSON nothing: `policy ledger verify` names it."""
    try:
        open_values: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while open_values:
        value = open_values.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            open_values += value.values()
        elif isinstance(value, list):
            open_values += value
