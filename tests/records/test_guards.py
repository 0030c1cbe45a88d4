"""What is recorded cannot be changed past tunegate: tried by the owner, and by a role that may only append."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from policy.records.entry import make_entry
from policy.records.erasure import erase
from policy.records.faults import LedgerError
from policy.records.guards import write_guards
from policy.records.layout import COLUMNS, GUARDED, write_insert
from policy.records.ledger import create_ledger, open_ledger
from policy.records.people import identify_person
from tests.records.drafts import FACTS, check_chain, draft_decision, draft_note
from tests.records.uses import draft_under

HASH = "x'" + "00" * 32 + "'"
DIGEST = "sha256:" + "0" * 64
TIME = "2099-01-01T00:00:00.000Z"
PERSON = "p-" + "a" * 26


def connect(url):
    """A connection that knows nothing of tunegate."""
    if url.startswith("postgresql"):
        return psycopg.connect(url, autocommit=True)
    return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)


def write_entry(seq, *, time=TIME, leaf=HASH, payload=DIGEST, verb="INSERT"):
    columns = ", ".join(COLUMNS["entries"])
    return f"{verb} INTO entries ({columns}) VALUES ({seq}, '{time}', 'note', '{payload}', {leaf}, {HASH})"


CHANGES = [
    "UPDATE entries SET type = 'other' WHERE seq = 1",
    "UPDATE entries SET seq = 9 WHERE seq = 2",
    "UPDATE entries SET chain = leaf",
    "DELETE FROM entries",
    "DELETE FROM entries WHERE seq = 2",
    "DELETE FROM decisions",
    "UPDATE decisions SET verdict = 'block'",
    "UPDATE ledger SET id = 'ab'",
    "DELETE FROM ledger",
    "INSERT INTO ledger (id, name, format, created) VALUES ('ab', 'b', 'f', 'c')",
    f"UPDATE objects SET body = {HASH}",
    "UPDATE objects SET body = NULL",
    "UPDATE objects SET kind = 'other'",
    "DELETE FROM objects",
    f"UPDATE payloads SET body = {HASH}",
    "UPDATE payloads SET body = NULL",
    "UPDATE payloads SET body = NULL WHERE seq = 1",
    "UPDATE payloads SET seq = seq + 100",
    "UPDATE payloads SET seq = 100, body = NULL WHERE seq = 3",
    "DELETE FROM payloads",
    "INSERT INTO payloads (seq, body) VALUES (100, NULL)",
    f"INSERT INTO objects (digest, kind, body) VALUES ('{DIGEST}', 'facts', NULL)",
    "UPDATE people SET name = 'Mallory'",
    "UPDATE people SET name = NULL, folded = NULL",
    "DELETE FROM people",
    "UPDATE checkpoints SET note = 'forged'",
    "DELETE FROM checkpoints",
    f"INSERT INTO checkpoints (size, root, note, frontier) VALUES (9, {HASH}, 'n', {HASH})",
    f"INSERT INTO checkpoints (size, root, note, frontier) VALUES (1, {HASH}, 'n', {HASH})",
    "DELETE FROM erasures",
    "UPDATE erasures SET target = 'other'",
    f"INSERT INTO erasures (target, seq) VALUES ('{DIGEST}', 1)",
    f"INSERT INTO erasures (target, seq) VALUES ('{DIGEST}', 99)",
    "INSERT INTO decisions SELECT 2, 'other', project, gate, verdict, time, policy_set, facts, stake FROM decisions",
    "INSERT INTO decisions SELECT 1, 'other', project, gate, verdict, time, policy_set, facts, stake FROM decisions",
    "UPDATE policy_sets SET policy_set = 'other'",
    "DELETE FROM policy_sets",
    "INSERT INTO policy_sets SELECT 2, name, config, origin, gate, policy_set, sources, mode FROM policy_sets",
    "INSERT INTO policy_sets SELECT 99, name, config, origin, gate, policy_set, sources, mode FROM policy_sets",
    write_entry(1),
    write_entry(3),
    write_entry(4),
    write_entry(6),
    write_entry(0),
    write_entry(-1),
    write_entry(5, time="2001-01-01T00:00:00.000Z", payload=FACTS.digest),
    write_entry(5, payload=DIGEST),
    write_entry(5, payload=FACTS.digest, leaf="x'00'"),
]
REPLACED = [
    write_entry(2, verb="INSERT OR REPLACE", payload=FACTS.digest),
    write_entry(5, verb="REPLACE"),
    f"INSERT OR REPLACE INTO payloads (seq, body) VALUES (1, {HASH})",
    f"INSERT OR REPLACE INTO objects (digest, kind, body) VALUES ('{FACTS.digest}', 'facts', {HASH})",
    "INSERT OR REPLACE INTO decisions SELECT * FROM decisions",
    "INSERT OR REPLACE INTO policy_sets SELECT * FROM policy_sets",
    "INSERT OR REPLACE INTO people SELECT id, 'Mallory', folded FROM people",
    "UPDATE OR REPLACE entries SET seq = 1 WHERE seq = 2",
    f"INSERT OR REPLACE INTO checkpoints (size, root, note, frontier) VALUES (2, {HASH}, 'n', {HASH})",
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request, tmp_path_factory):
    """The address of a ledger with something in every table; what is refused leaves it as it is."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('filled')}/ledger.db"
    else:
        url = request.getfixturevalue("server").make_database()
    with create_ledger(url) as ledger:
        fill(ledger)
    return url


