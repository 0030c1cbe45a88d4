"""The decisions of a run, appended to the ledger of the policy set; where that fails, the gate's `on_error` decides."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from policy.app.recording.gathering import gather_sources
from policy.app.recording.rebuilding import rebuild_policy_set
from policy.app.recording.records import describe_tables, make_draft
from policy.app.trusted.following import is_within
from policy.errors import PolicyError, Problem
from policy.language.identity import digest_policy_set
from policy.model.gates import cap_effect
from policy.model.recording import RecordCounts
from policy.records.policy_sets import Place, write_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.app.recording.gathering import Gathered
    from policy.app.recording.records import Record
    from policy.app.workspace import Workspace
    from policy.model.ledger_settings import LedgerSettings
    from policy.records.ledger import Ledger
    from policy.records.objects import Draft

BATCH: Final = 100
# With these nobody waits for the record: what could not be recorded is kept for later.
GOING_ON: Final = ("flag", "advise", None)


class Writer:
    """Appends the records of a run in batches, and keeps count. Nothing of it raises: what fails is said at the end."""

    def __init__(self, workspace: Workspace, settings: LedgerSettings, gate: str, home: str | None = None) -> None:
        self.workspace = workspace
        self.settings = settings
        gate_settings = workspace.policy_set.gate(gate)
        self.effect = cap_effect(gate_settings.on_error, gate_settings.mode)
        self.gate = gate
        self.folder = find_folder(workspace, settings, home)
        self.spool = settings.find_spool(self.folder)
        self._pending: list[Record] = []
        self._recorded = self._spooled = self._lost = 0
        self._problems: dict[Problem, None] = {}
        self._ledger: Ledger | None = None
        self._gathered: Gathered | None = None
        self._stored = False
        self._failed: PolicyError | None = None
        self._actor: str | None = None

    def add(self, records: Iterable[Record]) -> None:
        """Take records of finished decisions; many of them are written together."""
        self._pending += records
        while len(self._pending) >= BATCH:
            batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
            self._write(batch)

    def finish(self) -> RecordCounts:
        """Write what is left, and say what became of everything."""
        if self._pending:
            self._write(self._pending)
            self._pending = []
        if self._ledger is not None:
            self._ledger.close()
        failed = bool(self._lost or self._spooled)
        if failed:
            self._problems[self._describe_failure()] = None
        effect = self.effect if failed else None
        if self._lost and self.effect in GOING_ON and self._enforces:
            # On no record at all, not even one for later.
            effect = "block"
        return RecordCounts(
            self.settings.url, self._recorded, self._spooled, self._lost, effect, self.spool, (*self._problems,)
        )

    @property
    def _enforces(self) -> bool:
        return self.workspace.policy_set.gate(self.gate).mode == "enforce"

    def _write(self, records: list[Record]) -> None:
        try:
            drafts = self._make_drafts(records)
        except PolicyError as error:
            # Nothing could be judged again from it.
            self._fail(error)
            self._lost += len(records)
            return
        if self._failed is None:
            try:
                ledger = self._open()
                self._check_sources(ledger)
                ledger.append(drafts)
            except PolicyError as error:
                self._fail(error)
            else:
                self._recorded += len(drafts)
                self._stored = True
                return
        self._set_aside(drafts)

    def _make_drafts(self, records: list[Record]) -> list[Draft]:
        if self._gathered is None:
            self._gathered = gather_sources(self.workspace)
        gathered, tables = self._gathered, describe_tables(self.workspace.policy_set.tables)
        # Each may be recorded already, with other files of the same policy set: so all of a batch have them.
        files = () if self._stored else gathered.files
        place = write_place(find_place(self.workspace, self.gate))
        actor = self._find_actor()
        return [make_draft(record, (gathered.document, *files), tables, place, actor) for record in records]

    def _find_actor(self) -> str | None:
        """The id of who runs this; None where the ledger cannot be asked, as for what waits in the spool."""
        if self._actor is None and self._failed is None:
            from policy.app.approvals.identity import identify_user
            from policy.records.people import identify_person

            with suppress(PolicyError):  # what keeps it from being recorded is said with that
                self._actor = identify_person(self._open(), identify_user())
        return self._actor

    def _open(self) -> Ledger:
        if self._ledger is None:
            from policy.app.ledgers.proposed import refuse_recording, refuse_spool
            from policy.records.ledger import open_ledger

            refuse_recording(self.workspace, self.settings.url, self.folder)
            refuse_spool(self.workspace, self.spool)
            self._ledger = open_ledger(self.settings.url, folder=self.folder)
            self._problems.update(dict.fromkeys(self._ledger.warnings))
            self._replay_spool(self._ledger)
        return self._ledger

    def _replay_spool(self, ledger: Ledger) -> None:
        """Record what waits from earlier runs."""
        from policy.records.spool import replay_spool

        try:
            self._problems.update(dict.fromkeys(replay_spool(ledger, self.spool).problems))
        except OSError as error:
            message = f"the spool of the ledger `{self.spool}` cannot be read: {error.strerror or error}"
            remedy = "let the user who runs this read and write there"
            self._problems[Problem(message, remedy, level="warning")] = None

    def _check_sources(self, ledger: Ledger) -> None:
        """Warn where the policy set that is recorded for the first time could not be read again."""
        gathered = self._gathered
        if self._stored or gathered is None or ledger.get_object(gathered.document.digest) is not None:
            return
        stored = {item.digest: item.body for item in gathered.files}
        try:
            found = digest_policy_set(rebuild_policy_set(gathered.sources, stored.__getitem__))
            said = "" if found == gathered.sources.digest else "something of it is not in its files"
        except PolicyError as error:
            said = error.problems[0].message
        if said:
            message = f"what is recorded of the policy set does not give the same one again: {said}"
            remedy = "decisions are recorded, and cannot be judged again in every detail"
            self._problems[Problem(message, remedy, level="warning")] = None

    def _fail(self, error: PolicyError) -> None:
        self._failed = self._failed or error

    def _set_aside(self, drafts: list[Draft]) -> None:
        """Keep what could not be recorded for later, where the gate goes on without."""
        from policy.records.spool import spool_decision

        waits = self.effect in GOING_ON and self._may_spool()
        for draft in self._lighten(drafts):
            if not waits:
                self._lost += 1
                continue
            try:
                spool_decision(self.spool, draft)
                self._spooled += 1
            except PolicyError as error:
                self._warn(error)
                self._lost += 1

    def _may_spool(self) -> bool:
        from policy.app.ledgers.proposed import refuse_spool

        try:
            refuse_spool(self.workspace, self.spool)
        except PolicyError as error:
            self._warn(error)
            return False
        return True

    def _warn(self, error: PolicyError) -> None:
        """What it does at the gate is its effect: nothing that is judged is wrong."""
        self._problems.update(dict.fromkeys(problem._replace(level="warning") for problem in error.problems))

    def _lighten(self, drafts: list[Draft]) -> Iterator[Draft]:
        """The drafts, of which the first alone brings the files of the policy set."""
        files = set(self._gathered.files) if self._gathered is not None else set()
        for draft in drafts:
            own = tuple(item for item in draft.objects if item not in files)
            yield draft if not self._stored else draft._replace(objects=own)
            self._stored = True

    def _describe_failure(self) -> Problem:
        failed = self._failed.problems[0] if self._failed is not None else Problem("nothing was recorded")
        count = self._lost + self._spooled
        decisions = "1 decision is" if count == 1 else f"{count:,} decisions are"
        if self._lost:
            way = "on no record" if self._enforces or self.effect else "on no record, and the gate only observes"
            message = f"{decisions} {way}: {failed.message}"
        else:
            message = f"{decisions} not in the ledger yet, and the gate went on without: {failed.message}"
        return Problem(message, failed.remedy, failed.location, failed.related, "warning")


def find_place(workspace: Workspace, gate: str) -> Place:
    """Where the policy set is in use, as records name it."""
    origin = "work tree" if workspace.base is None else "revision"
    config = (workspace.config or "").removeprefix("" if workspace.base is None else f"{workspace.base.name}/")
    return Place(workspace.policy_set.name, config, origin, gate)


def find_folder(workspace: Workspace, settings: LedgerSettings, home: str | None = None) -> str:
    """The folder that relative paths of the ledger begin in: never in a copy, which is gone when the run is over.

    Of a base's copy it is that of the work tree; of a copy of everything that of `home`.
    """
    folder, base = settings.folder or ".", workspace.base
    if base is not None and is_within(folder, base.copy):
        return os.path.normpath(os.path.join(workspace.root, os.path.relpath(folder, base.copy)))
    copies = os.path.dirname(workspace.root)
    if home is not None and is_within(folder, copies) and folder != copies:
        # Beside what is judged lies, for what is pushed, the policy set that judges it.
        inner = os.path.relpath(folder, copies).split(os.sep, 1)[1:]
        return os.path.join(home, *inner)
    return folder
