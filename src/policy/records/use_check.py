"""Holds which policy set was in use where against the decisions: each change is an entry, and no entry says another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.records import server_settings
from policy.records.policy_sets import CHANGE, find_use, read_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from policy.records.policy_sets import Place, Use
    from policy.records.scanning import Findings


class UseCheck:
    """Is told of every entry in order; `rows` are what changes are found by, `read_body` gives an object's bytes."""

    def __init__(
        self, rows: Iterable[Use], findings: Findings, read_body: Callable[[str], Any] = lambda _: None
    ) -> None:
        self._read_body = read_body
        self._rows = {row.seq: row for row in rows}
        self._findings = findings
        self._in_use: dict[Place, Use] = {}

    def skip(self, seq: int) -> None:
        """An entry whose payload is gone: what its row says is all that is left."""
        row = self._rows.pop(seq, None)
        if row is not None:
            self._in_use[row.place] = row

    def check(self, seq: int, kind: str, payload: Mapping[str, Any]) -> None:
        """Look at one."""
        if kind == CHANGE and payload.get("format") == server_settings.FORMAT:
            self._check_settings(seq, payload)
        elif kind == CHANGE:
            self._check_change(seq, payload)
        elif kind == "decision":
            self._check_decision(seq, payload)

    def _check_change(self, seq: int, payload: Mapping[str, Any]) -> None:
        change, row = read_change(payload, seq), self._rows.pop(seq, None)
        if change is None:
            self._findings.add("form", f"the payload of entry {seq:,} is no change of a policy set", seq)
            return
        before, after = change
        if self._in_use.get(after.place) != before:
            message = (
                f"entry {seq:,} states another policy set before it than was in use at the gate `{after.place.gate}`"
            )
            self._findings.add("policy-set", message, seq)
        self._check_row(seq, row, after)
        self._in_use[after.place] = after

    def _check_settings(self, seq: int, payload: Mapping[str, Any]) -> None:
        change, row = server_settings.read_change(payload, seq), self._rows.pop(seq, None)
        if change is None:
            self._findings.add("form", f"the payload of entry {seq:,} is no change of a server's settings", seq)
            return
        before, after = change
        if self._in_use.get(after.place) != before:
            message = f"entry {seq:,} states other settings before it than were in force at `{after.place.name}`"
            self._findings.add("policy-set", message, seq)
        documents = [self._read_body(use.sources) if use is not None else None for use in change]
        if not server_settings.fits_settings(payload, *documents):
            message = f"entry {seq:,} states other changes than the settings have that it names"
            self._findings.add("policy-set", message, seq)
        self._check_row(seq, row, after)
        self._in_use[after.place] = after

    def _check_decision(self, seq: int, payload: Mapping[str, Any]) -> None:
        use, row = find_use(payload, seq), self._rows.pop(seq, None)
        if use is None:
            # Of an early version, or of what records no place.
            if row is not None:
                self._check_row(seq, row, None)
            return
        known = self._in_use.setdefault(use.place, use)
        if known is use or row is not None:
            self._check_row(seq, row, use if known is use else None)
        if known.policy_set != use.policy_set:
            message = f"the decision at entry {seq:,} is under another policy set than entry {known.seq:,} states"
            self._findings.add("policy-set", f"{message}, and no entry says that it changed", seq)
            self._in_use[use.place] = use

    def _check_row(self, seq: int, row: Use | None, stated: Use | None) -> None:
        if row != stated:
            message = f"the index states another policy set in use from entry {seq:,} on than the entry"
            self._findings.add("index", message, seq)

    def finish(self) -> None:
        """What is left belongs to no entry."""
        for seq in self._rows:
            self._findings.add(
                "index", f"the index has a policy set in use from entry {seq} on, where there is none", seq
            )
