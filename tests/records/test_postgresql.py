"""A PostgreSQL server that is there and does not answer: who is impatient gives it up, and one at a time asks again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.postgresql import Impatient
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
