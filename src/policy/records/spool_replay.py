"""What waits signed in a spool, recorded once the ledger answers: in its order, once each, nothing that is forged."""

from __future__ import annotations

import os
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError
from policy.records.faults import OF_A_DRAFT, LedgerError
from policy.records.requests.recalling import record_glass
from policy.records.runs.recalling import record_refusal, record_step
from policy.records.runs.uploads import put_upload
from policy.records.spool import Replay
from policy.records.spool_files import BUSY, FREE, TAKEN, claimed, keep, take_all
from policy.records.spool_statements import DECISION, GLASS, RUN, UPLOAD, read_statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.records.keys import VerifierKey
    from policy.records.ledger import Ledger
    from policy.records.spool_files import Damage
    from policy.records.spool_statements import Issuer, Statement

REMEDY: Final = "find out who wrote it; what was refused by mistake is recorded once it is in the spool again"


def replay_statements(ledger: Ledger, path: str, keys: Sequence[VerifierKey], server: Issuer) -> Replay:
    """Record what waits. What is refused is kept beside the file. Raises LedgerError; nothing is lost then."""
    with claimed(path) as state:
        return _replay(ledger, path, keys, server) if state == FREE else Replay(0, 0, (), state == BUSY)


def _replay(ledger: Ledger, path: str, keys: Sequence[VerifierKey], server: Issuer) -> Replay:
    recorded = known = 0
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for taken in take_all(path):
        refused: list[Damage] = []
        for number, line in _list_lines(taken):
            try:
                statement = read_statement(line.rstrip(b"\n"), keys, server)
                _refuse_again(statement, seen, number)
                new = record_statement(ledger, statement)
            except (PolicyError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
                if isinstance(error, LedgerError) and error.kind not in OF_A_DRAFT:
                    raise
                refused.append((number, line, say_fault(error)))
            else:
                recorded, known = recorded + new, known + (not new)
        if refused:
            problems += keep(f"{taken.removesuffix(TAKEN)}.refused", refused, path, REMEDY)
        os.unlink(taken)
    return Replay(recorded, known, tuple(problems))


def record_statement(ledger: Ledger, statement: Statement) -> bool:
    """Record one; whether it was on no record. Raises PolicyError, ValueError, KeyError or TypeError."""
    said = statement.said
    if statement.kind == UPLOAD:
        return put_upload(ledger, said["principal"], said["digest"], b64decode(said["body"], validate=True))
    return {GLASS: record_glass, RUN: record_step, DECISION: record_refusal}[statement.kind](ledger, statement)


def say_fault(error: Exception) -> str:
    """What is wrong with a line."""
    if isinstance(error, PolicyError):
        return "; ".join(problem.message for problem in error.problems)
    return str(error) if type(error) is ValueError else "it is no statement of a server"


def _refuse_again(statement: Statement, seen: dict[str, int], number: int) -> None:
    first = seen.setdefault(statement.id, number)
    if first != number:
        raise ValueError(f"it repeats line {first}")


def _list_lines(path: str) -> Iterator[tuple[int, bytes]]:
    with open(path, "rb") as stream:
        yield from ((number, line) for number, line in enumerate(stream, 1) if line.strip())
