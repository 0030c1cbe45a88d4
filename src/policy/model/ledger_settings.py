"""What a policy set says about the ledger: where it is, and which gates record their decisions in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from policy.model.gates import GATES
from policy.structs import Record

if TYPE_CHECKING:
    from policy.errors import Location


class LedgerSettings(Record):
    """`url` is sqlite:///PATH or postgresql://…, without credentials; a relative PATH begins in `folder` (absolute).

    That is the folder of the file which names it, and `spool`, where decisions wait that could not be recorded, begins
    there too.
    """

    url: str
    gates: tuple[str, ...] = GATES
    spool: str = ""
    folder: str = ""
    location: Location | None = None
    _uncompared: ClassVar = frozenset({"folder", "location"})

    def covers(self, gate: str) -> bool:
        """Whether the decisions of a gate are recorded."""
        return gate in self.gates
