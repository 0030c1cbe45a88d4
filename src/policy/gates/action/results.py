"""What the Action's outputs say of a run, from the report for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.baseline import COVERED, STATES
from policy.model.gates import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOWED, HELD, BLOCKED, NOTHING = 0, 4, 1, 3
# GitHub takes a megabyte for all outputs of a job; an id has 71 characters.
MOST_IDS = 10_000
PROJECTS = {"allow": "allowed", "flag": "flagged", "hold": "held", "block": "blocked"}


def list_outputs(code: int, document: Mapping[str, Any] | None) -> dict[str, str]:
    """Every output that tells a result; without a report no number is known, and none is given."""
    told = {"exit-code": str(code), "verdict": name_verdict(code, document)}
    if document is None:
        return told
    summary = document["summary"]
    counts = {
        "subjects": summary["subjects"],
        **{name: summary["verdicts"][verdict] for verdict, name in PROJECTS.items()},
        "waived": summary["outcomes"]["waived"],
        "unknown": summary["not_assessed"],
        "errored": summary["outcomes"]["error"],
        "kept-back": sum(summary["kept_back"].values()),
        "contradictions": summary["contradictions"],
        "wrong-inputs": len(document["errors"]),
    }
    ids = [decision["id"] for decision in document["decisions"]]
    counts |= _count_beyond(document["baseline"])
    return told | {name: str(count) for name, count in counts.items()} | {"decision-ids": "\n".join(ids[:MOST_IDS])}


def _count_beyond(baseline: Mapping[str, Any] | None) -> dict[str, int]:
    """How the findings compare with the baseline, where there is one."""
    if baseline is None:
        return {}
    found = baseline["findings"]
    return {
        "known": sum(found[state] for state in COVERED),
        "new": sum(found[state] for state in STATES if state not in COVERED),
        "fixed": len(baseline["fixed"]),
    }


def name_verdict(code: int, document: Mapping[str, Any] | None) -> str:
    """The hardest verdict; `error` and `none` where a run gives none that anybody could rely on.

    With a baseline that of what it does not cover, as the exit code is.
    """
    if code not in (ALLOWED, BLOCKED, HELD, NOTHING) or (document is None and code != NOTHING):
        return "error"
    counts = (document["baseline"] or document["summary"])["verdicts"] if document is not None else {}
    return next((verdict for verdict in reversed(VERDICTS) if counts.get(verdict)), "none")


def count_left_out(document: Mapping[str, Any] | None) -> int:
    """How many ids there is no room for."""
    return max(0, len(document["decisions"]) - MOST_IDS) if document is not None else 0
