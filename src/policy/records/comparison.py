"""Holds checkpoints against a ledger: whose they are, by which key, and whether what was read fits them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.errors import Problem
from policy.records.notes import NoteError, find_signer
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.records.checkpoints import SignedCheckpoint
    from policy.records.keys import KeyEvent, TrustedKey
    from policy.records.scanning import Findings, Scan

AGREES: Final = "agrees"
DIFFERS: Final = "differs"
TRUNCATED: Final = "truncated"
REFUSED: Final = "refused"


class Admitted(NamedTuple):
    """A checkpoint of this ledger by a key that is trusted."""

    signed: SignedCheckpoint
    key: str

    @property
    def size(self) -> int:
        return self.signed.checkpoint.size


class Compared(NamedTuple):
    """What a checkpoint showed; `outside` where it was given, and not taken from the database itself."""

    source: str
    size: int
    key: str
    result: str
    outside: bool


def admit_checkpoints(
    given: Sequence[SignedCheckpoint], ledger_id: str, trusted: Sequence[TrustedKey]
) -> list[Admitted]:
    """The checkpoints with the keys that signed them. Raises NoteError with all that is wrong with any."""
    admitted: list[Admitted] = []
    problems: list[Problem] = []
    for signed in given:
        try:
            admitted.append(_admit(signed, ledger_id, trusted))
        except NoteError as error:
            problems.extend(error.problems)
    if problems:
        raise NoteError(*problems)
    return admitted


def _admit(signed: SignedCheckpoint, ledger_id: str, trusted: Sequence[TrustedKey]) -> Admitted:
    checkpoint, source = signed.checkpoint, signed.source
    # The name is compared where roots are: who changed it in the database is not to look like another ledger.
    if checkpoint.origin.rpartition("/")[2] != ledger_id or not checkpoint.origin.startswith("tunegate/"):
        message = f"{source} is of another ledger: `{checkpoint.origin}`, and this one is `{ledger_id}`"
        raise NoteError(Problem(message, "name the checkpoints of this ledger, or the ledger that they are of"))
    key = find_signer(signed.note, [known.key for known in trusted], source)
    until = min((known.until for known in trusted if known.key == key and known.until is not None), default=None)
    if until is not None and checkpoint.size > until:
        message = f"{source} has {checkpoint.size:,} entries, and its key `{key.short}` is trusted for {until:,} only"
        raise NoteError(Problem(message, "name a checkpoint that was signed by the key that took its place"))
    return Admitted(signed, key.short)


class Comparison:
    """Holds checkpoints, the smallest first, against what was read."""

    def __init__(self, scan: Scan, origin: str, endings: Mapping[str, KeyEvent], findings: Findings) -> None:
        self.scan = scan
        self.origin = origin
        self.endings = endings
        self.findings = findings
        self.refused: list[Problem] = []
        self.agreed = 0

    def compare(self, one: Admitted, *, outside: bool) -> Compared:
        """Compare one; what does not fit is a finding, and a key that is out of use a problem."""
        result = self._find_result(one)
        if result == TRUNCATED:
            self._report_missing(one)
        elif result == DIFFERS:
            self._report_difference(one)
        elif one.signed.checkpoint.origin != self.origin:
            message = f"the ledger is called otherwise than in {one.signed.source}: `{one.signed.checkpoint.origin}`"
            self.findings.add("name", message)
        elif result == AGREES and outside:
            self.agreed = max(self.agreed, one.size)
        return Compared(one.signed.source, one.size, one.key, result, outside)

    def _find_result(self, one: Admitted) -> str:
        ended = self.endings.get(one.key)
        if one.size > self.scan.tree.size:
            return TRUNCATED
        if self.scan.roots[one.size] != one.signed.checkpoint.root:
            # Also where the ledger says that the key is out of use: who rewrites a ledger can write that, too.
            return DIFFERS
        if ended is not None and one.size >= ended.seq:
            self._refuse(one, ended)
            return REFUSED
        return AGREES

    def _refuse(self, one: Admitted, ended: KeyEvent) -> None:
        how = "revoked" if ended.action == "revoke" else "replaced"
        message = f"{one.signed.source} is signed by `{one.key}`, which was {how} by entry {ended.seq:,} before it"
        self.refused.append(Problem(message, "name a checkpoint that was signed by a key in use"))

    def _report_missing(self, one: Admitted) -> None:
        size = self.scan.tree.size
        message = f"the ledger was cut: it has {size:,} entries, and {one.signed.source} has {one.size:,}"
        self.findings.add("truncated", message, size + 1)

    def _report_difference(self, one: Admitted) -> None:
        first, source = self.agreed + 1, one.signed.source
        where = f"entry {first:,}" if first == one.size else f"one of the entries {first:,} to {one.size:,}"
        message = f"{where} is not what it was: the ledger does not fit {source}"
        self.findings.add("rewritten", message, first)
