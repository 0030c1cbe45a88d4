"""Everything that can be looked at from a working folder, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.diagnosing.findings import OK, Finding, tell_problems
from policy.app.diagnosing.installing import find_clashes, find_python
from policy.app.diagnosing.ledgers import find_ledger
from policy.app.diagnosing.plugins import find_mlflow
from policy.app.diagnosing.serving import find_server, find_spool_key
from policy.app.diagnosing.spools import find_spools
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.workspace import Workspace


def diagnose(open_workspace: Callable[[], Workspace], folder: str) -> Iterator[Finding]:
    """Everything that can be looked at from a working folder."""
    yield find_python()
    yield from find_clashes(folder)
    yield from find_mlflow()
    try:
        workspace = open_workspace()
    except PolicyError as error:
        yield from tell_problems("policy set", error)
        return
    count = len(workspace.policy_set.policies)
    name = workspace.config or "the whole catalogue"
    yield Finding("policy set", OK, f"{name}: {count:,} policies in force")
    yield from find_server(workspace)
    yield from find_spool_key(workspace)
    yield from find_ledger(workspace)
    yield from find_spools(workspace)
