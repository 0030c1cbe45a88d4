"""What waits beside the ledger to be recorded, and what was not taken from there."""

from __future__ import annotations

import os
from glob import escape, glob
from typing import TYPE_CHECKING, Final

from policy.app.diagnosing.findings import WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace

REFUSED: Final = (".refused", ".damaged")


def find_spools(workspace: Workspace) -> Iterator[Finding]:
    """Files that wait, and those of lines that were set aside."""
    settings = workspace.policy_set.ledger
    if settings is None:
        return
    from policy.records.spool_files import list_files
    from policy.records.spool_statements import SIGNED

    for path in (settings.find_spool(), f"{settings.find_spool()}{SIGNED}"):
        for file in filter(os.path.exists, list_files(path)):
            message = f"`{file}` waits to be recorded: {os.path.getsize(file):,} bytes"
            yield Finding("spool", WARNING, message, "`policy ledger catch-up` records it, once the ledger answers")
        for file in sorted(glob(f"{escape(path)}.*")):
            if file.endswith(REFUSED):
                remedy = (
                    "find out who wrote it, and remove the file; put back into the spool what was refused by mistake"
                )
                yield Finding("spool", WARNING, f"`{file}` holds what was not taken from the spool", remedy)
