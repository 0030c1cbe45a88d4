"""What a trusted CI has seen of the data that a run names: facts of decisions on record, which then are attested."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError
from policy.model.fact import ABSENT
from policy.model.recorded.facts import decode_facts
from policy.records.objects import Erased
from policy.records.people import find_name, fold_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.model.fact import Fact
    from policy.model.schema import Schema
    from policy.records.ledger import Ledger

GATE: Final = "ci"
DATA: Final = "data.digest"
# So many of a project's decisions are looked through, among so many entries of the ledger, the last ones first.
LOOKED_AT: Final = 50
LOOKED_BACK: Final = 100_000
_LAST: Final = "SELECT decision_id FROM decisions WHERE project = ? AND gate = ? AND seq > ? ORDER BY seq DESC LIMIT ?"
# What holds of a checkout, or of the time when it was judged, and not of the data and the project.
_OWN: Final = ("manifest.", "approval.", "run.", "evidence.", "provider.")


def find_attested(
    ledger: Ledger, schema: Schema, project: str, claims: Iterable[Fact], attesters: Iterable[str]
) -> tuple[Fact, ...]:
    """What the last decision attests that one of the `attesters` recorded about the same project and data.

    Nothing, where what was sent does not say which data it is about.
    """
    digest = next((claim.value for claim in claims if claim.path == DATA), None)
    trusted = {fold_name(name) for name in attesters}
    if not trusted or not isinstance(digest, str):
        return ()
    for decision_id, payload in list_decisions(ledger, project):
        actor = payload.get("actor")
        name = find_name(ledger, actor) if isinstance(actor, str) else None
        if name is None or fold_name(name) not in trusted:
            continue
        seen = [fact for fact in read_facts(ledger, payload, schema) if fact.origin in ("observed", "attested")]
        if any(fact.path == DATA and fact.value == digest for fact in seen):
            return tuple(attest(seen, f"{name}: decision {decision_id}"))
    return ()


def attest(seen: Iterable[Fact], source: str) -> Iterator[Fact]:
    """The facts as somebody else's word; where they stood does not matter to who has not the files."""
    for fact in seen:
        if fact.value is not ABSENT and not fact.path.startswith(_OWN):
            yield fact._replace(origin="attested", source=source, location=None)


def list_decisions(ledger: Ledger, project: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The last decisions about a project at the gate `ci`, the newest first, with their payloads."""
    size, _ = ledger.head()
    for (decision_id,) in ledger.read(_LAST, (project, GATE, size - LOOKED_BACK, LOOKED_AT)):
        entry = ledger.find_decision(decision_id)
        body = ledger.get_payload(entry) if entry is not None else None
        if isinstance(body, bytes):
            payload = json.loads(body)
            if isinstance(payload, dict):
                yield decision_id, payload


def read_facts(ledger: Ledger, payload: dict[str, Any], schema: Schema) -> tuple[Fact, ...]:
    """The facts of a decision; none where they were erased or cannot be read."""
    inputs = payload.get("inputs")
    digest = inputs.get("facts") if isinstance(inputs, dict) else None
    body = ledger.get_object(digest) if isinstance(digest, str) else None
    if body is None or isinstance(body, Erased):
        return ()
    try:
        return decode_facts(json.loads(body), schema).claims
    except (PolicyError, ValueError):
        return ()
