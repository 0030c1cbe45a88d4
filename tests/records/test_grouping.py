"""What several threads append becomes durable together; what goes wrong is told to whom it concerns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from policy.records.faults import LedgerError
from policy.records.grouping import MOST, Group
from policy.records.objects import DecisionRow, Draft
from tests.records.drafts import check_chain, draft_note


def make_group(commit: Any) -> Any:
    """A group for texts instead of drafts."""
    return Group(commit)


def test_those_who_wait_are_committed_together():
    first, go = Event(), Event()
    committed = []

    def commit(drafts):
        committed.append(list(drafts))
        first.set()
        assert go.wait(30)
        return [draft.upper() for draft in drafts]

    group = make_group(commit)
    with ThreadPoolExecutor(8) as pool:
        leader = pool.submit(group.append, ["a"])
        assert first.wait(30)
        others = [pool.submit(group.append, [name, name]) for name in "bcdef"]
        while len(group._waiting) < 5:
            pass
        go.set()
        assert leader.result() == ["A"]
        assert [other.result() for other in others] == [[name.upper()] * 2 for name in "bcdef"]
    assert [len(drafts) for drafts in committed] == [1, 10]


def test_a_commit_has_its_limit():
    sizes = []

    def commit(drafts):
        sizes.append(len(drafts))
        return list(drafts)

    group = make_group(commit)
    assert len(group.append(list("x" * (MOST + 5)))) == MOST + 5
    assert sizes == [MOST + 5]


def fail_together(error, requests=("good", "bad", "fine")):
    """What each of several threads gets when a commit that has `bad` in it fails."""
    started, go = Event(), Event()

    def commit(drafts):
        if drafts == ["first"]:
            started.set()
            assert go.wait(30)
        elif "bad" in drafts:
            raise error
        return list(drafts)

    group = make_group(commit)
    with ThreadPoolExecutor(8) as pool:
        pool.submit(group.append, ["first"])
        assert started.wait(30)
        futures = [pool.submit(group.append, [name]) for name in requests]
        while len(group._waiting) < len(requests):
            pass
        go.set()
        return [future.exception() or future.result() for future in futures]


@pytest.mark.parametrize("kind", ["refused", "draft", "secret"])
def test_what_one_does_wrong_is_not_held_against_the_others(kind):
    error = LedgerError(kind, "no")
    assert fail_together(error) == [["good"], error, ["fine"]]


@pytest.mark.parametrize("kind", ["full", "lost", "locked", "crowded"])
def test_what_nobody_can_help_is_told_to_everybody(kind):
    error = LedgerError(kind, "no")
    assert fail_together(error) == [error] * 3


def test_what_no_database_takes_fails_for_whoever_sends_it_alone(ledger):
    name = "sha256:" + "1" * 64
    index = DecisionRow(name, "a\0b", "ci", "allow", "2026-01-01T00:00:00Z", "sha256:" + "2" * 64, "f", "")
    bad = Draft("decision", {"decision": {"id": name}}, (), index)
    drafts = [draft_note("a"), bad, draft_note("b"), draft_note("c")]
    with ThreadPoolExecutor(4) as pool:
        # Whoever comes first waits for this lock, and then commits for all.
        with ledger._group._lock:
            futures = [pool.submit(ledger.append, [draft]) for draft in drafts]
            while len(ledger._group._waiting) < 4:
                pass
        errors = [future.exception() for future in futures]
    found = [getattr(error, "kind", "") for error in errors]
    # SQLite takes it.
    assert found == ["", "draft" if ledger.database.dialect == "postgresql" else "", "", ""]
    assert check_chain(ledger) == list(range(1, 4 if found[1] else 5))


def test_an_interruption_is_the_one_thread_s_and_an_error_to_the_others():
    answers = fail_together(KeyboardInterrupt())
    assert sum(isinstance(answer, KeyboardInterrupt) for answer in answers) == 1
    assert {answer.kind for answer in answers if isinstance(answer, LedgerError)} == {"lost"}


def test_after_an_error_it_goes_on():
    def commit(drafts):
        if drafts == ["bad"]:
            raise LedgerError("full", "no")
        return list(drafts)

    group = make_group(commit)
    with pytest.raises(LedgerError):
        group.append(["bad"])
    assert group.append(["good"]) == ["good"]
