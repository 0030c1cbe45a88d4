"""Glass that was broken while the ledger was down, recorded afterwards with its own time; its review is owed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.records.objects import StoredObject, store_json
from policy.records.requests.asking import APPROVAL, STATED
from policy.records.requests.desk import open_desk
from policy.records.requests.queries import find_row, list_events
from policy.records.requests.refusals import check_name, check_text
from policy.records.requests.rows import APPROVED, PENDING, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.records.ledger import Ledger
    from policy.records.requests.desk import Desk
    from policy.records.spool_statements import Statement

GATE: Final = "run"


def record_glass(ledger: Ledger, statement: Statement) -> bool:
    """Record it as a request and its override; whether it was on no record. Raises PolicyError, ValueError."""
    said = statement.said
    check_name(said["person"])
    for name in said["principals"]:
        check_name(name, "name of who trains")
    with open_desk(ledger) as desk:
        known = find_row(desk.session, said["request"])
        if known is not None:
            refuse_other(desk, known, statement)
            return False
        document = store_json("request", said["document"])
        row = make_row(statement, document)
        marked = mark_spooled(statement)
        row = row._replace(seq=_open(desk, row, said, marked, document))
        _break(desk, row, said, marked)
        return True


def mark_spooled(statement: Statement) -> dict[str, Any]:
    """What an entry says that comes from a spool: which statement it was, and when that was made."""
    return {"id": statement.id, "time": statement.time}


def refuse_other(desk: Desk, row: Row, statement: Statement) -> None:
    """Raises ValueError where a request of the same id is not the one of this statement."""
    opening = list_events(desk.session, row.id)[0].payload
    if opening is not None and opening.get("spooled") != mark_spooled(statement):
        raise ValueError(f"the ledger has another request `{row.id}`")


def make_row(statement: Statement, document: StoredObject) -> Row:
    """The request, bound to this statement alone: it lets nothing else pass."""
    said = statement.said
    return Row(
        id=said["request"],
        kind=APPROVAL,
        project=said["project"],
        gate=GATE,
        stake=store_json("stake", mark_spooled(statement)).digest,
        subject="",
        state=PENDING,
        asked=statement.time,
        expires=said["ends"],
        ends=None,
        runs=None,
        uses=0,
        votes=0,
        overridden=0,
        document=document.digest,
        staked="",
        policy_set=said["policy_set"],
        seq=0,
        decided=None,
        reviewed=None,
    )


def _open(desk: Desk, row: Row, said: Mapping[str, Any], marked: dict[str, Any], document: StoredObject) -> int:
    requesters = list(dict.fromkeys(map(desk.name_person, said["principals"])))
    contributors = sorted({desk.name_person(check_name(name)) for name in said["contributors"]})
    stated = {name: getattr(row, name) for name in STATED}
    first, others = requesters[0], requesters[1:]
    people = {"requester": first, "requesters": others, "contributors": contributors}
    seq = desk.note("request", row.id, {"event": "asked", **stated, **people, "spooled": marked}, [document])
    desk.insert("requests", row._replace(seq=seq))
    parts = [*((one, "requester") for one in requesters), *((one, "contributor") for one in contributors)]
    desk.insert("request_people", *((row.id, person, part, seq) for person, part in parts))
    desk.insert("request_events", (seq, row.id, "asked"))
    return seq


def _break(desk: Desk, row: Row, said: Mapping[str, Any], marked: dict[str, Any]) -> None:
    stated = {
        "event": "override",
        "kind": row.kind,
        "project": row.project,
        "gate": row.gate,
        "stake": row.stake,
        "person": desk.name_person(said["person"]),
        "reason": check_text(said["reason"], "reason"),
        "state": APPROVED,
        "ends": said["ends"],
        "spooled": marked,
    }
    seq = desk.note("override", row.id, stated)
    desk.swap("state = 'approved', ends = ?, overridden = 1", "id = ? AND state = 'pending'", (said["ends"], row.id))
    desk.insert("request_events", (seq, row.id, "override"))
    desk.swap("decided = ?", "id = ? AND decided IS NULL", (seq, row.id))
