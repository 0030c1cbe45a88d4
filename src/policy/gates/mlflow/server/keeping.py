"""What the gate does when the ledger fails: nothing begins, or it goes on and keeps for later what is not recorded."""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from policy.app.approvals.holding import find_settings
from policy.app.recording.writing import GOING_ON
from policy.app.runs.attempt import ADMITTED, Admission
from policy.app.runs.glass import find_bar
from policy.app.runs.offline import hear_offline
from policy.app.runs.panel import RUN
from policy.app.runs.spool_keys import open_spool_key, read_pinned
from policy.errors import PolicyError
from policy.gates.mlflow.server.awaited import is_awaited
from policy.gates.mlflow.server.metrics import Metrics
from policy.gates.mlflow.server.outage import Outage
from policy.gates.mlflow.server.spool_reader import SpoolReader, describe, measure_spool, name_case
from policy.model.gates import cap_effect
from policy.records.faults import OF_A_DRAFT, LedgerError
from policy.records.runs.alike import find_index
from policy.records.runs.uploads import get_upload
from policy.records.spool import Replay, encode_draft, read_line, replay_spool, spool_decision
from policy.records.spool_replay import replay_statements
from policy.records.spool_statements import DECISION, Issuer
from policy.records.spool_statements import RUN as STEP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.app.runs.attempt import Attempt
    from policy.app.runs.glass import Glass
    from policy.app.runs.panel import Judge, Panel
    from policy.gates.mlflow.server.spool_reader import Waiting
    from policy.model.mlflow_settings import Binding
    from policy.records.ledger import Ledger
    from policy.records.objects import Draft
    from policy.records.runs.rows import RunRow

LOG: Final = logging.getLogger("policy.mlflow")
# Faults of what is to be recorded, and of too many who ask: whoever sends it would choose to go unrecorded.
ASKED_FOR: Final = (*OF_A_DRAFT, "crowded")
BREAK_GLASS: Final = "/policy/api/1/break-glass"
# Seconds after which it is tried again to record what waits.
PAUSE: Final = 5.0


