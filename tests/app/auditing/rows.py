"""Decisions as their documents and rows, for what counts them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from policy.app.auditing.documents import Row

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
NOON = "2026-08-01T12:00:00Z"


def make_document() -> dict[str, Any]:
    """A decision of three policies."""
    return {
        "id": "sha256:1",
        "project": "reply-tone",
        "manifest": "ml-manifest.yaml",
        "training_config": None,
        "gate": "ci",
        "time": NOON,
        "verdict": "block",
        "policy_set": "sha256:set",
        "evidence": "sha256:evidence",
        "engine": "tunegate 1",
        "outcomes": [
            {"policy": "a", "outcome": "fail", "note": ""},
            {"policy": "b", "outcome": "pass", "note": ""},
            {"policy": "c", "outcome": "unknown", "note": ""},
        ],
        "not_assessed": [{"policy": "c", "missing": ["data.rows", "data.rows"], "settle": ""}],
        "contradictions": [{"field": "data.rows", "declared": "10", "observed": "12", "source": "data/train.jsonl"}],
    }


def make_row(results: dict[str, str], **more: Any) -> Row:
    """A decision with these results by policy."""
    row = Row(
        "sha256:1",
        "reply-tone",
        "",
        "ml-manifest.yaml",
        "ci",
        NOON,
        "allow",
        "sha256:set",
        "sha256:evidence",
        "tunegate 1",
        tuple(results),
        tuple(results.values()),
        (),
        (),
        (),
    )
    return row._replace(**more)


def on_day(day: int) -> str:
    """Noon of a day in August."""
    return f"2026-08-{day:02}T12:00:00Z"
