"""SECURITY.md names a test for each claim: every one of them is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]


def test_every_row_says_who_why_and_what_shows_it():
    assert len(ROWS) > 30
    for row in ROWS:
        assert len(row) == 4, row[0]
        assert all(part.strip() for part in row)
        assert re.search(r"`tests/|conformance corpus", row[3]), row[0]


def test_every_test_that_is_named_is_there():
    named = set(re.findall(r"`(tests/[^`]+)`", PAGE))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    folders = [path for path in sorted(named) if path.endswith("/")]
    assert [path for path in folders if not any((ROOT / path).rglob("test_*.py"))] == []
