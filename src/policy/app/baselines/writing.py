"""A baseline as a file: sorted, one finding a line, so that a change of it can be read and merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.loading.baselines import FORMAT
from policy.reports.json_report import write_json

if TYPE_CHECKING:
    from policy.model.baseline import Baseline, BaselineEntry


def write_baseline(baseline: Baseline) -> str:
    """The text of the file: the same for the same findings, in whatever order they were met."""
    lines = ",\n".join(f"    {write_json(entry_document(entry))}" for entry in baseline.entries)
    findings = f"[\n{lines}\n  ]" if lines else "[]"
    return (
        f'{{\n  "format": {write_json(FORMAT)},\n  "policy_sets": {write_json(dict(baseline.policy_sets))},\n'
        f'  "findings": {findings}\n}}\n'
    )


def entry_document(entry: BaselineEntry) -> dict[str, Any]:
    """A known finding as the file has it."""
    return {**entry._asdict(), "since": entry.since.isoformat()}
