"""A comparison with a change of every kind, for the forms to show."""

from __future__ import annotations

from policy.errors import Location, Problem
from policy.model.decision import Subject
from policy.model.gates import GATES
from policy.model.set_changes import (
    Change,
    Line,
    PolicyChange,
    Responsible,
    SetChanges,
    Unjudged,
    VerdictChange,
    VerdictCounts,
    WaiverChange,
)
from policy.reports.diff.view import DiffContext, SideView

DIGEST = "sha256:" + "0" * 64
CONTEXT = DiffContext(
    SideView("OLD", "main", "main (1a2b3c4d5e)", "1a2b3c4d5e" * 4, "policy.yaml", DIGEST),
    SideView("NEW", ".", "the working tree", None, "policy.yaml", DIGEST),
    "ci",
    "2026-11-20T00:00:00Z",
    lambda file: f"below/{file}",
)
PLACE = Location("main@1a2b3c4d5e/policy.yaml", 3, 5, 3, 9)
HERE = Location("policy.yaml", 7, 2, 7, 8)
LINES = (
    Line(" ", "all of these:"),
    Line("-", "  data.rows must be at least 3"),
    Line("+", "  data.rows must be at least 4"),
)
CHANGES = SetChanges(
    (
        PolicyChange(
            "few-examples",
            "Have enough examples",
            "changed",
            "stricter",
            (
                Change("mode", "observe", "enforce", "stricter", (), (), PLACE, None),
                Change("effect", None, "block", "stricter", ("ci", "release"), (), None, HERE),
                Change("params.least", "3", "4", "stricter", (), (), PLACE, HERE),
                Change("require", "three", "four", "stricter", (), LINES),
            ),
            (Change("fix", "Add some", None, lines=(Line("-", "Add some"),)),),
        ),
        PolicyChange("gone", "Is gone", "removed", "milder", (Change("effect", "flag", None, gates=GATES),)),
        PolicyChange("odd", "Is odd", "changed", "unclear", (Change("observed", "data.rows", None, "unclear"),)),
        PolicyChange("worded", "Is worded", "changed", "neither", (), (Change("title", "Was", "Is worded"),)),
    ),
    (Change("gates.commit.mode", "enforce", "flag", "milder", (), (), None, HERE),),
    (
        WaiverChange("few-examples", "legacy-*", "", "added", "milder", (Change("expires", None, "2027-01-31"),)),
        WaiverChange("odd", "a", "w1", "changed", "neither", (Change("owner", "ml", "ops"),)),
    ),
    (Change("layers", "policy.yaml", None, lines=(Line("-", "policy.yaml"),)),),
    53,
)
VERDICTS = [
    VerdictChange(
        Subject("tone", "a/ml-manifest.yaml", "a/train.yaml"),
        "allow",
        "block",
        (Responsible("few-examples", "fail", "fail", "would block", "block"), Responsible("gone", "pass", None)),
    ),
    VerdictChange(Subject("b/train.yaml", None, "b/train.yaml"), "flag", "allow", ()),
]
UNJUDGED = [Unjudged("c/ml-manifest.yaml", "NEW", "`x.tier` is no field"), Unjudged("d.yaml", "both", "it is broken")]
PROBLEMS = (Problem("wrong", "mend it", HERE), Problem("odd", level="warning"))


def count() -> VerdictCounts:
    """The counts of these verdicts, and of three subjects that keep theirs."""
    counts = VerdictCounts()
    for change in VERDICTS:
        counts.count(change.old, change.new, otherwise=bool(change.policies))
    for otherwise in (True, False, False):
        counts.count("allow", "allow", otherwise=otherwise)
    return counts
