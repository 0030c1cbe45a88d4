"""The collector of what a repository's history tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from policy.model.fact import Fact
from policy.plugins.contracts import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.evidence.history.answers import Answers
    from policy.evidence.history.chronicle import Chronicle
    from policy.plugins.contracts import Project
    from policy.plugins.history import History

NO_REPOSITORY = "the project lies in no git repository"


class GitHistory:
    """How often the training data changes and the model is trained, both estimates, and which commit is checked out.

    What a manifest states is not looked for: an estimate would not count against it, and the commit that it names is
    that of a training, which is another than the one that holds the manifest.
    """

    name = "git history"
    observes = ("data.change_interval", "training.interval", "training.commit")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._chronicle: Chronicle | None = None

    def collect(self, project: Project) -> Evidence:
        stated = {fact.path for fact in project.declared}
        wanted = [path for path in self.observes if path not in stated]
        told = {fact.path for fact in (*project.declared, *project.told)}
        if not wanted or not (project.datasets or told & {"data.sources", "training.config"}):
            return Evidence()
        if project.history is None:
            # That there is no commit either needs no reason.
            intervals = (path for path in wanted if path != "training.commit")
            return Evidence(unavailable=dict.fromkeys(intervals, NO_REPOSITORY))
        from policy.evidence.history.answers import Answers  # many manifests state all of it
        from policy.evidence.history.subject import make_subject

        answers = Answers(self._open(project.history), make_subject(project), self._clock())
        found = {path: _answer(answers, path) for path in wanted}
        facts = tuple(answer for answer in found.values() if isinstance(answer, Fact))
        return Evidence(facts, (), {path: answer for path, answer in found.items() if isinstance(answer, str)})

    def _open(self, history: History) -> Chronicle:
        from policy.evidence.history.chronicle import Chronicle

        if self._chronicle is None or self._chronicle.history != history:
            self._chronicle = Chronicle(history)
        return self._chronicle


def _answer(answers: Answers, path: str) -> Fact | str:
    from policy.plugins.history import HistoryError

    try:
        return answers.answer(path)
    except HistoryError as error:
        return str(error)
