"""Signs what a ledger has become since its last checkpoint, and writes that where the database cannot change it.

A signer never signs what does not fit what was signed before: it verifies all that is new, and goes on from the last
checkpoint of its own log.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.ledgers.key_files import open_key_file
from policy.app.ledgers.logs import locked_folder, read_checkpoint_file, write_log
from policy.errors import PolicyError, Problem
from policy.records.checkpoints import Checkpoint, join_log, name_origin, sign_checkpoint
from policy.records.faults import LedgerError
from policy.records.layout import write_insert
from policy.records.ledger import open_ledger
from policy.records.merkle import HASH_SIZE, CompactRange
from policy.records.proofs import TamperingError
from policy.records.scanning import Scan, Start
from policy.records.snapshot import open_snapshot
from policy.records.verification import find_ended_keys
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.ledgers.locating import Place
    from policy.records.checkpoints import SignedCheckpoint
    from policy.records.keys import SigningKey
    from policy.records.snapshot import Snapshot


class Published(NamedTuple):
    """What was signed. `added` entries since the checkpoint before; `read` of them all anew; `warning` may say more."""

    checkpoint: Checkpoint
    note: str
    added: int
    read: int
    commit: str = ""
    warning: Problem | None = None


class Branch(NamedTuple):
    """Where in git a log is committed to, too."""

    repository: str
    name: str


def sign_ledger(place: Place, key_file: str, log: str, branch: Branch | None = None) -> Published:
    """Sign a ledger as it is now. Raises PolicyError; TamperingError where it does not fit what was signed before."""
    key = open_key_file(key_file)
    with locked_folder(log), open_snapshot(*place) as snapshot:
        origin = name_origin(snapshot.name, snapshot.id)
        signed = read_checkpoint_file(log) if os.path.exists(log) else ()
        _check_key(snapshot, key, origin)
        _check_log(signed, log, origin)
        scan, start = _read_new(snapshot, signed[-1] if signed else None)
        checkpoint = Checkpoint(origin, scan.tree.size, scan.tree.root())
        note = sign_checkpoint(checkpoint, key)
        before = signed[-1].checkpoint.size if signed else 0
        notes = [one.written for one in signed]
        if not signed or signed[-1].checkpoint != checkpoint:
            notes.append(note)
            write_log(log, notes)
    warning = _keep_note(place, checkpoint, note, scan.tree.frontier)
    commit = ""
    if branch is not None:
        from policy.app.ledgers.publishing import publish_log

        commit = publish_log(branch.repository, branch.name, origin, join_log(notes))
    return Published(checkpoint, notes[-1], checkpoint.size - before, checkpoint.size - start, commit, warning)


def _check_key(snapshot: Snapshot, key: SigningKey, origin: str) -> None:
    if key.name != origin:
        message = f"the key is of `{key.name}`, and the ledger is `{origin}`"
        raise PolicyError(Problem(message, "name the key of this ledger, or make one with `policy ledger key new`"))
    ended = find_ended_keys(snapshot).get(key.verifier.short)
    if ended is not None:
        how = "revoked" if ended.action == "revoke" else "replaced"
        message = f"the key `{key.verifier.short}` was {how} by entry {ended.seq:,}"
        raise PolicyError(Problem(message, "sign with the key that took its place"))


def _check_log(signed: tuple[SignedCheckpoint, ...], log: str, origin: str) -> None:
    other = next((one.checkpoint.origin for one in signed if one.checkpoint.origin != origin), None)
    if other is not None:
        message = f"the log `{log}` has checkpoints of `{other}`, and the ledger is `{origin}`"
        raise PolicyError(Problem(message, "name a log for this ledger alone"))


def _read_new(snapshot: Snapshot, last: SignedCheckpoint | None) -> tuple[Scan, int]:
    """What is behind the last checkpoint, verified; and from which size on it was read."""
    if snapshot.missing_guards:
        raise _refuse(f"the database lacks the guard `{snapshot.missing_guards[0]}`, or it was changed")
    size = last.checkpoint.size if last else 0
    start = _find_start(snapshot, last) if last else None
    own = snapshot.read_checkpoints()[:1]
    scan = Scan(snapshot.id, [size, *(row[0] for row in own)], start)
    begun = scan.tree.size
    scan.read(snapshot.read_batches(begun + 1))
    if scan.findings.total:
        raise _refuse(*(finding.message for finding in scan.findings.kept[:10]))
    if scan.tree.size < size:
        raise _refuse(f"the ledger was cut: it has {scan.tree.size:,} entries, and {size:,} were signed")
    if last is not None and scan.roots[size] != last.checkpoint.root:
        raise _refuse(f"one of the entries up to {size:,} is not what it was when {last.source} was signed")
    for kept, root, _, _ in own:
        if kept > scan.tree.size or scan.roots.get(kept, root) != root:
            raise _refuse(f"the ledger does not fit the checkpoint of {kept:,} entries that its database has")
    return scan, begun


def _find_start(snapshot: Snapshot, last: SignedCheckpoint) -> Start | None:
    """Where reading can go on: the tree that the database kept, if its root is the one that was signed."""
    size = last.checkpoint.size
    frontier = next((row[3] for row in snapshot.read_checkpoints() if row[0] == size), b"")
    entry = snapshot.get_entry(size)
    kept = entry is not None and (type(entry.time), type(entry.chain), type(frontier)) == (str, bytes, bytes)
    if entry is None or not kept:
        return None
    nodes = [frontier[at : at + HASH_SIZE] for at in range(0, len(frontier), HASH_SIZE)]
    try:
        tree = CompactRange(size, nodes)
    except ValueError:
        return None
    return Start(entry.chain, entry.time, tree) if tree.root() == last.checkpoint.root else None


def _keep_note(place: Place, checkpoint: Checkpoint, note: str, frontier: tuple[bytes, ...]) -> Problem | None:
    """Let the database know the checkpoint too, so that the next one need not read everything again."""
    row = (checkpoint.size, checkpoint.root, note, b"".join(frontier))
    try:
        with open_ledger(place.url, folder=place.folder, create=False) as ledger, ledger.transaction() as transaction:
            session = transaction.session
            if not session.read("SELECT 1 FROM checkpoints WHERE size >= ?", (checkpoint.size,)):
                session.write([(write_insert("checkpoints"), [row])], commit=False)
    except LedgerError as error:
        if error.kind not in {"read-only", "locked", "full"}:
            raise
        message = "the database could not note the checkpoint: the next one reads all entries again"
        return Problem(message, error.problems[0].remedy, level="warning")
    return None


def _refuse(*messages: str) -> TamperingError:
    remedy = "sign nothing; `policy ledger verify --checkpoint FILE` names what was changed"
    return TamperingError(*(Problem(message, remedy) for message in messages))
