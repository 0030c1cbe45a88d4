"""Reads a ledger's entries in order, computes every hash anew, and names the entries at which something is wrong.

Hundreds of thousands of entries a second: rows are compared in batches, and looked at one by one only in a batch that
is not what it should be.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policy.records.entry import FORMAT, Entry, extend_chain, hash_leaf, leaf_bytes, start_chain
from policy.records.merkle import HASH_SIZE, CompactRange
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    # Number, time, type, payload, leaf and chain; what a database holds may be of other types.
    Row = Sequence[Any]

# Beyond so many, findings are only counted.
MOST_FINDINGS: Final = 100
# Among so many wrong entries of a batch it is asked whether they changed places.
MOST_MOVED: Final = 32


class Finding(NamedTuple):
    """One thing that is wrong; `seq` is the entry, where it is about one."""

    kind: str
    message: str
    seq: int | None = None


class Findings:
    """What was found; the first are kept, all are counted."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.total = 0

    def add(self, kind: str, message: str, seq: int | None = None) -> None:
        self.total += 1
        if len(self.kept) < MOST_FINDINGS:
            self.kept.append(Finding(kind, message, seq))

    def insist(self, kind: str, message: str) -> None:
        """Add one that is kept however many there are."""
        self.total += 1
        self.kept.append(Finding(kind, message))


class Start(NamedTuple):
    """Where reading begins: behind how many entries, with which chain, time and tree."""

    chain: bytes
    time: str
    tree: CompactRange


