"""Settings that change are on record before anything is heard under them: once, for all workers."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from policy.app.runs.panel import check_panel, load_panel
from policy.errors import PolicyError
from policy.gates.mlflow.server import settings as server_settings
from policy.gates.mlflow.server.guard import Guard
from policy.gates.mlflow.server.metrics import FOLDER
from policy.gates.mlflow.server.reloading import Reloader
from policy.records.ledger import open_ledger
from policy.records.policy_sets import CHANGE
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.gates.mlflow.server.conftest import BLOCKED, SET, write_set
from tests.gates.mlflow.server.serving import serve
from tests.records.keeping import locking

SUPPORT = "{name: support-*, project: support-*, models: [support-*]}"
OBSERVED = SUPPORT.replace("models", "mode: observe, models")
KEYS = ("experiment", "key", "old", "new")
EXPERIMENT = SimpleNamespace(name="support-one", experiment_id="1")


class Workers:
    """Guards of one server, as its workers have them."""

    def __init__(self, folder: Any, on_error: str) -> None:
        self.folder = folder
        self.text = SET.replace("{mode: enforce, on_error: block}", f"{{on_error: {on_error}}}")
        write_set(folder, self.text)
        self.opened: list[Any] = []

    def begin(self) -> Guard:
        config = str(self.folder / "policy.yaml")
        ledger = open_ledger(f"sqlite:///{self.folder}/ledger.db", timeout=0.2)
        self.opened.append(ledger)
        panel = load_panel(config, str(self.folder))
        guard = Guard(Reloader(config, panel, check_panel), ledger)
        guard.settings.start(panel)
        return guard

    def switch(self, old: str = SUPPORT, new: str = OBSERVED) -> None:
        self.text = self.text.replace(old, new)
        (self.folder / "policy.yaml").write_text(self.text)

    def list_changes(self):
        return list_changes(self.folder / "ledger.db")

    def lock(self):
        """Another process that does not let go of the ledger."""
        return locking(self.folder / "ledger.db")


def list_changes(file: Any) -> list[tuple[int, Any]]:
    """Of each entry of settings its number and what it says that changed, but for the first."""
    with open_ledger(f"sqlite:///{file}") as ledger:
        said = [
            (entry.seq, json.loads(ledger.get_payload(entry)))  # type: ignore[arg-type] # none is erased
            for entry in ledger.read_entries()
            if entry.type == CHANGE
        ]
    return [
        (seq, [tuple(one[key] for key in KEYS) for one in payload["changes"]] if payload["before"] else [])
        for seq, payload in said
        if payload["format"].startswith("policy-mlflow")
    ]


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr(server_settings, "TRIED_AGAIN", 0.0)
    made = []

    def make_one(on_error="block"):
        made.append(Workers(tmp_path, on_error))
        return made[-1]

    yield make_one
    for workers in made:
        for ledger in workers.opened:
            ledger.close()


SWITCHED = [("support-*", "mode", None, "observe")]


def test_what_a_server_starts_with_is_entered_once_for_all_workers(make):
    workers = make()
    for _ in range(3):
        workers.begin()
    assert workers.list_changes() == [(1, [])]


def test_a_switch_to_observe_is_entered_once_before_anything_is_heard(make):
    workers = make()
    guards = [workers.begin() for _ in range(3)]
    workers.switch()
    assert guards[0].find_binding(EXPERIMENT).mode == "observe"
    assert workers.list_changes() == [(1, []), (2, SWITCHED)]
    assert {guard.find_binding(EXPERIMENT).mode for guard in guards} == {"observe"}
    workers.switch(OBSERVED, SUPPORT)
    assert {guard.find_binding(EXPERIMENT).mode for guard in guards} == {""}
    assert [seq for seq, _ in workers.list_changes()] == [1, 2, 3]


def test_what_one_worker_saw_for_a_moment_is_not_what_the_ledger_ends_with(make):
    workers = make()
    workers.switch()
    first, second = workers.begin(), workers.begin()
    second.find_binding(EXPERIMENT)
    workers.switch(OBSERVED, SUPPORT)
    assert first.find_binding(EXPERIMENT).mode == ""
    workers.switch()
    # It was never asked in between.
    assert second.find_binding(EXPERIMENT).mode == "observe"
    assert [changes[-1][2:] for _, changes in workers.list_changes()[1:]] == [("observe", None), (None, "observe")]


def test_a_gate_that_only_watches_is_entered_too(make):
    workers = make()
    guard = workers.begin()
    for old, new in (("{", "{mode: observe, "), ("{mode: observe, ", "{")):
        workers.switch(f"release: {old}", f"release: {new}")
        guard.find_binding(EXPERIMENT)
    changes = [(None, "gates.release.mode", *pair) for pair in (("enforce", "observe"), ("observe", "enforce"))]
    assert workers.list_changes() == [(1, []), (2, changes[:1]), (3, changes[1:])]


def test_threads_that_see_it_together_enter_it_once(make):
    workers = make()
    guards = [workers.begin() for _ in range(2)]
    workers.switch()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: guards[number % 2].find_binding(EXPERIMENT).mode, range(32)))
    assert set(found) == {"observe"}
    assert workers.list_changes() == [(1, []), (2, SWITCHED)]


def test_a_switch_while_the_server_stood_still_is_entered_at_its_start(make):
    workers = make()
    workers.begin()
    workers.switch()
    workers.begin()
    assert workers.list_changes() == [(1, []), (2, SWITCHED)]


def test_another_policy_is_no_change_of_the_settings(make):
    workers = make()
    guard = workers.begin()
    before = guard.panel.main.digest
    policy = workers.folder / "policies/volatile-data.yaml"
    policy.write_text(policy.read_text().replace("30d", "31d"))
    guard.refresh()
    assert guard.panel.main.digest != before
    assert workers.list_changes() == [(1, [])]


def test_without_the_ledger_those_before_stay_in_force_until_it_answers(make, caplog):
    workers = make()
    guard = workers.begin()
    workers.switch()
    with workers.lock():
        assert guard.find_binding(EXPERIMENT).mode == ""
        assert "those before stay" in caplog.text
    assert guard.find_binding(EXPERIMENT).mode == "observe"
    assert workers.list_changes() == [(1, []), (2, SWITCHED)]


def test_a_gate_that_goes_on_takes_them_up_and_enters_them_later(make):
    workers = make("flag")
    guard = workers.begin()
    workers.switch()
    with workers.lock():
        assert guard.find_binding(EXPERIMENT).mode == "observe"
    assert b"policy_fail_open_total 1.0" in guard.keeper.metrics.render()
    assert workers.list_changes() == [(1, [])]
    guard.refresh()
    assert workers.list_changes() == [(1, []), (2, SWITCHED)]
    assert not guard.settings.pending


def test_a_ledger_that_is_down_is_not_asked_by_every_request(make, monkeypatch):
    monkeypatch.setattr(server_settings, "TRIED_AGAIN", 3600.0)
    workers = make()
    guard = workers.begin()
    workers.switch()
    with workers.lock():
        guard.refresh()
    guard.refresh()
    assert guard.panel.settings.bindings[0].mode == ""
    monkeypatch.setattr(guard.settings, "_waits_until", 0.0)
    guard.refresh()
    assert guard.panel.settings.bindings[0].mode == "observe"


@pytest.mark.parametrize("on_error", ["block", "flag"])
def test_a_server_starts_without_a_record_only_where_its_gate_goes_on(make, on_error):
    workers = make(on_error)
    workers.begin()
    workers.switch()
    with workers.lock():
        if on_error == "block":
            with pytest.raises(PolicyError):
                workers.begin()
            return
        guard = workers.begin()
    assert guard.settings.pending
    guard.refresh()
    assert workers.list_changes() == [(1, []), (2, SWITCHED)]


def test_it_says_where_the_settings_are_from(make, monkeypatch):
    workers = make()
    monkeypatch.chdir(workers.folder)
    git(workers.folder, "init", "--quiet")
    git(workers.folder, "add", "policy.yaml", "policies")
    git(workers.folder, "-c", "user.name=ada", "-c", "user.email=ada@example.org", "commit", "--quiet", "-m", "first")
    commit = git(workers.folder, "rev-parse", "HEAD")
    guard = workers.begin()
    workers.switch()
    guard.refresh()
    said = [json.loads(body) for (body,) in guard.ledger.read(
        "SELECT body FROM payloads ORDER BY seq"
    )]  # fmt: skip
    place = {"name": "acme", "config": "policy.yaml", "origin": "work tree", "file": "policy.yaml"}
    assert [one["source"] for one in said] == [{**place, "commit": commit}, {**place, "commit": None}]
    assert [one["seen"] for one in said] == ["start", "reload"]
    assert [one["server"] for one in said] == ["mlflow", "mlflow"]


def git(folder, *arguments):
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_real_server_with_two_workers(tmp_path):
    folder = write_set(tmp_path)
    with serve(folder, auth=True, workers=2, gunicorn=True) as server:
        for name in ("ada", "bob"):
            server.make_user(name)
        server.ask("PUT", f"/policy/api/1/manifests/{BLOCKED.digest}", user="ada", raw=BLOCKED.body)
        experiment = server.make_experiment("support-switched", "ada")
        body = {"experiment_id": experiment, "start_time": 1, "tags": BLOCKED.tags}
        assert server.call("runs/create", body, "ada").status == 403
        (folder / "policy.yaml").write_text(SET.replace(SUPPORT, OBSERVED))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: server.call("runs/create", body, "ada").status, range(16)))
    assert set(answers) == {200}
    assert [changes for _, changes in list_changes(folder / "ledger.db")] == [[], SWITCHED]
    with open_ledger(f"sqlite:///{folder}/ledger.db") as ledger:
        (switched,) = (seq for seq, changes in list_changes(folder / "ledger.db") if changes)
        first_run = ledger.read("SELECT min(seq) FROM runs")[0][0]
        assert switched < first_run
    with open_snapshot(f"sqlite:///{folder}/ledger.db") as snapshot:
        assert verify_ledger(snapshot).findings == ()
