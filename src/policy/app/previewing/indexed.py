"""Whether a recorded decision is what its entry and the index say: who writes to a table forges no verdict by that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.model.canonical import canonical_json
from policy.records.contents import INDEXED
from policy.records.entry import hash_leaf, leaf_bytes
from policy.records.faults import LedgerError
from policy.records.layout import COLUMNS
from policy.records.objects import DecisionRow, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.records.ledger import Ledger

BESIDE: Final = ("e.time", "e.type", "e.payload", "e.leaf", "p.body")
SELECT: Final = (
    f"SELECT {', '.join(f'd.{name}' for name in COLUMNS['decisions'])}, {', '.join(BESIDE)} FROM decisions d"  # noqa: S608 - names of our own
    " LEFT JOIN entries e ON e.seq = d.seq LEFT JOIN payloads p ON p.seq = d.seq"
)
"""Each decision of the index, with its entry and the payload of that."""

_DIGEST: Final = len("sha256:") + 64
_MARK: Final = b'},"format":"policy-decision-record/1","inputs":{"approvals":"'
_TIME: Final = b'","time":"'
# What stands between the subject's digest and the time.
_TABLES: Final = len('","tables":"') + 2 * _DIGEST


def split_row(found: Sequence[Any]) -> tuple[DecisionRow, Sequence[Any]]:
    """A row of SELECT: what the index says, and what stands beside it."""
    return DecisionRow._make(found[: -len(BESIDE)]), found[-len(BESIDE) :]


def is_whole(ledger: Ledger, row: DecisionRow, beside: Sequence[Any]) -> bool:
    """Whether the entry is the one that was hashed, and the payload that it names says what the index does.

    Of a payload that was erased it is enough that an entry says so.
    """
    time, kind, payload, leaf, body = beside
    try:
        if kind != "decision" or hash_leaf(leaf_bytes(ledger.id, row.seq, time, kind, payload)) != leaf:
            return False
        if body is None:
            return ledger.is_erased(payload)
        return digest_bytes(body) == payload and (_says_plainly(body, row) or _says(body, row))
    except (LedgerError, TypeError, ValueError):
        return False


def _says_plainly(body: bytes, row: DecisionRow) -> bool:
    """Whether the same is found where this version writes it: to parse a payload takes longer than to judge again.

    No text of a payload looks like this, for its quotation marks are written otherwise.
    """
    if any('"' in text for text in row[:-1] if text is not row.project):
        return False
    end = body.rfind(_MARK)
    time = body.rfind(_TIME, 0, end)
    if end < 0 or time < 0:
        return False
    verdict = f',"verdict":"{row.verdict}","waivers":"'.encode()
    stake = f'"{row.stake}"' if row.stake else "null"
    named = b'","project":' + canonical_json(row.project)
    before = (
        f',"policy_set":"{row.policy_set}'.encode() + named + f',"proposed":null,"stake":{stake},"subject":"'.encode()
    )
    return (
        body.startswith(f'","facts":"{row.facts}","'.encode(), end + len(_MARK) + _DIGEST)
        and body.startswith(verdict, end - 1 - _DIGEST - len(verdict))
        and body.startswith(f'{_TIME.decode()}{row.time}","training_config":'.encode(), time)
        and body.startswith(before, time - _TABLES - len(before))
        and f',"gate":"{row.gate}","id":"{row.decision_id}","manifest":'.encode() in body
    )


def _says(body: bytes, row: DecisionRow) -> bool:
    try:
        payload = json.loads(body)
        decision, inputs = payload["decision"], payload["inputs"]
        said = {column: decision[key] or "" for column, key in INDEXED.items()}
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return {**said, "facts": inputs["facts"], "seq": row.seq} == row._asdict()
