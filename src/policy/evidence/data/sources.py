"""The collector of what data files hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.data.collection import Cache, Deep, collect_sources

if TYPE_CHECKING:
    from policy.evidence.data.split_reader import SplitReader
    from policy.evidence.tokens.totals import Kept
    from policy.plugins.contracts import Evidence, Project

# The subjects of a project come one after the other; what was read for others long ago is not kept.
MOST_KEPT = 1000
OBSERVED = ("data.sources", "data.rows", "data.bytes", "data.digest")
OBSERVED_DEEP = ("data.tokens", "data.duplicate_rate", "data.overlap_rate")


class DataSources:
    """Rows, bytes, digest and format of the data files that a manifest or a training config names.

    With `deep`, rows of CSV, Parquet and compressed files too, and of what they hold the tokens, the repeated rows
    and the evaluation rows that are trained on.
    """

    name = "data files"

    def __init__(self, *, deep: bool = False) -> None:
        self._deep = deep
        self._cache: Cache = {}
        self._reader: SplitReader | None = None
        self._tokens: Kept = {}

    @property
    def observes(self) -> tuple[str, ...]:
        """The paths that it can tell."""
        return (*OBSERVED, *OBSERVED_DEEP) if self._deep else OBSERVED

    def collect(self, project: Project) -> Evidence:
        if len(self._cache) > MOST_KEPT:
            self._cache.clear()
        declared = next((fact for fact in project.declared if fact.path == "data.sources"), None)
        named = self._deep and (declared or project.datasets)
        deep = self._look_deep(project) if named else None
        return collect_sources(project.root, project.folder, declared, project.datasets, self._cache, deep)

    def _look_deep(self, project: Project) -> Deep:
        from policy.evidence.tokens.totals import SplitTokens

        if len(self._tokens) > MOST_KEPT:
            self._tokens.clear()
        return Deep(self._find_reader(), SplitTokens(project, self._tokens))

    def _find_reader(self) -> SplitReader:
        if self._reader is None:
            from policy.evidence.data.split_reader import SplitReader  # many subjects name no file

            self._reader = SplitReader()
        if self._reader.count_kept() > MOST_KEPT:
            self._reader.clear()
        return self._reader
