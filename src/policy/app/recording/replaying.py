"""A recorded decision made again from what is recorded of its inputs, and held against what it was."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from policy.app.recording.differences import Difference, find_differences, take_over
from policy.app.recording.rebuilding import rebuild_policy_set
from policy.app.recording.records import FORMAT, redact_payload
from policy.engine.judge import judge
from policy.engine.recording import ENGINE
from policy.errors import PolicyError, Problem
from policy.model.canonical import canonical_json, digest
from policy.model.recorded.exceptions import decode_approvals, decode_waivers
from policy.model.recorded.facts import decode_facts, list_misfits
from policy.model.recorded.sources import decode_sources
from policy.records.lookup import say_unfound
from policy.records.objects import Erased
from policy.reports.json_report import decision_document
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from policy.model.decision import Decision
    from policy.records.entry import Entry
    from policy.records.lookup import Named

    class Ledger(Protocol):
        """What is asked of a ledger."""

        id: str

        def get_object(self, digest: str) -> bytes | Erased | None: ...
        def get_payload(self, entry: Entry) -> bytes | Erased | None: ...

    class NamedLedger(Ledger, Protocol):
        """And who is asked by a name."""

        def find_named(self, name: str) -> Named | None: ...


INPUTS: Final = ("facts", "policy_set", "waivers", "tables", "approvals")
PLURAL: Final = frozenset(INPUTS) - {"policy_set"}
# What is not judged again: what a proposal would have done, and what was known before.
TAKEN_OVER: Final = ("proposed", "baseline")
VERIFY: Final = "`policy ledger verify` says what else is wrong"


class Replayed(NamedTuple):
    """What came of judging again: the recorded decision and where in the ledger it is, and what differs now.

    `redacted` says where something had been taken out, of the facts or of a file; where that changed an outcome, the
    record is not `complete`. `misfits` are facts that this version does not know any more.
    """

    ledger: str
    seq: int
    recorded_at: str
    decision: dict[str, Any]
    engine: str
    redacted: Mapping[str, Any]
    complete: bool
    misfits: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether every byte is the same, but for the version that judged and the digests that follow from it."""
        return not self.differences

    @property
    def engine_then(self) -> str:
        """The version that judged first."""
        return str(self.decision.get("engine"))


def replay_named(ledger: NamedLedger, name: str) -> Replayed:
    """Judge again the decision of an entry's number, of an id, or of what only one id begins with."""
    found = ledger.find_named(name)
    if found is None:
        raise say_unfound("there is no decision", name)
    if found.entry.type != "decision":
        message = f"entry {found.entry.seq:,} records no decision: its type is `{found.entry.type}`"
        raise PolicyError(Problem(message, "`policy ledger list --type decision` shows the last ones"))
    return replay_entry(ledger, found.entry, found.decision)


def replay_entry(ledger: Ledger, entry: Entry, decision_id: str = "") -> Replayed:
    """The same of an entry, which is that of a decision, where its id is known. Raises PolicyError."""
    reader = Reader(ledger, f"the decision at entry {entry.seq:,}")
    payload = reader.read_record(entry)
    check_payload(payload, reader.what)
    if decision_id:
        refuse_another(payload, decision_id, reader.what)
    documents = {name: reader.read_json(payload["inputs"][name], name.replace("_", " ")) for name in INPUTS}
    sources = decode_sources(documents["policy_set"])
    policy_set = rebuild_policy_set(sources, reader.read_source)
    facts = decode_facts(documents["facts"], policy_set.schema)
    recorded = payload["decision"]
    decision = judge(
        policy_set,
        facts,
        gate=recorded["gate"],
        now=read_time(payload["judged_at"]),
        waivers=decode_waivers(documents["waivers"]),
        approvals=decode_approvals(documents["approvals"]),
    )
    again = decision_document(rename_engine(decision, recorded["engine"]))
    again = redact_payload(take_over(again, recorded, TAKEN_OVER), complete=payload["complete"])
    written = json.loads(canonical_json(again))
    return Replayed(
        ledger.id,
        entry.seq,
        entry.time,
        recorded,
        ENGINE,
        {**payload["redacted"], **sources.masked},
        payload["complete"],
        list_misfits(documents["facts"], policy_set.schema),
        tuple(find_differences(recorded, written)),
    )


