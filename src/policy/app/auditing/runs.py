"""Runs as a ledger has them: how each stood at the end of the period, held against the entries that say so."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from policy.model.audited_runs import GateTally, RunsNote, RunTally, UnadmittedRun
from policy.records.objects import digest_bytes
from policy.records.runs.layout import COLUMNS
from policy.records.runs.recording import FORMAT
from policy.records.runs.rows import RunRow
from policy.reports.layout import count_noun
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.auditing.recorded import Recorded

CHUNK: Final = 500
# All are counted; so many are listed, whatever somebody's sweep has left.
MOST_LISTED: Final = 1_000
_UP_TO: Final = "SELECT seq FROM entries WHERE seq <= ? AND time < ? ORDER BY seq DESC LIMIT 1"
_NAMES: Final = COLUMNS["runs"]
# By the entries, for a row that is missing has nothing to be found by.
_STEPS: Final = (
    f"SELECT e.seq, e.time, e.payload, p.body, {', '.join(f'r.{name}' for name in _NAMES)},"  # noqa: S608 - names of ours
    " EXISTS (SELECT 1 FROM runs n WHERE n.server = r.server AND n.run = r.run AND n.seq > r.seq AND n.seq <= ?)"
    " FROM entries e LEFT JOIN payloads p ON p.seq = e.seq LEFT JOIN runs r ON r.seq = e.seq"
    f" WHERE e.type = 'run' AND e.time >= ? AND e.seq > ? AND e.seq <= ? ORDER BY e.seq LIMIT {CHUNK}"
)
_MODE: Final = (
    "SELECT e.payload, p.body FROM decisions d JOIN entries e ON e.seq = d.seq"
    " JOIN payloads p ON p.seq = d.seq WHERE d.decision_id = ?"
)
_BEGUN: Final = (
    "SELECT d.project, count(*) FROM decisions d JOIN"
    " (SELECT DISTINCT decision FROM runs WHERE decision <> '' AND seq <= ?) r ON r.decision = d.decision_id"
    " WHERE d.gate = 'run' AND d.time >= ? AND d.time < ? AND d.seq <= ? GROUP BY d.project"
)


class Step(NamedTuple):
    """A step of a run that fits its entry: when it was recorded, and what else it says."""

    row: RunRow
    time: str
    said: dict[str, Any]
    is_last: bool


class Runs:
    """Counts runs by how their last step of the period left them; what is kept grows with projects and servers."""

    def __init__(self, recorded: Recorded, wants: Callable[[str], bool]) -> None:
        self.recorded = recorded
        self.wants = wants
        self.erased = 0
        self._counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._unadmitted: list[UnadmittedRun] = []
        self._modes: dict[str, str] = {}

    def read(self, verdicts: dict[tuple[str, str], Counter[str]]) -> RunsNote:
        """What there is to say of runs; `verdicts` are those of decisions by project and gate."""
        for step in self._read_steps():
            if step.is_last and self.wants(step.row.project):
                self._count(step)
        tallies = [RunTally(project, server, **counts) for (project, server), counts in self._counts.items()]
        total = sum(one.undecided + one.held + one.refused + one.reopened for one in tallies)
        ordered = sorted(tallies, key=lambda one: (one.project, one.server))
        return RunsNote(tuple(ordered), tuple(self._unadmitted), total, tuple(self._list_gates(verdicts)), self.erased)

    def _read_steps(self) -> Iterator[Step]:
        ledger, (since, until) = self.recorded.ledger, self.recorded.bounds
        found = ledger.read(_UP_TO, (self.recorded.size, until))
        last, top = 0, found[0][0] if found else 0
        while rows := ledger.read(_STEPS, (top, since, last, top)):
            for seq, time, digest, body, *values, is_followed in rows:
                said = self._read_payload(seq, digest, body, values)
                if said is not None:
                    yield Step(RunRow(*values), time, said, not is_followed)
            last = rows[-1][0]

    def _read_payload(self, seq: int, digest: str, body: Any, values: list[Any]) -> dict[str, Any] | None:
        """What an entry says, if it is what was recorded and its row says the same; else that is kept."""
        changed = self.recorded.entries.changed
        if body is None:
            if not self.recorded.ledger.is_erased(digest):
                changed.add(seq)
            self.erased += seq not in changed
            return None
        said = _parse(body) if isinstance(body, bytes) and digest_bytes(body) == digest else None
        stated = [said.get(name) for name in _NAMES[:-1]] if said is not None else []
        if said is None or stated != values[:-1] or not all(isinstance(value, str) for value in stated):
            changed.add(seq)
            return None
        return said if said.get("format") == FORMAT else None

    def _count(self, step: Step) -> None:
        row, kind = step.row, self._classify(step)
        self._counts[row.project, row.server][kind] += 1
        if kind not in ("admitted", "observed", "untrained") and len(self._unadmitted) < MOST_LISTED:
            reason = str(step.said.get("reason") or "")
            told = (row.server, row.run, row.project, row.experiment, row.activity)
            self._unadmitted.append(UnadmittedRun(*told, kind, reason, step.time, row.decision, row.seq))

    def _classify(self, step: Step) -> str:
        row = step.row
        if row.state in ("held", "refused", "reopened"):
            return row.state
        if row.state == "unjudged" or row.activity != "training":
            return "untrained"
        modes = (step.said.get("mode"), self._find_mode(row.decision, step.said.get("policy_set")))
        if row.state == "admitted" and "observe" in modes:
            return "observed"
        return "admitted" if row.state == "admitted" and row.decision else "undecided"

    def _find_mode(self, decision: str, policy_set: object) -> str:
        """The mode of the gate by a decision; it is part of the policy set, and looked up once for each."""
        key = str(policy_set or decision)
        if decision and key not in self._modes:
            rows = self.recorded.ledger.read(_MODE, (decision,))
            digest, body = rows[0] if rows else ("", None)
            said = _parse(body) if isinstance(body, bytes) and digest_bytes(body) == digest else None
            about = (said or {}).get("decision")
            self._modes[key] = str(about.get("mode") or "") if isinstance(about, dict) else ""
        return self._modes.get(key, "")

    def _list_gates(self, verdicts: dict[tuple[str, str], Counter[str]]) -> Iterator[GateTally]:
        size = self.recorded.size
        rows = self.recorded.ledger.read(_BEGUN, (size, *self.recorded.bounds, size)) if verdicts else []
        begun = dict(rows)
        # Of a part of the policies other decisions count than all that runs name.
        whole = not (self.recorded.scope.policies or self.recorded.scope.frameworks)
        for (project, gate), counts in sorted(verdicts.items()):
            named = begun.get(project, 0) if gate == "run" and whole else None
            yield GateTally(project, gate, dict(counts), named)


def list_doubts(runs: RunsNote) -> Iterator[str]:
    """What keeps the numbers of runs from being whole."""
    if runs.erased:
        yield f"{count_noun(runs.erased, 'step')} of runs erased: what they said is not counted"
    if runs.unadmitted_count > MOST_LISTED:
        yield f"{runs.unadmitted_count:,} runs are not admitted, of which the first {MOST_LISTED:,} are listed"


def _parse(body: Any) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
