"""A ledger that cannot be written: nothing begins, or the gate goes on and the decision waits."""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple

import pytest

from policy.app.runs.attempt import Attempt
from policy.app.runs.panel import check_panel, load_panel
from policy.errors import PolicyError
from policy.gates.mlflow.server.guard import Guard
from policy.gates.mlflow.server.metrics import FOLDER
from policy.gates.mlflow.server.reloading import Reloader
from policy.records.ledger import Ledger, open_ledger
from policy.records.runs.uploads import put_upload
from tests.gates.mlflow.server.conftest import BLOCKED, GOOD, SET, make_sent, write_set
from tests.records.keeping import locking


class Made(NamedTuple):
    guard: Guard
    ledger: Ledger
    file: str

    def hear(self, sent=GOOD):
        binding = self.guard.panel.settings.bindings[0]
        return self.guard.hear(binding, Attempt("1", "support-one", "ada", sent.digest))

    def lock(self):
        """Another process that does not let go of the ledger."""
        return locking(self.file)

    def count_decisions(self):
        return len(list(self.ledger.read_decisions()))


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    opened = []

    def make_one(on_error):
        folder = write_set(tmp_path, SET.replace("{mode: enforce, on_error: block}", f"{{on_error: {on_error}}}"))
        config = str(folder / "policy.yaml")
        ledger = open_ledger(f"sqlite:///{folder}/ledger.db", timeout=0.2)
        opened.append(ledger)
        for sent in (GOOD, BLOCKED):
            put_upload(ledger, "ada", sent.digest, sent.body)
        panel = load_panel(config, str(folder))
        return Made(Guard(Reloader(config, panel, check_panel), ledger), ledger, f"{folder}/ledger.db")

    yield make_one
    for ledger in opened:
        ledger.close()


def test_by_default_nothing_begins(make):
    made = make("block")
    admission = made.hear()
    with made.lock(), pytest.raises(PolicyError):
        made.guard.register.record(admission, "a" * 32)
    assert made.count_decisions() == 0
    assert not os.path.exists(made.guard.keeper.spool)


def test_a_gate_that_goes_on_keeps_the_decision_and_records_it_later(make):
    made = make("flag")
    admission = made.hear()
    with made.lock():
        made.guard.register.record(admission, "a" * 32)
    assert made.count_decisions() == 0
    assert made.guard.keeper.measure() > 0
    assert b"policy_fail_open_total 1.0" in made.guard.keeper.metrics.render()
    # Nothing says of the run that it was admitted, so that its model is not released.
    assert made.guard.find_row("a" * 32) is None
    made.guard.register.record(made.hear(BLOCKED), "b" * 32)
    assert made.count_decisions() == 2
    assert made.guard.keeper.measure() == 0


def test_a_refusal_that_cannot_be_recorded_waits_too(make):
    made = make("flag")
    admission = made.hear(BLOCKED)
    assert admission.state == "refused"
    with made.lock():
        made.guard.register.note_decision(admission)
    assert made.guard.keeper.measure() > 0


@pytest.mark.parametrize(("on_error", "state"), [("block", ""), ("flag", "admitted")])
def test_a_ledger_that_cannot_be_read_either(make, on_error, state):
    from mlflow.exceptions import MlflowException

    made = make(on_error)
    made.ledger.close()
    os.rename(made.file, f"{made.file}.away")
    os.mkdir(made.file)
    if state:
        assert made.hear().state == state
        return
    with pytest.raises(MlflowException) as caught:
        made.hear()
    assert caught.value.error_code == "PERMISSION_DENIED"
    assert "nothing is admitted while the gate cannot judge or record" in str(caught.value)


@pytest.mark.parametrize("run", ["", "a\nb", "a" * 1000])
def test_what_somebody_sends_is_no_fault_of_the_ledger(make, run):
    made = make("flag")
    with pytest.raises(PolicyError):
        made.guard.register.record(made.hear(), run)
    assert made.guard.keeper.measure() == 0


def test_a_manifest_that_cannot_be_read_any_more_begins_nothing(make):
    made = make("flag")
    body = b'{"format":"policy-run-manifest/0"}'
    sent = make_sent()._replace(digest=f"sha256:{hashlib.sha256(body).hexdigest()}")
    put_upload(made.ledger, "ada", sent.digest, body)
    assert made.hear(sent).state == "refused"
