"""The requests of a workspace's ledger, as who sits at the command line acts on them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from policy.app.approvals.holding import find_settings
from policy.app.approvals.waiving import find_waiver_terms
from policy.app.ledgers.locating import find_named
from policy.model.approval_settings import find_terms
from policy.records.requests.asking import WAIVER
from policy.records.requests.desk import open_session, refuse_unknown
from policy.records.requests.queries import find_row, read_object
from policy.records.requests.voting import Ballot, vote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.model.approval_settings import Terms
    from policy.model.policy import PolicySet
    from policy.records.ledger import Ledger
    from policy.records.requests.rows import Row
    from policy.records.requests.voting import Voted


@contextmanager
def open_requests(workspace: Workspace, *, create: bool = False) -> Iterator[Ledger]:
    """The ledger that the policy set names, which only who asks for something would `create`. Raises PolicyError."""
    place = find_named(workspace)
    from policy.records.ledger import open_ledger

    with open_ledger(place.url, folder=place.folder, create=create) as ledger:
        yield ledger


def find_request_terms(policy_set: PolicySet, row: Row, document: Any) -> Terms:
    """What votes a request needs by a policy set."""
    holding = list((document or {}).get("holding", ()))
    if row.kind == WAIVER:
        return find_waiver_terms(policy_set, row.subject)
    return find_terms(find_settings(policy_set), holding, row.gate, row.project)


def cast_vote(
    ledger: Ledger,
    policy_set: PolicySet,
    request_id: str,
    answer: str,
    *,
    name: str,
    reason: str,
    now: datetime | None = None,
) -> tuple[Row, Voted]:
    """Vote on a request by the rules of a policy set. Raises PolicyError, where that is refused RefusedError."""
    with open_session(ledger) as session:
        row = find_row(session, request_id)
        # What is asked never changes, so that it can be read before.
        document = read_object(session, row.document) if row is not None else None
    if row is None:
        raise refuse_unknown(request_id)
    terms = find_request_terms(policy_set, row, document)
    return row, vote(ledger, request_id, Ballot(name, answer, reason, terms, find_settings(policy_set)), now=now)
