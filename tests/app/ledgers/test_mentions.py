"""Recorded approvals and waivers that name a person."""

from __future__ import annotations

import pytest

from policy.app.ledgers.mentions import list_mentions
from policy.records.ledger import create_ledger
from policy.records.objects import StoredObject, store_json
from tests.records.drafts import draft_decision

NAMED = [
    store_json("approvals", {"approvals": [{"by": "os:Ada@Desk"}]}),
    store_json("waivers", {"waivers": [{"approved_by": ["bob", "\uff2f\uff33:ada@desk"]}]}),
]
OTHERS = [
    store_json("approvals", {"approvals": [{"by": "os:ada@desktop"}]}),
    # Of a manifest only what its owner says is erased.
    store_json("facts", {"owner": "os:ada@desk"}),
    StoredObject("waivers", b'{"by": "os:ada@desk"'),
    StoredObject("approvals", b"[" * 100_000),
]


@pytest.fixture
def ledger(tmp_path):
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        ledger.append([draft_decision("one", objects=(*NAMED, *OTHERS))])
        yield ledger


@pytest.mark.parametrize("name", ["os:ada@desk", "OS:ADA@DESK"])
def test_those_are_listed_that_name_a_person_under_any_spelling(ledger, name):
    assert set(list_mentions(ledger, name)) == {item.digest for item in NAMED}


def test_nobody_else_is_found(ledger):
    assert list_mentions(ledger, "os:eve@desk") == []
