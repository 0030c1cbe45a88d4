"""What happens to runs that are there: MLflow's own store behind the guard, and somebody else who writes to them."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from typing import Any, NamedTuple

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from mlflow.entities import Metric, RunStatus, RunTag
from mlflow.exceptions import MlflowException

from policy.app.runs.attempt import Attempt
from policy.app.runs.panel import check_panel, load_panel
from policy.gates.mlflow.server import mirrored, register, settled
from policy.gates.mlflow.server.beginning import count_run
from policy.gates.mlflow.server.guard import Guard
from policy.gates.mlflow.server.metrics import FOLDER
from policy.gates.mlflow.server.origins import Origin, Release
from policy.gates.mlflow.server.released import note_release
from policy.gates.mlflow.server.releasing import check_run
from policy.gates.mlflow.server.reloading import Reloader
from policy.gates.mlflow.server.stores import Found
from policy.gates.mlflow.server.tracking import make_rules
from policy.gates.mlflow.server.wrapping import guard_object
from policy.model.mlflow_settings import Binding
from policy.records.ledger import open_ledger
from policy.records.runs.queries import find_run
from policy.records.runs.recording import record_run
from policy.records.runs.uploads import put_upload
from tests.gates.mlflow.server.conftest import GOOD, SET, make_sent, write_set

# MLflow's own tables warn of the next SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
PRIVATE = make_sent("private-one")
STRICTER = """\
policy: a-reviewer
title: Somebody answers for it
severity: high
when: {approach: fine-tuning, run.activity: training}
require: {owner.team: {present: true}}
effect: {run: EFFECT}
on_unknown: EFFECT
fix: Name the team.
"""


class Place(NamedTuple):
    """MLflow's store behind a guard, and a list of who asks."""

    folder: Any
    guard: Guard
    store: Any
    who: list[str]

    def begin(self, name, sent=GOOD, who="ada"):
        self.who[:] = [who]
        experiment = self.store.get_experiment_by_name(name)
        known = experiment.experiment_id if experiment is not None else self.store.create_experiment(name)
        tags = [RunTag("ml-manifest.digest", sent.digest)]
        return self.store.create_run(known, "", 1, tags, "one").info.run_id

    def resume(self, run, who):
        self.who[:] = [who]
        self.store.update_run_info(run, RunStatus.RUNNING, None, None)

    def write(self, run, who="ada"):
        self.who[:] = [who]
        self.store.log_metric(run, Metric("loss", 0.5, 1, 1))

    def end(self, run, who="ada"):
        self.who[:] = [who]
        self.store.update_run_info(run, RunStatus.FINISHED, 2, None)

    def find(self, run):
        return find_run(self.guard.ledger, "mlflow", run)

    def add_policy(self, effect):
        (self.folder / "policies/a-reviewer.yaml").write_text(STRICTER.replace("EFFECT", effect))

    def damage(self):
        """The ledger is there, and cannot be asked about runs."""
        other = sqlite3.connect(self.folder / "ledger.db")
        other.execute("ALTER TABLE runs RENAME TO gone")
        other.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """MLflow's database as it begins, which takes it seconds to make."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    folder = tmp_path_factory.mktemp("empty")
    SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", f"{folder}/artifacts").engine.dispose()
    return folder / "mlflow.db"


@pytest.fixture
def place(tmp_path, monkeypatch, empty):
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    shutil.copy(empty, tmp_path)
    monkeypatch.delenv(FOLDER, raising=False)
    folder = write_set(tmp_path, SET.replace("app: basic-auth", "app: basic-auth\n  server: mlflow"))
    config = str(folder / "policy.yaml")
    with open_ledger(f"sqlite:///{folder}/ledger.db", timeout=0.2) as ledger:
        for sent in (GOOD, PRIVATE):
            put_upload(ledger, "ada", sent.digest, sent.body)
        guard = Guard(Reloader(config, load_panel(config, str(folder)), check_panel), ledger)
        who = ["ada"]
        monkeypatch.setattr(guard, "find_principal", lambda: who[0])
        store = SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", f"{folder}/artifacts")
        guard_object(store, make_rules(guard), ("get_experiment",))
        yield Place(folder, guard, store, who)
        store.engine.dispose()


def test_who_may_not_train_there_does_not_stop_who_does(place):
    run = place.begin("private-x", PRIVATE, who="carol")
    with pytest.raises(MlflowException, match="may not begin runs"):
        place.resume(run, "ada")
    assert place.find(run).state == "admitted"
    place.write(run, "carol")
    place.end(run, "carol")
    assert place.store.get_run(run).info.status == "FINISHED"


def test_policies_that_became_stricter_refuse_to_resume_and_stop_nothing(place):
    run = place.begin("support-x")
    place.add_policy("block")
    with pytest.raises(MlflowException, match=r"a-reviewer[\s\S]*is not resumed, and stays as it is: admitted"):
        place.resume(run, "ada")
    assert place.find(run).state == "admitted"
    place.write(run)
    place.end(run)


def test_a_run_stays_whose_it_was(place):
    run = place.begin("support-x")
    place.add_policy("flag")
    place.resume(run, "carol")
    row = place.find(run)
    assert (row.principal, row.verdict) == ("ada", "flag")
    entry = next(place.guard.ledger.read_entries(row.seq, row.seq + 1))
    body = place.guard.ledger.get_payload(entry)
    assert b'"resumed_by":"p-' in body
    # Her children are hers still.
    child = Attempt(row.experiment, "support-x", "ada", parent=run)
    binding = place.guard.panel.settings.bindings[0]
    assert place.guard.inherit(child, binding).manifest == GOOD.digest
    assert place.guard.inherit(child._replace(principal="carol"), binding).manifest == ""


def test_what_nothing_governs_goes_on_without_the_ledger(place, monkeypatch):
    monkeypatch.setattr(mirrored, "get_tracking_store", lambda: place.store)
    free, bound = place.begin("free"), place.begin("support-x")
    place.guard.forget(bound)
    place.damage()
    place.write(free)
    place.end(free)
    # Nor is what was admitted stopped; nothing more begins.
    place.write(bound)
    place.end(bound)
    with pytest.raises(MlflowException, match="ledger"):
        place.begin("support-x")


def test_nor_do_its_models_need_it(place):
    runs = {name: place.begin(name) for name in ("free", "support-x")}
    place.damage()

    def release(name):
        known = place.store.get_experiment_by_name(name)
        found = Found(runs[name], known, f"{known.artifact_location}/{runs[name]}/artifacts", ended=True)
        asked = Release("any", runs[name], "", f"runs:/{runs[name]}/model", "", "any/1")
        origin = Origin((found,), (), (), (), (), (asked,))
        check_run(place.guard, asked, origin, found, None)
        note_release(place.guard, asked, origin)

    release("free")
    with pytest.raises(MlflowException, match="ledger"):
        release("support-x")


def test_a_run_that_nobody_could_record_is_taken_back_whatever_happened(place, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no memory")

    monkeypatch.setattr(register, "record_run", fail)
    with pytest.raises(RuntimeError):
        place.begin("support-x")
    with closing(sqlite3.connect(place.folder / "mlflow.db")) as other:
        ((run, status, stage),) = other.execute("SELECT run_uuid, status, lifecycle_stage FROM runs")
    assert (status, stage) == ("FAILED", "deleted")
    assert place.find(run) is None


def test_nor_does_one_begin_that_cannot_be_counted(place, monkeypatch):
    run = place.begin("support-x")
    binding = place.guard.panel.settings.bindings[0]
    admission = place.guard.hear(binding, Attempt("1", "support-x", "ada", GOOD.digest))
    monkeypatch.setattr(place.guard, "hear", lambda *_, **__: (_ for _ in ()).throw(MlflowException("locked")))
    with pytest.raises(MlflowException, match="locked"):
        count_run(place.guard, place.store, binding, admission, run)
    assert place.store.get_run(run).info.lifecycle_stage == "deleted"


def test_what_another_worker_found_out_is_seen_after_some_seconds(place, monkeypatch):
    run = place.begin("support-x")
    place.write(run)
    record_run(place.guard.ledger, place.find(run)._replace(state="refused"), {})
    place.write(run)
    clock = time.monotonic() + settled.SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    with pytest.raises(MlflowException, match="is refused"):
        place.write(run)


def test_what_binds_no_more_judges_no_more(place):
    binding = Binding(("support-*",), (), ("support-*",), policy_set="teams/gone.yaml")
    with pytest.raises(MlflowException, match="changed at this moment"):
        place.guard.hear(binding, Attempt("1", "support-x", "ada", GOOD.digest))


def test_what_is_heard_again_is_counted_once(place):
    metrics, binding = place.guard.keeper.metrics, place.guard.panel.settings.bindings[0]
    for again in (False, True, True):
        place.guard.hear(binding, Attempt("1", "support-x", "ada", GOOD.digest), again=again)
    assert b'policy_attempts_total{gate="run",state="admitted"} 1.0' in metrics.render()
