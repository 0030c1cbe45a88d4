"""What a policy set says about the ledger: where it is, and which gates record their decisions in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Final

from policy.model.gates import GATES
from policy.structs import Record

if TYPE_CHECKING:
    from policy.errors import Location


SPOOL: Final = "ledger-spool"
"""The spool where the settings name none."""


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

    def find_spool(self, folder: str = "") -> str:
        """The file in which decisions wait; `folder` where the settings are used from another than their own."""
        return os.path.join(folder or self.folder or ".", self.spool or SPOOL)

    def covers(self, gate: str) -> bool:
        """Whether the decisions of a gate are recorded."""
        return gate in self.gates
