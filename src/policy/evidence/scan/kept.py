"""What was found in large files, kept between runs by the content's digest: kinds, counts and places, never a value."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from policy.evidence.data.contents import find_content
from policy.evidence.scan.files import FileScan, scan_file
from policy.evidence.scan.spans import MOST_PLACES, Findings, Place

if TYPE_CHECKING:
    from policy.evidence.scan.spans import Family

_CODE = os.path.dirname(__file__)
_KIND = re.compile(r"[a-z0-9-]{1,40}")


def scan_once(root: str, real: str, families: tuple[Family, ...]) -> FileScan:
    """Scan a file, unless it is known what these detectors find in such a content. Raises OSError."""
    kept = find_content(root, real, "scan", _CODE)
    if kept is None:
        return scan_file(real, families)
    known = _read(kept.load(), kept.digest, families)
    if known is not None:
        return known
    scan = scan_file(real, families)
    if scan.findings is not None:
        kept.save(
            scan.sha256, {name: json.dumps([found.counts, found.places]) for name, found in scan.findings.items()}
        )
    return scan


def _read(entry: dict[str, Any] | None, digest: str, families: tuple[Family, ...]) -> FileScan | None:
    """The scan that an entry holds; None where it is not what it should be."""
    if entry is None:
        return None
    try:
        return FileScan({family.name: _read_findings(entry[family.name]) for family in families}, digest)
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _read_findings(written: str) -> Findings:
    """Raises TypeError or ValueError for what nobody can have found."""
    counts, places = json.loads(written)
    findings = Findings(dict(counts), tuple(Place(*place) for place in places))
    numbers = [*findings.counts.values(), *(number for place in findings.places for number in place[1:])]
    possible = (
        all(type(number) is int and number >= 0 for number in numbers)
        and all(_KIND.fullmatch(kind) for kind in findings.counts)
        and {place.kind for place in findings.places} <= findings.counts.keys()
        and len(findings.places) == min(findings.total, MOST_PLACES)
    )
    if not possible:
        raise ValueError
    return findings