def fill(ledger):
    entries = ledger.append([draft_under("one", "a"), draft_note(), draft_note("erased")])
    person = identify_person(ledger, "Ada Lovelace")
    with ledger.transaction() as transaction:
        row = (2, b"r" * 32, "note", b"f")
        transaction.session.write([(write_insert("checkpoints"), [row])], commit=False)
    erase(ledger, entries[2].payload, by=person, reason="asked for")


def dump(connection):
    return {
        table: sorted(map(repr, connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()))
        for table, columns in COLUMNS.items()
    }


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused(filled, change):
    connection = connect(filled)
    before = dump(connection)
    if filled.startswith("postgresql"):
        change = change.replace(" x'", " '\\x")
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException)):
        connection.execute(change)
    assert dump(connection) == before
    connection.close()


@pytest.mark.parametrize("change", REPLACED)
def test_nothing_is_replaced(tmp_path, change):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with create_ledger(url) as ledger:
        fill(ledger)
        connection = connect(url)
        before = dump(connection)
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(change)
        assert dump(connection) == before
        connection.close()


def test_postgresql_computes_the_hashes_again(server):
    url = server.make_database()
    with create_ledger(url) as ledger, connect(url) as connection:
        ledger.append([draft_note()])
        last = next(ledger.read_entries())
        good = make_entry(ledger.id, last.chain, 2, TIME, "note", last.payload)
        for wrong in (good._replace(leaf=b"x" * 32), good._replace(chain=b"x" * 32), good._replace(type="other")):
            with pytest.raises(psycopg.errors.RaiseException, match="hashes"):
                insert(connection, wrong)
        insert(connection, good)
        assert check_chain(ledger) == [1, 2]


def insert(connection, entry):
    with connection.transaction():
        connection.execute("INSERT INTO payloads VALUES (%s, '{}')", (entry.seq,))
        connection.execute("INSERT INTO entries VALUES (%s, %s, %s, %s, %s, %s)", entry)


def test_the_role_that_appends_leaves_nothing_that_is_in_the_way_of_the_next_entry(restricted):
    owner, app = restricted
    with open_ledger(app) as ledger, connect(app) as connection:
        ledger.append([draft_note()])
        for seq in (2, 3, 100):
            with pytest.raises(psycopg.errors.RaiseException, match="a payload is stored with its entry"):
                connection.execute("INSERT INTO payloads VALUES (%s, '{}')", (seq,))
        ledger.append([draft_note(), draft_decision("one")])
    with open_ledger(owner) as ledger:
        assert check_chain(ledger) == [1, 2, 3]


