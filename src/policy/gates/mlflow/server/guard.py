"""What the guards of all stores share: the policy sets in force, the ledger, and what is known of runs."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.admitting import Hearing
from policy.app.runs.attempt import ADMITTED, REOPENED, TRAINING, Admission, Attempt
from policy.app.runs.panel import RUN
from policy.errors import PolicyError
from policy.gates.mlflow.server.attempts import say_resume
from policy.gates.mlflow.server.identity import find_principal
from policy.gates.mlflow.server.keeping import Keeper, is_outage
from policy.gates.mlflow.server.mirrored import recall_row
from policy.gates.mlflow.server.refusals import refuse, refuse_fault
from policy.gates.mlflow.server.register import Register
from policy.gates.mlflow.server.settings import SettingsKeeper
from policy.gates.mlflow.server.settled import Settled
from policy.records.people import fold_name
from policy.records.runs.queries import find_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.app.runs.panel import Panel
    from policy.gates.mlflow.server.reloading import Reloader
    from policy.model.mlflow_settings import Binding
    from policy.records.ledger import Ledger
    from policy.records.runs.rows import RunRow

LOG: Final = logging.getLogger("policy.mlflow")


class Guard:
    """Shared by the server's threads; `panel` are the policies in force, replaced as a whole when they change."""

    def __init__(self, reloader: Reloader, ledger: Ledger) -> None:
        self.reloader = reloader
        self.panel = reloader.get_panel()
        self.ledger = ledger
        self.keeper = Keeper(self.panel, ledger)
        self.settings = SettingsKeeper(ledger, self.keeper)
        self.register = Register(self)
        self._settled = Settled()
        self._lock = Lock()
        self._taking = Lock()
        # One run is made to wait, however many at once ask for it.
        self.waiting = Lock()
        self.authenticated = self.panel.settings.app != "none"

    def begin(self) -> None:
        """Have the settings in the ledger, once it is reached. Raises PolicyError where nothing may begin without."""
        self.settings.start(self.panel)
        self.keeper.identify(self.ledger.id)

    def refresh(self) -> None:
        """Take up policies that have changed: before whatever is judged."""
        panel = self.reloader.get_panel()
        if panel is not self.panel or self.settings.pending:
            with self._taking:
                self._take_up(self.reloader.get_panel())
        self.keeper.metrics.unloaded.inc(self.reloader.take_faults())

    def _take_up(self, panel: Panel) -> None:
        """A panel is in force once its settings are on record."""
        if not self.settings.take_up(panel, self.panel) or panel is self.panel:
            return
        self.keeper.follow(panel)
        with self._lock:
            self.panel = panel
            # What was governed by nothing may be governed now.
            self._settled.clear()

    @property
    def server(self) -> str:
        """What this server is called in the ledger."""
        return self.panel.settings.server

    def find_principal(self) -> str:
        """Who asks."""
        return find_principal(authenticated=self.authenticated)

    def find_binding(self, experiment: Any) -> Binding | None:
        """What governs an experiment of MLflow's by the policies as they stand now; None where nothing does."""
        self.refresh()
        return self.panel.settings.find_binding(experiment.name, str(experiment.experiment_id))

    def find_model_binding(self, name: str) -> Binding | None:
        """What governs a registered model by the policies as they stand now; None where nothing does."""
        self.refresh()
        return self.panel.settings.find_model_binding(name)

    def hear(
        self, binding: Binding, attempt: Attempt, gate: str = "run", *, asks: bool = True, again: bool = False
    ) -> Admission:
        """What comes of an attempt, which is not counted where it is heard `again`.

        Raises MlflowException where it cannot be told, and the gate does not go on.
        """
        panel = self.panel
        if binding not in panel.settings.bindings:
            raise refuse("the policies changed at this moment: ask again")
        attempt = self.inherit(attempt, binding)
        began = time.perf_counter()
        try:
            hearing = Hearing(panel, self.ledger, binding, gate, datetime.now(UTC))
            admission = hearing.admit(attempt, asks=asks)
        except PolicyError as error:
            LOG.error("an attempt in experiment %s could not be judged: %s", attempt.experiment, error)  # noqa: TRY400 - the problem says it all
            found = self.keeper.stand_in(error, panel, attempt, binding, gate)
            if found is not None:
                return found
            raise self.refuse_fault(error, binding) from None
        if asks and not again:
            self.keeper.metrics.count(admission, gate)
            self.keeper.metrics.latency.labels(gate).observe(time.perf_counter() - began)
        return admission

    def inherit(self, attempt: Attempt, binding: Binding) -> Attempt:
        """A child without a manifest of its own takes that of an admitted parent: same experiment, same principal.

        It is what it says that it is; one that says nothing is what its parent is.
        """
        stated = attempt._replace(activity=attempt.activity or TRAINING)
        if attempt.manifest or not attempt.parent:
            return stated
        row = self.find_used(attempt.parent, lambda: binding)
        if row is None or row.state != ADMITTED or row.experiment != attempt.experiment:
            return stated
        if fold_name(row.principal) != fold_name(attempt.principal):
            return stated
        return attempt._replace(manifest=row.manifest, activity=attempt.activity or row.activity)

    def find_row(self, run: str) -> RunRow | None:
        """The last that is known of a run: by the ledger, or what waits for it. Raises MlflowException as in `hear`."""
        try:
            return self._look_up(run)
        except PolicyError as error:
            raise refuse_fault(error) from None

    def find_used(
        self, run: str, find_binding: Callable[[], Binding | None], gate: str = RUN, *, goes_on: bool = False
    ) -> RunRow | None:
        """The same where a run is there already; as MLflow shows it where the ledger fails and its gate goes on.

        What nothing governs goes on without the ledger, and so does what was admitted where the run itself `goes_on`:
        a training that has begun is not stopped.
        """
        try:
            return self._look_up(run)
        except PolicyError as error:
            binding = find_binding()
            if binding is None:
                return None
            if goes_on and is_outage(error):
                return recall_row(self.server, run, authenticated=self.authenticated)
            if not self.keeper.passes(error, self.panel.find(binding), gate):
                raise refuse_fault(error) from None
            self.keeper.count_open()
            return recall_row(self.server, run, authenticated=self.authenticated) if gate == RUN else None

    def _look_up(self, run: str) -> RunRow | None:
        try:
            row = find_run(self.ledger, self.server, run)
        except PolicyError:
            row = self.keeper.outage.find_row(run)
            if row is None:
                raise
            return row
        if row is None and (waiting := self.keeper.find_row(run)) is not None:
            # By now it may be recorded.
            return find_run(self.ledger, self.server, run) or waiting
        return row

    def refuse_fault(self, error: PolicyError, binding: Binding) -> Exception:
        """The refusal of a run because of a fault, with the way on where somebody could break the glass."""
        return refuse_fault(error, self.keeper.say_way(error, self.panel.find(binding)))

    def check_write(self, run: str, find_experiment: Callable[[], Any]) -> RunRow | None:
        """Raises where nothing may be written to a run yet; else what is known of it, None where nothing governs it."""
        settled = self._settled.find(run)
        if settled is not None:
            return settled.row
        row = self.find_used(run, lambda: self.find_binding(find_experiment()), goes_on=True)
        if row is None and self.find_binding(find_experiment()) is not None:
            # It never met the gate, and what it makes cannot be released.
            return None
        if row is not None and row.state not in (ADMITTED, REOPENED):
            raise refuse(f"nothing can be written to the run {run}: it is {row.state}. {say_resume(row)}")
        self.settle(run, row)
        return row

    def settle(self, run: str, row: RunRow | None) -> None:
        """Look no more at who writes to a run."""
        self._settled.keep(run, row)

    def forget(self, run: str) -> None:
        """Look again."""
        self._settled.forget(run)
