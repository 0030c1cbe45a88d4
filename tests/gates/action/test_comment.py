from __future__ import annotations

import pytest

from policy.gates.action.comment import comment, list_marks
from tests.gates.action.conftest import describe_request

MARK, RUN = "<!-- tunegate:ci:0123456789ab -->", "<!-- tunegate-run:ba9876543210 -->"
FORK = "help: a pull request from a fork has no token that may write; the summary shows the report"
PERMISSION = "help: give the job the permission `pull-requests: write`"
BODY = f"{MARK}\n## Policies: 1 blocked\n\n{RUN}\n"


@pytest.fixture
def post(given, forge, tmp_path, capsys):
    """Run the step, and give what it says."""

    def run(body=BODY, event="pull_request", payload=None, **variables):
        file = tmp_path / "comment.md"
        file.write_text(body, encoding="utf-8")
        payload = describe_request() if payload is None else payload
        settings = {"GITHUB_API_URL": forge.address, "TUNEGATE_COMMENT": str(file), **variables}
        assert comment(given(event, payload, **settings)) == 0
        return capsys.readouterr().out

    return run


def test_the_first_one_is_posted_and_the_next_ones_replace_it(post, forge):
    assert post() == "comment: posted\n"
    assert post() == "comment: unchanged\n"
    assert post(BODY.replace("blocked", "allowed")) == "comment: updated\n"
    assert [found["body"] for found in forge.comments] == [BODY.replace("blocked", "allowed")]
    comments = "/repos/acme/models/issues/7/comments"
    patch = "PATCH /repos/acme/models/issues/comments/100"
    assert forge.asked == [f"GET {comments}", f"POST {comments}", f"GET {comments}", f"GET {comments}", patch]


def test_lines_that_come_back_otherwise_are_the_same(post, forge):
    forge.add(BODY.replace("\n", "\r\n").strip())
    assert post() == "comment: unchanged\n"


def test_others_are_left_alone(post, forge):
    planted = ["", "hello", "<!-- tunegate:ci:ffffffffffff -->\nof another gate", f"quoted:\n{MARK}\nand more"]
    for body in planted:
        forge.add(body)
    forge.add(BODY, login="mallory")
    forge.comments.append({"id": 1, "body": BODY, "user": None})
    forge.comments.append({"id": "1", "body": None})
    assert post() == "comment: posted\n"
    assert [found["body"] for found in forge.comments[:4]] == planted
    assert len(forge.comments) == 8


def test_without_a_report_the_comment_of_the_run_is_replaced(post, forge):
    post()
    assert post(f"## Policies: no verdict\n\n{RUN}\n") == "comment: updated\n"
    # And back, though the mark of the report is gone.
    assert post() == "comment: updated\n"
    assert len(forge.comments) == 1


def test_the_mark_of_the_report_counts_before_that_of_the_run(post, forge):
    forge.add(f"## Policies: no verdict\n\n{RUN}")
    mine = forge.add(f"{MARK}\nold")
    assert post() == "comment: updated\n"
    assert mine["body"] == BODY


def test_it_is_found_among_many(post, forge):
    for number in range(230):
        forge.add(f"comment {number}")
    mine = forge.comments[204]
    mine["body"] = f"{MARK}\nold"
    assert post() == "comment: updated\n"
    assert mine["body"] == BODY
    assert len([asked for asked in forge.asked if asked.startswith("GET")]) == 3


@pytest.mark.parametrize("event", ["push", "merge_group", "schedule"])
def test_without_a_pull_request_there_is_nothing_to_comment_on(post, forge, event):
    assert post(event=event, payload={}) == f"comment: none, for the event `{event}` is about no pull request\n"
    assert forge.asked == []


@pytest.mark.parametrize(
    ("fork", "status", "kind", "help_"),
    [
        (True, 403, "notice", FORK),
        (True, 404, "notice", FORK),
        (False, 403, "warning", PERMISSION),
        (False, 401, "warning", PERMISSION),
        (False, 500, "warning", ""),
        (True, 422, "notice", ""),
    ],
)
def test_where_it_cannot_be_posted_that_is_said_and_the_verdict_stands(post, forge, fork, status, kind, help_):
    forge.status, forge.answer = status, b'{"message": "Resource not accessible\\n::error::by integration"}'
    said = post(payload=describe_request(fork=fork))
    reason = f"the server answers with {status} (Resource not accessible\u240a::error::by integration)"
    message = "%0A".join(filter(None, (f"the report could not be posted: {reason}", help_)))
    assert said == f"::{kind} title=no comment::{message}\n"
    assert forge.comments == []


def test_marks_are_the_first_line_or_the_last():
    assert list_marks(BODY) == [MARK, RUN]
    assert list_marks(f"\n {MARK} \r\nx") == [MARK]
    assert list_marks(RUN) == [RUN]
    assert list_marks(f"x\n{MARK}\n{RUN}\nx") == []
    assert list_marks(f"{MARK} x") == []
    assert list_marks("") == []
