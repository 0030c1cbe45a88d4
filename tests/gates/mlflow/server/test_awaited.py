"""A ledger that is away when a server starts, and what is wrong with one that is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from threading import Event, Thread

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from mlflow.exceptions import MlflowException

from policy.app.runs.attempt import Attempt
from policy.app.runs.panel import load_panel
from policy.app.runs.spool_keys import VARIABLE, create_spool_key
from policy.errors import PolicyError
from policy.gates.mlflow.server import awaited
from policy.gates.mlflow.server.app import open_guard
from policy.gates.mlflow.server.awaited import AwaitedLedger, is_awaited
from policy.gates.mlflow.server.metrics import FOLDER
from policy.model.ledger_settings import LedgerSettings
from policy.records import ledger as ledgers
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.runs.uploads import put_upload
from tests.gates.mlflow.server.conftest import GOOD, SET, write_set
from tests.gates.mlflow.server.test_metrics import read_values
from tests.records.keeping import locking


@pytest.fixture
def settings(tmp_path):
    return LedgerSettings(f"sqlite:///{tmp_path}/ledger.db")


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """None: neither for a lock, nor between two tries."""
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr(ledgers, "open_ledger", partial(open_ledger, timeout=0.1))
    monkeypatch.setattr(awaited, "PAUSE", 0.0)
    monkeypatch.setattr(awaited, "WAITS", 0.1)


@pytest.fixture
def start(tmp_path):
    """Starts a guard over a ledger that is there, and has a manifest."""
    guards = []

    def start_one(text=SET, *, sent=GOOD):
        folder = write_set(tmp_path, text)
        with create_ledger(f"sqlite:///{folder}/ledger.db") as ledger:
            put_upload(ledger, "ada", sent.digest, sent.body)
        return folder, partial(begin, folder)

    def begin(folder):
        config = str(folder / "policy.yaml")
        guards.append(open_guard(load_panel(config, str(folder)), config))
        return guards[-1]

    yield start_one
    for guard in guards:
        guard.ledger.close()


def make_table(file):
    with closing(sqlite3.connect(file)) as driver:
        driver.execute("CREATE TABLE other (a)")


def fail_to_open(*_, **__):
    raise LedgerError("lost", "nobody is there", "start it")


def hear(guard):
    return guard.hear(guard.panel.settings.bindings[0], Attempt("1", "support-one", "ada", GOOD.digest))


def read_seen(file):
    """Of each entry of settings, when that showed."""
    with closing(sqlite3.connect(file)) as driver:
        rows = driver.execute("SELECT body FROM payloads ORDER BY seq").fetchall()
    return [part for (body,) in rows for part in (b'"seen":"start"', b'"seen":"reload"') if part in bytes(body)]


def test_one_that_is_there_is_open_at_once(start):
    _, begin = start()
    guard = begin()
    assert not is_awaited(guard.ledger)
    assert hear(guard).state == "admitted"


def test_one_that_somebody_holds_is_awaited(start, caplog):
    folder, begin = start()
    with locking(folder / "ledger.db"):
        guard = begin()
        assert is_awaited(guard.ledger)
        assert read_values(guard.keeper.metrics.render().decode())["policy_ledger_awaited"] == 1
        with pytest.raises(MlflowException, match="cannot judge or record") as caught:
            hear(guard)
        assert caught.value.get_http_status_code() == 403
        assert read_seen(folder / "ledger.db") == []
    said = [record.levelname for record in caplog.records if "starts without its ledger" in record.message]
    assert said == ["ERROR"]
    assert hear(guard).state == "admitted"
    assert not is_awaited(guard.ledger)
    assert read_values(guard.keeper.metrics.render().decode())["policy_ledger_awaited"] == 0
    # Settings first, and once.
    assert read_seen(folder / "ledger.db") == [b'"seen":"start"']


def test_the_other_workers_are_told_as_long_as_it_is_awaited(start, monkeypatch):
    told = []
    monkeypatch.setattr(awaited, "note_awaiting", lambda: told.append("awaits"))
    monkeypatch.setattr(awaited, "note_reached", lambda: told.append("reached"))
    folder, begin = start()
    with locking(folder / "ledger.db"):
        guard = begin()
        assert told == ["awaits"]
    assert hear(guard).state == "admitted"
    assert told == ["awaits", "reached"]


def test_what_nothing_governs_goes_on(start):
    folder, begin = start()
    with locking(folder / "ledger.db"):
        guard = begin()
        assert guard.find_used("f" * 32, lambda: None) is None


def test_a_gate_that_goes_on_does_so(start):
    folder, begin = start(SET.replace("{mode: enforce, on_error: block}", "{mode: enforce, on_error: flag}"))
    with locking(folder / "ledger.db"):
        guard = begin()
        assert hear(guard).state == "admitted"


def test_policies_that_change_meanwhile_are_in_force_when_it_answers(start):
    folder, begin = start()
    file = folder / "policy.yaml"
    with locking(folder / "ledger.db"):
        guard = begin()
        file.write_text(file.read_text().replace("support-*, project: support-*", "support-*, project: other-*"))
        guard.refresh()
    guard.refresh()
    guard.settings._waits_until = 0.0
    guard.refresh()
    assert guard.panel.settings.bindings[0].projects == ("other-*",)
    assert read_seen(folder / "ledger.db") == [b'"seen":"start"', b'"seen":"reload"']


def test_it_signs_once_it_knows_for_which_ledger(start, tmp_path, monkeypatch):
    key = create_spool_key(str(tmp_path / "spool.key"), "mlflow").text
    monkeypatch.setenv(VARIABLE, str(tmp_path / "spool.key"))
    _, begin = start(SET.replace("  experiments:", f"  spool_keys: [{key}]\n  experiments:"))
    known = begin().ledger.id

    with monkeypatch.context() as patched:
        patched.setattr(ledgers, "open_ledger", fail_to_open)
        guard = begin()
        assert guard.keeper.outage.key is None
        # Another worker of the same server may know it.
        patched.setattr(awaited, "recall_ledger", lambda _: known)
        assert begin().keeper.outage.issuer.ledger == known
    assert hear(guard).state == "admitted"
    assert (guard.keeper.outage.issuer.ledger, guard.keeper.outage.key is None) == (known, False)


def test_another_ledger_in_the_place_of_the_known_one_is_told(settings, monkeypatch):
    create_ledger(settings.url).close()
    monkeypatch.setattr(awaited, "recall_ledger", lambda _: "0" * 32)
    ledger = AwaitedLedger(settings)
    with monkeypatch.context() as patched:
        patched.setattr(ledgers, "open_ledger", fail_to_open)
        ledger.reach()
    with pytest.raises(LedgerError, match="is another ledger"):
        ledger.head()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file.write_bytes(b"no database, " * 100), "cannot be used"),
        (lambda file: file.mkdir(), "is not a ledger"),
        (make_table, "is not a ledger"),
    ],
)
def test_one_that_is_wrong_is_an_error(settings, tmp_path, spoil, said):
    spoil(tmp_path / "ledger.db")
    with pytest.raises(LedgerError, match=said):
        AwaitedLedger(settings).reach()


def test_one_that_is_not_there_is_an_error_and_none_is_made(settings, tmp_path):
    with pytest.raises(LedgerError, match=r"there is no ledger in [^`]*`sqlite") as caught:
        AwaitedLedger(settings).reach()
    assert "make it with `policy ledger init`; where there was one" in caught.value.problems[0].remedy
    assert not list(tmp_path.iterdir())


def test_what_is_wrong_when_it_is_made_ready_is_an_error(settings):
    create_ledger(settings.url).close()
    ledger = AwaitedLedger(settings)
    ledger.reach()

    def fail():
        raise PolicyError

    with pytest.raises(PolicyError):
        ledger.begin(fail)
    assert is_awaited(ledger)


def test_it_is_told_as_it_is_each_time(settings, monkeypatch, caplog):
    monkeypatch.setattr(ledgers, "open_ledger", fail_to_open)
    monkeypatch.setattr(awaited, "PAUSE", 3600.0)
    ledger = AwaitedLedger(settings)
    ledger.reach()
    ledger.begin(fail_to_open)
    seen = []
    for _ in range(3):
        with pytest.raises(LedgerError, match="nobody is there") as caught:
            ledger.read("SELECT 1")
        seen.append(caught.value)
    assert [(error.kind, error.problems[0].remedy) for error in seen] == [("lost", "start it")] * 3
    assert len({id(error) for error in seen}) == 3
    assert len([record for record in caplog.records if "nobody is there" in record.message]) == 1


def test_nobody_waits_for_who_tries(settings, monkeypatch):
    create_ledger(settings.url).close()
    trying, goes_on, answers = Event(), Event(), []

    def open_slowly(*given, **named):
        trying.set()
        goes_on.wait(60)
        return open_ledger(*given, **named)

    ledger = AwaitedLedger(settings)
    monkeypatch.setattr(awaited, "is_away", lambda *_: True)
    with locking(settings.url.removeprefix("sqlite:///")):
        ledger.reach()
        ledger.begin(lambda: ledger.transaction().__enter__())
    assert is_awaited(ledger)
    ledger.begin(lambda: None)
    monkeypatch.setattr(ledgers, "open_ledger", open_slowly)
    first = Thread(target=lambda: answers.append(ledger.head()[0]))
    first.start()
    assert trying.wait(60)
    with pytest.raises(LedgerError, match="holds it"):
        ledger.head()
    goes_on.set()
    first.join()
    assert answers == [0]
    assert ledger.head()[0] == 0
    ledger.close()