def test_postgresql_truncates_nothing(server):
    url = server.make_database()
    with create_ledger(url) as ledger, connect(url) as connection:
        ledger.append([draft_note()])
        for table in GUARDED:
            with pytest.raises(psycopg.Error):
                connection.execute(f"TRUNCATE {table} CASCADE")
        assert check_chain(ledger) == [1]


@pytest.fixture
def restricted(server):
    """A ledger's address for its owner, and for a role that may append."""
    owner = server.make_database()
    database = owner.partition("@/")[2].partition("?")[0]
    role = f"app_{database}"
    server.run_sql(f"CREATE ROLE {role} LOGIN")
    create_ledger(owner, role=role).close()
    return owner, server.address(database, role)


def test_the_role_that_appends_can_do_nothing_else(restricted):
    owner, app = restricted
    with open_ledger(app) as ledger, connect(app) as connection:
        ledger.append([draft_decision("one"), draft_note()])
        person = identify_person(ledger, "Ada Lovelace")
        assert check_chain(ledger) == [1, 2]
        refused = [
            *(f"{verb} {table}" for table in (*GUARDED, "alembic_version") for verb in ("DELETE FROM", "TRUNCATE")),
            "TRUNCATE uploads",
            "UPDATE entries SET type = 'other'",
            "UPDATE objects SET body = NULL",
            "UPDATE payloads SET body = NULL",
            "UPDATE people SET name = NULL",
            "UPDATE alembic_version SET version_num = '0000'",
            "ALTER TABLE entries DISABLE TRIGGER ALL",
            "DROP TRIGGER policy_entries_insert_order ON entries",
            "DROP TABLE entries",
            "CREATE OR REPLACE FUNCTION policy_entries_insert_order() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "SET session_replication_role = replica",
            f"INSERT INTO erasures (target, seq) VALUES ('{person}', 1)",
        ]
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute(write_entry(7).replace(" x'", " '\\x"))
        # A table of one's own of the same name is not what the guards look at.
        connection.execute("CREATE TEMPORARY TABLE entries (seq bigint, time text, chain bytea)")
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute(write_entry(1).replace("INTO entries", "INTO public.entries").replace(" x'", " '\\x"))
    with open_ledger(owner) as ledger:
        assert check_chain(ledger) == [1, 2]


def test_the_role_that_appends_may_not_erase(restricted):
    with open_ledger(restricted[1]) as ledger:
        (entry,) = ledger.append([draft_note()])
        with pytest.raises(LedgerError, match="permission denied") as raised:
            erase(ledger, entry.payload, by=PERSON, reason="asked for")
        assert raised.value.problems[0].remedy.startswith("run it as the owner of the ledger's tables")
        assert ledger.head()[0] == 1


def test_a_role_that_was_forgotten_when_the_ledger_was_brought_up_to_date_is_told_who_helps(restricted):
    owner, app = restricted
    role = app.partition("://")[2].partition("@")[0]
    with connect(owner) as connection:
        connection.execute(f"REVOKE ALL ON payloads, alembic_version FROM {role}")
    with pytest.raises(LedgerError, match=r"may not be read by this user: `alembic_version`, `payloads`") as raised:
        open_ledger(app)
    assert raised.value.kind == "read-only"
    assert "--role" in raised.value.problems[0].remedy
    create_ledger(owner, role=role).close()
    open_ledger(app).close()


def test_a_guard_is_written_the_same_way_each_time():
    # SQLite's are compared with what the database keeps, letter by letter.
    assert list(write_guards("sqlite", GUARDED)) == list(write_guards("sqlite", GUARDED))
