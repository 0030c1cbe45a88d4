"""Baselines for tests, recorded from decisions as a run records them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from policy.app.baselines.comparing import Comparer, Index
from policy.app.baselines.running import BaselineRun
from policy.model.baseline import Baseline, Comparison
from policy.model.decision import Decision
from policy.model.fields import SCHEMA

DAY = date(2026, 11, 20)
LATER = date(2026, 12, 1)
DIGEST = f"sha256:{'0' * 64}"
FILE = ".policy-baseline.json"


def run(baseline: Baseline, *decisions: Decision, day: date = DAY) -> tuple[BaselineRun, list[Decision]]:
    """A run over these decisions, one after the other."""
    found = BaselineRun(baseline, decisions[0].gate)
    compared = []
    for decision in decisions:
        comparer = Comparer(found.index, SCHEMA, found.taken, day)
        compared.append(comparer.compare(decision))
        comparer.tally.projects.add(decision.subject.project)
        assert found.admit(comparer.tally)
    return found, compared


def record(*decisions: Decision, day: date = DAY, previous: Baseline | None = None) -> Baseline:
    """What `policy baseline` would write of them."""
    found, _ = run(previous or Baseline(FILE), *decisions, day=day)
    return found.record(DIGEST, whole=True)


def compare(baseline: Baseline, *decisions: Decision) -> list[Comparison]:
    """How all findings compare."""
    _, compared = run(baseline, *decisions)
    return [found for decision in compared if decision.baseline for found in decision.baseline.findings]


def list_states(baseline: Baseline, *decisions: Decision) -> dict[str, str]:
    """The state of each policy's finding."""
    return {found.policy: found.state for found in compare(baseline, *decisions)}


def find_verdicts(baseline: Baseline, decisions: Sequence[Decision]) -> list[str]:
    """The verdict of each decision beyond the baseline."""
    _, compared = run(baseline, *decisions)
    return [decision.baseline.verdict for decision in compared if decision.baseline]


def index(baseline: Baseline, gate: str = "check") -> Index:
    return Index(baseline, gate)
