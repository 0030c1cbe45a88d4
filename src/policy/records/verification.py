"""Verifies a ledger: every hash computed anew, what is stored held against it, and all against checkpoints outside.

What the database says of itself proves little: who may write to all of it can make all of it fit. A checkpoint that
was kept elsewhere, signed by a key that is trusted, is what a changed past does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.records.checkpoints import name_origin, read_checkpoint
from policy.records.comparison import AGREES, Admitted, Comparison, admit_checkpoints
from policy.records.contents import Erasure, check_contents, read_erasure
from policy.records.entry import LEDGER_FORMAT
from policy.records.keys import find_endings, read_key_record
from policy.records.notes import ForgedNoteError, NoteError, find_signer
from policy.records.scanning import Findings, Scan
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.errors import Problem
    from policy.records.checkpoints import SignedCheckpoint
    from policy.records.comparison import Compared
    from policy.records.contents import Contents
    from policy.records.keys import KeyEvent, TrustedKey
    from policy.records.scanning import Finding
    from policy.records.snapshot import Snapshot

NAMED_GUARDS: Final = 3


class Verified(NamedTuple):
    """What verifying found. `total` findings, of which the first are listed; `covered` entries outsiders vouch for."""

    ledger: str
    name: str
    size: int
    root: bytes
    chain: bytes
    findings: tuple[Finding, ...]
    total: int
    checkpoints: tuple[Compared, ...]
    refused: tuple[Problem, ...]
    covered: int
    exposed_since: str
    contents: Contents | None
    erasures: tuple[Erasure, ...]

    @property
    def exposed(self) -> int:
        """How many entries at the end no checkpoint outside vouches for."""
        return self.size - self.covered


def verify_ledger(
    snapshot: Snapshot,
    given: Sequence[SignedCheckpoint] = (),
    trusted: Sequence[TrustedKey] = (),
    *,
    with_contents: bool = True,
) -> Verified:
    """Look at everything in a ledger. Raises NoteError where a checkpoint that is given cannot be compared."""
    admitted = admit_checkpoints(given, snapshot.id, trusted)
    own, findings = _read_own(snapshot, trusted)
    if snapshot.format != LEDGER_FORMAT:
        findings.add("form", "the ledger says that it is of another form")
    sizes = [one.size for one in (*admitted, *own)]
    scan = Scan(snapshot.id, sizes, findings=findings).read(snapshot.read_batches())
    events, erasures, mute = _read_special(snapshot, scan.special)
    comparison = Comparison(scan, name_origin(snapshot.name, snapshot.id), find_endings(events), findings)
    compared = [comparison.compare(one, outside=True) for one in sorted(admitted, key=lambda one: one.size)]
    compared += [comparison.compare(one, outside=False) for one in own]
    if not with_contents:
        for seq in mute:
            findings.add("payload", f"the payload of entry {seq:,} is gone or was changed", seq)
    contents = check_contents(snapshot, erasures, findings) if with_contents else None
    if with_contents:
        _hold_requests(snapshot, findings)
        for one in snapshot.check_runs():
            findings.add("run", one.message, one.seq)
    _name_guards(snapshot, findings)
    covered = max((one.size for one in compared if one.outside and one.result == AGREES), default=0)
    return Verified(
        snapshot.id,
        snapshot.name,
        scan.tree.size,
        scan.tree.root(),
        scan.chain,
        tuple(sorted(findings.kept, key=lambda one: one.seq is None)),
        findings.total,
        tuple(compared),
        tuple(comparison.refused),
        covered,
        _find_time(snapshot, covered + 1),
        contents,
        erasures,
    )


def _name_guards(snapshot: Snapshot, findings: Findings) -> None:
    """One finding for all that lack, and after all others: who changes entries takes dozens of them away."""
    missing = [f"`{name}`" for name in snapshot.missing_guards]
    if missing:
        word = "the guard" if len(missing) == 1 else f"{len(missing)} guards"
        are = "is" if len(missing) == 1 else "are"
        findings.insist("guard", f"{word} of the database {are} missing or changed: {_join(missing)}")


def _join(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED_GUARDS} more" if len(names) > NAMED_GUARDS else ""
    return f"{', '.join(names[:NAMED_GUARDS])}{more}"


def _hold_requests(snapshot: Snapshot, findings: Findings) -> None:
    """Hold the tables of requests, by which approvals are found, against the entries that they are for."""
    for one in snapshot.check_requests():
        if one.request == "none":
            findings.add("request", f"entry {one.seq:,}, of the type {one.recorded}, is of no request", one.seq)
            continue
        message = f"the `{one.what}` of `{one.request}` is `{one.stored}`, and its entry says `{one.recorded}`"
        findings.add("request", message, one.seq or None)


def _find_time(snapshot: Snapshot, seq: int) -> str:
    entry = snapshot.get_entry(seq)
    return str(entry.time) if entry else ""


def _read_own(snapshot: Snapshot, trusted: Sequence[TrustedKey]) -> tuple[list[Admitted], Findings]:
    """The checkpoints in the database itself: no proof where they fit, but one where they do not."""
    own: list[Admitted] = []
    findings = Findings()
    for size, root, note, _ in snapshot.read_checkpoints():
        source = f"the database's own checkpoint at {size}"
        try:
            signed = read_checkpoint(str(note).encode(errors="surrogateescape"), source)
        except NoteError as error:
            findings.add("checkpoint", error.problems[0].message)
            continue
        if (signed.checkpoint.size, signed.checkpoint.root) != (size, root):
            findings.add("checkpoint", f"{source} is not what its note states")
            continue
        try:
            name, key_id, _ = find_signer(signed.note, [known.key for known in trusted], source)
        except NoteError as error:
            # A key that is not at hand says nothing about the signature.
            name, key_id, _ = signed.note.signatures[0]
            if isinstance(error, ForgedNoteError):
                findings.add("checkpoint", error.problems[0].message)
        own.append(Admitted(signed, f"{name}+{key_id}"))
    return own, findings


def _read_special(
    snapshot: Snapshot, special: Sequence[tuple[int, str, str]]
) -> tuple[list[KeyEvent], tuple[Erasure, ...], list[int]]:
    """What entries say about the ledger itself, about keys and erasures; and which of them say nothing any more."""
    events, erasures, mute = [], [], []
    for seq, kind, digest in special:
        payload = snapshot.read_said(seq, digest)
        if payload is None:
            mute.append(seq)
        elif kind == "erasure":
            erasures.append(read_erasure(seq, payload))
        elif event := read_key_record(seq, payload):
            events.append(event)
    return events, tuple(erasures), mute


def find_ended_keys(snapshot: Snapshot) -> dict[str, KeyEvent]:
    """By key, the entry that took it out of use."""
    return find_endings(_read_special(snapshot, snapshot.read_typed("key"))[0])
