"""Collectors that are imported when a subject gives them something to look at, which many never do.

Their names and what they observe stand here a second time; a test holds them to those of the collectors.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from policy.plugins.contracts import Evidence

if TYPE_CHECKING:
    from policy.plugins.contracts import Project

SOURCES = frozenset({"data.sources"})
TRAINED = frozenset({"data.sources", "training.config"})
PROVIDERS = frozenset({"training.tool", "model.provider"})
CARDS = frozenset({*SOURCES, "model.base", "release.model_card"})


class LateCollector:
    """Stands for the collector `class_name` of a module until a subject states one of the facts that it starts from.

    What a training config tells counts as well as the manifest; with `datasets`, so does data that the config names.
    """

    def __init__(
        self,
        name: str,
        observes: tuple[str, ...],
        starts: frozenset[str],
        module: str,
        class_name: str,
        *,
        datasets: bool = False,
        **options: Any,
    ) -> None:
        self.name = name
        self.observes = observes
        self.starts = starts
        self.module = module
        self.class_name = class_name
        self.datasets = datasets
        self.options = options
        self._collector: Any = None

    def collect(self, project: Project) -> Evidence:
        """What the collector observes; nothing where there is nothing for it."""
        stated = any(fact.path in self.starts for fact in (*project.declared, *project.told))
        if not stated and not (self.datasets and project.datasets):
            return Evidence()
        found: Evidence = self.load().collect(project)
        return found

    def load(self) -> Any:
        """The collector itself."""
        if self._collector is None:
            module = import_module(f"policy.evidence.{self.module}")
            self._collector = getattr(module, self.class_name)(**self.options)
        return self._collector


def list_late_collectors() -> list[LateCollector]:
    """In the order in which their facts are reported."""
    files = ("data.sources", "data.rows", "data.bytes", "data.digest")
    contents = ("data.tokens", "data.duplicate_rate", "data.overlap_rate")
    gains = ("evaluation.baseline", "evaluation.tuned", "evaluation.gain", "evaluation.gain_low")
    results = ("tried", "evaluation.metrics", *gains, "evaluation.lower_is_better", "evaluation.comparable")
    scanned = ("data.secrets", "data.personal_data")
    licensed = ("data.sources", "model.license", "release.license")
    recorded = ("data.change_interval", "training.interval", "training.commit")
    return [
        LateCollector(
            "data files", (*files, *contents), SOURCES, "data.sources", "DataSources", datasets=True, deep=True
        ),
        LateCollector("licences", licensed, CARDS, "licenses.collector", "Licenses", datasets=True),
        LateCollector("data scan", scanned, SOURCES, "scan.collector", "DataScan", datasets=True),
        LateCollector("job file", ("training.job_file_valid",), PROVIDERS, "job_files.collector", "JobFiles"),
        LateCollector("evaluation results", results, frozenset({"tried"}), "results.collector", "EvaluationResults"),
        LateCollector("git history", recorded, TRAINED, "history.collector", "GitHistory", datasets=True),
    ]
