"""The tables of runs, by name and columns, and which rows the database refuses."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    # A row for each step of a run, never changed.
    "runs": (
        "server",
        "run",
        "experiment",
        "project",
        "principal",
        "activity",
        "manifest",
        "decision",
        "state",
        "verdict",
        "parent",
        "seq",
    ),
    # What clients send, which is on no record until a run refers to it.
    "uploads": ("digest", "principal", "received", "size", "body"),
}
UNGUARDED: Final = ("uploads",)
"""Tables from which rows go again."""

# Table, event, name, the condition under which it is refused, and what is said then.
GUARDS: Final = (
    (
        "runs",
        "INSERT",
        "entry",
        (
            "NOT EXISTS (SELECT 1 FROM entries WHERE entries.seq = NEW.seq AND type = 'run')"
            " OR EXISTS (SELECT 1 FROM runs WHERE runs.seq = NEW.seq)"
        ),
        "a step of a run is an entry, and recorded once",
    ),
    (
        "runs",
        "INSERT",
        "decision",
        "NEW.decision <> '' AND NOT EXISTS (SELECT 1 FROM decisions WHERE decision_id = NEW.decision)",
        "the decision on a run is recorded before it",
    ),
)
