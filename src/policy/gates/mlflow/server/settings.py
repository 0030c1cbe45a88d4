"""Settings that are about to be in force: they are in the ledger before anything is heard under them."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.panel import RUN
from policy.app.runs.settings_entry import describe_gates, enter_settings
from policy.errors import PolicyError
from policy.gates.mlflow.server.keeping import is_outage

if TYPE_CHECKING:
    from policy.app.runs.panel import Judge, Panel
    from policy.gates.mlflow.server.keeping import Keeper
    from policy.model.mlflow_settings import MlflowSettings
    from policy.records.ledger import Ledger

LOG: Final = logging.getLogger("policy.mlflow")
START, RELOAD = "start", "reload"
# A ledger that is down costs a wait each time that it is asked.
TRIED_AGAIN: Final = 10.0


class SettingsKeeper:
    """Enters them once for all workers; what the ledger has not taken is tried again, for one thread at a time."""

    def __init__(self, ledger: Ledger, keeper: Keeper) -> None:
        self.ledger = ledger
        self.keeper = keeper
        self._entered: tuple[MlflowSettings, dict[str, Any]] | None = None
        self._waits_until = 0.0
        self.pending = False

    def start(self, panel: Panel) -> None:
        """Enter those that a server begins with. Raises PolicyError where it must not begin without."""
        try:
            self._enter(panel, START)
        except PolicyError as error:
            if not self._goes_on(error, panel.main):
                raise

    def take_up(self, panel: Panel, before: Panel) -> bool:
        """Whether a panel may be in force after another: its settings are entered, or the gate goes on without."""
        if time.monotonic() < self._waits_until:
            return before is panel or self._entered == name_settings(panel)
        try:
            self._enter(panel, RELOAD)
        except PolicyError as error:
            # Settings do not let themselves pass: those count that were in force.
            same = is_outage(error) and self._entered == name_settings(panel)
            return same or self._goes_on(error, before.main)
        return True

    def _enter(self, panel: Panel, seen: str) -> None:
        try:
            entry = enter_settings(self.ledger, panel, seen, datetime.now(UTC))
        except PolicyError as error:
            self.pending, self._waits_until = True, time.monotonic() + TRIED_AGAIN
            LOG.error("the settings of the server cannot be recorded: %s", error)  # noqa: TRY400 - the problem says it all
            raise
        self.pending, self._entered = False, name_settings(panel)
        if entry is not None:
            LOG.warning("settings of the server: recorded as entry %d", entry.seq)

    def _goes_on(self, error: PolicyError, judge: Judge) -> bool:
        passes = self.keeper.passes(error, judge, RUN)
        if passes:
            self.keeper.count_open()
        else:
            LOG.error("they are not in force before that, and those before stay")
        return passes


def name_settings(panel: Panel) -> tuple[MlflowSettings, dict[str, Any]]:
    """What is entered of a panel."""
    return panel.settings, describe_gates(panel)
