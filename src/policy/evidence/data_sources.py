"""The collector of what data files hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.collection import Cache, collect_sources

if TYPE_CHECKING:
    from policy.plugins.contracts import Evidence, Project

# The subjects of a project come one after the other; what was read for others long ago is not kept.
MOST_KEPT = 1000


class DataSources:
    """Rows, bytes, digest and format of the data files that a manifest or a training config names."""

    name = "data files"
    observes = ("data.sources", "data.rows", "data.bytes", "data.digest")

    def __init__(self) -> None:
        self._cache: Cache = {}

    def collect(self, project: Project) -> Evidence:
        if len(self._cache) > MOST_KEPT:
            self._cache.clear()
        declared = next((fact for fact in project.declared if fact.path == "data.sources"), None)
        return collect_sources(project.root, project.folder, declared, project.datasets, self._cache)
