"""Which entry a name means, in every database: a number, an id, or what only one id begins with."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import DecisionRow
from policy.records.snapshot import open_snapshot
from tests.records.keeping import draft_decision, draft_note

IDS = (
    "sha256:" + "abcdef01" + "0" * 56,
    "sha256:" + "abcdef01" + "1" * 56,
    "sha256:" + "12345678" + "a" * 56,
    "sha256:" + "ABCDEF0%" + "a" * 56,
    "of-old",
)


def draft(number, decision_id):
    made = draft_decision(number)
    assert isinstance(made.index, DecisionRow)
    payload = {**made.payload, "decision": {**made.payload["decision"], "id": decision_id}}
    return made._replace(payload=payload, index=made.index._replace(decision_id=decision_id))


@pytest.fixture
def filled(url):
    """Entry 1 is a note; decisions follow in the order of IDS."""
    with create_ledger(url) as ledger:
        ledger.append([draft_note(0), *(draft(number, one) for number, one in enumerate(IDS))])
    return url


def find(url, name):
    """The number, by the ledger and by a snapshot, which agree."""
    with open_ledger(url) as ledger, open_snapshot(url) as snapshot:
        found, entry = ledger.find_named(name), snapshot.find_entry(name)
        assert (found and found.entry) == entry
        return (found.entry.seq, found.decision) if found is not None else None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("1", (1, "")),
        ("6", (6, "")),
        ("0006", (6, "")),
        (IDS[0], (2, IDS[0])),
        (IDS[1].removeprefix("sha256:"), (3, IDS[1])),
        ("abcdef010", (2, IDS[0])),
        ("sha256:abcdef011", (3, IDS[1])),
        ("12345678", (4, IDS[2])),
        ("ABCDEF0%", (5, IDS[3])),
        ("of-old", (6, IDS[4])),
        ("7", None),
        ("0", None),
        ("9" * 400, None),
        ("1234567", None),
        ("sha256:1234567", None),
        ("of-ol", None),
        ("abcdef0_", None),
        ("________", None),
        ("%%%%%%%%%", None),
        ("sha256:", None),
        ("", None),
        ("' OR 1=1 --", None),
        ("x" * 100_000, None),
        ("²", None),
    ],
)
def test_what_a_name_means(filled, name, found):
    assert find(filled, name) == found


def test_of_several_none_is_meant(filled):
    with pytest.raises(PolicyError) as refusal:
        find(filled, "abcdef01")
    (problem,) = refusal.value.problems
    assert problem.message == (f"`abcdef01` is what several ids begin with: `{IDS[0]}` (entry 2), `{IDS[1]}` (entry 3)")


def test_of_very_many_a_few_are_named(url):
    with create_ledger(url) as ledger:
        ledger.append([draft(number, f"sha256:feedbeef{number:056x}") for number in range(30)])
        with pytest.raises(PolicyError, match=r"\(entry 5\) and more"):
            ledger.find_named("feedbeef")
