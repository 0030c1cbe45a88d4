"""The list of waivers: those of files, and those that were granted in the ledger."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from policy.app.waivers.listing import list_waivers
from policy.app.workspace import open_workspace
from tests.app.waivers.granting import FILES, PLAIN, SET, grant

NOW = datetime.now(UTC)
ASKED = f"""\
waivers: 1
entries:
  - {{policy: rows, subject: bot, reason: soon, owner: ops, requested_by: dave, expires: {NOW.date()}}}
"""


@pytest.fixture
def listed(plant):
    """Lists the waivers of files that are written first."""

    def run(files=None, gate="check"):
        plant({**(files or {})})
        return list_waivers(open_workspace(os.getcwd()), gate=gate, now=NOW, trusted=None)

    plant(FILES)
    return run


def test_what_was_granted_stands_behind_what_files_say(listed):
    request = grant()
    listing = listed({"policy.yaml": f"{SET}waivers: [waivers.yaml]\n", "waivers.yaml": ASKED})
    assert [(one.entry.request, one.state) for one in listing.standings] == [("", "pending"), (request, "active")]
    granted = listing.standings[1]
    assert (granted.entry.approved_by, granted.entry.expires) == ("carol", (NOW + timedelta(days=30)).date())
    assert (granted.used, granted.days_left) == (None, 30)
    assert (listing.ledger, listing.unasked) == ("sqlite:///ledger.db", ())


def test_one_that_names_no_project_is_not_used(listed):
    grant(subject="other-*")
    assert [one.used for one in listed().standings] == [False]


def test_one_that_ends_soon_says_so(listed):
    grant(days=3)
    assert [one.state for one in listed().standings] == ["expiring"]


def test_at_a_gate_that_the_ledger_does_not_keep_it_does_not_count(listed):
    grant()
    gated = {"policy.yaml": SET.replace("sqlite:///ledger.db", "{url: sqlite:///ledger.db, gates: [run, release]}")}
    (one,) = listed(gated, gate="ci").standings
    assert (one.state, one.counts) == ("refused", False)
    assert one.doubts[0].why == "the ledger has no say at the gate ci: it keeps the decisions of run and release"
    assert [one.counts for one in listed(gate="run").standings] == [True]


@pytest.mark.parametrize("text", [SET, PLAIN, "policy_set: 1\npolicies: [./rules]\nledger: sqlite:///ledger.db\n"])
def test_without_a_ledger_there_is_nothing_to_ask_and_none_is_made(listed, text, tmp_path):
    listing = listed({"policy.yaml": text})
    assert (listing.standings, listing.unasked) == ((), ())
    assert not list(tmp_path.rglob("ledger.db*"))


def test_a_ledger_that_cannot_be_read_is_said_and_the_rest_is_listed(listed):
    listing = listed(
        {
            "policy.yaml": f"{SET}waivers: [waivers.yaml]\n",
            "waivers.yaml": ASKED,
            "ledger.db": b"nothing of the kind, and long enough to be looked at" * 20,
        }
    )
    assert [one.entry.reason for one in listing.standings] == ["soon"]
    (problem,) = listing.unasked
    assert problem.level == "warning"
    assert "ledger.db" in problem.message
