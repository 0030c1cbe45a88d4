"""The answers to what is asked of a repository's history, each with its basis, or the reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.evidence.history.checkout import find_commit
from policy.evidence.history.data_changes import find_changes
from policy.evidence.history.intervals import measure
from policy.evidence.history.trainings import find_trainings
from policy.evidence.history.wording import Extent, explain_few, say_basis
from policy.model.fact import Fact
from policy.model.fields import HISTORY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.evidence.history.chronicle import Chronicle
    from policy.evidence.history.subject import Subject

DATA, TRAINING, COMMIT = "data.change_interval", "training.interval", "training.commit"
NO_LOCK = "no `dvc.lock` tells when this model was trained"
TOO_LONG = f"{HISTORY} lists more commits than are read"
# What the times are of, in texts.
CHANGES, TRAININGS = "changes of the training data", "trainings"


class Answers:
    """What a history tells of one subject at a time, `now`, in seconds since 1970; all raise HistoryError."""

    def __init__(self, chronicle: Chronicle, subject: Subject, now: float) -> None:
        self.chronicle = chronicle
        self.subject = subject
        self.now = now

    def answer(self, path: str) -> Fact | str:
        """The fact at a path, or why there is none."""
        return {DATA: self._measure_data, TRAINING: self._measure_training, COMMIT: self._find_commit}[path]()

    def _measure_data(self) -> Fact | str:
        subject = self.subject
        if subject.gap:
            return subject.gap
        log = self.chronicle.read_log(subject.watched)
        found = [find_changes(self.chronicle, log, subject.root, data) for data in subject.data]
        for data, changes in zip(subject.data, found, strict=True):
            if not changes.is_tracked:
                return data.gap or (self._explain_untracked(data.path) if log.whole else TOO_LONG)
        begins = max((changes.begins for changes in found if changes.begins is not None), default=None)
        extent = Extent(log.whole, begins, max(changes.unread for changes in found))
        return self._estimate(DATA, CHANGES, (time for changes in found for time in changes.times), extent)

    def _explain_untracked(self, path: str) -> str:
        if path in self.chronicle.history.list_ignored([path]):
            return f"git ignores `{path}`, and no file of DVC tells its changes"
        return f"no commit holds `{path}`"

    def _measure_training(self) -> Fact | str:
        subject = self.subject
        if not subject.locks:
            return NO_LOCK
        log = self.chronicle.read_log(subject.watched)
        data = [data.path for data in subject.data]
        found = find_trainings(self.chronicle, log, subject.locks, subject.config, data)
        if found.reason:
            return found.reason
        begins = max((change.time or 0 for change in found.changes if change.begins), default=None)
        times = (change.time for change in found.changes if not change.begins)
        what = f"{TRAININGS} by the stage `{found.stage}` of `{found.lock}`"
        return self._estimate(TRAINING, what, times, Extent(log.whole, begins, found.unread))

    def _estimate(self, path: str, what: str, times: Iterable[int | None], extent: Extent) -> Fact | str:
        interval = measure(times, self.now)
        if interval.milliseconds is None:
            return explain_few(what, interval, extent)
        basis = say_basis(what, interval, extent)
        return Fact(path, interval.milliseconds, "estimated", basis, self.subject.location)

    def _find_commit(self) -> Fact | str:
        folder, files = self.subject.folder, self.subject.files
        commit = find_commit(self.chronicle.find_checkout((folder, *files)), folder, files)
        return Fact(COMMIT, commit.name, "observed", HISTORY) if commit.name else commit.reason
