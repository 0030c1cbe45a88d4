"""Evidence of projects for tests, written as the YAML of what is declared and of what is observed."""

from __future__ import annotations

from policy.app.evidence_view import view_evidence
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.policy import Policy, PolicySet
from policy.reports.evidence.entries import list_entries
from policy.reports.evidence.view import Entry, EvidenceContext, EvidenceView
from tests.building import NOW

CONTEXT = EvidenceContext(lambda file: file)


def make_view(facts: Facts, *policies: Policy, everything: bool = False) -> EvidenceView:
    """The evidence of these facts, where these policies are in force."""
    return view_evidence(PolicySet(policies), facts, NOW.date(), everything=everything)


def list_found(facts: Facts, start: str = "") -> list[Entry]:
    """The entries of the paths that start so."""
    return [entry for entry in list_entries(facts) if entry.path.startswith(start)]


def say(entries: list[Entry]) -> list[tuple[object, ...]]:
    """Path, value, origin, and whether policies are judged on it."""
    return [(entry.path, entry.fact.value, entry.fact.origin, entry.judged) for entry in entries]


def combine(*claims: tuple[Fact, ...]) -> Facts:
    """Facts from several sources of claims."""
    return Facts([claim for part in claims for claim in part])
