"""Waivers and approvals as a record keeps them, `policy-waivers/1` and `policy-approvals/1`, and back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.model.approval import Approval
from policy.model.waiver import Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WAIVERS: Final = "policy-waivers/1"
APPROVALS: Final = "policy-approvals/1"
_WAIVER: Final = ("policy", "subject", "reason", "expires", "owner", "ticket", "approved_by")
_APPROVAL: Final = ("by", "requested_by", "gate", "stake")


def encode_waivers(waivers: Iterable[Waiver]) -> dict[str, Any]:
    """The waivers that counted, in their order: of two that cover a policy the first one is named."""
    rows = [{**waiver._asdict(), "expires": waiver.expires.isoformat()} for waiver in waivers]
    return {"format": WAIVERS, "waivers": rows}


def decode_waivers(document: Any) -> tuple[Waiver, ...]:
    """The waivers of a document. Raises PolicyError."""
    return tuple(_decode(document, WAIVERS, "waivers", _read_waiver))


def encode_approvals(approvals: Iterable[Approval]) -> dict[str, Any]:
    """The approvals that were there."""
    rows = [
        {**approval._asdict(), "expires": approval.expires.isoformat() if approval.expires else None}
        for approval in approvals
    ]
    return {"format": APPROVALS, "approvals": rows}


def decode_approvals(document: Any) -> tuple[Approval, ...]:
    """The approvals of a document. Raises PolicyError."""
    return tuple(_decode(document, APPROVALS, "approvals", _read_approval))


def _read_waiver(row: dict[str, Any]) -> Waiver:
    texts = _read_texts(row, _WAIVER)
    return Waiver(**{**texts, "expires": date.fromisoformat(texts["expires"])})  # type: ignore[arg-type]


def _read_approval(row: dict[str, Any]) -> Approval:
    until = row.pop("expires")
    expires = None if until is None else datetime.fromisoformat(until)
    if expires is not None and expires.tzinfo is None:
        raise ValueError("a time without its zone")
    return Approval(**_read_texts(row, _APPROVAL), expires=expires)


def _read_texts(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    if set(row) != set(names) or not all(type(text) is str for text in row.values()):
        raise ValueError("other keys or values")
    return row


def _decode(document: Any, form: str, key: str, read: Callable[[dict[str, Any]], Any]) -> list[Any]:
    problem = Problem(f"the recorded {key} cannot be read: they are not of the format {form}", "verify the ledger")
    if type(document) is not dict or document.get("format") != form or type(document.get(key)) is not list:
        raise PolicyError(problem)
    try:
        return [read(dict(row)) for row in document[key]]
    except (KeyError, TypeError, ValueError):
        raise PolicyError(problem) from None
