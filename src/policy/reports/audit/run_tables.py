"""Runs of tracking servers: how they stand, what became of models, and the settings that governed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.audit.tables import Column, make_cards, make_table
from policy.reports.audit.words import RUNS, VERDICTS

if TYPE_CHECKING:
    from policy.model.audit import AuditReport
    from policy.reports.audit.tables import Row, Table


def say_runs(report: AuditReport) -> str:
    """All runs in one line, with the whole as denominator; empty where there are none."""
    tallies = report.runs.tallies
    counts = {name: sum(getattr(one, name) for one in tallies) for name in RUNS}
    total = sum(counts.values())
    parts = ", ".join(f"{count:,} {RUNS[name].lower()}" for name, count in counts.items() if count)
    return f"{total:,} at tracking servers: {parts}" if total else ""


def make_runs(report: AuditReport) -> Table:
    """How the runs of each project stand, by server."""
    columns = (
        Column("project", "Project", "name"),
        Column("server", "Server"),
        *(Column(name, title, "number") for name, title in RUNS.items()),
        Column("runs", "Runs", "number"),
    )
    rows: list[Row] = [
        (one.project, one.server, *(getattr(one, name) for name in RUNS), one.runs) for one in report.runs.tallies
    ]
    about = (
        "Runs of tracking servers of which something was recorded in the period, each by its last step: `observed` "
        "ones began where nothing is enforced, baselines and others that train nothing are not judged as training, and "
        "those without a decision began while nothing could be judged. A run that is refused before it begins is "
        "none: its decision is counted below. The ledger knows no run that went past the server: `policy runs compare` "
        "looks for them. Policies and frameworks do not narrow it."
    )
    return make_table("runs", "Runs, by how they stand at the end", about, columns, rows, "No run is on record.")


def make_unadmitted(report: AuditReport) -> Table:
    """Every run that nothing may be released from, as far as they are listed."""
    columns = (
        Column("server", "Server"),
        Column("run", "Run", "code"),
        Column("project", "Project", "name"),
        Column("experiment", "Experiment", "code"),
        Column("activity", "For"),
        Column("state", "State", "state"),
        Column("reason", "Reason", "prose"),
        Column("since", "Since", "time"),
        Column("decision", "Decision", "digest"),
        Column("entry", "Ledger entry", "number", "Entry"),
    )
    rows: list[Row] = [tuple(one) for one in report.runs.unadmitted]
    about = "Nothing that these runs made may be released, as they stand."
    empty = "Every run on record is admitted, is observed, or trains nothing."
    return make_cards("unadmitted_runs", "Runs that are not admitted", about, columns, rows, empty)


def make_gates(report: AuditReport) -> Table:
    """Decisions about runs and about the release of models."""
    columns = (
        Column("project", "Project", "name"),
        Column("gate", "Gate"),
        *(Column(word, said, "number") for word, said in VERDICTS.items()),
        Column("decisions", "Decisions", "number"),
        Column("without_run", "Of them without a run", "number"),
    )
    rows: list[Row] = []
    for one in report.runs.gates:
        total = sum(one.verdicts.values())
        without = None if one.begun is None else max(0, total - one.begun)
        rows.append((one.project, one.gate, *(one.verdicts.get(word, 0) for word in VERDICTS), total, without))
    about = (
        "Recorded decisions at the gates `run` and `release`. The same attempt of one person is decided once a day, "
        "and what `policy check` judged at these gates is among them. Of decisions that no run names, those of "
        "`policy run` let a training begin where they are allowed or flagged; the others began none. A model is "
        "released where the verdict is allowed or flagged, or where nothing is enforced."
    )
    title = "Attempts to run and to release"
    return make_table("run_decisions", title, about, columns, rows, "Nothing was decided at these gates.")


def make_settings(report: AuditReport) -> Table:
    """Each key that changed, in order."""
    columns = (
        Column("time", "Recorded", "time"),
        Column("entry", "Ledger entry", "number", "Entry"),
        Column("server", "Server"),
        Column("experiments", "Experiments", "name"),
        Column("key", "Key", "code"),
        Column("before", "Before", "name"),
        Column("after", "After", "name"),
        Column("file", "File", "name"),
        Column("commit", "Commit", "digest"),
    )
    rows: list[Row] = [
        (one.time, one.entry, one.server, one.experiment, one.key, one.before, one.after, one.file, one.commit)
        for one in report.settings
    ]
    about = (
        "Changes in the period of what is governed at MLflow servers, and how. An empty value was not said; without a "
        "commit the file stood in the work tree only."
    )
    empty = "No settings of an MLflow server changed."
    return make_cards("mlflow_settings", "Settings of MLflow servers", about, columns, rows, empty)
