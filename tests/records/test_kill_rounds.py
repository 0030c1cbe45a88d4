"""A short part of the campaign that kills writers and servers: nothing acknowledged is lost."""

from __future__ import annotations

import os
import time

import pytest

from tests.campaigns.kill_rounds import KINDS, check, run_rounds
from tests.records.drafts import draft_decision, draft_note

ROUNDS = 3


@pytest.mark.skipif(os.name != "posix", reason="processes are not killed that way here")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_acknowledged_is_lost(kind, request):
    server = request.getfixturevalue("durable_server") if kind.startswith("postgresql") else None
    tally = run_rounds(kind, ROUNDS, server, seed=time.time_ns())
    assert tally.rounds == ROUNDS
    assert tally.acknowledged > 0


def test_a_loss_would_be_seen(ledger):
    ledger.append([draft_note(), draft_decision("one"), draft_decision("two")])
    assert check(ledger, {"one": 2}, 0) == 1
    for told in ({"three": 4}, {"one": 3}):
        with pytest.raises(AssertionError, match="was acknowledged"):
            check(ledger, told, 0)
