"""Which versions of models were released from a run, of which files, and before or after its decision was reopened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.records.planning import RELEASE
from policy.records.runs.layout import COLUMNS
from policy.records.runs.recording import check_said, draft_run
from policy.records.runs.rows import RunRow, is_line
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.records.ledger import Ledger

_NAMES: Final = COLUMNS["runs"]
_STEPS: Final = (
    f"SELECT p.body, {', '.join(f'r.{name}' for name in _NAMES)} FROM runs r"  # noqa: S608 - names of ours
    " LEFT JOIN payloads p ON p.seq = r.seq"
    " WHERE r.server = ? AND r.run = ? ORDER BY r.seq"
)
# What is said of the step before, and holds on.
_KEPT: Final = ("experiment_name", "mode", "policy_set", "request")


class Released(NamedTuple):
    """A version, by its name and number, the files of the run that it has, and the number of the entry."""

    version: str
    files: tuple[str, ...]
    seq: int


class History(NamedTuple):
    """What became of a run: `last` is its last step, with the id of a person, and `said` what else is said of it.

    `reopened` is the number of the entry by which its decision was last opened again, 0 where it never was.
    """

    released: tuple[Released, ...]
    reopened: int
    last: RunRow | None
    said: dict[str, Any]

    def has(self, version: str) -> bool:
        """Whether a version is on record as released."""
        return any(one.version == version for one in self.released)

    def is_current(self, version: str) -> bool:
        """Whether a version has what the run was admitted with since; one on no record is as old as the run."""
        return not self.reopened or any(one.version == version and one.seq > self.reopened for one in self.released)


def find_history(ledger: Ledger, server: str, run: str) -> History:
    """The history of a run; an empty one where it is on no record."""
    if not (is_line(server) and is_line(run)):
        return _tell(())
    return _tell(ledger.read(_STEPS, (server, run)))


def record_release(ledger: Ledger, server: str, run: str, version: str, files: Iterable[str]) -> bool:
    """Record that a version was released from a run; False, with nothing recorded, where the run is not admitted.

    What came meanwhile stands: it is looked at while nobody else can record. Raises LedgerError.
    """
    with ledger.transaction() as transaction:
        history = _tell(transaction.session.read(_STEPS, (server, run)))
        if history.last is None or history.last.state != "admitted":
            return False
        said = {**history.said, RELEASE: {"version": version, "files": sorted({*files})}}
        check_said(history.last, said)
        transaction.append([draft_run(history.last, said)])
    return True


def _tell(rows: Sequence[Sequence[Any]]) -> History:
    released: list[Released] = []
    reopened, last = 0, None
    said: dict[str, Any] = {}
    for body, *values in rows:
        last = RunRow(*values)
        told = _read(body)
        if last.state == "reopened":
            reopened = last.seq
        said = {name: told[name] for name in _KEPT if name in told}
        about = told.get(RELEASE)
        if isinstance(about, dict):
            released.append(Released(str(about.get("version")), tuple(map(str, about.get("files") or ())), last.seq))
    return History(tuple(released), reopened, last, said)


def _read(body: Any) -> dict[str, Any]:
    """What an entry says; nothing where it was erased."""
    said = json.loads(body) if isinstance(body, bytes) else None
    return said if isinstance(said, dict) else {}
