"""Projects whose decisions are recorded in a ledger that outlives their files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from policy.app.recording.recorder import Recorder
from policy.app.recording.writing import Writer
from policy.app.subjects import build_subjects
from policy.app.workspace import open_workspace
from policy.loading.discovery import discover
from policy.model.decision import Decision

NOW: Final = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def record(plant: Callable[[Mapping[str, str | bytes]], Any]) -> Callable[..., list[Decision]]:
    """Judge what is in some files, record the decisions in `ledger.db` above them, and remove the files."""

    def run(
        files: Mapping[str, str], gate: str = "ci", waivers: Sequence[Any] = (), approvals: Sequence[Any] = ()
    ) -> list[Decision]:
        root = plant({name: text.replace("///ledger.db", "///../ledger.db") for name, text in files.items()})
        os.chdir(root)
        workspace = open_workspace(str(root))
        assert workspace.policy_set.ledger is not None
        recorder = Recorder(workspace.policy_set, gate, NOW)
        decisions = []
        for item in discover(["."])[0].items:
            for facts in build_subjects(workspace, item, NOW.date()).facts:
                decisions.append(recorder.judge(facts, waivers, approvals))
                recorder.note(decisions[-1])
        writer = Writer(workspace, workspace.policy_set.ledger, gate)
        writer.add(recorder.take())
        counts = writer.finish()
        assert (counts.recorded, counts.lost, counts.spooled, counts.effect) == (len(decisions), 0, 0, None)
        assert [problem for problem in counts.problems if "SQLite" not in problem.message] == []
        os.chdir(root.parent)
        shutil.rmtree(root)
        return decisions

    return run
