"""A ledger that becomes one of another version while somebody has it open: read on, and never written."""

from __future__ import annotations

import pytest

from policy.records.faults import LedgerError
from policy.records.layout import VERSION
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import digest_bytes
from policy.records.runs.uploads import put_upload
from policy.records.spool import replay_spool, spool_decision
from tests.records.drafts import check_chain, draft_decision, draft_note
from tests.records.test_faults import connected

BODY = b"{}"
LATER = f"{int(VERSION) + 1:04}"
WRITES = {
    "append": lambda ledger: ledger.append([draft_decision("other")]),
    "transaction": lambda ledger: ledger.transaction().__enter__(),
    "upload": lambda ledger: put_upload(ledger, "ada", digest_bytes(BODY), BODY),
}


def mark(url, version):
    """What a migration of another version does, as far as this one can see it."""
    with connected(url) as connection:
        connection.execute(f"UPDATE alembic_version SET version_num = '{version}'")


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(("version", "kind"), [(LATER, "newer"), ("0001", "older"), ("9" * 30, "newer")])
@pytest.mark.parametrize("entries", [0, 1])
def test_a_ledger_of_another_version_is_written_no_more_until_it_is_put_back(url, write, version, kind, entries):
    with create_ledger(url) as ledger:
        ledger.append([draft_note(f"note-{number}") for number in range(entries)])
        before = ledger.head()
        mark(url, version)
        for _ in range(2):
            with pytest.raises(LedgerError, match=f"has schema {version[:20]} by now") as raised:
                write(ledger)
            assert raised.value.kind == kind
        assert ledger.head() == before
        assert len(list(ledger.read_entries())) == entries
        mark(url, VERSION)
        assert len(ledger.append([draft_decision("one")])) == 1
        check_chain(ledger)


def test_who_opens_it_then_is_refused_as_well(url):
    with create_ledger(url) as ledger:
        ledger.append([draft_note()])
        mark(url, LATER)
        with pytest.raises(LedgerError, match="written by a newer version of tunegate") as raised:
            open_ledger(url)
        assert raised.value.kind == "newer"
        # `policy ledger init` of this version neither.
        with pytest.raises(LedgerError, match="written by a newer version of tunegate") as raised:
            create_ledger(url)
        assert raised.value.kind == "newer"
        mark(url, VERSION)
        create_ledger(url).close()


def test_a_ledger_that_does_not_say_its_version_any_more_is_not_written(url):
    with create_ledger(url) as ledger:
        with connected(url) as connection:
            connection.execute("DELETE FROM alembic_version")
        with pytest.raises(LedgerError, match=r"has schema \? by now"):
            ledger.append([draft_note()])
        assert ledger.head()[0] == 0


def test_what_waits_in_a_spool_waits_on(url, tmp_path):
    spool = str(tmp_path / "spool.jsonl")
    spool_decision(spool, draft_decision("waits"))
    with create_ledger(url) as ledger:
        mark(url, LATER)
        with pytest.raises(LedgerError, match="by now"):
            replay_spool(ledger, spool)
        mark(url, VERSION)
        replay_spool(ledger, spool)
        assert len(list(ledger.read_decisions())) == 1
