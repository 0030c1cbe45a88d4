"""A decision and its basis as what is recorded; it is made where the decision is, and can be sent elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.recording.redaction import recognise_all, recognise_secrets
from policy.engine.recording import ENGINE
from policy.model.canonical import canonical_json
from policy.model.recorded.exceptions import encode_approvals, encode_waivers
from policy.model.recorded.facts import encode_facts
from policy.records.objects import DecisionRow, Draft, StoredObject, store_json
from policy.records.redaction import Redactor
from policy.reports.json_report import decision_document, source_document
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from policy.app.recording.judging import Basis
    from policy.model.decision import Decision
    from policy.model.proposal import PoliciesFrom
    from policy.model.tables import Tables

FORMAT: Final = "policy-decision-record/1"
TABLES: Final = "policy-tables/1"


class Record(NamedTuple):
    """One decision to be recorded: its payload, but for the policy set, and the objects of its inputs by their use."""

    payload: dict[str, Any]
    objects: dict[str, StoredObject]


def make_record(decision: Decision, basis: Basis, now: datetime, source: PoliciesFrom | None = None) -> Record:
    """The record of a decision that is finished, made at a moment by the policies of a `source`."""
    recorded = basis.decision._replace(proposed=decision.proposed, baseline=decision.baseline)
    objects = {
        "facts": store_json("facts", encode_facts(basis.facts, basis.redacted)),
        "waivers": store_json("waivers", encode_waivers(basis.waivers)),
        "approvals": store_json("approvals", encode_approvals(basis.approvals)),
    }
    payload = {
        "format": FORMAT,
        "decision": redact_payload(decision_document(recorded), complete=basis.complete),
        "actor": None,
        "tool": ENGINE,
        "judged_at": now.isoformat(),
        "policies_from": source_document(source),
        "redacted": basis.redacted,
        "complete": basis.complete,
    }
    return Record(payload, objects)


def redact_payload(document: Any, *, complete: bool) -> Any:
    """A decision without the secrets that texts of policies hold; one that was made with more without all of that."""
    recognise = recognise_secrets if complete else recognise_all
    # Next to no policy holds one: to look at each text by itself takes longer than all else that a record does.
    if not any(True for _ in recognise(canonical_json(document))):
        return document
    return Redactor(recognise).redact_value(document)


def make_draft(
    record: Record,
    policy_set: Sequence[StoredObject],
    tables: StoredObject,
    place: dict[str, str] | None = None,
    actor: str | None = None,
) -> Draft:
    """What is appended; the first object of the policy set is the document that lists the others.

    `place` is where the policy set is in use, `actor` the id of the person who had it judged.
    """
    given = {**record.objects, "policy_set": policy_set[0], "tables": tables}
    inputs = {name: item.digest for name, item in given.items()}
    decision = record.payload["decision"]
    index = DecisionRow(
        decision_id=decision["id"],
        project=decision["project"],
        gate=decision["gate"],
        verdict=decision["verdict"],
        time=decision["time"],
        policy_set=decision["policy_set"],
        facts=inputs["facts"],
        stake=decision["stake"] or "",
    )
    payload = {**record.payload, "actor": actor, "inputs": inputs, "place": place}
    return Draft("decision", payload, (*record.objects.values(), tables, *policy_set), index)


def describe_tables(tables: Tables) -> StoredObject:
    """The dated tables by their digests; their files are among those of the policy set."""
    digests = {name: table.digest for name, table in tables.by_name.items()}
    return store_json("tables", {"format": TABLES, "digest": tables.digest, "tables": digests})
