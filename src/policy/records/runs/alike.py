"""Decisions that are one: the same basis, approvals, gate and verdict on the same day, whoever asked and when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.model.canonical import canonical_json
from policy.records.faults import LedgerError
from policy.records.objects import DecisionRow, digest_bytes
from policy.records.runs.rows import RunRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from policy.records.objects import Draft
    from policy.records.planning import Prepared

    Read = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

# What rests on the same basis has the same facts, and by these an index finds what was decided at these two gates.
_FIND: Final = (
    "SELECT d.decision_id, e.payload, p.body FROM decisions d JOIN entries e ON e.seq = d.seq"
    " JOIN payloads p ON p.seq = d.seq WHERE d.facts = ? AND d.gate IN ('run', 'release') AND d.gate = ?"
    " AND d.project = ? AND d.verdict = ? AND d.policy_set = ? AND substr(d.time, 1, 10) = ? ORDER BY d.seq"
)


def find_alike(read: Read, decision: Draft | Prepared) -> str | None:
    """The id of the first decision on record that is the same as the one of a draft; `read` runs a query."""
    traits, wanted = list_traits(find_index(decision)), list_grounds(decision.payload)
    for decision_id, digest, body in read(_FIND, traits):
        # What was erased or changed says nothing any more.
        if body is not None and digest_bytes(body) == digest and list_grounds(json.loads(body)) == wanted:
            return str(decision_id)
    return None


def settle(read: Read, drafts: Sequence[Prepared]) -> Sequence[Prepared]:
    """The drafts, in which a decision that `joins` is the one alike, if there is one, and steps of runs name that.

    Whoever holds the lock asks, so that of several who decide the same at once the first is whom the others join.
    """
    if not any(draft.joins for draft in drafts):
        return drafts
    settled: list[Prepared] = []
    first: dict[tuple[Any, ...], str] = {}
    named: dict[str, str] = {}
    for draft in drafts:
        if draft.joins:
            index = find_index(draft)
            key = (*list_traits(index), *list_grounds(draft.payload))
            name = first.get(key) or find_alike(read, draft) or index.decision_id
            first[key] = named[index.decision_id] = name
            settled.append(draft._replace(index=index._replace(decision_id=name)))
        elif (
            isinstance(draft.index, RunRow)
            and named.get(draft.index.decision, draft.index.decision) != draft.index.decision
        ):
            settled.append(_rename(draft, draft.index, named[draft.index.decision]))
        else:
            settled.append(draft)
    return settled


def _rename(draft: Prepared, index: RunRow, decision_id: str) -> Prepared:
    payload = {**draft.payload, "decision": decision_id}
    body = canonical_json(payload)
    index = index._replace(decision=decision_id)
    return draft._replace(payload=payload, body=body, digest=digest_bytes(body), index=index)


def find_index(decision: Draft | Prepared) -> DecisionRow:
    """What a decision that is to be recorded is found by. Raises LedgerError where the draft is of none."""
    if not isinstance(decision.index, DecisionRow):
        raise LedgerError("draft", "what a run is decided by is the draft of a decision")
    return decision.index


def list_traits(index: DecisionRow) -> tuple[str, ...]:
    """What those that are alike have in common in the index."""
    return index.facts, index.gate, index.project, index.verdict, index.policy_set, index.time[:10]


def list_grounds(payload: Mapping[str, Any]) -> list[Any]:
    """What a decision's payload says it rests on, beside what it is found by."""
    return [payload["decision"].get(name) for name in ("basis", "approvals")]
