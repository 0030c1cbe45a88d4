from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from policy.records.runs.decisions import record_decision
from tests.records.runs.made import draft_decision


def test_the_same_decision_is_recorded_once_however_many_try(ledger):
    drafts = [draft_decision(time=f"2026-11-21T10:00:{second:02d}Z") for second in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda draft: record_decision(ledger, draft), drafts))
    assert len(list(ledger.read_decisions())) == 1
    record_decision(ledger, draft_decision(time="2026-11-22T10:00:00Z"))
    assert len(list(ledger.read_decisions())) == 2
