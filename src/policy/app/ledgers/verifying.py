"""Verifying a ledger, and what came of it as a document for programs, `policy-ledger-verification/1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.ledgers.logs import read_checkpoint_files
from policy.errors import PolicyError, Problem
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.app.ledgers.locating import Place
    from policy.records.keys import TrustedKey
    from policy.records.verification import Verified

FORMAT: Final = "policy-ledger-verification/1"


def verify_place(
    place: Place, files: Sequence[str], trusted: Sequence[TrustedKey], *, with_contents: bool = True
) -> Verified:
    """Verify a ledger with the checkpoints of some files. Raises PolicyError where one of them cannot be used."""
    given = read_checkpoint_files(files)
    if given and not trusted:
        message = "no key is trusted, and a checkpoint shows nothing without"
        raise PolicyError(Problem(message, "name a file of keys with `--trusted-keys`, or a key with `--trusted-key`"))
    with open_snapshot(*place) as snapshot:
        return verify_ledger(snapshot, given, trusted, with_contents=with_contents)


def verification_document(verified: Verified) -> dict[str, Any]:
    """The document, every key always there."""
    contents = verified.contents
    return {
        "format": FORMAT,
        "ledger": {"id": verified.ledger, "name": verified.name},
        "verified": not verified.total and not verified.refused,
        "size": verified.size,
        "root": verified.root.hex(),
        "chain": verified.chain.hex(),
        "findings": [
            {"kind": finding.kind, "entry": finding.seq, "message": finding.message} for finding in verified.findings
        ],
        "findings_total": verified.total,
        "checkpoints": [
            {"source": one.source, "outside": one.outside, "size": one.size, "key": one.key, "result": one.result}
            for one in verified.checkpoints
        ],
        "refused": [problem.message for problem in verified.refused],
        "covered": verified.covered,
        "exposed": {"entries": verified.exposed, "since": verified.exposed_since or None},
        "contents": contents
        and {"objects": contents.objects, "erased": contents.erased, "decisions": contents.decisions},
        "erasures": [
            {"entry": erasure.seq, "by": erasure.by, "reason": erasure.reason, "target": erasure.target}
            for erasure in verified.erasures
        ],
    }
