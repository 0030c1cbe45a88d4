from __future__ import annotations

import pytest

from policy.gates.action.event import Event, read_event
from tests.gates.action.conftest import BASE, describe_request

GROUP = {"merge_group": {"base_sha": BASE, "head_sha": "a" * 40}}


@pytest.mark.parametrize(
    ("name", "payload", "event"),
    [
        ("push", {"before": BASE}, Event("push")),
        ("schedule", {}, Event("schedule")),
        ("pull_request", describe_request(), Event("pull_request", True, BASE, 7)),
        ("pull_request_target", describe_request(fork=True), Event("pull_request_target", True, BASE, 7, True)),
        ("merge_group", GROUP, Event("merge_group", True, BASE)),
        # of a repository with SHA-256
        ("merge_group", {"merge_group": {"base_sha": "c" * 64}}, Event("merge_group", True, "c" * 64)),
        # What follows on a pull request is about one whose base nobody says.
        ("workflow_run", {"workflow_run": {"event": "pull_request"}}, Event("workflow_run", True)),
        ("workflow_run", {"workflow_run": {"event": "merge_group"}}, Event("workflow_run", True)),
        ("workflow_run", {"workflow_run": {"event": "push"}}, Event("workflow_run")),
        ("workflow_run", {"workflow_run": {"event": ["pull_request"]}}, Event("workflow_run")),
        ("issue_comment", {"issue": {"pull_request": {"url": "x"}}}, Event("issue_comment", True)),
        ("issue_comment", {"issue": {"number": 3}}, Event("issue_comment")),
    ],
)
def test_what_started_the_workflow(given, name, payload, event):
    assert read_event(given(name, payload)) == event


def test_a_fork_that_is_deleted_is_one(given):
    assert read_event(given("pull_request", describe_request(head={"repo": None}))).from_fork


@pytest.mark.parametrize("base", [None, "", "main", "HEAD", "b" * 39, f"{BASE}\n", "--help", ["b"], 7])
def test_a_base_that_is_no_commit_is_none(given, base):
    event = read_event(given("pull_request", describe_request(base={"sha": base})))
    assert (event.proposal, event.base) == (True, "")


@pytest.mark.parametrize("number", [None, "7", 0, -1, 7.5, [7]])
def test_a_number_that_is_none(given, number):
    assert read_event(given("pull_request", describe_request(number=number))).number == 0


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b'{"pull_request": 3}', b"\xff", b"[" * 100_000])
def test_a_proposal_that_cannot_be_read_is_one_nevertheless(given, tmp_path, payload):
    environment = given("pull_request")
    (tmp_path / "event.json").write_bytes(payload)
    event = read_event(environment)
    assert (event.proposal, event.base, event.number) == (True, "", 0)


def test_without_a_runner_there_is_no_event():
    assert read_event({}) == Event()
