"""Where decisions wait when the ledger cannot be written and the gate is told to go on: a file, synced line by line.

Each line is a checksum and a decision. It is recorded once however often it is replayed, for it has an id; a line that
was torn by a crash, or changed, is set aside and reported.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from policy.model.canonical import canonical_json
from policy.records.faults import OF_A_DRAFT, LedgerError
from policy.records.objects import DecisionRow, Draft, StoredObject
from policy.records.spool_files import BUSY, FREE, TAKEN, add_line, claimed, keep, seal, take_all, unseal
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policy.errors import Problem
    from policy.records.ledger import Ledger
    from policy.records.spool_files import Damage

FORMAT: Final = "policy-spool/1"
BATCH: Final = 100


class Replay(NamedTuple):
    """What came of a spool: how many decisions were recorded, how many had been before, and what could not be read.

    It is `busy`, and nothing was done, while another process records it.
    """

    recorded: int
    known: int
    problems: tuple[Problem, ...]
    busy: bool = False


class Line(NamedTuple):
    """A decision that waits, and as what."""

    number: int
    line: bytes
    draft: Draft


def spool_decision(path: str, draft: Draft) -> None:
    """Add a decision to the file, on the disk when it returns. Raises LedgerError."""
    if draft.index is None:
        raise LedgerError("draft", "only decisions can wait: of nothing else it is known whether it is recorded")
    add_line(path, write_line(draft))


def write_line(draft: Draft) -> bytes:
    """A decision as a line: a checksum, and canonical JSON."""
    return seal(canonical_json({"format": FORMAT, **encode_draft(draft)}))


def encode_draft(draft: Draft) -> dict[str, Any]:
    """A decision as JSON."""
    objects = [[item.kind, b64encode(item.body).decode()] for item in draft.objects]
    return {"payload": draft.payload, "objects": objects, "index": list(draft.index or ())[:-1]}


def read_line(line: bytes) -> Draft:
    """The decision of a line. Raises ValueError where it is not whole."""
    read: dict[str, Any] = json.loads(unseal(line))
    if read["format"] != FORMAT:
        raise ValueError("it was written by another version")
    return decode_draft(read)


def decode_draft(read: Mapping[str, Any]) -> Draft:
    """The decision of such JSON. Raises ValueError, KeyError or TypeError."""
    objects = tuple(StoredObject(kind, b64decode(text)) for kind, text in read["objects"])
    return Draft("decision", read["payload"], objects, DecisionRow(*read["index"]))


def replay_spool(ledger: Ledger, path: str) -> Replay:
    """Record what waits. What cannot be read is kept beside the file. Raises LedgerError; nothing is lost then."""
    with claimed(path) as state:
        return _replay(ledger, path) if state == FREE else Replay(0, 0, (), state == BUSY)


def _replay(ledger: Ledger, path: str) -> Replay:
    recorded = known = 0
    problems: list[Problem] = []
    for taken in take_all(path):
        damaged: list[Damage] = []
        # Line by line: a long outage leaves more than fits into memory.
        lines = read_spool(taken, damaged)
        while batch := [*islice(lines, BATCH)]:
            new, refused = _record(ledger, batch)
            damaged += refused
            recorded, known = recorded + new, known + len(batch) - len(refused) - new
        if damaged:
            kept = taken.removesuffix(TAKEN) + ".damaged"
            problems += keep(kept, damaged, path)
        os.unlink(taken)
    return Replay(recorded, known, tuple(problems))


def _record(ledger: Ledger, batch: Sequence[Line]) -> tuple[int, list[Damage]]:
    """How many of these are new; and those that the ledger does not take, which keep no others from it."""
    before = ledger.head()[0]
    try:
        answers = ledger.append([one.draft for one in batch])
    except LedgerError as error:
        if error.kind not in OF_A_DRAFT:
            raise
        if len(batch) == 1:
            return 0, [(batch[0].number, batch[0].line, error.problems[0].message)]
        found = [_record(ledger, [one]) for one in batch]
        return sum(new for new, _ in found), [one for _, refused in found for one in refused]
    return len({entry.seq for entry in answers if entry.seq > before}), []


def read_spool(path: str, damaged: list[Damage]) -> Iterator[Line]:
    """The decisions of a file; lines that cannot be read are added to `damaged`."""
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield Line(number, line, read_line(line.rstrip(b"\n")))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                damaged.append((number, line, str(error) if type(error) is ValueError else "it is no decision"))
