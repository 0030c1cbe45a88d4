"""The words of judging: gates, effects, modes, outcomes and verdicts, each in order."""

from __future__ import annotations

from typing import Final

GATES: Final = ("check", "commit", "ci", "run", "release")
EFFECTS: Final = ("advise", "flag", "hold", "block")
MODES: Final = ("observe", "flag", "enforce")
OUTCOMES: Final = ("pass", "fail", "unknown", "not-applicable", "waived", "error")
VERDICTS: Final = ("allow", "flag", "hold", "block")
SEVERITIES: Final = ("low", "medium", "high", "critical")

# At these gates nobody waits: without a ledger a hold cannot be approved there and acts as a flag.
FLAGGING_GATES: Final = ("check", "commit", "ci")


def milder_effect(effect: str) -> str:
    """One step milder: what an unknown outcome does where its failure does `effect`."""
    return EFFECTS[max(0, EFFECTS.index(effect) - 1)]


def cap_effect(effect: str, mode: str) -> str | None:
    """What is left of `effect` in `mode`; None where nothing acts."""
    if mode == "observe":
        return None
    if mode == "flag" and effect in ("hold", "block"):
        return "flag"
    return effect


def hardest_verdict(effects: list[str | None]) -> str:
    """The verdict that these effects make; advise counts as allow."""
    ranks = [VERDICTS.index(effect) for effect in effects if effect in VERDICTS]
    return VERDICTS[max(ranks, default=0)]
