"""Recording a step of a run: its entry and its row, and before them the decision, where that is on no record yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.model.canonical import canonical_json
from policy.records.objects import Draft
from policy.records.runs.alike import find_alike, find_index
from policy.records.runs.principals import identify_principal
from policy.records.runs.queries import find_run, find_step
from policy.records.runs.rows import check_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.records.ledger import Ledger
    from policy.records.runs.rows import RunRow

FORMAT: Final = "policy-run-record/1"
# Bytes of what else is said of a step.
LARGEST: Final = 65_536


def record_run(ledger: Ledger, row: RunRow, said: Mapping[str, Any], decision: Draft | None = None) -> RunRow:
    """Record a step of a run with what else is `said` of it, durable when it returns; gives the row as recorded.

    A decision that is on record under another time of the same day is the one that the run then has; a step that is
    the run's last already is not recorded again. Raises PolicyError, LedgerError among them.
    """
    check_row(row)
    check_said(row, said)
    known = row.decision if decision is None else find_alike(ledger.read, decision)
    last = find_run(ledger, *row.key)
    if last is not None and known is not None and last.step == row._replace(decision=known).step:
        return last
    stored = row._replace(principal=identify_principal(ledger, row.principal))
    if decision is not None and known is None:
        return _record_both(ledger, stored, said, decision)._replace(principal=row.principal)
    stored = stored._replace(decision=known or "")
    (entry,) = ledger.append([draft_run(stored, said)])
    return stored._replace(principal=row.principal, seq=entry.seq)


def _record_both(ledger: Ledger, row: RunRow, said: Mapping[str, Any], decision: Draft) -> RunRow:
    """The step and its decision, unless another was faster: then that one is what the step names."""
    stored = row._replace(decision=find_index(decision).decision_id)
    _, entry = ledger.append([decision._replace(joins=True), draft_run(stored, said)])
    return find_step(ledger, entry.seq)


def draft_run(row: RunRow, said: Mapping[str, Any]) -> Draft:
    """What is appended of a step, whose principal is the id of a person."""
    return Draft("run", {"format": FORMAT, **row.describe(), **said}, (), row)


def check_said(row: RunRow, said: Mapping[str, Any]) -> None:
    """Raises PolicyError where it says again what the row says, or is too much."""
    twice = sorted(said.keys() & {"format", "seq", *row.describe()})
    if twice:
        raise PolicyError(Problem(f"what is said of a run repeats `{twice[0]}`", "state it in the row"))
    size = len(canonical_json(said))
    if size > LARGEST:
        message = f"what is said of a run has {size:,} bytes, and {LARGEST:,} are the most"
        raise PolicyError(Problem(message, "say it in fewer words"))
