"""The approaches in the order of what they cost, and how far a project has come with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model.advice import INSUFFICIENT, MEASURED, SUFFICIENT, UNTRIED
from policy.model.fact import Fact, Members
from policy.model.fields import APPROACHES

if TYPE_CHECKING:
    from policy.model.facts import Facts

TRIED: Final = "tried"
# The untouched model is where every comparison starts, and no way of adapting it.
UNADAPTED: Final = "base-model"
PROMPTING: Final = ("prompt-engineering", "system-prompt", "few-shot")
# Whoever retrieves and tunes pays for both, so hybrid stands above fine-tuning.
LADDER: Final = (UNADAPTED, *PROMPTING, "rag", "fine-tuning", "hybrid")


def judged_as(approach: str) -> str:
    """What a manifest states of a project that takes this approach: a system prompt is a prompt."""
    return approach if approach in APPROACHES else "prompt-engineering"


def list_standings(facts: Facts) -> dict[str, str]:
    """Of every approach whether it was tried, and whether it met the need by the project's own word."""
    tried = facts.values.get(TRIED)
    return {approach: _settle(approach, tried) for approach in LADDER}


def _settle(approach: str, tried: Any) -> str:
    attempts = [item for item in getattr(tried, "items", ()) if item.get("approach") == approach]
    told = [attempt.get("sufficient") for attempt in attempts]
    if True in told:
        return SUFFICIENT
    # One that fell short says nothing of another whose result nobody judged.
    if told and all(word is False for word in told):
        return INSUFFICIENT
    return MEASURED if told else UNTRIED


def suppose_short(approach: str) -> Fact:
    """The fact that an approach was tried, was scored and did not meet the need."""
    told = {"approach": approach, "score": 0.0, "sufficient": False}
    record = {name: Fact(f"{TRIED}[].{name}", value) for name, value in told.items()}
    return Fact(TRIED, Members((record,), complete=True), source="supposed")
