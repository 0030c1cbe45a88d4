"""What a ledger has of a period: decisions as they stream by, requests, people, and what it was when it was read."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from policy.app.auditing.documents import FORMAT
from policy.app.auditing.entries import Entries
from policy.app.auditing.period import bound_period
from policy.app.auditing.requests import TYPES, Step
from policy.errors import PolicyError, Problem
from policy.model.audit import Checkpoint, LedgerState
from policy.records.faults import LedgerError
from policy.records.objects import digest_bytes
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.app.auditing.documents import Reader
    from policy.app.auditing.tally import Tally
    from policy.model.audit import Scope
    from policy.records.ledger import Ledger
    from policy.records.objects import DecisionRow

CHUNK: Final = 500
_MARKS: Final = ", ".join("?" * len(TYPES))
_STEPS: Final = (
    "SELECT e.seq, e.time, e.type, e.payload, p.body FROM entries e LEFT JOIN payloads p ON p.seq = e.seq"  # noqa: S608 - marks
    f" WHERE e.type IN ({_MARKS}) AND e.time < ? AND e.seq > ? AND e.seq <= ? ORDER BY e.seq LIMIT {CHUNK}"
)
_EARLIER: Final = (
    "SELECT project, max(time) FROM decisions WHERE time < ? AND seq <= ? GROUP BY project ORDER BY project"
)
_CHECKPOINT: Final = "SELECT size, note FROM checkpoints WHERE size <= ? ORDER BY size DESC LIMIT 1"
# A claim of recorded facts: path, value, origin.
_CLAIM: Final = 3
DATE: Final = len("2026-12-31")
# What makes a name a pattern.
MARKS: Final = frozenset("*?[")


class Overview(NamedTuple):
    """What the index of decisions tells before any of them is read.

    `newest` are policy sets with the entry of their last decision, the newest first; `owners` team and contact of each
    project, by its last decision; decisions of the projects in `disordered` were not recorded in the order of their
    times.
    """

    newest: list[tuple[str, int]]
    owners: dict[str, tuple[str, str]]
    disordered: set[str]


class Recorded:
    """An open ledger within a scope, as it was when it had `size` entries."""

    def __init__(self, ledger: Ledger, scope: Scope, size: int | None = None) -> None:
        self.ledger = ledger
        self.scope = scope
        head, _ = ledger.head()
        self.size = head if size is None else size
        if self.size > head:
            message = f"the ledger has {head:,} entries, and {size:,} are asked for"
            remedy = "ask for no more than it has; if it had them once, it was cut: `policy ledger verify` says more"
            raise PolicyError(Problem(message, remedy))
        self.entries = Entries(ledger, self.size)
        self.bounds = bound_period(scope.period)
        first, last = self.bounds
        self._filters = {"until": last, **({"since": first} if first else {})}
        if len(scope.projects) == 1 and not MARKS & set(scope.projects[0]):
            self._filters["project"] = scope.projects[0]

    def look_over(self) -> Overview:
        """One pass over the index."""
        last: dict[str, int] = {}
        facts: dict[str, str] = {}
        times: dict[str, str] = {}
        disordered: set[str] = set()
        for row in self._list_rows(self.ledger.read_decisions(**self._filters)):
            last[row.policy_set] = row.seq
            if row.time >= times.get(row.project, ""):
                facts[row.project], times[row.project] = row.facts, row.time
            else:
                disordered.add(row.project)
        newest = sorted(last.items(), key=lambda item: -item[1])
        owners = {project: self.read_owner(digest) for project, digest in facts.items()}
        return Overview(newest, owners, disordered)

    def _list_rows(self, rows: Iterator[DecisionRow]) -> Iterator[DecisionRow]:
        return (row for row in rows if row.seq <= self.size and wants_name(row.project, self.scope.projects))

    def read_owner(self, digest: str) -> tuple[str, str]:
        """Team and contact that recorded facts declare; empty where they do not, or are erased."""
        document = self._read_json(digest)
        claims = document.get("claims") if type(document) is dict else None
        said = {"owner.team": "", "owner.contact": ""}
        for claim in claims if type(claims) is list else ():
            if type(claim) is list and len(claim) >= _CLAIM and claim[0] in said and type(claim[1]) is str:
                said[claim[0]] = said[claim[0]] or claim[1]
        return said["owner.team"], said["owner.contact"]

    def count(self, tally: Tally, reader: Reader, wants: Callable[[str], bool]) -> set[str]:
        """Stream every decision in scope into the tally; the digests of the waivers that were looked at."""
        waivers: set[str] = set()
        for row, body in self.ledger.read_payloads(**self._filters):
            if row.seq > self.size:
                break
            if wants(row.project) and self._is_whole(row.seq, body):
                self._count_one(row, body, tally, reader, waivers)
        return waivers

    def _is_whole(self, seq: int, body: bytes | None) -> bool:
        """Whether a payload is what its entry names, or an entry says that it was erased; if not, that is kept."""
        digest = self.entries.find_payload(seq)
        try:
            whole = digest_bytes(body) == digest if body is not None else self.ledger.is_erased(digest)
        except (LedgerError, TypeError):
            whole = False
        if not whole:
            self.entries.changed.add(seq)
        return seq not in self.entries.changed

    def _count_one(self, row: DecisionRow, body: bytes | None, tally: Tally, reader: Reader, waivers: set[str]) -> None:
        if body is None:
            tally.erased += 1
            return
        try:
            payload = json.loads(body)
            found = reader.read(payload["decision"] if payload["format"] == FORMAT else None)
            inputs = payload["inputs"]
            recorded, facts = inputs["waivers"], inputs["facts"]
        except (ValueError, KeyError, TypeError, RecursionError):
            tally.unread += 1
            return
        stated = (found.decision, found.project, found.gate, found.verdict, found.time, found.policy_set, facts)
        if stated != row[: len(stated)]:
            # It was found by what the index says, which would let anything slip into a period or out of it.
            self.entries.changed.add(row.seq)
            return
        if reader.policies and not found.policies:
            tally.pass_over(found)
            return
        tally.add(found, row.seq, facts)
        tally.late += not self.entries.time.startswith(found.time[:DATE])
        waivers.add(recorded)

    def read_waivers(self, digests: set[str]) -> Iterator[Any]:
        """The waivers of some digests; what is erased or of no format that is known gives none."""
        from policy.model.recorded.exceptions import decode_waivers

        for digest in sorted(map(str, digests)):
            try:
                yield from decode_waivers(self._read_json(digest))
            except PolicyError:
                continue

    def read_steps(self) -> Iterator[Step]:
        """The entries about requests up to the end of the period."""
        last = 0
        while rows := self.ledger.read(_STEPS, (*TYPES, self.bounds.last, last, self.size)):
            for seq, time, kind, digest, body in rows:
                if body is not None and digest_bytes(body) != digest:
                    self.entries.changed.add(seq)
                    continue
                yield Step(seq, time, kind, _parse(body) if body is not None else None)
            last = rows[-1][0]

    def read_document(self, digest: object) -> dict[str, Any]:
        """What a request is about; empty where it is erased."""
        found = self._read_json(digest) if type(digest) is str else None
        return found if type(found) is dict else {}

    def _read_json(self, digest: str) -> Any:
        found = self.ledger.get_object(digest)
        return _parse(found) if isinstance(found, bytes) else None

    def list_earlier(self) -> Iterator[tuple[str, str]]:
        """Every project in scope with the time of its last decision before the end of the period."""
        rows = self.ledger.read(_EARLIER, (self.bounds.last, self.size))
        return ((str(name), str(time)) for name, time in rows if wants_name(str(name), self.scope.projects))

    def list_projects(self) -> set[str]:
        """Every project that decisions were ever recorded of."""
        rows = self.ledger.read("SELECT DISTINCT project FROM decisions WHERE seq <= ?", (self.size,))
        return {str(name) for (name,) in rows}

    def name_people(self) -> dict[str, str]:
        """The directory: names that are not erased, by pseudonym."""
        rows = self.ledger.read("SELECT id, name FROM people WHERE name IS NOT NULL")
        return {str(person): str(name) for person, name in rows}

    def describe(self) -> LedgerState:
        """Which ledger it is, and its root, computed anew from every entry's hash."""
        (root, chain), address = self.entries.finish(), self.ledger.place
        rows = self.ledger.read(_CHECKPOINT, (self.size,))
        checkpoint = Checkpoint(int(rows[0][0]), str(rows[0][1])) if rows else None
        return LedgerState(address, self.ledger.id, self.ledger.name, self.size, root, chain, checkpoint)


def wants_name(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is among those that are asked for; without any, all are."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
