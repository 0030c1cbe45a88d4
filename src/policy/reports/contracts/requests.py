"""The JSON contract `policy-requests/1`: what waits for approval, and how it was decided."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from policy.reports.contract import Count, Digest, Document

State = Literal["pending", "approved", "rejected", "withdrawn", "expired", "over", "used-up"]


class RequestNeed(Document):
    """Votes that a request needs."""

    who: str = Field(description="Whose, in words.")
    members: tuple[str, ...] = Field(strict=False, description="Who they are; none where anybody may.")
    quorum: Count
    lacking: Count
    anybody: bool = Field(description="Whether anybody may who neither asked nor contributed.")


class RequestChange(Document):
    """One thing that is at stake otherwise; null where it was not, or is not."""

    what: str
    then: str | None
    now: str | None


class PreviousRequest(Document):
    """The last request of the same subject that was approved."""

    request: str
    decided: str
    changes: tuple[RequestChange, ...] = Field(strict=False)


class RequestStep(Document):
    """One thing that happened."""

    time: str
    event: str
    by: str
    behalf: str | None = Field(description="Whose vote it was, where that is another.")
    text: str


class Request(Document):
    """A request, as its entries have it."""

    id: str
    kind: Literal["approval", "waiver"]
    project: str = Field(description="Of a waiver, the pattern of projects.")
    gate: str | None
    stake: str = Field(description="Digest of what an approval binds to.")
    subject: str | None = Field(description="The training config; of a waiver, the policy.")
    state: State
    counts: bool = Field(description="Whether the policy set here lets something pass by it now.")
    asked: str
    expires: str = Field(description="When it is over if nobody decides.")
    ends: str | None = Field(description="Until when it counts.")
    runs: int | None = Field(description="For how many runs; null for any.")
    uses: Count
    policy_set: Digest
    asked_by: tuple[str, ...] = Field(strict=False)
    contributors: tuple[str, ...] = Field(strict=False)
    needs: tuple[RequestNeed, ...] = Field(strict=False)
    break_glass: bool
    unreviewed: bool
    previous: PreviousRequest | None
    history: tuple[RequestStep, ...] = Field(strict=False)
    document: dict[str, Any] | None = Field(description="What approvers read; null where it is erased, or changed.")
    changed: tuple[str, ...] = Field(strict=False, description="What tables have, and no entry says.")


class RequestDelegation(Document):
    """Who votes for whom."""

    id: str
    giver: str = Field(alias="from")
    taker: str = Field(alias="to")
    starts: str
    ends: str


class RequestsDocument(Document):
    """What `policy approvals list` and `show` write with `--output json`."""

    format: Literal["policy-requests/1"]
    requests: tuple[Request, ...] = Field(strict=False)
    delegations: tuple[RequestDelegation, ...] = Field(strict=False)
