"""The JSON contracts of `policy ledger`: what verifying it found, proofs, entries, and decisions judged again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from policy.reports.contract import Count, Digest, Document, Verdict

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, hexadecimal.")]


class LedgerName(Document):
    """Which ledger it is."""

    id: str
    name: str


class LedgerFinding(Document):
    """Something that is not as it was recorded."""

    kind: str
    entry: int | None = Field(description="The entry's number; null where it is about none.")
    message: str


class LedgerCheckpoint(Document):
    """A checkpoint that the ledger was held against."""

    source: str
    outside: bool = Field(description="Whether it comes from a file, and not from the database itself.")
    size: Count
    key: str
    result: str


class LedgerExposed(Document):
    """The entries behind the last checkpoint from outside."""

    entries: Count
    since: str | None


class LedgerContents(Document):
    """What was looked through besides entries."""

    objects: Count
    erased: Count
    decisions: Count


class LedgerErasure(Document):
    """An object or a name that is gone for good, by the entry that says so."""

    entry: Count
    by: str
    reason: str
    target: str


class VerificationDocument(Document):
    """What `policy ledger verify --output json` writes."""

    format: Literal["policy-ledger-verification/1"]
    ledger: LedgerName
    verified: bool
    size: Count
    root: Hash
    chain: Hash
    findings: tuple[LedgerFinding, ...] = Field(strict=False, description="The first ones; `findings_total` are all.")
    findings_total: Count
    checkpoints: tuple[LedgerCheckpoint, ...] = Field(strict=False)
    refused: tuple[str, ...] = Field(strict=False, description="Why a checkpoint shows nothing.")
    covered: Count = Field(description="How many entries a checkpoint from outside covers.")
    exposed: LedgerExposed
    contents: LedgerContents | None = Field(description="Null where only entries were verified.")
    erasures: tuple[LedgerErasure, ...] = Field(strict=False)


class ProofErasure(Document):
    """The entry that says that a payload was erased."""

    entry: Count
    by: str
    reason: str


class ProofDocument(Document):
    """What `policy ledger prove ID` writes: that an entry is in the ledger of a checkpoint (RFC 6962)."""

    format: Literal["policy-proof/1"]
    ledger: LedgerName
    entry: str = Field(description="The bytes of the leaf: its hash is SHA-256 over a zero byte and these.")
    payload: str | None = Field(description="What the entry records, whose digest it has; null where it is erased.")
    erased: ProofErasure | None
    index: Count
    size: Count
    path: tuple[Hash, ...] = Field(strict=False)
    checkpoint: str = Field(description="A signed note (C2SP).")


class ConsistencyDocument(Document):
    """What `policy ledger prove --since` writes: that an older ledger is the beginning of a newer one."""

    format: Literal["policy-consistency-proof/1"]
    ledger: LedgerName
    path: tuple[Hash, ...] = Field(strict=False)
    old: str = Field(description="The older signed note.")
    new: str


class EntryDocument(Document):
    """What `policy ledger show ID --output json` writes."""

    format: Literal["policy-ledger-entry/1"]
    ledger: LedgerName
    entry: Count
    time: str
    type: str
    digest: str
    leaf: str
    chain: str
    payload: Any = Field(description="What is recorded; null where it is erased.")
    erased_by: int | None = Field(description="The entry that says so.")
    changed: list[str] = Field(description="What is stored otherwise than it was recorded; empty where all is well.")


class EntryLine(Document):
    """An entry of a list; what its type does not have is empty."""

    seq: Count
    time: str
    type: str
    decision: str
    project: str
    gate: str
    verdict: str
    run: str = ""
    state: str = ""
    policy_set: str = ""
    request: str = Field("", description="Of a step of a request for approval, or of a delegation: its id.")
    about: str = Field("", description="Of a refusal, an erasure, or a release that was only watched: whom and what.")


class EntriesDocument(Document):
    """What `policy ledger list --output json` writes."""

    format: Literal["policy-ledger-list/1"]
    entries: tuple[EntryLine, ...] = Field(strict=False)


class ReplayedDecision(Document):
    """The decision as it was recorded."""

    id: Digest
    project: str
    gate: str
    time: str
    verdict: Verdict


class ReplayEngine(Document):
    """What judged then, and now."""

    then: str
    now: str


class ReplayDifference(Document):
    """A value that comes out otherwise; `nothing` where there is none."""

    path: str
    recorded: Any
    replayed: Any


class ReplayDocument(Document):
    """What `policy ledger replay ID --output json` writes."""

    format: Literal["policy-replay/1"]
    ledger: str
    entry: Count
    recorded_at: str
    decision: ReplayedDecision
    result: Literal["same", "differs"]
    engine: ReplayEngine
    complete: bool = Field(description="False where what was redacted decided an outcome.")
    redacted: dict[str, Any] = Field(
        description="Where something was taken out before it was recorded, and what kinds."
    )
    unknown_facts: tuple[str, ...] = Field(strict=False)
    differences: tuple[ReplayDifference, ...] = Field(strict=False)
