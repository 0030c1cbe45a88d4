"""Which settings of an MLflow server are in force: a change of them is an entry of its own, made once.

They are found as policy sets are, by a place that no policy set has; what they are is an object of the ledger.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.records.objects import Draft, store_json
from policy.records.policy_sets import CHANGE, LAST, Place, Use, find_earlier, find_last, read_row
from policy.records.settings_comparison import compare_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.records.database import Session
    from policy.records.entry import Entry
    from policy.records.ledger import Ledger

FORMAT: Final = "policy-mlflow-settings-change/1"
KIND: Final = "mlflow-settings"
"""What the settings are stored as."""

ORIGIN: Final = "server"


def name_place(server: str) -> Place:
    """Where a server's settings are in use."""
    return Place(server, "", ORIGIN, f"mlflow/{server}")


def record_settings(ledger: Ledger, server: str, settings: Mapping[str, Any], said: Mapping[str, Any]) -> Entry | None:
    """Record that these settings are in force now; None where they are already, by whichever worker.

    `said` tells where they are from. Raises LedgerError.
    """
    stored, place = store_json(KIND, settings), name_place(server)
    rows = ledger.read(LAST, place)
    if rows and read_row(rows[0]).policy_set == stored.digest:
        return None
    with ledger.transaction() as transaction:
        before, after = find_last(transaction.session, place), Use(place, stored.digest, stored.digest, "")
        if before is not None and before.policy_set == stored.digest:
            return None
        payload = {
            "format": FORMAT,
            "server": server,
            "before": None if before is None else {"settings": before.policy_set, "entry": before.seq},
            "after": {"settings": stored.digest},
            "returns_to": find_earlier(transaction.session, after),
            "changes": compare_settings(_read_settings(transaction.session, before), settings),
            **said,
        }
        (entry,) = transaction.append([Draft(CHANGE, payload, (stored,), use=after)])
    return entry


def _read_settings(session: Session, use: Use | None) -> Mapping[str, Any] | None:
    """The settings of a use; None where there are none, or they are erased."""
    rows = session.read("SELECT body FROM objects WHERE digest = ?", (use.sources,)) if use is not None else []
    return read_settings(rows[0][0]) if rows and rows[0][0] is not None else None


def read_settings(body: bytes) -> Mapping[str, Any] | None:
    """The settings that an object is; None where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_change(payload: Mapping[str, Any], seq: int) -> tuple[Use | None, Use] | None:
    """What was in force before an entry, if anything, and is from there on; None where it is of no known form."""
    server, before, after = (payload.get(name) for name in ("server", "before", "after"))
    if payload.get("format") != FORMAT or type(server) is not str or type(after) is not dict:
        return None
    new = _read_use(server, after.get("settings"), seq)
    if before is None:
        return (None, new) if new is not None else None
    old = _read_use(server, before.get("settings"), before.get("entry")) if type(before) is dict else None
    return (old, new) if old is not None and new is not None else None


def _read_use(server: str, digest: Any, seq: Any) -> Use | None:
    if type(digest) is not str or type(seq) is not int:
        return None
    return Use(name_place(server), digest, digest, "", seq)


def list_settings(seq: int, payload: Mapping[str, Any]) -> dict[str, str]:
    """The object that an entry at a number rests on, by what it is."""
    change = read_change(payload, seq)
    return {KIND: change[1].sources} if change is not None else {}


def fits_settings(payload: Mapping[str, Any], old: Any, new: Any) -> bool:
    """Whether an entry states the changes between two stored documents; what is erased contradicts nothing."""
    first = payload.get("before") is None
    if not isinstance(new, bytes) or not (first or isinstance(old, bytes)):
        return True
    before, after = None if first else read_settings(old), read_settings(new)
    return after is not None and payload.get("changes") == compare_settings(before, after)
