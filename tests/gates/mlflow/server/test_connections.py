"""A worker needs few connections to its ledger, and whoever takes all the others passes nothing by that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import Any

import psycopg
import pytest
from mlflow.exceptions import MlflowException

from policy.app.runs.attempt import Attempt
from policy.gates.mlflow.server.api import serving
from policy.gates.mlflow.server.keeping import is_outage
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger
from policy.records.postgresql import PostgreSQLDatabase
from policy.records.sessions import MOST
from tests.gates.mlflow.server.api import find_user, open_api
from tests.gates.mlflow.server.conftest import GOOD, HELD, SET
from tests.records.conftest import require_programs
from tests.records.server import running_server

THREADS = 40


@pytest.fixture(scope="module")
def database():
    with running_server(require_programs(), durable=False) as started:
        yield started


@pytest.fixture
def url(database, monkeypatch):
    monkeypatch.setattr(serving, "ask_basic_auth", find_user)
    address = database.make_database()
    create_ledger(address).close()
    return address


class Count:
    """How many connections are open, and were at most."""

    def __init__(self):
        self.now = self.most = 0
        self._lock = Lock()

    def open(self):
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def close(self):
        with self._lock:
            self.now -= 1


@pytest.fixture
def connections(monkeypatch):
    count, connect = Count(), PostgreSQLDatabase.connect

    def connect_one(database):
        driver: Any = connect(database)
        count.open()
        close, left = driver.close, [1]

        def close_once():
            while left:
                left.pop()
                count.close()
            close()

        driver.close = close_once
        return driver

    monkeypatch.setattr(PostgreSQLDatabase, "connect", connect_one)
    return count


def hear(api, sent=HELD, user="ada"):
    binding = api.guard.panel.settings.bindings[0]
    return api.guard.hear(binding, Attempt("1", "support-x", user, sent.digest))


def send(api, *sent):
    for one in sent:
        assert api.ask("PUT", f"/manifests/{one.digest}", "ada", data=one.body).status_code in (200, 201)


def test_many_who_wait_at_once_need_few_connections(tmp_path, url, connections):
    with open_api(tmp_path, SET.replace("sqlite:///ledger.db", url)) as api:
        send(api, HELD)
        together = Barrier(THREADS)

        def ask(number):
            together.wait(60)
            return hear(api, user=("ada", "bob", "carol", "dan")[number % 4]).state

        with ThreadPoolExecutor(THREADS) as pool:
            states = set(pool.map(ask, range(THREADS)))
        assert states == {"held"}
        # One appends, one looks up, the others are lent.
        assert connections.most <= MOST + 2
        assert connections.now <= MOST + 2
    assert connections.now == 0


def test_whoever_takes_all_connections_passes_nothing(tmp_path, url):
    text = SET.replace("sqlite:///ledger.db", url).replace("on_error: block", "on_error: flag")
    held = []
    with open_api(tmp_path, text) as api:
        send(api, HELD, GOOD)
        assert hear(api, GOOD).state == "admitted"
        for session in api.guard.ledger._sessions._free:
            session.close()
        while True:
            try:
                held.append(psycopg.connect(url))
            except psycopg.OperationalError:
                break
        try:
            with pytest.raises(LedgerError) as caught:
                api.guard.ledger.transaction().__enter__()
            assert caught.value.kind == "crowded"
            assert not is_outage(caught.value)
            with pytest.raises(MlflowException) as refused:
                hear(api)
            assert refused.value.get_http_status_code() == 403
            # Who needs no further connection goes on.
            assert hear(api, GOOD).state == "admitted"
        finally:
            for one in held:
                one.close()
        assert hear(api).state == "held"
