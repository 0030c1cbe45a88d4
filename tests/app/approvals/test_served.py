"""Whose rules decide a request on a server with several policy sets, and which requests are listed there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.app.approvals.holding import ask_for_approval
from policy.app.approvals.served import ALL, Counter, Filter, find_judge
from policy.app.approvals.viewing import view_request
from policy.app.runs.panel import load_panel
from policy.engine.judge import judge
from policy.records.faults import LedgerError
from policy.records.ledger import open_ledger
from policy.records.requests.refusals import RefusedError, UnknownRequestError
from tests.building import make_facts

SET = """\
policy_set: 1
policies: [policies]
ledger: sqlite:///ledger.db
gates: {run: {mode: enforce}}
approvals:
  roles: {leads: [bob]}
  rules: [{roles: [leads]}]
mlflow:
  app: basic-auth
  experiments:
    - {name: team-*, project: team-*, policy_set: team.yaml}
    - {name: "*", project: "*"}
"""
TEAM = """\
policy_set: 1
extends: [policy.yaml]
approvals:
  roles: {owners: [dan]}
  rules: [{roles: [owners]}]
"""
POLICY = """\
policy: size
title: Small data
severity: high
when: {approach: fine-tuning}
require: {data.rows: {at_most: 100}}
effect: {run: hold}
fix: Use less.
"""
OTHER = "sha256:" + "0" * 64


@pytest.fixture
def counter(plant, tmp_path):
    plant({"policy.yaml": SET, "team.yaml": TEAM, "policies/size.yaml": POLICY})
    with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        yield Counter(load_panel(None), ledger, "bob")


def ask(counter, project, rows=200):
    policy_set = counter.panel.main.workspace.policy_set
    facts = make_facts(f"project: {project}\napproach: fine-tuning\ndata: {{rows: {rows}}}\n")
    decision = judge(policy_set, facts, gate="run", now=datetime.now(UTC))
    asked = ask_for_approval(
        counter.ledger, policy_set, decision, facts, requester="ada", contributors=("erin",), now=None
    )
    return asked.row


def list_ids(counter, **wanted):
    return [view.row.id for view in counter.list_requests(Filter(**wanted))[0]]


def test_who_judges_a_project_decides_by_the_same_rules(counter):
    panel = counter.panel
    own, other = ask(counter, "team-bot"), ask(counter, "support-bot")
    team = panel.teams["team.yaml"]
    assert [find_judge(panel, row) for row in (own, other)] == [team, panel.main]
    # What asked is not in force any more.
    assert [find_judge(panel, row._replace(policy_set=OTHER)) for row in (own, other)] == [team, panel.main]
    assert [need.said for need, _ in counter.show(own.id).needs] == ["leads", "owners"]
    views, more = counter.list_requests(Filter())
    assert ([len(view.needs) for view in views], more) == ([2, 1], False)
    with pytest.raises(RefusedError, match="dan may not approve"):
        counter._replace(person="dan").vote(other.id, "approve", "")
    counter.vote(own.id, "approve", "")
    assert counter.show(own.id).state == "pending"
    counter._replace(person="dan").vote(own.id, "approve", "")
    assert counter.show(own.id).state == "approved"


def test_filters_and_pages(counter):
    rows = [ask(counter, "support-bot", 200 + number) for number in range(4)]
    ids = [row.id for row in rows]
    counter.vote(ids[1], "reject", "no")
    assert list_ids(counter) == [ids[0], *ids[2:]]
    assert list_ids(counter, state=ALL) == ids
    assert list_ids(counter, state="rejected", gate="run", kind="approval", project="support-bot") == [ids[1]]
    assert list_ids(counter, gate="ci") == list_ids(counter, kind="waiver") == list_ids(counter, project="x") == []
    views, more = counter.list_requests(Filter(limit=2))
    assert ([view.row.id for view in views], more) == ([ids[0], ids[2]], True)
    assert list_ids(counter, after=ids[2], limit=1) == [ids[3]]
    # The one that a page ended with is decided meanwhile.
    assert list_ids(counter, after=ids[1]) == ids[2:]
    with pytest.raises(UnknownRequestError):
        list_ids(counter, after="r-aaaaaaaa")


@pytest.mark.parametrize("name", ["os:bob@desk", "OS:bob", "@os:bob@desk", " os:bob"])
def test_a_user_of_the_server_is_nobody_of_an_operating_system(counter, name):
    request = ask(counter, "support-bot").id
    stranger = counter._replace(person=name)
    for act in (
        lambda: stranger.vote(request, "approve", ""),
        lambda: stranger.vote(request, "reject", "no"),
        lambda: stranger.break_glass(request, "now", None),
        lambda: stranger.review(request, "fine"),
    ):
        with pytest.raises(RefusedError, match="begins with `os:`"):
            act()
    policy_set = counter.panel.main.workspace.policy_set
    assert [step.event for step in view_request(counter.ledger, policy_set, request).steps] == ["asked"]


def test_no_secret_is_said(counter):
    request, secret = ask(counter, "support-bot").id, "ghp_" + "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7c"
    for act in (
        lambda: counter.vote(request, "approve", secret),
        lambda: counter.comment(request, secret),
        lambda: counter.withdraw(request, secret),
        lambda: counter.break_glass(request, secret, None),
        lambda: counter.review(request, secret),
    ):
        with pytest.raises(LedgerError, match="holds a secret"):
            act()
