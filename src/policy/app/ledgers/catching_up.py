"""Recording what waits in the spool of a policy set's ledger, decisions and what a server has signed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.ledgers.locating import find_named
from policy.app.ledgers.proposed import refuse_recording, refuse_spool
from policy.app.runs.spool_keys import read_pinned
from policy.errors import PolicyError, Problem
from policy.model.ledger_settings import LedgerSettings
from policy.records.ledger import open_ledger
from policy.records.spool import Replay, replay_spool
from policy.records.spool_files import list_files
from policy.records.spool_replay import replay_statements
from policy.records.spool_statements import SIGNED, Issuer

if TYPE_CHECKING:
    from policy.app.workspace import Workspace


def catch_up(workspace: Workspace) -> Replay:
    """Record it all. What is refused is kept beside the spool, and said. Raises PolicyError; nothing is lost then."""
    place, policy_set = find_named(workspace), workspace.policy_set
    spool = (policy_set.ledger or LedgerSettings(place.url)).find_spool(place.folder)
    refuse_recording(workspace, place.url, place.folder)
    refuse_spool(workspace, spool)
    signed = f"{spool}{SIGNED}"
    keys = read_pinned(policy_set.mlflow) if policy_set.mlflow is not None else ()
    server = policy_set.mlflow.server if policy_set.mlflow is not None else ""
    if not any(os.path.exists(file) for path in (spool, signed) for file in list_files(path)):
        return Replay(0, 0, ())
    with open_ledger(place.url, folder=place.folder, create=False) as ledger:
        try:
            decisions = replay_spool(ledger, spool)
            stated = replay_statements(ledger, signed, keys, Issuer(ledger.id, server))
        except OSError as error:
            message = f"what waits in `{spool}` cannot be recorded: {error.strerror or error} ({error.filename})"
            raise PolicyError(Problem(message, "let the user who runs this read and write there")) from None
    return Replay(
        decisions.recorded + stated.recorded,
        decisions.known + stated.known,
        decisions.problems + stated.problems,
        decisions.busy or stated.busy,
    )
