"""The collector of evaluation results."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.evidence.results.entries import Cache, EntryReader
from policy.evidence.results.mlflow_runs import TrackingServer
from policy.plugins.contracts import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.errors import Problem
    from policy.plugins.contracts import Project

MOST_KEPT = 1000


class EvaluationResults:
    """What the results files and runs that a manifest names under `tried` say, and what they say together."""

    name = "evaluation results"
    observes = (
        "tried",
        "evaluation.metrics",
        "evaluation.baseline",
        "evaluation.tuned",
        "evaluation.lower_is_better",
        "evaluation.gain",
        "evaluation.gain_low",
        "evaluation.comparable",
    )

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._servers: dict[str, TrackingServer] = {}
        self._cache: Cache = {}

    def collect(self, project: Project) -> Evidence:
        if len(self._cache) > MOST_KEPT:
            self._cache.clear()
        declared = {fact.path: fact for fact in project.declared}
        problems: list[Problem] = []
        server = self._find_server(project.tracking_server)
        reader = EntryReader(project.root, project.folder, server, self._cache, problems)
        entries = reader.read_all(declared.get("tried"))
        if not any(entry.key for entry in entries):
            return Evidence()
        from policy.evidence.results.findings import Findings  # many subjects name no results

        approach = declared.get("approach")
        findings = Findings(entries, approach.value if approach else None, project.root, problems)
        facts = (*findings.describe_entries(), *findings.describe_evaluation())
        return Evidence(facts, tuple(dict.fromkeys(problems)), findings.unavailable)

    def _find_server(self, address: str) -> TrackingServer:
        if address not in self._servers:
            self._servers[address] = TrackingServer(self._environment, address=address)
        return self._servers[address]
