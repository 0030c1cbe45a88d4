"""A PostgreSQL server that is there and does not answer: who is impatient gives it up, and one at a time asks again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from policy.app.recording.recorder import Recorder
from policy.app.recording.writing import Writer
from policy.app.workspace import open_workspace
from policy.records import ledger as ledgers
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.postgresql import Impatient, name_refusal
from tests.building import make_facts
from tests.records.conftest import require_programs
from tests.records.drafts import check_chain, draft_note
from tests.records.server import running_server


@pytest.fixture(scope="module")
def database():
    with running_server(require_programs(), durable=False) as server:
        yield server


@pytest.fixture
def url(database):
    address = database.make_database()
    create_ledger(address).close()
    return address


def find_kind(call):
    try:
        call()
    except LedgerError as error:
        return error.kind
    return ""


def test_a_server_that_does_not_answer_is_given_up_by_all_and_found_again(database, url):
    with open_ledger(url, timeout=1.0, patience=1.5) as ledger:
        ledger.append([draft_note("before")])
        calls = [ledger.head, lambda: ledger.append([draft_note("meanwhile")]), lambda: enter(ledger)] * 4
        with database.frozen(), ThreadPoolExecutor(12) as pool:
            kinds = set(pool.map(find_kind, calls))
            assert find_kind(ledger.head) in ("lost", "unreachable")
        assert kinds <= {"lost", "unreachable"}
        ledger.append([draft_note("after")])
        check_chain(ledger)
        texts = [body for (body,) in ledger.read("SELECT body FROM payloads ORDER BY seq")]
        assert texts[-1] == b'{"text":"after"}'


def enter(ledger):
    with ledger.transaction():
        pass


def test_who_is_patient_waits_for_the_answer(url):
    with psycopg.connect(url, autocommit=True) as plain, Impatient.connect(url, autocommit=True) as driver:
        driver.patience = 60.0
        for one in (plain, driver):
            assert one.execute("SELECT pg_sleep(0.3), 7").fetchall() == [("", 7)]
        driver.patience = 0.05
        with pytest.raises(psycopg.OperationalError, match=r"has not answered for 0\.05 seconds"):
            driver.execute("SELECT pg_sleep(30)")
        assert driver.closed


def test_rows_that_come_one_after_the_other_are_answers(url):
    with Impatient.connect(url, autocommit=True) as driver:
        driver.patience = 30.0
        found = driver.execute("SELECT number, repeat('x', 1000) FROM generate_series(1, 5000) AS number").fetchall()
        assert len(found) == 5000
        with pytest.raises(psycopg.errors.DivisionByZero):
            driver.execute("SELECT 1 / 0")
        assert driver.execute("SELECT 1").fetchone() == (1,)


@pytest.fixture
def hasty(monkeypatch):
    """Nobody who does not say how long waits longer than this."""
    monkeypatch.setattr(ledgers, "PATIENCE", 1.5)
    monkeypatch.setattr(ledgers, "open_ledger", partial(open_ledger, timeout=1.0))


def freeze(database, call):
    """What comes of a call while nothing is answered; it fails, and does not hang, where the call would wait on."""
    with ThreadPoolExecutor(1) as pool, database.frozen():
        return pool.submit(call).result(60)


def ask(ledger):
    with ledger.session() as session:
        session.read("SELECT 1")


@pytest.mark.usefixtures("hasty")
def test_who_does_not_say_how_long_does_not_wait_for_ever_either(database, url):
    with ledgers.open_ledger(url) as ledger:
        ledger.append([draft_note("before")])
        for call in (lambda: ask(ledger), lambda: ledger.append([draft_note()])):
            assert find_kind(lambda call=call: freeze(database, call)) in ("lost", "unreachable")
        ledger.append([draft_note("after")])
        check_chain(ledger)


@pytest.mark.usefixtures("hasty")
def test_a_gate_does_not_wait_for_a_server_that_does_not_answer(database, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rows.yaml").write_text(
        "policy: rows\ntitle: R\nseverity: low\nrequire: {data.rows: {at_least: 5}}\neffect: block\n"
    )
    text = f"policy_set: 1\npolicies: [./rows.yaml]\nledger: {url}\ngates: {{ci: {{on_error: flag}}}}\n"
    Path("policy.yaml").write_text(text)
    workspace = open_workspace(str(tmp_path))
    settings = workspace.policy_set.ledger
    assert settings is not None
    recorder = Recorder(workspace.policy_set, "ci", datetime(2026, 11, 20, tzinfo=UTC))
    recorder.note(recorder.judge(make_facts("project: p")))
    writer = Writer(workspace, settings, "ci")
    writer._open()
    writer.add(recorder.take())
    found = freeze(database, writer.finish)
    assert (found.recorded, found.spooled, found.effect) == (0, 1, "flag")


def test_a_query_takes_its_time_where_the_server_answers_others(url, monkeypatch):
    monkeypatch.setattr(ledgers, "PATIENCE", 0.05)
    slow = "SELECT pg_sleep(0.5), 7"
    with open_ledger(url, timeout=0.05) as ledger:
        assert ledger.read(slow) == [(b"", 7)]
        with ledger.session() as session:
            assert session.read(slow) == [(b"", 7)]
        # Who writes holds the lock, and somebody waits for what comes of it.
        with pytest.raises(LedgerError, match="has not answered"), ledger.transaction() as writing:
            writing.session.read(slow)
        with ledger.session() as session:
            assert session.read(slow) == [(b"", 7)]
    with open_ledger(url, patience=60.0) as ledger:
        # Who says how long waits no longer.
        given_up = ledger._read_session().driver
        given_up.patience = 0.05
        assert ledger.read(slow) == [(b"", 7)]
        assert given_up.closed


def fill(stack, url):
    """Take all connections that there are."""
    while True:
        try:
            stack.enter_context(psycopg.connect(url))
        except psycopg.OperationalError:
            return


def test_a_server_that_takes_no_more_connections_answers(database, url):
    database.run_sql("DROP ROLE IF EXISTS one; CREATE ROLE one LOGIN CONNECTION LIMIT 1")
    create_ledger(url, role="one").close()
    with open_ledger(url.replace("owner@", "one@")) as ledger:
        assert find_kind(lambda: ask(ledger)) == "crowded"
    with open_ledger(url, timeout=1.0) as ledger, ExitStack() as stack:
        fill(stack, url)
        assert find_kind(lambda: ask(ledger)) == "crowded"
        database_of_ledger: Any = ledger.database
        assert database_of_ledger._answers()
    with open_ledger(url) as ledger:
        ask(ledger)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("FATAL:  sorry, too many clients already", "crowded"),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "crowded"),
        ('FATAL:  too many connections for database "ledger"', "crowded"),
        ("FATAL:  no more connections allowed (max_client_conn)", "crowded"),
        ("Connection refused", "unreachable"),
        ("FATAL:  the database system is starting up", "unreachable"),
        ('FATAL:  password authentication failed for user "ada"', "unreachable"),
    ],
)
def test_a_connection_that_is_not_made_is_no_outage_where_there_are_too_many(said, kind):
    assert name_refusal(f'connection failed: connection to server at "127.0.0.1", port 5432 failed: {said}') == kind
