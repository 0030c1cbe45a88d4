"""Holds what entries refer to against their digests, and the index of decisions against the entries that it is for."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from policy.records.objects import digest_bytes
from policy.records.policy_sets import CHANGE
from policy.records.server_settings import list_settings
from policy.records.use_check import UseCheck
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policy.records.scanning import Findings
    from policy.records.snapshot import Snapshot

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
PARTS: Final = ("files", "sources", "bundles", "tables")
# What the index repeats of a decision, under which name.
INDEXED: Final = {
    "decision_id": "id",
    "project": "project",
    "gate": "gate",
    "verdict": "verdict",
    "time": "time",
    "policy_set": "policy_set",
    "stake": "stake",
}
COLUMNS: Final = ("decision_id", "project", "gate", "verdict", "time", "policy_set", "facts", "stake")


class Erasure(NamedTuple):
    """An entry that says that something was erased: an object or a person's name, by whom, why."""

    seq: int
    target: str
    by: str
    reason: str


class Contents(NamedTuple):
    """How much was looked at."""

    objects: int
    erased: int
    decisions: int


def read_erasure(seq: int, payload: Mapping[str, Any]) -> Erasure:
    """What the payload of an erasure's entry says."""
    return Erasure(seq, *(str(payload.get(name) or "") for name in ("target", "by", "reason")))


def check_contents(snapshot: Snapshot, erasures: Sequence[Erasure], findings: Findings) -> Contents:
    """Look at every object and at the payload of every entry; what `erasures` name may be gone."""
    first = {erasure.target: erasure.seq for erasure in reversed(erasures)}
    checker = _Checker(
        {erasure.target: erasure.seq for erasure in erasures},
        findings,
        UseCheck(snapshot.read_uses(), findings, snapshot.read_body),
    )
    for batch in snapshot.read_objects():
        checker.check_objects(batch)
    for rows in snapshot.read_payloads():
        checker.check_payloads(rows, snapshot)
    for seq in snapshot.read_stray_payloads():
        findings.add("payload", f"there is a payload of entry {seq:,}, and there is no such entry", seq)
    checker.uses.finish()
    for seq, decision in snapshot.read_strays():
        findings.add("index", f"the index has decision `{decision}` at entry {seq:,}, where there is none", seq)
    for target, seq in snapshot.read_erasures():
        if first.get(target) != seq:
            known = seq if isinstance(seq, int) else None
            findings.add("erasure", f"entry {seq} does not say that `{target}` was erased", known)
    for digest, said in checker.wrong.items():
        # Entries that it belongs to would have been named with it.
        findings.add("object", f"the object `{digest}` {said}")
    return Contents(checker.objects, checker.erased_objects, checker.decisions)


class _Checker:
    """`erased` has by target the last entry that says so."""

    def __init__(self, erased: Mapping[str, int], findings: Findings, uses: UseCheck) -> None:
        self.erased = erased
        self.uses = uses
        self.findings = findings
        self.objects = self.erased_objects = self.decisions = 0
        # By digest, what is wrong with an object that no entry was named for yet.
        self.wrong: dict[str, str] = {}
        self._sets: set[str] = set()

    def check_objects(self, rows: Sequence[tuple[Any, ...]]) -> None:
        for digest, body in rows:
            said = self._check_body(digest, body)
            if said:
                self.wrong[digest] = said

    def _check_body(self, digest: str, body: Any, seq: int = 0) -> str:
        """What is wrong with an object, or what entry `seq` says: it may say again what was erased before it."""
        self.objects += 1
        is_erased = seq < self.erased.get(digest, 0)
        if body is None:
            self.erased_objects += is_erased
            return "" if is_erased else "was erased, and no entry says so"
        if is_erased:
            return f"was erased by entry {self.erased[digest]:,}, and is there again"
        return "" if isinstance(body, bytes) and digest_bytes(body) == digest else "was changed"

    def check_payloads(self, rows: Sequence[tuple[Any, ...]], snapshot: Snapshot) -> None:
        inputs: dict[str, int] = {}
        for seq, kind, payload, stored, body, *index in rows:
            said = "is gone" if stored is None else self._check_body(payload, body, seq)
            if said:
                self.findings.add("payload", f"the payload of entry {seq:,} {said}", seq)
            if said or body is None:
                self.uses.skip(seq)
            else:
                for name, digest in self._check_payload(seq, kind, body, index).items():
                    inputs.setdefault(digest, seq)
                    if name == "policy_set" and digest not in self._sets:
                        self._sets.add(digest)
                        for part in _list_parts(snapshot.read_body(digest)):
                            inputs.setdefault(part, seq)
        for digest, seq in inputs.items():
            self._name(digest, seq)
        for digest in sorted(snapshot.find_missing(list(inputs))):
            seq = inputs[digest]
            self.findings.add("input", f"an input of entry {seq:,}, `{digest}`, is gone", seq)

    def _name(self, digest: str, seq: int) -> None:
        """Say what is wrong with an object by the first entry that it belongs to."""
        said = self.wrong.pop(digest, None)
        if said is not None:
            self.findings.add("input", f"an input of entry {seq:,}, `{digest}`, {said}", seq)

    def _check_payload(self, seq: int, kind: str, body: bytes, index: Sequence[Any]) -> dict[str, str]:
        """Look at one; gives the inputs that it names."""
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            self.findings.add("form", f"the payload of entry {seq:,} is no JSON object", seq)
            return {}
        self.uses.check(seq, kind, payload)
        if kind != "decision":
            return list_settings(seq, payload) if kind == CHANGE else {}
        self.decisions += 1
        self._check_index(seq, payload, index)
        inputs = payload.get("inputs")
        given = inputs if isinstance(inputs, dict) else {}
        return {name: digest for name, digest in given.items() if isinstance(digest, str)}

    def _check_index(self, seq: int, payload: Mapping[str, Any], index: Sequence[Any]) -> None:
        if index[0] is None:
            self.findings.add("index", f"the decision at entry {seq:,} is not in the index", seq)
            return
        decision, inputs = payload.get("decision"), payload.get("inputs")
        row = dict(zip(COLUMNS, index[1:], strict=True))
        decision = decision if isinstance(decision, dict) else {}
        stated = {column: decision[name] or "" for column, name in INDEXED.items() if name in decision}
        if isinstance(inputs, dict) and "facts" in inputs:
            stated["facts"] = inputs["facts"] or ""
        wrong = [column for column, value in stated.items() if value != row[column]]
        if wrong:
            names = ", ".join(f"`{column}`" for column in wrong)
            self.findings.add("index", f"the index states another {names} of the decision at entry {seq:,}", seq)


def _list_parts(body: bytes | None) -> Iterator[str]:
    """The objects that the document of a policy set lists: its files, those of bundles, and its tables."""
    try:
        document = json.loads(body or b"")
    except (ValueError, TypeError, RecursionError):
        return
    pending = [document.get(name) for name in PARTS] if isinstance(document, dict) else []
    for value in pending:  # which grows on the way
        if isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, str) and DIGEST.fullmatch(value):
            yield value
