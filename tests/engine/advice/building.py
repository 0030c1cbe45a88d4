"""Policies of a house that has no catalogue, the policies that ship, and advice about projects written as YAML."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from policy.app.workspace import Workspace, open_workspace
from policy.engine.advice.advising import advise
from policy.model.advice import Advice, Ranked
from policy.model.policy import PolicySet
from tests.building import NOW, make_facts, make_policy

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
TUNED = "when: {approach: [fine-tuning, hybrid]}\n"
TUNING_TRIED = (
    "policy: prompts-first\n"
    f"{TUNED}"
    "require: {tried: {some: {approach: prompt-engineering}}}\n"
    "severity: high\neffect: block\ninstead: [prompt-engineering]\n"
)
FEW_ROWS = (
    f"policy: few-rows\n{TUNED}require: {{data.rows: {{at_least: 100}}}}\n"
    "severity: high\neffect: block\ninstead: [few-shot]\n"
)
FACTS = (
    f"policy: facts\n{TUNED}require: {{purpose: {{contains_none: [knowledge]}}}}\n"
    "severity: critical\neffect: block\ninstead: [rag]\n"
)
UPWARD = (
    "policy: upward\nwhen: {approach: [rag, prompt-engineering, few-shot]}\n"
    "require: {not: {tried: {some: {sufficient: false}}}}\n"
    "severity: low\neffect: advise\ninstead: [fine-tuning]\n"
)


@cache
def open_catalogue() -> Workspace:
    """The workspace of the examples: the policies that ship, and nothing else."""
    return open_workspace(str(EXAMPLES.parent))


def make_set(*texts: str, **settings: Any) -> PolicySet:
    """A policy set of these policies."""
    return PolicySet(tuple(make_policy(text) for text in texts), **settings)


def ask(policy_set: PolicySet, declared: str = "", **more: Any) -> Advice:
    """The advice about a project that states this."""
    return advise(policy_set, make_facts(f"project: test\n{declared}", **more), NOW)


def find(advice: Advice, approach: str) -> Ranked:
    """The place of an approach."""
    return next(item for item in advice.ranked if item.approach == approach)


def order(advice: Advice) -> list[str]:
    """The approaches, best first."""
    return [item.approach for item in advice.ranked]


def climb(advice: Advice) -> list[str]:
    """What to try, one after the other."""
    return [rung.approach for rung in advice.ladder]


def fall_short(*approaches: str) -> str:
    """The statement that these were measured and did not meet the need."""
    tried = ", ".join(f"{{approach: {name}, score: 0.5, sufficient: false}}" for name in approaches)
    return f"tried: [{tried}]\n"
