"""What the gate does when the ledger fails: nothing begins, or it goes on and keeps the decisions for later."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from policy.app.recording.writing import GOING_ON, SPOOL
from policy.errors import PolicyError
from policy.gates.mlflow.server.metrics import Metrics
from policy.model.gates import cap_effect
from policy.records.faults import LedgerError
from policy.records.spool import replay_spool, spool_decision

if TYPE_CHECKING:
    from policy.app.runs.attempt import Admission
    from policy.app.runs.panel import Judge, Panel
    from policy.model.ledger_settings import LedgerSettings
    from policy.records.ledger import Ledger

LOG: Final = logging.getLogger("policy.mlflow")
# Faults of what is to be recorded: whoever sends it would choose to go unrecorded.
ASKED_FOR: Final = ("draft", "refused", "secret")


class Keeper:
    """Where decisions wait that could not be recorded; `metrics` tell how often the gate went on without a record."""

    def __init__(self, settings: LedgerSettings) -> None:
        self.spool = os.path.join(settings.folder or ".", settings.spool or SPOOL)
        self.metrics = Metrics(self.measure)
        self._waits = os.path.exists(self.spool)

    def goes_on(self, judge: Judge, gate: str) -> bool:
        """Whether a gate lets things pass where it cannot do its work: its `on_error` says so, or it only watches."""
        settings = judge.workspace.policy_set.gate(gate)
        return cap_effect(settings.on_error, settings.mode) in GOING_ON

    def passes(self, error: PolicyError, judge: Judge, gate: str) -> bool:
        """Whether a gate goes on after an error: only where the ledger fails, and not for what somebody sends."""
        return isinstance(error, LedgerError) and error.kind not in ASKED_FOR and self.goes_on(judge, gate)

    def count_open(self) -> None:
        """Note that something passed that was not judged, or not recorded."""
        self.metrics.opened.inc()

    def measure(self) -> int:
        """The bytes that wait."""
        try:
            return os.path.getsize(self.spool)
        except OSError:
            return 0

    def set_aside(self, error: PolicyError, admission: Admission, panel: Panel) -> bool:
        """Keep a decision that cannot be recorded for later, where its gate goes on; whether it does."""
        gate = admission.decision.gate if admission.decision is not None else "run"
        if not self.passes(error, panel.find(admission.binding), gate):
            return False
        self.count_open()
        if admission.draft is not None:
            try:
                spool_decision(self.spool, admission.draft)
            except PolicyError as fault:
                LOG.error("a decision is on no record at all: %s", fault)  # noqa: TRY400 - the problem says it all
                return False
            self._waits = True
        LOG.error("the ledger cannot be written; the gate goes on, and the decision waits in %s", self.spool)
        return True

    def catch_up(self, ledger: Ledger) -> None:
        """Record what waits, now that the ledger can be written again."""
        if not self._waits:
            return
        try:
            replayed = replay_spool(ledger, self.spool)
        except (PolicyError, OSError) as error:
            LOG.error("what waits in %s cannot be recorded: %s", self.spool, error)  # noqa: TRY400 - it says it all
            return
        self._waits = False
        for problem in replayed.problems:
            LOG.warning("%s", problem.message)
