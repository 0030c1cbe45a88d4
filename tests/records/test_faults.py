"""Everything that a database can do to a ledger is a defined error, and nothing that was recorded is lost by it."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import stat
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from policy.errors import PolicyError
from policy.records.faults import REMEDIES, LedgerError, name_fault
from policy.records.ledger import create_ledger, open_ledger
from policy.records.sqlite import warn_of_version
from tests.records.drafts import check_chain, draft_decision, draft_note

NOBODY = 65534


def refuse(url, **options):
    """The error of opening a ledger."""
    with pytest.raises(LedgerError) as caught:
        open_ledger(url, **options).close()
    problem = caught.value.problems[0]
    assert problem.remedy
    assert "\n" not in problem.message
    return caught.value.kind, problem.message


def find_kind(error):
    """What a driver's error is to us."""
    named = name_fault(error, "here")
    assert named is not None
    return named.kind


def read_all(url):
    """Open a ledger and read everything in it."""
    with open_ledger(url) as ledger:
        for entry in ledger.read_entries():
            ledger.get_payload(entry)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def file_url(path):
    return f"sqlite:///{path}"


@contextmanager
def connected(url):
    """A connection of its owner's, which is closed."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as file:
        yield file


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.OperationalError("the connection is lost"), "lost"),
        (psycopg.InterfaceError("the connection is closed"), "lost"),
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), "draft"),
        (psycopg.ProgrammingError("cannot adapt type 'object'"), "draft"),
        (psycopg.errors.StringDataRightTruncation("too long"), "draft"),
        (psycopg.errors.ProgramLimitExceeded("index row size exceeds the maximum"), "draft"),
        (psycopg.errors.FeatureNotSupported("not that"), "draft"),
        (psycopg.errors.UniqueViolation("twice"), "refused"),
        (psycopg.errors.AdminShutdown("bye"), "lost"),
        (psycopg.errors.TooManyConnections("sorry"), "crowded"),
        (psycopg.errors.ConfigurationLimitExceeded("sorry"), "crowded"),
        (psycopg.errors.OutOfMemory("sorry"), "unreachable"),
    ],
)
def test_what_somebody_sends_is_no_fault_of_the_connection(error, kind):
    assert find_kind(error) == kind


# What is in the database.

DAMAGES = [
    ("UPDATE alembic_version SET version_num = '9000'", "newer", "newer version of tunegate"),
    ("UPDATE alembic_version SET version_num = '0000'", "older", "older version of tunegate"),
    ("UPDATE alembic_version SET version_num = 'ab12cd'", "foreign", "another kind of version"),
    ("DELETE FROM alembic_version", "schema", "does not say which version"),
    ("DROP TABLE alembic_version", "schema", "does not say which version"),
    ("INSERT INTO alembic_version VALUES ('0000')", "schema", "does not say which version"),
    ("DROP TABLE checkpoints", "schema", "lacks `checkpoints.size`"),
    ("ALTER TABLE entries RENAME COLUMN leaf TO sheet", "schema", "lacks `entries.leaf`"),
]


@pytest.mark.parametrize(("damage", "kind", "said"), DAMAGES)
def test_a_schema_that_is_not_this_one_is_refused(ledger, url, damage, kind, said):
    ledger.append([draft_note()])
    ledger.close()
    with connected(url) as connection:
        connection.execute(damage)
    found, message = refuse(url)
    assert found == kind
    assert said in message


def test_a_ledger_without_its_guards_is_refused(ledger, url):
    ledger.close()
    with connected(url) as connection:
        connection.execute("DROP TRIGGER policy_entries_delete_never" + (" ON entries" if "postgres" in url else ""))
    assert refuse(url) == (
        "schema",
        f"the ledger `{url}` is not whole: it lacks the guard `policy_entries_delete_never`",
    )


def test_a_guard_that_says_something_else_is_none(file_url):
    create_ledger(file_url).close()
    with connected(file_url) as connection:
        connection.execute("DROP TRIGGER policy_entries_delete_never")
        connection.execute("CREATE TRIGGER policy_entries_delete_never BEFORE DELETE ON entries BEGIN SELECT 1; END")
    assert refuse(file_url)[0] == "schema"


def test_a_guard_that_is_switched_off_is_none(server):
    url = server.make_database()
    create_ledger(url).close()
    with connected(url) as connection:
        connection.execute("ALTER TABLE entries DISABLE TRIGGER policy_entries_delete_never")
    assert refuse(url)[0] == "schema"


@pytest.mark.parametrize("table", ["customers", "entries"])
def test_a_database_of_something_else_is_no_ledger(url, table):
    with connected(url) as connection:
        connection.execute(f"CREATE TABLE {table} (name text)")
    assert refuse(url)[0] == "foreign"


def test_a_postgresql_database_without_a_ledger_is_not_made_one_on_the_way(server):
    url = server.make_database()
    assert refuse(url)[0] == "absent"
    with connected(url) as connection:
        assert connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchall() == []


def test_a_migration_that_fails_leaves_nothing(url, monkeypatch):
    def fail(*_):
        yield "CREATE TABLE half (way text)"
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("policy.records.guards.write_guards", fail)
        with pytest.raises(ZeroDivisionError):
            create_ledger(url)
    if url.startswith("sqlite"):
        assert list(Path(url.removeprefix("sqlite:///")).parent.iterdir()) == []
    with create_ledger(url) as ledger:
        ledger.append([draft_note()])
        assert check_chain(ledger) == [1]


# The file.


def test_a_file_is_made_on_first_use_where_that_is_allowed(path, file_url):
    assert refuse(file_url, create=False)[0] == "absent"
    assert not path.exists()
    open_ledger(file_url).close()
    assert [entry.name for entry in path.parent.iterdir()] == ["ledger.db"]
    open_ledger(file_url, create=False).close()


@pytest.mark.parametrize("content", [b"garbage", b"garbage" * 5000, b"SQLite format 3\0" + b"\xff" * 4096, b""])
def test_a_file_that_is_no_database_is_refused_and_kept(path, file_url, content):
    path.write_bytes(content)
    assert refuse(file_url)[0] == "corrupt"
    assert path.read_bytes() == content


def fill(url, count=200):
    with create_ledger(url) as ledger:
        ledger.append([draft_note("x" * 500 + str(number)) for number in range(count)])
        ledger.database.forget()
        return ledger.head()


@pytest.mark.parametrize("kept", [100, 4096, 20_000, 4096 * 40 + 17])
def test_a_truncated_file_is_found_when_it_is_read(path, file_url, kept):
    fill(file_url)
    content = path.read_bytes()
    assert len(content) > kept
    path.write_bytes(content[:kept])
    with pytest.raises(LedgerError) as caught:
        read_all(file_url)
    assert caught.value.kind in ("corrupt", "schema")


def test_garbage_within_a_file_is_found_when_it_is_read(path, file_url):
    fill(file_url)
    content = bytearray(path.read_bytes())
    content[4096 * 40 : 4096 * 60] = b"\xa5" * (4096 * 20)
    path.write_bytes(content)
    with pytest.raises(LedgerError) as caught:
        read_all(file_url)
    assert caught.value.kind == "corrupt"


def test_without_its_log_a_ledger_is_shorter_and_whole(tmp_path, file_url):
    # A chain alone does not show that: whoever remembers the head does, which is what checkpoints are for.
    size, _ = fill(file_url)
    with open_ledger(file_url) as ledger:
        ledger.append([draft_note("only in the log")])
        shutil.copy(tmp_path / "ledger.db", tmp_path / "copy.db")
        assert (tmp_path / "ledger.db-wal").stat().st_size
        with open_ledger(f"sqlite:///{tmp_path}/copy.db") as copy:
            assert len(check_chain(copy)) == size
            assert copy.head()[0] < ledger.head()[0]


def test_a_log_without_its_file_is_no_new_ledger(path, file_url):
    Path(f"{path}-wal").write_bytes(b"left")
    assert refuse(file_url)[0] == "corrupt"
    assert not path.exists()


def test_a_folder_is_no_ledger(path, file_url):
    path.mkdir()
    assert refuse(file_url)[0] == "foreign"


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    assert refuse(f"sqlite:///{tmp_path}/not/there/ledger.db")[0] == "unreachable"
    assert list(tmp_path.iterdir()) == []


@contextmanager
def as_anybody():
    """Without the rights of root, which may write everywhere."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared():
    """A folder that anybody may enter, as pytest's may not."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-"))
    if not os.geteuid():
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="there are no such rights here")
@pytest.mark.parametrize("locked", ["file", "folder", "both"])
def test_what_may_only_be_read_is_a_fault_of_its_own(shared, locked):
    url = f"sqlite:///{shared}/ledger.db"
    with as_anybody():
        with create_ledger(url) as ledger:
            ledger.append([draft_note()])
        if locked in ("file", "both"):
            (shared / "ledger.db").chmod(0o444)
        if locked in ("folder", "both"):
            shared.chmod(0o555)
        with pytest.raises(LedgerError) as caught, open_ledger(url) as ledger:
            ledger.append([draft_note()])
        assert caught.value.kind in ("read-only", "unreachable")
        shared.chmod(0o755)
        # The log that SQLite made beside it meanwhile has the rights that the file had.
        for left in shared.iterdir():
            left.chmod(0o644)
        with open_ledger(url) as ledger:
            assert ledger.append([draft_note()])[0].seq == 2


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="there are no such rights here")
def test_no_ledger_is_made_where_one_may_not_write(shared):
    shared.chmod(0o555)
    with as_anybody():
        assert refuse(f"sqlite:///{shared}/ledger.db")[0] == "unreachable"


def test_a_ledger_is_readable_only_as_the_umask_has_it(path, file_url):
    before = os.umask(0o027)
    try:
        create_ledger(file_url).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


# Others, and the disk.


def test_a_writer_that_does_not_let_go_is_waited_for_and_then_named(ledger, url):
    with ledger.transaction(), open_ledger(url, timeout=0.2) as other:
        with pytest.raises(LedgerError, match="holds it for longer") as caught:
            other.append([draft_note()])
        assert caught.value.kind == "locked"
        assert list(other.read_entries()) == []
    with open_ledger(url, timeout=0.2) as other:
        assert other.append([draft_note()])[0].seq == 1


def test_a_full_disk_loses_nothing_that_was_acknowledged(file_url):
    with open_ledger(file_url) as ledger:
        (first,) = ledger.append([draft_note()])
        assert ledger._writer is not None
        driver = ledger._writer.driver
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(LedgerError) as caught:
            ledger.append([draft_note("x" * 100_000)])
        assert caught.value.kind == "full"
        assert check_chain(ledger) == [1]
        driver.execute("PRAGMA max_page_count = 1000000")
        assert ledger.append([draft_note("x" * 100_000)])[0].seq == 2
        assert next(ledger.read_entries()) == first


def test_a_full_disk_of_the_server_is_a_full_disk(server):
    full = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
    with psycopg.connect(server.make_database()) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(full)
    assert find_kind(caught.value) == "full"


def test_a_server_that_does_not_write_is_named(server):
    with create_ledger(server.make_database()) as ledger:
        assert ["`fsync = off`" in ledger.warnings[0].message, ledger.warnings[0].level] == [True, "warning"]
        assert "`full_page_writes = off`" in ledger.warnings[1].message
        sound: Any = SimpleNamespace(read=lambda *_: [("on",)])
        assert ledger.database.list_warnings(sound) == []


def test_a_role_that_acknowledges_too_early_is_overruled(server):
    url = server.make_database()
    with connected(url) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with create_ledger(url) as ledger:
        assert ledger.read("SELECT current_setting('synchronous_commit')") == [("on",)]


def test_an_sqlite_file_is_set_for_durability(file_url):
    with open_ledger(file_url) as ledger:
        assert ledger.read("PRAGMA journal_mode") == [("wal",)]
        assert ledger.read("PRAGMA synchronous") == [(2,)]


# The connection.


def end_sessions(url):
    with connected(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_that_is_lost_between_appends_is_made_again(server):
    url = server.make_database()
    with create_ledger(url) as ledger:
        ledger.append([draft_note()])
        end_sessions(url)
        assert ledger.append([draft_note()])[0].seq == 2
        end_sessions(url)
        assert check_chain(ledger) == [1, 2]


class Losing:
    """A session that loses its connection at a certain point."""

    def __init__(self, session, url, *, after_commit):
        self._session = session
        self._url = url
        self._after_commit = after_commit

    def write(self, statements, *, commit):
        if self._after_commit:
            self._session.write(statements, commit=commit)
        end_sessions(self._url)
        if not self._after_commit:
            self._session.write(statements, commit=commit)
        self._session.driver.execute("SELECT 1")

    def __getattr__(self, name):
        return getattr(self._session, name)


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("draft", [draft_note("once"), draft_decision("once")])
def test_what_was_sent_when_the_connection_was_lost_is_recorded_once(server, draft, after_commit):
    url = server.make_database()
    with create_ledger(url) as ledger:
        ledger.append([draft_note()])
        ledger._writer = Losing(ledger._writer, url, after_commit=after_commit)
        (entry,) = ledger.append([draft])
        assert entry.seq == 2
        assert check_chain(ledger) == [1, 2]
        assert list(ledger.read_entries())[1] == entry


def test_a_server_that_is_not_there_is_a_defined_error(tmp_path):
    kind, message = refuse(f"postgresql://nobody@/ledger?host={tmp_path}", timeout=1)
    assert kind == "unreachable"
    assert "cannot be reached" in message


@pytest.mark.parametrize(("database", "kind"), [("not_there", "unreachable"), ("postgres%00x", "address")])
def test_a_database_that_is_not_there_is_a_defined_error(server, database, kind):
    assert refuse(server.address(database))[0] == kind


# The errors themselves.


@pytest.mark.parametrize(
    ("version", "warned"), [((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 52, 0), False)]
)
def test_an_sqlite_with_the_fault_in_its_log_is_warned_of(version, warned):
    problems = warn_of_version(version)
    assert [problem.level for problem in problems] == ["warning"] * warned


def test_the_warning_comes_with_the_ledger(file_url, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 45, 0))
    with open_ledger(file_url) as ledger:
        assert "SQLite 3.45.0 may damage" in ledger.warnings[0].message


def test_errors_are_of_the_family_and_pass_between_processes():
    for kind in REMEDIES:
        error = LedgerError(kind, "what is wrong", "what to do")
        assert isinstance(error, PolicyError)
        again = pickle.loads(pickle.dumps(error))
        assert (again.kind, again.problems) == (kind, error.problems)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("it cannot be opened (unable to open database file)", "make the folder of the file"),
        ('connection failed: FATAL: database "nowhere" does not exist', "make it with `createdb`"),
        ('connection failed: FATAL: role "nobody" does not exist', "make the role first"),
        ("connection refused", "start the database"),
    ],
)
def test_who_cannot_reach_it_is_told_what_helps_there(said, remedy):
    assert LedgerError("unreachable", said).problems[0].remedy.startswith(remedy)
    assert LedgerError("unreachable", said, "else").problems[0].remedy == "else"
    assert LedgerError("corrupt", said).problems[0].remedy == REMEDIES["corrupt"]


def test_a_folder_that_is_not_there_is_no_database_to_start(tmp_path):
    with pytest.raises(LedgerError) as raised:
        create_ledger(f"sqlite:///{tmp_path}/nowhere/ledger.db")
    assert raised.value.problems[0].remedy.startswith("make the folder of the file")


def test_a_role_and_a_database_that_are_not_there(server):
    with pytest.raises(LedgerError, match=r'it has no such role \(role "nosuch" does not exist\)') as raised:
        create_ledger(server.make_database(), role="nosuch")
    assert (raised.value.kind, raised.value.problems[0].remedy) == ("role", REMEDIES["role"])
    with pytest.raises(LedgerError) as raised:
        create_ledger(server.address("nowhere"))
    assert raised.value.problems[0].remedy.startswith("make it with `createdb`")


def test_an_error_of_ours_stays_what_it_is():
    assert name_fault(ValueError("x"), "here") is None
    assert find_kind(sqlite3.ProgrammingError("closed")) == "schema"


def test_without_the_extra_one_line_says_what_to_install(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] in ("psycopg", "alembic", "sqlalchemy")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "policy.records.postgresql", raising=False)
    for name in ("psycopg", "alembic", "sqlalchemy"):
        monkeypatch.setitem(sys.modules, name, None)
    expected = {f"sqlite:///{tmp_path}/ledger.db": "alembic", "postgresql://me@/ledger": "psycopg"}
    for url, package in expected.items():
        assert refuse(url) == ("extra", f"what a ledger needs is not installed: there is no {package}")
    assert list(tmp_path.iterdir()) == []
