"""The entries of a ledger beside the decisions that are counted: what each names, and the root over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.errors import Problem
from policy.records.entry import extend_chain, hash_leaf, leaf_bytes, start_chain
from policy.records.merkle import CompactRange
from policy.reports.layout import join_names

if TYPE_CHECKING:
    from policy.records.entry import Entry
    from policy.records.ledger import Ledger

# As many as a reader looks up; `policy ledger verify` names them all.
NAMED: Final = 5
_INDEXED: Final = {
    "decision": ("decisions", "SELECT count(*) FROM decisions WHERE seq <= ?"),
    "run": ("steps of runs", "SELECT count(*) FROM runs WHERE seq <= ?"),
}


class Entries:
    """The first entries of a ledger, read once and in order; their hashes are computed anew."""

    def __init__(self, ledger: Ledger, size: int) -> None:
        self._ledger = ledger
        self._size = size
        self._rows = ledger.read_entries(1, size + 1)
        self._tree, self._chain = CompactRange(), start_chain(ledger.id)
        self._last: Entry | None = None
        self._counts = dict.fromkeys(_INDEXED, 0)
        self.changed: set[int] = set()

    def find_payload(self, seq: int) -> str:
        """The digest that an entry names; empty where there is no such entry. Numbers are asked for in order."""
        while (self._last is None or self._last.seq < seq) and (entry := next(self._rows, None)) is not None:
            self._take(entry)
        return self._last.payload if self._last is not None and self._last.seq == seq else ""

    @property
    def time(self) -> str:
        """When the entry was recorded that was asked for last."""
        return self._last.time if self._last is not None else ""

    def _take(self, entry: Entry) -> None:
        seq, time, kind, payload, stated, chain = self._last = entry
        try:
            leaf = hash_leaf(leaf_bytes(self._ledger.id, seq, time, kind, payload))
            fits = leaf == stated and chain == extend_chain(self._chain, leaf)
        except (TypeError, ValueError):
            leaf, fits = bytes(32), False
        self._tree.append(leaf)
        self._chain = chain
        if kind in self._counts:
            self._counts[kind] += 1
        if not fits:
            self.changed.add(seq)

    def finish(self) -> tuple[str, str]:
        """Root and chain over all of them, as hexadecimal."""
        self.find_payload(self._size)
        return self._tree.root().hex(), self._chain.hex()

    def list_problems(self) -> list[Problem]:
        """What shows that the ledger is not what it was; call it when all is read."""
        self.finish()
        found = []
        if self.changed:
            shown = [f"{seq:,}" for seq in sorted(self.changed)]
            listed = join_names(shown, NAMED)
            word = "entry" if len(shown) == 1 else "entries"
            found.append(f"the ledger holds something else than was recorded at {word} {listed}")
        if self._tree.size != self._size:
            found.append(f"of the first {self._size:,} entries the ledger has {self._tree.size:,}")
        for kind, (named, query) in _INDEXED.items():
            indexed = self._ledger.read(query, (self._size,))[0][0]
            if indexed != self._counts[kind]:
                found.append(f"the ledger has {self._counts[kind]:,} {named}, and its index {indexed:,}")
        remedy = "trust no number before `policy ledger verify --checkpoint FILE` has named what was changed"
        return [Problem(message, remedy) for message in found]
