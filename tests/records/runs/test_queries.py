"""Runs are found by what they are called, and listed as they stood when one began to read."""

from __future__ import annotations

import pytest

from policy.records.ledger import create_ledger, open_ledger
from policy.records.runs import queries
from policy.records.runs.queries import find_run, find_steps, list_runs, list_waiting
from policy.records.runs.recording import record_run
from policy.records.runs.uploads import drop_expired, get_upload, put_upload
from tests.records.runs.made import SAID, draft_decision, make_body, make_row, name_run


@pytest.fixture
def filled(ledger):
    """A ledger with seven runs, every second of which was held before."""
    for number in range(7):
        row = make_row(run=name_run(number), project=f"p{number % 2}", server=f"s{number % 3}")
        if number % 2:
            record_run(ledger, row._replace(state="held"), SAID)
        if number != 5:
            record_run(ledger, row, SAID)
    return ledger


def list_numbers(found):
    return [int(row.run, 16) for row in found]


def test_the_last_steps_are_listed(filled):
    assert list_numbers(list_runs(filled)) == [0, 1, 2, 3, 4, 5, 6]
    assert list_numbers(list_runs(filled, "s1")) == [1, 4]
    assert list_numbers(list_runs(filled, project="p1")) == [1, 3, 5]
    assert list_numbers(list_runs(filled, state="held")) == [5]
    assert list_numbers(list_runs(filled, "s2", project="p1", state="held")) == [5]
    assert list_numbers(list_runs(filled, "nowhere")) == []
    assert all(row.principal == "ada" for row in list_runs(filled))


def test_it_makes_no_difference_how_many_are_read_at_once(filled, monkeypatch):
    whole = list(list_runs(filled))
    for chunk in (1, 2, 7):
        monkeypatch.setattr(queries, "CHUNK", chunk)
        assert list(list_runs(filled)) == whole


def test_what_is_appended_while_one_reads_is_not_in_it(filled, monkeypatch):
    monkeypatch.setattr(queries, "CHUNK", 1)
    whole = list(list_runs(filled))
    reading = list_runs(filled)
    found = [next(reading)]
    record_run(filled, make_row(run=name_run(3), server="s0", project="p1", state="reopened"), SAID)
    record_run(filled, make_row(run=name_run(99)), SAID)
    assert [*found, *reading] == whole


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "\n", "' OR '1'='1", "%", "x" * 1_000_000])
def test_what_nothing_is_called_finds_nothing(filled, text):
    assert find_run(filled, text, name_run(0)) is None
    assert find_run(filled, "s0", text) is None
    assert list(list_runs(filled, text)) == []
    assert list(list_runs(filled, project=text)) == []
    assert get_upload(filled, text, None) is None
    assert get_upload(filled, make_body()[0], text) is None


def test_steps_of_many_runs_are_found_at_once(filled, monkeypatch):
    rows = [make_row(run=name_run(number), server=f"s{number % 3}") for number in range(9)]
    session = filled.database.open_session()
    whole = find_steps(session, rows)
    assert {key: step[2] for key, (step, _) in whole.items()} == {
        row.key: "held" if row.run == name_run(5) else "admitted" for row in rows[:7]
    }
    assert [entry.type for _, entry in whole.values()] == ["run"] * 7
    monkeypatch.setattr(queries, "MOST_ASKED", 2)
    assert find_steps(session, [*rows, *rows]) == whole
    session.close()


def test_the_role_that_appends_records_runs(server):
    owner = server.make_database()
    role = f"app_{owner.partition('@/')[2].partition('?')[0]}"
    server.run_sql(f"CREATE ROLE {role} LOGIN")
    create_ledger(owner, role=role).close()
    with open_ledger(owner.replace("owner@", f"{role}@")) as ledger:
        row = record_run(ledger, make_row(), SAID, draft_decision())
        assert find_run(ledger, "tracking", row.run) == row
        assert put_upload(ledger, "ada", *make_body())
        assert not put_upload(ledger, "ada", *make_body())
        assert drop_expired(ledger) == 0


def test_those_that_wait_for_the_same_are_found_as_they_stand(filled):
    asked = ("s2", "7", make_row().manifest, "training")
    assert list_numbers(list_waiting(filled, *asked)) == [5]
    record_run(filled, make_row(run=name_run(8), server="s2", state="held"), SAID)
    assert list_numbers(list_waiting(filled, *asked)) == [5, 8]
    assert [row.principal for row in list_waiting(filled, *asked)] == ["ada", "ada"]
    for name in ("server", "experiment", "manifest", "activity"):
        for text in ("other", "a\0b", ""):
            said = dict(zip(("server", "experiment", "manifest", "activity"), asked, strict=True))
            assert list_waiting(filled, **{**said, name: text}) == []
    record_run(filled, make_row(run=name_run(9), server="s2", state="held", manifest="", activity="data"), SAID)
    assert list_numbers(list_waiting(filled, "s2", "7", "", "data")) == [9]
    record_run(filled, make_row(run=name_run(5), server="s2", project="p1"), SAID)
    assert list_numbers(list_waiting(filled, *asked)) == [8]


@pytest.mark.parametrize("manifest", ["sha256:" + "1" * 64, ""])
def test_whoever_looks_for_those_that_wait_does_not_walk_all_runs(filled, manifest):
    with filled.session() as session:
        if filled.database.dialect == "sqlite":
            plan = session.read(f"EXPLAIN QUERY PLAN {queries._WAITING}", ("s", "7", manifest, "training"))
        else:
            # A table of so few rows is read whole.
            session.driver.execute("SET enable_seqscan = off")
            query = f"PREPARE waiting AS {queries._WAITING}"
            for number in range(1, 5):
                query = query.replace("?", f"${number}", 1)
            session.driver.execute("SET plan_cache_mode = force_generic_plan")
            session.driver.execute(query)
            plan = session.driver.execute(f"EXPLAIN EXECUTE waiting('s', '7', '{manifest}', 'training')").fetchall()
    said = " ".join(str(row) for row in plan)
    assert "runs_held" in said
    assert "SCAN" not in said
    assert "Seq Scan" not in said
