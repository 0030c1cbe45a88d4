"""The files that no report may take the place of: what a policy set was read from, and its ledger."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace

# What SQLite keeps beside a database: without it, what was written last is gone.
BESIDE = ("", "-wal", "-shm", "-journal")


def list_set_files(workspace: Workspace, home: str | None = None) -> Iterator[str]:
    """All files of the policy set of a workspace, its waivers and those of its ledger, which may be beside `home`.

    Of a base these are the files of the working tree: what is proposed.
    """
    policy_set, base = workspace.policy_set, workspace.base
    prefix = f"{base.name}/" if base is not None else ""
    waiving = policy_set.waiving
    waivers = (file for _, file in waiving.files) if waiving is not None else ()
    policies = (policy.location.file for policy in policy_set.policies if policy.location is not None)
    for file in dict.fromkeys((*policy_set.layers, *waivers, *policies)):
        top, _, rest = file.partition("/")
        if top in policy_set.bundles:
            yield os.path.join(policy_set.bundles[top], rest)
        else:
            yield os.path.join(workspace.root, file.removeprefix(prefix))
    if base is None:
        yield from (source.path for source in policy_set.sources)
    mlflow = policy_set.mlflow
    if mlflow is not None:
        yield from (os.path.join(mlflow.folder, one.policy_set) for one in mlflow.bindings if one.policy_set)
    yield from _list_record(workspace, home)


def _list_record(workspace: Workspace, home: str | None) -> Iterator[str]:
    """The files of the ledger, and those in which decisions wait for it."""
    settings = workspace.policy_set.ledger
    if settings is None:
        return
    from glob import escape, glob

    from policy.app.recording.writing import find_folder

    folder = find_folder(workspace, settings, home)
    spool = settings.find_spool(folder)
    yield spool
    yield from glob(f"{escape(spool)}.*")
    yield from list_ledger_files(settings.url, folder)


def list_ledger_files(url: str, folder: str = ".") -> Iterator[str]:
    """The files of a ledger that is one. Raises LedgerError for what is no address."""
    from policy.records.address import read_address

    address = read_address(url, folder)
    if address.kind == "sqlite":
        yield from (f"{address.place}{ending}" for ending in BESIDE)
