"""Holds the rows of runs against the entries: what a run is found by must be what was recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.records.objects import digest_bytes
from policy.records.runs.layout import COLUMNS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.records.database import Session

CHUNK: Final = 2000
_NAMES: Final = COLUMNS["runs"][:-1]
_ROWS: Final = ", ".join(f"r.{name}" for name in _NAMES)
# By the entries, for a row that is missing has nothing to be found by.
_RECORDED: Final = (
    f"SELECT e.seq, e.payload, p.body, r.seq, {_ROWS} FROM entries e LEFT JOIN payloads p ON p.seq = e.seq"  # noqa: S608 - names of ours
    " LEFT JOIN runs r ON r.seq = e.seq WHERE e.type = 'run' AND e.seq > ? ORDER BY e.seq LIMIT ?"
)
_STRAYS: Final = (
    "SELECT r.seq, r.server, r.run FROM runs r LEFT JOIN entries e ON e.seq = r.seq AND e.type = 'run'"
    " WHERE e.seq IS NULL ORDER BY r.seq"
)


class Mismatch(NamedTuple):
    """What is wrong with the row of an entry."""

    seq: int
    message: str


def check_runs(session: Session) -> Iterator[Mismatch]:
    """Every step of a run of which the table says something else than its entry; erased entries say nothing."""
    last = 0
    while rows := session.read(_RECORDED, (last, CHUNK)):
        for seq, digest, body, stored, *values in rows:
            yield from _check_one(seq, _read_payload(digest, body), stored, values)
        last = rows[-1][0]
    for seq, server, run in session.read(_STRAYS):
        yield Mismatch(seq, f"the table of runs has `{run}` of `{server}` at entry {seq}, which is of no run")


def _check_one(seq: int, said: dict[str, Any] | None, stored: int | None, values: Sequence[Any]) -> Iterator[Mismatch]:
    if stored is None:
        yield Mismatch(seq, f"the step of a run at entry {seq:,} is not in the table of runs")
        return
    wrong = [name for name, value in zip(_NAMES, values, strict=True) if said is not None and said.get(name) != value]
    if wrong:
        names = ", ".join(f"`{name}`" for name in wrong)
        yield Mismatch(seq, f"the table of runs states another {names} than entry {seq:,}")


def _read_payload(digest: str, body: Any) -> dict[str, Any] | None:
    """What an entry says; what was changed is found where all payloads are looked at."""
    if not isinstance(body, bytes) or digest_bytes(body) != digest:
        return None
    said = json.loads(body)
    return said if isinstance(said, dict) else None