class Keeper:
    """Where decisions wait that could not be recorded, and in `outage` what is signed beside them.

    `metrics` tell how often the gate went on without a record. Raises PolicyError for a key that cannot be used.
    """

    def __init__(self, panel: Panel, ledger: Ledger) -> None:
        self.ledger = ledger
        self.spool = panel.ledger.find_spool()
        self.pinned = read_pinned(panel.settings)
        self._key = open_spool_key(panel.settings)
        self.outage = Outage(self.spool, None, Issuer("", panel.settings.server))
        self._plain = SpoolReader(self.spool, _describe_line)
        with suppress(PolicyError):
            self.identify(ledger.id)
        self.metrics = Metrics(self.measure, lambda: is_awaited(ledger))
        # What an earlier replay has left counts, too.
        self._waits = True
        self._paused = 0.0

    def identify(self, ledger_id: str) -> None:
        """From now on sign for the ledger of an id; before it is known nothing is."""
        if not self.outage.issuer.ledger:
            self.outage.issuer = self.outage.issuer._replace(ledger=ledger_id)
            self._trust()

    def follow(self, panel: Panel) -> None:
        """Trust the keys that the policy sets name now, and sign with none that is not among them."""
        self.pinned = read_pinned(panel.settings)
        signs = self.outage.key is not None
        self._trust()
        if signs and self.outage.key is None:
            LOG.error("the key of this server is none of `spool_keys` any more: nothing is kept while the ledger fails")

    def _trust(self) -> None:
        key = self._key
        known = key is not None and key.signing.verifier in self.pinned and self.outage.issuer.ledger
        self.outage.trust(key._replace(pinned=self.pinned) if key is not None and known else None)

    def goes_on(self, judge: Judge, gate: str) -> bool:
        """Whether a gate lets things pass where it cannot do its work: its `on_error` says so, or it only watches."""
        settings = judge.workspace.policy_set.gate(gate)
        return cap_effect(settings.on_error, settings.mode) in GOING_ON

    def passes(self, error: PolicyError, judge: Judge, gate: str) -> bool:
        """Whether a gate goes on after an error: only where the ledger fails, and not for what somebody sends."""
        return is_outage(error) and self.goes_on(judge, gate)

    def count_open(self) -> None:
        """Note that something passed that was not judged, or not recorded."""
        self.metrics.opened.inc()

    def measure(self) -> int:
        """The bytes that wait."""
        return measure_spool(self.spool) + measure_spool(self.outage.path)

    def stand_in(
        self, error: PolicyError, panel: Panel, attempt: Attempt, binding: Binding, gate: str
    ) -> Admission | None:
        """What comes of an attempt that could not be judged with the ledger; None where nothing may begin."""
        if not is_outage(error):
            return None
        found = self._hear(panel, attempt, binding) if gate == RUN else None
        if self.goes_on(panel.find(binding), gate):
            self.count_open()
            begun = found is not None and found.state == ADMITTED
            return found if begun else Admission(attempt, binding, ADMITTED, "flag")
        return found if found is not None and found.glass and found.state == ADMITTED else None

    def _hear(self, panel: Panel, attempt: Attempt, binding: Binding) -> Admission | None:
        """By what the server has of it; None where that is nothing."""
        now = datetime.now(UTC)
        body = self.find_manifest(attempt.manifest) if self.outage.key is not None else None
        if body is None:
            return None
        try:
            glass = self.outage.find_glass(attempt, now)
            heard = hear_offline(panel, binding, attempt, body, now, glass)
        except PolicyError as error:
            LOG.error("an attempt in experiment %s cannot be judged: %s", attempt.experiment, error)  # noqa: TRY400 - the problem says it all
            return None
        may = glass is not None and not find_bar(glass, panel.find(binding), heard.owners)
        return self._join(heard.admission._replace(glass=glass.request if glass is not None and may else ""))

    def _join(self, admission: Admission) -> Admission:
        """An admission by the same decision as one that waits already: a sweep has one, as in the ledger."""
        known = self._find_alike(admission.draft, self._list_waiting()) if admission.draft is not None else ""
        if not known or admission.precedent is None:
            return admission
        admission.precedent.recorded = known
        return admission._replace(draft=None)

    def _list_waiting(self) -> list[Waiting]:
        """The decisions that wait, the oldest first."""
        return self.outage.list_decisions() if self.outage.key is not None else self._plain.list_all()

    def _find_alike(self, draft: Draft, waiting: Iterable[Waiting]) -> str:
        """The id of the first of these decisions that is the same; empty where none is."""
        case = name_case(draft)
        return next((one.id for one in waiting if one.case == case), "")

    def say_way(self, error: PolicyError, judge: Judge) -> str:
        """How a run begins all the same, where somebody may let it."""
        if not is_outage(error):
            return ""
        said = ". Begin the run again once the ledger answers"
        roles = find_settings(judge.workspace.policy_set).override_roles
        if self.outage.key is None or not roles:
            return said
        return f"{said}, or ask somebody of these to break the glass: {' or '.join(roles)} (`POST {BREAK_GLASS}`)"

    def find_manifest(self, digest: str) -> bytes | None:
        """What somebody sent: while the ledger is down, or before."""
        found = self.outage.find_upload(digest)
        if found is None:
            try:
                return get_upload(self.ledger, digest, None)
            except PolicyError:
                return None
        return found

    def set_aside(
        self,
        error: PolicyError,
        admission: Admission,
        panel: Panel,
        row: RunRow | None = None,
        said: Mapping[str, Any] | None = None,
    ) -> str | None:
        """Keep for later what cannot be recorded, where its gate goes on or somebody broke the glass.

        Gives the id of the decision that waits, empty where there is none; None where nothing is kept. A step of a run
        is kept with its decision where the server has a key to sign it.
        """
        gate = admission.decision.gate if admission.decision is not None else RUN
        judge, glass = panel.find(admission.binding), self._find_glass(error, admission, panel)
        if not (self.passes(error, judge, gate) or (glass and row is not None)):
            return None
        self.count_open()
        try:
            kept = self._keep(admission, row, {**(said or {}), **({"request": glass} if glass else {})})
        except PolicyError as fault:
            LOG.error("a decision is on no record at all: %s", fault)  # noqa: TRY400 - the problem says it all
            return None
        passes = f"the glass is broken ({glass})" if glass else "the gate goes on"
        LOG.error("the ledger cannot be written; %s, and the decision waits in %s", passes, self.spool)
        return kept

    def _find_glass(self, error: PolicyError, admission: Admission, panel: Panel) -> str:
        """The request by which somebody let it pass; also where it could be judged, and not recorded."""
        if admission.glass or not is_outage(error) or admission.state != ADMITTED or admission.decision is None:
            return admission.glass
        glass: Glass | None = self.outage.find_glass(admission.attempt, datetime.now(UTC))
        return glass.request if glass and not find_bar(glass, panel.find(admission.binding), ()) else ""

    def _keep(self, admission: Admission, row: RunRow | None, said: Mapping[str, Any]) -> str:
        draft, now = admission.draft, datetime.now(UTC)
        name = row.decision if row is not None else ""
        if draft is not None:
            waiting = self._list_waiting()
            name, brought = self._find_alike(draft, waiting), {digest for one in waiting for digest in one.brings}
            # Of a sweep one decision waits, and the files of the policy set do so once.
            draft = draft._replace(objects=tuple(item for item in draft.objects if item.digest not in brought))
        new = draft if not name else None
        name = name or (find_index(draft).decision_id if draft is not None else "")
        signs = self.outage.key is not None
        if signs and row is not None and row.decision:
            row = row._replace(decision=name)
            decision = encode_draft(new) if new is not None else None
            self.outage.state(STEP, {"row": row.describe(), "said": dict(said), "decision": decision}, now)
        elif signs and new is not None:
            stated = {"principal": admission.attempt.principal, "decision": encode_draft(new)}
            self.outage.state(DECISION, stated, now)
        elif new is not None:
            spool_decision(self.spool, new)
        self._waits = True
        return name

    def find_row(self, run: str) -> RunRow | None:
        """The step of a run that waits; None where there is none, or it is recorded by now."""
        row = self.outage.find_row(run)
        if row is not None:
            self.catch_up(self.ledger)
        return row

    def catch_up(self, ledger: Ledger) -> None:
        """Record what waits, now that the ledger can be written again; seldom, while that fails."""
        is_due = self._waits or self.outage.waits or (self.outage.key is None and os.path.exists(self.spool))
        if not is_due or time.monotonic() < self._paused:
            return
        try:
            stated = replay_statements(ledger, self.outage.path, self.pinned, self.outage.issuer)
            # Where a server signs what it keeps, others wrote what is not signed, and record it themselves.
            decisions = replay_spool(ledger, self.spool) if self.outage.key is None else Replay(0, 0, ())
        except (PolicyError, OSError) as error:
            LOG.error("what waits in %s cannot be recorded: %s", self.spool, error)  # noqa: TRY400 - it says it all
            self._waits, self._paused = True, time.monotonic() + PAUSE
            return
        # Whoever is at it may break off.
        self._waits = decisions.busy or stated.busy
        self._paused = time.monotonic() + PAUSE if self._waits else 0.0
        for problem in (*decisions.problems, *stated.problems):
            LOG.error("%s: %s", problem.message, problem.remedy)


def _describe_line(line: bytes) -> Waiting:
    return describe(read_line(line))


def is_outage(error: PolicyError) -> bool:
    """Whether the ledger fails, and not what is sent."""
    return isinstance(error, LedgerError) and error.kind not in ASKED_FOR
