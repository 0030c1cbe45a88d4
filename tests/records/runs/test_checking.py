"""A table of runs that says something else than the entries is found, whatever was changed."""

from __future__ import annotations

import pytest

from policy.records.erasure import erase
from policy.records.people import identify_person
from policy.records.runs.recording import record_run
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.runs.made import MANIFEST, SAID, draft_decision, make_row, name_run


@pytest.fixture
def busy(ledger):
    """A ledger with two runs, one of two steps."""
    record_run(ledger, make_row(), SAID, draft_decision())
    record_run(ledger, make_row(run=name_run(1), state="held", parent="0" * 32), SAID)
    record_run(ledger, make_row(run=name_run(1)), SAID)
    return ledger


def verify(url):
    with open_snapshot(url) as snapshot:
        return verify_ledger(snapshot)


def change(ledger, statement):
    """What somebody does who owns the database."""
    with ledger.transaction() as transaction:
        run = transaction.connection.exec_driver_sql
        if ledger.database.dialect == "postgresql":
            run("ALTER TABLE runs DISABLE TRIGGER USER")
        else:
            for (name,) in transaction.session.read("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                if name.startswith("policy_runs_"):
                    run(f"DROP TRIGGER {name}")
        run(statement)


@pytest.mark.usefixtures("busy")
def test_what_was_recorded_is_what_the_entries_say(url):
    assert verify(url).findings == ()


@pytest.mark.parametrize(
    ("statement", "seq", "words"),
    [
        ("UPDATE runs SET server = 'other' WHERE seq = 2", 2, "`server`"),
        ("UPDATE runs SET run = 'other' WHERE seq = 2", 2, "`run`"),
        ("UPDATE runs SET experiment = '8' WHERE seq = 2", 2, "`experiment`"),
        ("UPDATE runs SET project = 'other' WHERE seq = 3", 3, "`project`"),
        ("UPDATE runs SET principal = 'p-other' WHERE seq = 3", 3, "`principal`"),
        ("UPDATE runs SET activity = 'baseline' WHERE seq = 3", 3, "`activity`"),
        ("UPDATE runs SET manifest = '' WHERE seq = 3", 3, "`manifest`"),
        ("UPDATE runs SET decision = '' WHERE seq = 2", 2, "`decision`"),
        ("UPDATE runs SET state = 'admitted', verdict = 'hold' WHERE seq = 3", 3, "`state`, `verdict`"),
        ("UPDATE runs SET parent = '' WHERE seq = 3", 3, "`parent`"),
        ("UPDATE runs SET seq = 1 WHERE seq = 2", 1, "which is of no run"),
        ("DELETE FROM runs WHERE seq = 4", 4, "is not in the table of runs"),
    ],
)
def test_a_change_past_the_entries_is_found(busy, url, statement, seq, words):
    change(busy, statement)
    found = [one for one in verify(url).findings if one.kind == "run"]
    assert seq in {one.seq for one in found}
    assert words in " ".join(one.message for one in found)


def test_a_row_of_nothing_is_found(busy, url):
    columns = "server, run, experiment, project, principal, activity, manifest, decision, state, verdict, parent"
    change(busy, f"INSERT INTO runs ({columns}, seq) SELECT {columns}, 1 FROM runs WHERE seq = 2")
    assert {(one.kind, one.seq) for one in verify(url).findings} >= {("run", 1)}


def test_an_erased_entry_says_nothing(busy, url):
    payload = list(busy.read_entries())[2].payload
    erase(busy, payload, by=identify_person(busy, "privacy"), reason="asked for")
    assert verify(url).findings == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET state = 'admitted'",
        "DELETE FROM runs",
        "INSERT INTO runs SELECT {columns}, 2 FROM runs WHERE seq = 3",
        "INSERT INTO runs SELECT {columns}, 1 FROM runs WHERE seq = 2",
        "INSERT INTO runs SELECT {columns}, 99 FROM runs WHERE seq = 2",
    ],
)
def test_the_database_refuses_what_is_no_step(busy, statement):
    columns = "server, run, experiment, project, principal, activity, manifest, decision, state, verdict, parent"
    before = busy.read("SELECT * FROM runs ORDER BY seq")
    with pytest.raises(Exception, match="recorded"), busy.transaction() as transaction:
        transaction.connection.exec_driver_sql(statement.replace("{columns}", columns))
    assert busy.read("SELECT * FROM runs ORDER BY seq") == before


def test_a_row_is_not_replaced(busy):
    if busy.database.dialect == "sqlite":
        replace = "INSERT OR REPLACE INTO runs SELECT * FROM runs WHERE seq = 2"
        with pytest.raises(Exception, match="recorded once"), busy.transaction() as transaction:
            transaction.connection.exec_driver_sql(replace)


def test_what_waits_for_a_run_is_no_part_of_the_record(busy, url):
    with busy.transaction() as transaction:
        row = (MANIFEST, "", "2026-11-20T10:00:00.000Z", 3, b"any")
        transaction.session.write([("INSERT INTO uploads VALUES (?, ?, ?, ?, ?)", [row])], commit=False)
    assert verify(url).findings == ()
