"""What the guard puts on record: what came of runs, and what was decided, refused or let pass of them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from policy.app.runs.attempt import HELD, REFUSED, REOPENED, Admission, Attempt
from policy.app.runs.panel import RELEASE
from policy.app.runs.texts import name_recorded
from policy.errors import PolicyError
from policy.gates.mlflow.server.refusals import refuse, refuse_fault
from policy.gates.mlflow.server.unheard import Unheard
from policy.gates.mlflow.server.watched import Watched
from policy.records.faults import LedgerError
from policy.records.people import fold_name
from policy.records.runs.alike import find_alike
from policy.records.runs.decisions import record_decision
from policy.records.runs.principals import identify_principal
from policy.records.runs.queries import find_run, list_waiting
from policy.records.runs.recording import record_run
from policy.records.runs.rows import ERASED, RunRow
from policy.source.display import show_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.origins import Release
    from policy.model.mlflow_settings import Binding

LOG: Final = logging.getLogger("policy.mlflow")


class Register:
    """Writes to the guard's ledger, or keeps for later what it cannot take; threads share it."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self._unheard = Unheard(guard.ledger)
        self._watched = Watched(guard.ledger)

    def note_decision(self, admission: Admission) -> str:
        """Note a decision that begins no run, and give what is said of it, by the id that it has on record.

        Raises MlflowException where it cannot be recorded.
        """
        text = admission.text
        try:
            if admission.draft is not None:
                text = name_recorded(admission, record_decision(self.guard.ledger, admission.draft))
                self.guard.keeper.catch_up(self.guard.ledger)
            elif admission.reason:
                text = self._note_unheard(admission)
        except PolicyError as error:
            waiting = self.guard.keeper.set_aside(error, admission, self.guard.panel)
            if waiting is None:
                raise refuse_fault(error) from None
            text = name_recorded(admission, waiting) if waiting else text
        said = text.partition("\n")[0].removesuffix(":")
        attempt = admission.attempt
        LOG.info("%s in experiment %s for %s: %s", admission.state, attempt.experiment, attempt.principal, said)
        return text

    def _note_unheard(self, admission: Admission) -> str:
        """The text of a refusal with the entry that it has; without one where the ledger fails, for refused it is."""
        digest = self.guard.panel.find(admission.binding).digest
        try:
            seq = self._unheard.note(admission, self.guard.server, digest, datetime.now(UTC))
        except LedgerError as error:
            LOG.error("a refusal is on no record: %s", error)  # noqa: TRY400 - the problem says it all
            seq = None
        return f"{admission.text}\nThat is on record as entry {seq} of the ledger." if seq else admission.text

    def refuse_release(self, release: Release, binding: Binding | None, text: str) -> Exception:
        """The refusal of a release that no policy was asked for: counted, logged, and with the entry that it has."""
        guard, seq = self.guard, None
        asking = guard.find_principal()
        try:
            digest = (guard.panel.find(binding) if binding is not None else guard.panel.main).digest
            seq = self._unheard.note_release(release, text, asking, guard.server, digest, datetime.now(UTC))
        except PolicyError as error:
            LOG.error("a refusal is on no record: %s", error)  # noqa: TRY400 - the problem says it all
        guard.keeper.metrics.attempts.labels(RELEASE, REFUSED).inc()
        LOG.info("%s for %s: %s", REFUSED, asking, show_text(text))
        return refuse(f"{text}\nThat is on record as entry {seq} of the ledger." if seq else text)

    def note_watched(self, release: Release, binding: Binding, text: str) -> None:
        """Note what is released although it would be refused where something is enforced. Raises MlflowException."""
        judge = self.guard.panel.find(binding)
        try:
            seq = self._watched.note(
                release, text, self.guard.find_principal(), self.guard.server, judge.digest, datetime.now(UTC)
            )
        except PolicyError as error:
            if not self.guard.keeper.passes(error, judge, RELEASE):
                raise refuse_fault(error) from None
            self.guard.keeper.count_open()
            seq = 0
        LOG.warning("passed, because nothing is enforced there (entry %d): %s", seq, text)

    def name_decision(self, admission: Admission) -> str:
        """The id that a run's decision will have in the ledger, unless somebody else records the same meanwhile."""
        if admission.decision is None or admission.draft is None:
            return admission.precedent.recorded if admission.precedent is not None else ""
        try:
            return find_alike(self.guard.ledger.read, admission.draft) or admission.decision.id
        except PolicyError:
            return admission.decision.id  # what is wrong with the ledger is said when the run is recorded

    def record(self, admission: Admission, run: str, owner: str = "") -> RunRow:
        """Note in the ledger what came of an attempt; durable when it returns. Raises PolicyError.

        A run stays its `owner`'s, whoever resumes it.
        """
        attempt, decision, precedent = admission.attempt, admission.decision, admission.precedent
        resumed = bool(owner) and not owner.endswith(ERASED) and fold_name(owner) != fold_name(attempt.principal)
        known = precedent.recorded if precedent is not None else ""
        row = RunRow(
            server=self.guard.server,
            run=run,
            experiment=attempt.experiment,
            project=admission.project,
            principal=owner if resumed else attempt.principal,
            activity=attempt.activity,
            manifest=attempt.manifest,
            decision=known or (decision.id if decision is not None else ""),
            state=admission.state,
            verdict=admission.verdict,
            parent=attempt.parent,
        )
        said = {
            "experiment_name": attempt.experiment_name,
            "mode": admission.binding.mode or None,
            # The policies may have changed since it was judged.
            "policy_set": decision.policy_set
            if decision is not None
            else self.guard.panel.find(admission.binding).digest,
            "request": admission.asked.row.id if admission.asked is not None else admission.glass or None,
        }
        try:
            if resumed:
                said["resumed_by"] = identify_principal(self.guard.ledger, attempt.principal)
            recorded = record_run(self.guard.ledger, row, said, admission.draft)
        except PolicyError as error:
            waiting = self.guard.keeper.set_aside(error, admission, self.guard.panel, row, said)
            if waiting is None:
                raise
            return row._replace(decision=waiting)
        if precedent is not None:
            precedent.recorded = recorded.decision
        self.guard.keeper.catch_up(self.guard.ledger)
        LOG.info("run %s: %s by decision %s", run, recorded.state, recorded.decision or "none")
        return recorded

    def reopen(self, row: RunRow, reason: str) -> RunRow:
        """Note that a run is not what it was admitted as. Raises MlflowException where that cannot be noted."""
        try:
            recorded = record_run(self.guard.ledger, row._replace(state=REOPENED), {"reason": reason})
        except PolicyError as error:
            raise refuse_fault(error) from None
        self.guard.forget(row.run)
        LOG.warning("run %s is reopened: %s", row.run, reason)
        return recorded

    def give_up(self, run: str, reason: str) -> None:
        """Note that a run which waited was taken back; where the ledger fails it only looks as if it waited."""
        try:
            row = find_run(self.guard.ledger, self.guard.server, run)
            if row is not None and row.state == HELD:
                record_run(self.guard.ledger, row._replace(state=REFUSED), {"reason": reason})
        except PolicyError as error:
            LOG.error("run %s was taken back, and that is on no record: %s", run, error)  # noqa: TRY400 - the problem says it all

    def list_waiting(self, attempt: Attempt) -> Iterator[RunRow]:
        """The runs of the same person that wait for the same, the first one first, also those that are deleted."""
        person, same = fold_name(attempt.principal), (attempt.experiment, attempt.manifest, attempt.activity)
        found = list_waiting(self.guard.ledger, self.guard.server, *same)
        return (row for row in found if fold_name(row.principal) == person)
