"""Runs and what contradicts the ledger, as lines of text and of JSON, written while they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.runs.attempt import ADMITTED
from policy.reports.json_report import write_json
from policy.reports.layout import clean, count_noun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policy.app.runs.comparing import Finding
    from policy.app.runs.scanning import Scope
    from policy.records.runs.rows import RunRow

WORDS = {
    "unrecorded-run": "run on no record",
    "unadmitted-run": "run that is not admitted",
    "reopened-run": "run that is reopened",
    "differing-run": "run that differs",
    "lost-run": "run that is gone",
    "unadmitted-model": "model of no admitted run",
    "unadmitted-version": "version of no admitted run",
    "unadmitted-alias": "alias of such a version",
}
PLURALS = {
    "unrecorded-run": "runs on no record",
    "unadmitted-run": "runs that are not admitted",
    "reopened-run": "runs that are reopened",
    "differing-run": "runs that differ",
    "lost-run": "runs that are gone",
    "unadmitted-model": "models of no admitted run",
    "unadmitted-version": "versions of no admitted run",
    "unadmitted-alias": "aliases of such versions",
}


def write_runs(rows: Iterable[RunRow], find_kept_back: Callable[[str], str]) -> Iterator[str]:
    """A line for each run, with what its decision would have done were it not only watched, and how many there are."""
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last one counts
        names = f"{row.server}/{row.run}  experiment {row.experiment}  {row.project or 'no project'}"
        line = f"{row.state:<8}  {row.verdict or '-':<5}  {row.activity:<10}  {names}  {row.principal or 'nobody'}"
        effect = find_kept_back(row.decision) if row.state == ADMITTED and row.decision else ""
        yield clean(f"{line}{f'  only watched: its decision is {effect}' if effect else ''}")
    yield count_noun(count, "run") if count else "no such run is on record"


def write_runs_json(rows: Iterable[RunRow]) -> Iterator[str]:
    """The document `policy-runs/1`, a run a line."""
    yield from _write_list({"format": "policy-runs/1"}, "runs", map(_describe_row, rows))


def write_findings(findings: Iterable[Finding], counts: Mapping[str, int], scope: Scope) -> Iterator[str]:
    """A line for each finding, how many there are, and what was compared."""
    for finding in findings:
        yield clean(f"{finding.kind:<18}  {finding.message}")
    said = ", ".join(f"{count:,} {WORDS[kind] if count == 1 else PLURALS[kind]}" for kind, count in counts.items())
    yield said or "nothing contradicts the ledger"
    yield (
        f"compared: {count_noun(scope.experiments, 'governed experiment')}, {count_noun(scope.runs, 'run')} and"
        f" {count_noun(scope.records, 'run')} on record, {count_noun(scope.models, 'logged model')},"
        f" {count_noun(scope.versions, 'version')} of bound models"
    )


def write_findings_json(head: Mapping[str, Any], findings: Iterable[Finding]) -> Iterator[str]:
    """The document `policy-runs-comparison/1`, a finding a line."""
    described = ({key: value or None for key, value in finding._asdict().items()} for finding in findings)
    yield from _write_list({"format": "policy-runs-comparison/1", **head}, "findings", described)


def _describe_row(row: RunRow) -> dict[str, Any]:
    described = {key: value or None for key, value in row._asdict().items()}
    return {**{key: value for key, value in described.items() if key != "seq"}, "entry": row.seq}


def _write_list(head: Mapping[str, Any], key: str, items: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f'{write_json(head)[:-1]}, "{key}": ['
    last = ""
    for item in items:
        if last:
            yield f"{last},"
        last = write_json(item)
    if last:
        yield last
    yield "]}"
