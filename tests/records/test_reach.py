"""Which faults of a ledger may pass by themselves."""

from __future__ import annotations

import pytest

from policy.records.faults import REMEDIES, LedgerError
from policy.records.ledger import open_ledger
from policy.records.reach import is_away

NOBODY = "postgresql://ada@127.0.0.1:1/ledger"


@pytest.mark.parametrize("kind", sorted(REMEDIES))
@pytest.mark.parametrize("url", ["sqlite:///ledger.db", NOBODY])
def test_by_kind(kind, url):
    passing = {"locked", "lost"} | ({"unreachable"} if url == NOBODY else set())
    assert is_away(LedgerError(kind, "it fails"), url) is (kind in passing)


def find_fault(url):
    with pytest.raises(LedgerError) as caught:
        open_ledger(url)
    return caught.value


def test_nobody_listens_there():
    for url in (NOBODY, "postgresql:///ledger?host=/nowhere", "postgresql://ada@nowhere.invalid/ledger"):
        assert is_away(find_fault(url), url)


def test_a_file_that_cannot_be_made_does_not_come_by_itself(tmp_path):
    for url in (f"sqlite:///{tmp_path}/nowhere/ledger.db", f"sqlite:///{tmp_path}"):
        assert not is_away(find_fault(url), url)


def test_a_server_that_answers_and_refuses(server):
    empty = server.make_database()
    known = empty.replace("owner@", "nobody-known@"), server.address("nowhere"), empty
    for url in known:
        assert not is_away(find_fault(url), url)


def test_a_server_that_is_killed_and_comes_again(durable_server):
    url = durable_server.make_database()
    durable_server.kill()
    assert is_away(find_fault(url), url)
    durable_server.start()
    assert not is_away(find_fault(url), url)
