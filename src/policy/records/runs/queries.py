"""What is read of runs: their last steps, with the names of those who began them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from policy.records.entry import Entry
from policy.records.faults import LedgerError
from policy.records.runs.layout import COLUMNS
from policy.records.runs.rows import ERASED, RunRow, is_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy.records.database import Session
    from policy.records.ledger import Ledger

CHUNK: Final = 2000
_COLUMNS: Final = ", ".join(f"r.{name}" for name in COLUMNS["runs"])
_FROM: Final = f"SELECT p.name, {_COLUMNS} FROM runs r LEFT JOIN people p ON p.id = r.principal"  # noqa: S608 - names
_LAST: Final = f"{_FROM} WHERE r.server = ? AND r.run = ? ORDER BY r.seq DESC LIMIT 1"
_AT: Final = f"{_FROM} WHERE r.seq = ?"
# Of the ledger as it is when one begins to read; what is appended meanwhile is not in it.
_EACH_LAST: Final = (
    f"{_FROM} WHERE r.seq > ? AND r.seq <= ? AND NOT EXISTS (SELECT 1 FROM runs n"  # noqa: S608 - names
    " WHERE n.server = r.server AND n.run = r.run AND n.seq > r.seq AND n.seq <= ?) {where} ORDER BY r.seq LIMIT ?"
)
# By an index of the steps that were held, whatever else was recorded.
_WAITING: Final = (
    f"{_FROM} WHERE r.state = 'held' AND r.server = ? AND r.experiment = ? AND r.manifest = ? AND r.activity = ?"  # noqa: S608 - names
    " AND NOT EXISTS (SELECT 1 FROM runs n WHERE n.server = r.server AND n.run = r.run AND n.seq > r.seq)"
    " ORDER BY r.seq"
)
_STEPS: Final = (
    "SELECT r.server, r.run, r.manifest, r.decision, r.state, e.seq, e.time, e.type, e.payload, e.leaf, e.chain"
    " FROM runs r JOIN entries e ON e.seq = r.seq WHERE ({}) AND NOT EXISTS (SELECT 1 FROM runs n"
    " WHERE n.server = r.server AND n.run = r.run AND n.seq > r.seq)"
)
# Runs in one query.
MOST_ASKED: Final = 100
Steps = dict[tuple[str, str], tuple[tuple[str, str, str], Entry]]
"""By run, the last step and its entry."""


def find_run(ledger: Ledger, server: str, run: str) -> RunRow | None:
    """The last step of a run; None where no such run is on record."""
    if not (is_line(server) and is_line(run)):
        # No database has such a text, and PostgreSQL would call it a fault of the connection.
        return None
    return next(map(_read, ledger.read(_LAST, (server, run))), None)


def find_step(ledger: Ledger, seq: int) -> RunRow:
    """The step of a run that an entry records. Raises LedgerError where it is of none."""
    rows = ledger.read(_AT, (seq,))
    if not rows:
        raise LedgerError("corrupt", f"in the ledger `{ledger.place}` entry {seq:,} is of no run")
    return _read(rows[0])


def list_runs(ledger: Ledger, server: str = "", *, project: str = "", state: str = "") -> Iterator[RunRow]:
    """The last step of each run in the order in which they were recorded; of one server, project or state."""
    if not all(map(is_line, (server, project, state))):
        return
    filters = {"server": server, "project": project, "state": state}
    given = {name: value for name, value in filters.items() if value}
    query = _EACH_LAST.replace("{where}", "".join(f"AND r.{name} = ? " for name in given))
    last, top = 0, ledger.head()[0]
    while rows := ledger.read(query, (last, top, top, *given.values(), CHUNK)):
        yield from map(_read, rows)
        last = rows[-1][-1]


def list_waiting(ledger: Ledger, server: str, experiment: str, manifest: str, activity: str) -> list[RunRow]:
    """The runs that are held now, of one experiment, manifest and activity, in the order in which they were."""
    asked = (server, experiment, manifest, activity)
    return [*map(_read, ledger.read(_WAITING, asked))] if all(map(is_line, asked)) else []


def find_steps(session: Session, rows: Iterable[RunRow]) -> Steps:
    """Of the runs of some rows, the last steps that are recorded."""
    found: Steps = {}
    keys = [*{row.key for row in rows}]
    for start in range(0, len(keys), MOST_ASKED):
        some = keys[start : start + MOST_ASKED]
        query = _STEPS.format(" OR ".join(["r.server = ? AND r.run = ?"] * len(some)))
        for server, run, manifest, decision, state, *entry in session.read(query, [*chain.from_iterable(some)]):
            found[server, run] = (manifest, decision, state), Entry(*entry)
    return found


def _read(values: Sequence[Any]) -> RunRow:
    name, *rest = values
    row = RunRow(*rest)
    if row.principal:
        row = row._replace(principal=name if name is not None else f"{row.principal}{ERASED}")
    return row
