"""The words of an audit report, in the order in which it counts."""

from __future__ import annotations

from typing import Final

RESULTS: Final = {
    "pass": "Pass",
    "fail": "Fail",
    "waived": "Waived, would fail",
    "waived-unknown": "Waived, would be unknown",
    "unknown": "Unknown",
    "error": "Errored",
    "not-applicable": "Not applicable",
    "not-evaluated": "Not evaluated",
}
RESULTS_ABOUT: Final = {
    "pass": "what is required is met",
    "fail": "what is required is not met",
    "waived": "a dated exception takes the effect away",
    "waived-unknown": "a dated exception, and a fact is missing",
    "unknown": "a fact that decides is missing",
    "error": "judging broke",
    "not-applicable": "not meant for such a project",
    "not-evaluated": "in force, and not judged at that gate",
}
VERDICTS: Final = {"block": "Blocked", "hold": "Held", "flag": "Flagged", "allow": "Allowed"}
RUNS: Final = {
    "admitted": "Admitted",
    "observed": "Observed",
    "untrained": "Training nothing",
    "undecided": "Without a decision",
    "held": "Held",
    "refused": "Refused",
    "reopened": "Reopened",
}
STATES: Final = {
    "pending": "open",
    "approved": "approved",
    "rejected": "rejected",
    "override": "let through by breaking the glass",
    "withdrawn": "withdrawn",
    "expired": "expired undecided",
}
LIMITS: Final = (
    "That a declared fact is true. Declared is what a manifest says; observed is what was read from the evidence.",
    "That what could not be assessed is in order: unknown, errored, not applicable and not evaluated are not passes.",
    "That everything was judged. Only what was asked for at a gate is here, and what nobody judged leaves no trace.",
    "That what was judged is what was trained or released later: a decision speaks of the files that were there.",
    "That the policies are the right ones, or all that law or your organisation asks for.",
    "Conformity with a framework: a requirement stands here where policies contribute to it, not with its whole text.",
    "That dates are right: a decision counts at the time it was judged for; its entry says when it was recorded.",
    "That every run is here. Who trains without the server, or writes past it, leaves no trace in the ledger.",
    "Who a person is. Names are those that somebody voted under, and who owns the database can change them.",
    "That the end of the ledger is unchanged since its last checkpoint that was kept elsewhere.",
    "Who made this file. It is not signed and can be edited; who can read the ledger can make it again and compare.",
)
