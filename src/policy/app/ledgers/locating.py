"""Which ledger is meant: the one that is named, or else the policy set's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.app.workspace import Workspace

NAME_ONE = ", or name one with `--ledger`"


class Place(NamedTuple):
    """Where a ledger is; a relative file is one of `folder`."""

    url: str
    folder: str = "."


def find_ledger(url: str | None, open_workspace: Callable[[], Workspace], otherwise: str = NAME_ONE) -> Place:
    """The ledger of an address; without one that of the policy set, which is loaded then. Raises PolicyError."""
    return Place(url) if url is not None else find_named(open_workspace(), otherwise)


def find_named(workspace: Workspace, otherwise: str = "") -> Place:
    """The ledger of the policy set. Raises PolicyError, which says how to have one, or what to do `otherwise`."""
    settings = workspace.policy_set.ledger
    if settings is not None:
        return Place(settings.url, settings.folder or ".")
    if workspace.config is None:
        message = "there is no policy set, which would name a ledger"
        remedy = "write a policy.yaml: `policy_set: 1`, `name: …` and `ledger: sqlite:///ledger.db`"
    else:
        message, remedy = "the policy set has no ledger", "add `ledger: sqlite:///ledger.db` to it"
    raise PolicyError(Problem(message, remedy + otherwise))
