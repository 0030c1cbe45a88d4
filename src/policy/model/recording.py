"""How recording went in a run: what was recorded, what waits for it, and what is on no record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.errors import Problem


class RecordCounts(NamedTuple):
    """Decisions by what became of them. `lost` ones are on no record; `effect` is what that does at the gate.

    `spooled` ones wait in the file `spool` until the ledger can be written again.
    """

    ledger: str
    recorded: int = 0
    spooled: int = 0
    lost: int = 0
    effect: str | None = None
    spool: str = ""
    problems: tuple[Problem, ...] = ()
