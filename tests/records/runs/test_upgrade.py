"""A ledger of an older version is brought up to date with what is in it, and runs are recorded there."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config

from policy.records.address import read_address
from policy.records.creation import make_engine
from policy.records.faults import LedgerError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.migrations import versions
from policy.records.opening import find_database
from policy.records.runs.recording import record_run
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.drafts import check_chain, draft_note
from tests.records.runs.made import SAID, draft_decision, make_row

OLD = "0002"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """Where nothing is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return request.getfixturevalue("server").make_database()


@pytest.fixture
def old(url, monkeypatch):
    """The address of a ledger with an entry, as the version before runs made it."""

    def migrate(connection, _shown):
        config = Config()
        folder = versions.__path__[0].rpartition("/")[0]
        config.set_main_option("script_location", folder.replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)

    with monkeypatch.context() as patched:
        patched.setattr("policy.records.creation.migrate", migrate)
        with pytest.raises(LedgerError) as caught:
            create_ledger(url)
        assert caught.value.kind == "older"
    return url


def read_version(url):
    database = find_database(read_address(url, "."))
    with make_engine(database, lambda: database.open_session().driver).connect() as connection:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def test_an_older_ledger_is_not_opened_and_says_what_to_do(old):
    with pytest.raises(LedgerError) as caught:
        open_ledger(old)
    assert caught.value.kind == "older"
    assert "policy ledger init" in caught.value.problems[0].remedy
    assert read_version(old) == OLD


def test_what_is_brought_up_to_date_records_runs(old):
    with create_ledger(old) as ledger:
        first = ledger.id
        ledger.append([draft_note()])
        row = record_run(ledger, make_row(), SAID, draft_decision())
        assert row.seq == 3
    with create_ledger(old) as ledger:
        assert ledger.id == first
        assert check_chain(ledger) == [1, 2, 3]
    with open_snapshot(old) as snapshot:
        assert verify_ledger(snapshot).findings == ()


def test_a_failure_on_the_way_leaves_it_as_it_was(old, monkeypatch):
    def fail(*_):
        raise OSError("the disk")

    with monkeypatch.context() as patched:
        patched.setattr("policy.records.guards.write_sqlite", fail)
        patched.setattr("policy.records.guards.write_postgresql", fail)
        with pytest.raises(OSError, match="the disk"):
            create_ledger(old)
    assert read_version(old) == OLD
    create_ledger(old).close()
