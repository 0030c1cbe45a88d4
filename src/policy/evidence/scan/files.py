"""One data file scanned in a streaming pass."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.scan.escapes import undo_escapes
from policy.evidence.scan.positions import LineCounter
from policy.evidence.scan.spans import MOST_PLACES, Findings, Place, find_spans
from policy.evidence.scan.texts import NoTextError, read_text
from policy.evidence.scan.windows import cut_windows
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.evidence.scan.spans import Family
    from policy.evidence.scan.windows import Window

_CHANGED = "it was changed while it was read"


class FileScan(NamedTuple):
    """What a scan found, by the name of each family; without `findings`, `reason` says why there are none."""

    findings: Mapping[str, Findings] | None
    sha256: str = ""
    reason: str = ""


class ScanFaultError(Exception):
    """Something broke while a text was looked at; the message and the chain of errors hold nothing of the text."""


def scan_file(path: str, families: tuple[Family, ...]) -> FileScan:
    """Scan a file as text of any encoding that ASCII is part of. Raises OSError."""
    before = os.stat(path)
    with ByteStream(path) as stream:
        scan = _Scan(families)
        try:
            for window in cut_windows(read_text(stream)):
                scan.add(window)
        except NoTextError as fault:
            return FileScan(None, reason=fault.reason)
        size, digest = stream.finish()
    after = os.stat(path)
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or size != after.st_size:
        return FileScan(None, reason=_CHANGED)
    return FileScan(scan.conclude(), digest)


class _Scan:
    """The findings so far."""

    def __init__(self, families: tuple[Family, ...]) -> None:
        self._families = families
        self._counts: dict[str, dict[str, int]] = {family.name: {} for family in families}
        self._places: dict[str, list[Place]] = {family.name: [] for family in families}
        self._lines = LineCounter()

    def add(self, window: Window) -> None:
        """Count what begins in the window. Raises ScanFaultError where anything breaks."""
        try:
            self._find(window)
        except Exception as error:  # noqa: BLE001 - its message may hold what was found
            fault = type(error).__name__
        else:
            self._lines.pass_by(window)
            return
        # Outside the handler, for the new error not to carry the old one.
        raise ScanFaultError(f"the scan broke near byte {window.offset:,} ({fault})")

    def conclude(self) -> dict[str, Findings]:
        return {name: Findings(counts, tuple(self._places[name])) for name, counts in self._counts.items()}

    def _find(self, window: Window) -> None:
        text = undo_escapes(window.data)
        for family in self._families:
            for span in find_spans(family, text.data):
                at = text.locate(span.start)
                if window.start <= at < window.end:
                    self._count(family.name, span.kind, window, at)

    def _count(self, name: str, kind: str, window: Window, at: int) -> None:
        counts = self._counts[name]
        counts[kind] = counts.get(kind, 0) + 1
        if len(self._places[name]) < MOST_PLACES:
            self._places[name].append(Place(kind, *self._lines.locate(window, at), window.offset + at))