def read_time(text: str) -> datetime:
    """The moment of judging. Raises PolicyError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PolicyError(Problem("the recorded time of judging cannot be read", VERIFY))
    return moment


def rename_engine(decision: Decision, engine: str) -> Decision:
    """The decision as if a version of that name had made it: only the digests that the name is part of change."""
    inputs = {
        "policy_set": decision.policy_set,
        "subject": decision.subject_digest,
        "evidence": decision.evidence,
        "waivers": decision.waivers,
        "tables": decision.tables,
        "engine": engine,
    }
    basis = digest(inputs)
    named = {"basis": basis, "approvals": decision.approvals, "gate": decision.gate, "time": decision.time}
    return decision._replace(engine=engine, basis=basis, id=digest(named))


def check_payload(payload: Any, what: str) -> None:
    """Raises PolicyError for a payload that no version wrote."""
    form = payload.get("format") if type(payload) is dict else None
    if form != FORMAT:
        message = f"{what} is of the format `{str(form)[:40]}`, and this version reads {FORMAT}"
        raise PolicyError(Problem(message, "replay it with the version that recorded it, or a later one"))
    decision, inputs = payload.get("decision"), payload.get("inputs")
    right = (
        type(decision) is dict
        and all(type(decision.get(key)) is str for key in ("id", "gate", "engine", "time", "verdict", "project"))
        and type(inputs) is dict
        and all(type(inputs.get(name)) is str for name in INPUTS)
        and type(payload.get("judged_at")) is str
        and type(payload.get("complete")) is bool
        and type(payload.get("redacted")) is dict
    )
    if not right:
        raise PolicyError(Problem(f"{what} lacks what every record has", VERIFY))


def refuse_another(payload: Any, decision_id: str, what: str) -> None:
    """Raises PolicyError where the index led to another decision than the one that was asked for."""
    found = payload["decision"]["id"]
    if found.removeprefix("sha256:") != decision_id.removeprefix("sha256:"):
        raise PolicyError(Problem(f"{what} is another one than `{decision_id}`: `{found}`", VERIFY))


class Reader:
    """Reads objects of a ledger that belong to one decision."""

    def __init__(self, ledger: Ledger, what: str) -> None:
        self._ledger = ledger
        self.what = what

    def read(self, digest: str, name: str) -> bytes:
        """The bytes of an object. Raises PolicyError for one that is gone, and says why."""
        return self._hold(self._ledger.get_object(digest), digest, name)

    def _hold(self, found: bytes | Erased | None, digest: str, name: str) -> bytes:
        if isinstance(found, Erased):
            were = "were" if name in PLURAL else "was"
            message = f"{self.what} cannot be judged again: its {name} {were} erased"
            said = f"{found.time}, by {found.by}, as entry {found.seq:,} records: {found.reason}"
            raise PolicyError(Problem(f"{message} ({said})", "the entry and its hash stay, and verify as before"))
        if found is None:
            are = "are" if name in PLURAL else "is"
            raise PolicyError(Problem(f"{self.what} cannot be judged again: its {name} {are} gone ({digest})", VERIFY))
        return found

    def read_json(self, digest: str, name: str) -> Any:
        """The value of an object. Raises PolicyError."""
        return self._parse(self.read(digest, name), name)

    def read_record(self, entry: Entry) -> Any:
        """What the entry of the decision says. Raises PolicyError."""
        return self._parse(self._hold(self._ledger.get_payload(entry), entry.payload, "record"), "record")

    def _parse(self, body: bytes, name: str) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            are = "are" if name in PLURAL else "is"
            raise PolicyError(
                Problem(f"{self.what} cannot be judged again: its {name} {are} no JSON", VERIFY)
            ) from None

    def read_source(self, digest: str) -> bytes:
        """The bytes of a file of the policy set. Raises PolicyError."""
        return self.read(digest, "policy set")
