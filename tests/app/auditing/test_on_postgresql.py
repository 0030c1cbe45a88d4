"""The same entries in a real server give the same report."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from policy.app.auditing.gathering import AuditRequest, gather_report
from policy.app.ledgers.locating import Place
from policy.records.layout import write_select
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import Draft, StoredObject
from policy.records.runs.rows import RunRow
from policy.records.server_settings import read_change
from tests.app.auditing.history import gather, keep_quarter
from tests.records.conftest import server  # noqa: F401 - the fixture


def copy_ledger(source, target):
    """All entries with their times, and all objects."""
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    objects = tuple(StoredObject(*row) for row in source.read("SELECT kind, body FROM objects"))
    rows = {row.seq: row._replace(seq=0) for row in source.read_decisions()}
    rows |= {row[-1]: RunRow(*row[:-1]) for row in source.read(write_select("runs"))}
    with open_ledger(target, now=lambda: clock[0]) as ledger:
        for entry in source.read_entries():
            payload = json.loads(source.get_payload(entry))
            change = read_change(payload, 0)
            if entry.type == "policy-set" and change is None:
                continue  # the next decision brings it about
            clock[0] = datetime.fromisoformat(entry.time)
            use = change[1] if change is not None else None
            ledger.append([Draft(entry.type, payload, objects, rows.get(entry.seq), use=use)])
        for row in source.read("SELECT id, name, folded FROM people"):
            with ledger.transaction() as transaction:
                transaction.session.read("INSERT INTO people (id, name, folded) VALUES (?, ?, ?) RETURNING id", row)


def test_the_same_report_from_the_other_database(request):
    url = str(request.getfixturevalue("server").make_database())
    create_ledger(url).close()
    with open_ledger(keep_quarter().url) as source:
        copy_ledger(source, url)
    expected = gather()
    report = gather_report(AuditRequest(expected.scope, datetime(2026, 11, 1, tzinfo=UTC), Place(url))).report
    assert report.ledger is not None
    assert expected.ledger is not None
    assert report.ledger.size == expected.ledger.size
    assert list(report.links()) == list(expected.links())
    assert report._replace(ledger=None, links=expected.links) == expected._replace(ledger=None)
