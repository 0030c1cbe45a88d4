"""Recording a decision that begins no run, once however often somebody tries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from policy.records.runs.alike import find_alike, find_index

if TYPE_CHECKING:
    from policy.records.ledger import Ledger
    from policy.records.objects import Draft

STOPPING: Final = ("block", "hold")
"""Effects by which no run begins, the harder first."""


def record_decision(ledger: Ledger, decision: Draft) -> str:
    """Record it, unless the same one of that day is on record; durable when it returns. Raises LedgerError.

    Gives the id by which it is on record.
    """
    known = find_alike(ledger.read, decision)
    if known is None:
        ledger.append([decision._replace(joins=True)])
        # Somebody else may have recorded the same meanwhile.
        known = find_alike(ledger.read, decision)
    return known or find_index(decision).decision_id


def find_kept_back(ledger: Ledger, decision_id: str) -> str:
    """What a decision would have done to the run, had nobody only watched: `hold`, `block`, or nothing.

    The mode of an experiment leaves the verdict as it is; that of the gate leaves it to the outcomes to say.
    """
    entry = ledger.find_decision(decision_id)
    body = ledger.get_payload(entry) if entry is not None else None
    decision = json.loads(body).get("decision") if isinstance(body, bytes) else None
    if not isinstance(decision, dict):
        return ""
    outcomes = decision.get("outcomes") if decision.get("mode") != "enforce" else ()
    effects = [decision.get("verdict"), *(one.get("would_be") for one in outcomes or ())]
    return next((effect for effect in STOPPING if effect in effects), "")
