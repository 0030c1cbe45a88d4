"""Which ledger is meant: the one that is named, or else the policy set's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.app.workspace import Workspace


class Place(NamedTuple):
    """Where a ledger is; a relative file is one of `folder`."""

    url: str
    folder: str = "."


def find_ledger(url: str | None, open_workspace: Callable[[], Workspace]) -> Place:
    """The ledger of an address; without one that of the policy set, which is loaded then. Raises PolicyError."""
    if url is not None:
        return Place(url)
    settings = open_workspace().policy_set.ledger
    if settings is None:
        remedy = "add `ledger: sqlite:///ledger.db` to it, or name one with `--ledger`"
        raise PolicyError(Problem("the policy set has no ledger", remedy))
    return Place(settings.url, settings.folder or ".")
