"""The JSON contract `policy-webhook/1`: what somebody is told of a request."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from policy.reports.contract import Count, Document, Verdict


class Decider(Document):
    """Whose votes a request needs."""

    who: str = Field(description="The roles, as the policy set calls them.")
    quorum: Count = Field(description="How many of them.")


class WebhookDocument(Document):
    """The body of a notice, every key always there."""

    format: Literal["policy-webhook/1"]
    id: str = Field(pattern="^n-[0-9a-f]{32}$", description="The notice's, the same in every try.")
    event: Literal["opened", "decided", "expiring"]
    time: str = Field(description="When it happened; of `expiring`, when that was noticed.")
    ledger: str = Field(description="Id of the ledger that has the request.")
    server: str = Field(description="What the server is called in the ledger.")
    request: str
    kind: Literal["approval", "waiver"]
    project: str = Field(description="Of a waiver, the pattern of projects.")
    gate: str | None
    state: Literal["pending", "approved", "rejected", "withdrawn", "expired"] = Field(description="Then.")
    break_glass: bool = Field(description="Whether somebody let it pass alone, in an emergency.")
    verdict: Verdict | None = Field(description="Of the decision that asked for approval.")
    decision: str | None = Field(description="Its id.")
    deciders: tuple[Decider, ...] = Field(strict=False)
    asked: str
    expires: str = Field(description="When it is over if nobody decides.")
    ends: str | None = Field(description="Until when it counts.")
    link: str | None = Field(description="Where the request is shown; nothing happens there. Null where not known.")