class Scan:
    """Entries that are read so far: their tree, chain and findings, and the roots at the sizes that were asked for."""

    def __init__(
        self,
        ledger_id: str,
        sizes: Iterable[int] = (),
        start: Start | None = None,
        findings: Findings | None = None,
    ) -> None:
        self.ledger_id = ledger_id
        self.tree = start.tree if start else CompactRange()
        self.chain = start.chain if start else start_chain(ledger_id)
        self.time = start.time if start else ""
        self.findings = findings or Findings()
        self.roots: dict[int, bytes] = {}
        # Entries of the types that say something about the ledger itself.
        self.special: list[tuple[int, str, str]] = []
        self._sizes = sorted({size for size in sizes if size >= self.tree.size}, reverse=True)
        self._next = self.tree.size + 1
        self._head = f'\0{{"format":"{FORMAT}","ledger":"{ledger_id}","payload":"'

    def read(self, batches: Iterable[Sequence[Row]]) -> Scan:
        """Read rows, which come by their number; gives itself."""
        self._mark()
        for batch in batches:
            rest = batch
            while self._sizes and self._sizes[-1] - self.tree.size <= len(rest):
                here = self._sizes[-1] - self.tree.size
                self._read_batch(rest[:here])
                self._mark()
                rest = rest[here:]
            self._read_batch(rest)
        return self

    def _mark(self) -> None:
        if self._sizes and self._sizes[-1] == self.tree.size:
            self.roots[self._sizes.pop()] = self.tree.root()

    def _read_batch(self, batch: Sequence[Row]) -> None:
        if not batch:
            return
        seqs, times, types, payloads, leaves, chains = zip(*batch, strict=True)
        computed = self._hash_leaves(batch) if _is_plain(times, types, payloads) else []
        if (
            computed == list(leaves)
            and seqs == tuple(range(self._next, self._next + len(batch)))
            and times[0] >= self.time
            and list(times) == sorted(times)
            and self._extend_chain(leaves) == list(chains)
        ):
            self._next, self.time, self.chain = seqs[-1] + 1, times[-1], chains[-1]
        else:
            computed = self._diagnose(batch)
        self.tree.extend(computed)
        if "key" in types or "erasure" in types:
            self.special += [(row[0], row[2], row[3]) for row in batch if row[2] in {"key", "erasure"}]

    def _hash_leaves(self, batch: Sequence[Row]) -> list[bytes]:
        """The leaf hashes of rows whose texts need no escapes: as `leaf_bytes` writes them, without its calls."""
        head = self._head
        return [
            sha256(f'{head}{payload}","seq":{seq},"time":"{time}","type":"{type}"}}'.encode()).digest()
            for seq, time, type, payload, _, _ in batch  # noqa: A001 - the entry's word
        ]

    def _extend_chain(self, leaves: Sequence[bytes]) -> list[bytes]:
        chain = self.chain
        return [chain := sha256(chain + leaf).digest() for leaf in leaves]

    def _diagnose(self, batch: Sequence[Row]) -> list[bytes]:
        """Look at rows one by one, each beside what is stored of the one before it; gives their leaf hashes."""
        found: list[Finding] = []
        leaves, changed = [], []
        for raw in batch:
            row, problems = _mend(raw)
            leaf = hash_leaf(leaf_bytes(self.ledger_id, row.seq, row.time, row.type, row.payload))
            problems += self._check_place(row)
            if leaf != row.leaf:
                changed.append(row)
            elif not problems and row.chain != extend_chain(self.chain, row.leaf):
                problems.append(
                    Finding("chain", f"entry {row.seq:,} does not follow from the entry before it", row.seq)
                )
            found += problems
            leaves.append(leaf)
            self._next, self.time, self.chain = row.seq + 1, max(self.time, row.time), row.chain
        found += self._name_changed(changed)
        for finding in sorted(found, key=lambda finding: finding.seq or 0):
            self.findings.add(*finding)
        return leaves

    def _check_place(self, row: Entry) -> list[Finding]:
        following, found = self._next, []
        if row.seq < following:
            found.append(Finding("order", f"entry {row.seq:,} stands where entry {following:,} should", row.seq))
        elif row.seq > following:
            several = row.seq - following > 1
            missing = f"entries {following:,} to {row.seq - 1:,} are" if several else f"entry {following:,} is"
            found.append(Finding("gap", f"{missing} missing", following))
        if row.time < self.time:
            found.append(Finding("time", f"entry {row.seq:,} is older than the entry before it", row.seq))
        return found

    def _name_changed(self, changed: list[Entry]) -> list[Finding]:
        """Of entries that are not what their leaf hash states: whether they are changed, or changed places."""
        places = [row.seq for row in changed]
        found = []
        for row in changed:
            origin = self._find_origin(row, places) if len(changed) <= MOST_MOVED else None
            if origin is None:
                message = f"entry {row.seq:,} was changed: its content is not what its hash states"
                found.append(Finding("leaf", message, row.seq))
            else:
                message = f"entry {row.seq:,} was moved: it holds what was entry {origin:,}"
                found.append(Finding("moved", message, row.seq))
        return found

    def _find_origin(self, row: Entry, places: list[int]) -> int | None:
        near = {place + step for place in places for step in (-1, 0, 1)} - {row.seq}
        for seq in sorted(near):
            if hash_leaf(leaf_bytes(self.ledger_id, seq, row.time, row.type, row.payload)) == row.leaf:
                return seq
        return None


def _mend(raw: Row) -> tuple[Entry, list[Finding]]:
    """The row as an entry; where it holds what no entry can, that is a finding, and something harmless is put there."""
    texts = [value if _is_text(value) else "" for value in raw[1:4]]
    hashes = [value if isinstance(value, bytes) and len(value) == HASH_SIZE else b"" for value in raw[4:]]
    if [*texts, *hashes] == list(raw[1:]):
        return Entry._make(raw), []
    message = f"entry {raw[0]:,} was changed: it holds what no entry can"
    return Entry(raw[0], *texts, *hashes), [Finding("form", message, raw[0])]  # type: ignore[arg-type]


def _is_text(value: object) -> bool:
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def _is_plain(*columns: Sequence[Any]) -> bool:
    """Whether all values are texts that stand in JSON as they are."""
    try:
        texts = "".join(map("".join, columns))
    except TypeError:
        return False
    return texts.isascii() and texts.isprintable() and '"' not in texts and "\\" not in texts
