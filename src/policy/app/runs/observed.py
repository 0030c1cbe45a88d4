"""What a client can see of its project in a short while: counts and digests, which tell nothing of the data itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.app.subjects import build_subjects
from policy.app.workspace import BUILTINS, Workspace
from policy.errors import PolicyError
from policy.loading.discovery import discover
from policy.model.evidence_settings import EvidenceSettings
from policy.model.policy import PolicySet
from policy.plugins.registry import Registry

if TYPE_CHECKING:
    from policy.model.fact import Fact
    from policy.model.schema import Schema
    from policy.plugins.contracts import Collector

TOLD: Final = frozenset(
    {"data.digest", "data.rows", "data.bytes", "data.duplicate_rate", "data.overlap_rate", "training.commit"}
)
# For each of the two collectors that tell any of it: a run waits for them.
MILLISECONDS: Final = 5_000


class Glance(Registry):
    """Those of the built-in collectors that tell what is told; no plugin is loaded for it."""

    def collectors(self) -> list[Collector]:
        return [collector for collector in super().collectors() if not TOLD.isdisjoint(collector.observes)]


def observe_project(manifest: str, schema: Schema, milliseconds: int = MILLISECONDS) -> tuple[Fact, ...]:
    """The facts that were seen of the project of a manifest's file; of several trainings what holds for all of them.

    What takes longer than the limit, or cannot be read, is left out.
    """
    try:
        found = discover([manifest])[0]
        policy_set = PolicySet((), schema=schema, evidence=EvidenceSettings(milliseconds))
        workspace = Workspace(found.root, policy_set, Glance(BUILTINS), None)
        name = os.path.relpath(os.path.realpath(manifest), found.root).replace(os.sep, "/")
        subjects = [
            facts for item in found.items if item.manifest == name for facts in build_subjects(workspace, item).facts
        ]
    except PolicyError:
        return ()
    seen = [
        {claim.path: claim for claim in facts.claims if claim.path in TOLD and claim.origin == "observed"}
        for facts in subjects
    ]
    first, *others = seen or [{}]
    return tuple(
        fact
        for path, fact in sorted(first.items())
        if all(path in other and other[path].value == fact.value for other in others)
    )
