"""What every act on requests needs at the command line: the workspace, its ledger, and who sits here."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from policy.gates.cli.workspace import open_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace
    from policy.records.ledger import Ledger


@contextmanager
def open_desk(config: str | None, *, create: bool = False) -> Iterator[tuple[Workspace, Ledger, str]]:
    """The workspace, its ledger, which is made where it may `create` one, and who sits here. Raises PolicyError."""
    from policy.app.approvals.desk import open_requests
    from policy.app.approvals.identity import identify_user

    workspace = open_here(config)
    with open_requests(workspace, create=create) as ledger:
        yield workspace, ledger, identify_user()
