"""Noting a version at its runs, where something fails, or where it is older than the notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from mlflow.exceptions import MlflowException

from policy.gates.mlflow.server import released
from policy.gates.mlflow.server.origins import Origin, Release
from policy.gates.mlflow.server.places import read_place
from policy.gates.mlflow.server.stores import Found
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.runs.queries import find_run
from policy.records.runs.recording import record_run
from policy.records.runs.releases import find_history
from policy.records.runs.rows import RunRow

RUN, OTHER, NONE, BASELINE = (digit * 32 for digit in "abcd")
ROOT = "s3://bucket/1"
ROW = RunRow("mlflow", RUN, "1", "p", "ada", "training", "", "", "admitted", "allow")
MODEL = SimpleNamespace(
    model_id="m-1", name="model", source_run_id=RUN, artifact_location=f"{ROOT}/models/m-1/artifacts"
)
VERSION = SimpleNamespace(name="support", version="1")
RELEASE = Release("support", RUN, "", f"runs:/{RUN}/model", "", "support/1")


class Registry:
    def __init__(self) -> None:
        self.deleted: list[tuple[str, str]] = []
        self.versions: list[str] = []

    def delete_model_version(self, name: str, version: str) -> None:
        self.deleted.append((name, version))

    def search_model_versions(self, filter_string: str, max_results: int) -> list[str]:
        return [one for one in self.versions if one in filter_string][:max_results]


class Guard:
    server = "mlflow"

    def __init__(self, ledger: Any) -> None:
        self.ledger = ledger
        self.keeper = self
        self.panel = self
        self.goes_on = False
        self.opened = 0

    def find_used(self, run: str, find_binding: Any, gate: str) -> RunRow | None:
        return find_run(self.ledger, self.server, run)

    def find_model_binding(self, name: str) -> None:
        return None

    def find_binding(self, experiment: Any) -> Any:
        return experiment

    def find(self, binding: Any) -> Any:
        return binding

    def passes(self, error: Any, judge: Any, gate: str) -> bool:
        return self.goes_on

    def count_open(self) -> None:
        self.opened += 1


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    create_ledger(url).close()
    with open_ledger(url) as ledger:
        for row in (ROW, ROW._replace(run=OTHER), ROW._replace(run=BASELINE, activity="baseline")):
            record_run(ledger, row, {})
        monkeypatch.setattr(released, "describe_version", lambda *_: RELEASE)
        monkeypatch.setattr(released, "trace_origin", make_origin)
        yield Guard(ledger)


def make_origin(release: Release, *runs: str) -> Origin:
    found = tuple(Found(run, object(), f"{ROOT}/{run}/artifacts", ended=False) for run in runs or (RUN, BASELINE, NONE))
    return Origin(found, ((MODEL, object()),), (), (), (), (release,))


def list_noted(guard: Any, run: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.version, one.files) for one in find_history(guard.ledger, "mlflow", run).released]


def test_a_version_is_noted_at_each_run_that_was_admitted_as_training(guard: Any) -> None:
    registry = Registry()
    released.note_version(guard, registry, VERSION)
    assert list_noted(guard, RUN) == [("support/1", (f"{RUN}/model",))]
    assert list_noted(guard, BASELINE) == list_noted(guard, NONE) == []
    assert registry.deleted == []


def test_one_that_was_there_before_the_notes_is_noted_once(guard: Any) -> None:
    for _ in range(3):
        released.note_release(guard, RELEASE, make_origin(RELEASE, RUN, OTHER), again=False)
    assert list_noted(guard, RUN) == [("support/1", (f"{RUN}/model",))]
    assert list_noted(guard, OTHER) == [("support/1", ())]


def test_one_that_cannot_be_noted_goes_again_unless_the_gate_goes_on(
    guard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bool:
        raise LedgerError("lost", "it is gone")

    monkeypatch.setattr(released, "record_release", fail)
    registry = Registry()
    with pytest.raises(MlflowException, match="it is gone"):
        released.note_version(guard, registry, VERSION)
    assert registry.deleted == [("support", "1")]
    guard.goes_on = True
    released.note_version(guard, registry, VERSION)
    assert (len(registry.deleted), guard.opened) == (1, 1)
    monkeypatch.setattr(released, "record_release", lambda *_: False)
    with pytest.raises(MlflowException, match="was changed meanwhile: try again"):
        released.note_version(guard, registry, VERSION)
    assert len(registry.deleted) == 2


def test_while_the_ledger_is_down_only_runs_without_a_version_are_written_to(
    guard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise LedgerError("lost", "it is gone")

    registry = Registry()
    monkeypatch.setattr(released, "find_history", fail)
    monkeypatch.setattr(released, "get_model_registry", lambda: registry)
    assert released.find_released(guard, RUN, [f"{RUN}/model"]) == ""
    registry.versions.append(RUN)
    with pytest.raises(MlflowException, match="it is gone"):
        released.find_released(guard, RUN, [f"{RUN}/model"])


@pytest.mark.parametrize(
    ("text", "names", "changed"),
    [
        (f"runs:/{RUN}/model", [f"{RUN}/model"], {f"{RUN}/model"}),
        (f"{ROOT}/{RUN}/artifacts", [RUN], {RUN}),
        ("models:/m-1", ["m-1"], {"m-1", f"{RUN}/model"}),
        (f"{ROOT}/models/m-1/artifacts/data/x", ["m-1/data/x"], {"m-1/data/x", f"{RUN}/model/data/x"}),
        (f"runs:/{RUN}/model/../other", [RUN], {RUN}),
        (f"{ROOT}/{OTHER}/artifacts", [], set()),
        (f"{ROOT}/{RUN}", [], set()),
        ("models:/support/1", [], set()),
    ],
)
def test_names_of_files(text: str, names: list[str], changed: set[str]) -> None:
    found = make_origin(RELEASE).runs[0]
    named = released.name_files(read_place(text), found, [MODEL])
    assert named == names
    assert set(released.name_changed(named, found, [MODEL])) == changed
