"""`policy check` where decisions are held: asked for once, let pass by another person, held again when it changes."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from policy.app.approvals.desk import cast_vote
from policy.app.checking import Check, CheckRequest
from policy.app.recording.replaying import replay_named
from policy.app.trusted.base import open_base
from policy.app.workspace import open_workspace
from policy.records.ledger import create_ledger, open_ledger
from policy.records.requests.desk import open_session
from policy.records.requests.overriding import break_glass
from policy.records.requests.queries import find_rows, list_people
from policy.records.requests.refusals import RefusedError
from policy.records.snapshot import open_snapshot
from policy.records.verification import verify_ledger
from tests.records.server import find_programs, running_server

DAY = timedelta(days=1)
SET = """\
policy_set: 1
policies: [./rules]
ledger: sqlite:///ledger.db
approvals: {roles: {leads: [alice]}, rules: [{roles: [leads]}]}
"""
RULE = """\
policy: volatile-data
title: Data that changes often
severity: high
when: {approach: fine-tuning}
require: {data.change_interval: {at_least: 30d}}
effect: {default: hold}
"""
# Of the form of a real one, and nobody's.
SECRET = "ghp_" + "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7c"
FILES = {"policy.yaml": SET, "rules/own/volatile-data.yaml": RULE}


def write_manifest(name, interval="7d", team="support"):
    owner = f"owner: {{team: {team}}}\n"
    return f"manifest: 1\nproject: {name}\napproach: fine-tuning\n{owner}data: {{change_interval: {interval}}}\n"


@pytest.fixture
def bot(plant):
    return plant({**FILES, "bot/ml-manifest.yaml": write_manifest("bot")})


def check(gate="run", **options):
    """A run's verdicts, its summary, and what was said of whom is waited for."""
    run = Check(CheckRequest((".",), gate, **{"now": datetime.now(UTC), **options}))
    verdicts = [rendered.verdict for rendered in run.run()]
    assert {problem.level for problem in run.problems} <= {"warning"}
    return verdicts, run.summary, [problem for problem in run.problems if "SQLite" not in problem.message]


def list_requests(folder="."):
    with (
        open_ledger("sqlite:///ledger.db", folder=str(folder), create=False) as ledger,
        open_session(ledger) as session,
    ):
        return find_rows(session)


@pytest.mark.usefixtures("bot")
def test_the_ledger_is_opened_as_often_for_many_that_wait_as_for_one(plant, monkeypatch):
    create_ledger("sqlite:///ledger.db").close()
    opened: list[str] = []

    def open_counted(url, **options):
        opened.append(url)
        return open_ledger(url, **options)

    monkeypatch.setattr("policy.records.ledger.open_ledger", open_counted)
    assert check()[0] == ["hold"]
    for_one = len(opened)
    plant({f"other-{number}/ml-manifest.yaml": write_manifest(f"other-{number}") for number in range(3)})
    assert check()[0] == ["hold"] * 4
    assert len(opened) == 2 * for_one > 0


def approve(request, name="alice", now=None):
    workspace = open_workspace(os.getcwd())
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        return cast_vote(ledger, workspace.policy_set, request, "approve", name=name, reason="", now=now)[1]


def test_what_is_held_is_asked_for_once(bot):
    verdicts, summary, problems = check()
    assert (verdicts, summary.records.recorded) == (["hold"], 1)
    (row,) = list_requests(bot)
    assert (row.project, row.gate, row.state) == ("bot", "run", "pending")
    (problem,) = problems
    assert problem.message == f"`bot` waits for an approval at the gate run: request `{row.id}`"
    assert (problem.level, problem.location.file) == ("warning", "bot/ml-manifest.yaml")
    assert f"`policy approvals show {row.id}`" in problem.remedy
    assert check()[2] == problems
    assert [one.id for one in list_requests(bot)] == [row.id]


def test_what_is_approved_today_does_not_count_for_yesterday(bot):
    check()
    approve(list_requests(bot)[0].id)
    verdicts, _, (problem,) = check(now=datetime.now(UTC) - DAY)
    assert verdicts == ["hold"]
    assert problem.message.startswith("`bot` was approved at the gate run only after 2")
    assert len(list_requests(bot)) == 1
    assert check()[0] == ["allow"]


def test_what_somebody_else_approved_passes_and_is_recorded_with_that(bot):
    check()
    approve(list_requests(bot)[0].id)
    verdicts, summary, problems = check()
    assert (verdicts, problems, summary.records.recorded) == (["allow"], [], 1)
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        rows = list(ledger.read_decisions())
        assert [row.verdict for row in rows] == ["hold", "allow"]
        assert rows[0].stake == rows[1].stake
        assert all(replay_named(ledger, row.decision_id).same for row in rows)
        (body,) = ledger.read("SELECT CAST(body AS TEXT) FROM objects WHERE kind = 'approvals' AND length(body) > 60")
        assert '"by":"alice"' in body[0]


def test_a_changed_stake_drops_it_and_an_unrelated_change_does_not(bot, plant):
    check()
    approve(list_requests(bot)[0].id)
    plant({"bot/ml-manifest.yaml": write_manifest("bot", team="sales")})
    assert check()[0] == ["allow"]
    plant({"bot/ml-manifest.yaml": write_manifest("bot", "6d")})
    verdicts, _, problems = check()
    first, second = list_requests(bot)
    assert (verdicts, second.state, first.state) == (["hold"], "pending", "approved")
    assert [second.id in problem.message for problem in problems] == [True]
    plant({"bot/ml-manifest.yaml": write_manifest("bot")})
    assert check()[0] == ["allow"]


def test_an_approver_who_checks_what_somebody_asked_for_may_approve_it(bot, monkeypatch):
    for user in ("os:dave@ci", "os:alice@desk"):
        monkeypatch.setattr("policy.app.approvals.identity.identify_user", lambda user=user: user)
        assert check()[0] == ["hold"]
    (row,) = list_requests(bot)
    with pytest.raises(RefusedError):
        approve(row.id, "os:dave@ci")
    approve(row.id, "os:alice@desk")
    assert check()[0] == ["allow"]


def test_who_is_checked_first_asks(bot, monkeypatch):
    monkeypatch.setattr("policy.app.approvals.identity.identify_user", lambda: "os:alice@desk")
    check()
    with pytest.raises(RefusedError):
        approve(list_requests(bot)[0].id)


def test_who_is_held_again_after_a_no_reads_who_said_it_and_why(bot):
    check()
    (row,) = list_requests(bot)
    reason = f"clear the licence \x1b[31m first{'!' * 400}"
    workspace = open_workspace(os.getcwd())
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        cast_vote(ledger, workspace.policy_set, row.id, "reject", name="alice", reason=reason)
    for _ in range(2):
        (problem,) = check()[2]
        first, _, said = problem.message.partition("; ")
        assert first == f"`bot` waits for an approval at the gate run: request `{list_requests(bot)[1].id}`"
        assert said.startswith("alice rejected the same on 20")
        assert f"UTC ({row.id}): clear the licence ␛[31m first!!!" in said
        assert said.endswith("!…")
        assert len(said) < 400
    approve(list_requests(bot)[1].id)
    assert check()[2] == []


def test_broken_glass_is_said_by_every_run(bot, plant):
    plant({"policy.yaml": SET.replace("approvals: {", "approvals: {break_glass: {roles: [leads], longest: 4h}, ")})
    check()
    (row,) = list_requests(bot)
    settings = open_workspace(str(bot)).policy_set.approvals
    assert settings is not None
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        break_glass(ledger, row.id, "alice", "customers wait", settings)
    for _ in range(2):
        verdicts, _, (problem,) = check()
        assert verdicts == ["allow"]
        assert (problem.level, problem.location.file) == ("warning", "bot/ml-manifest.yaml")
        assert problem.message.startswith("`bot` passes the gate run because alice BROKE THE GLASS until 20")
        assert problem.message.endswith(f"(`{row.id}`): customers wait")
        assert "have somebody else review it" in problem.remedy


@pytest.mark.parametrize("gate", ["release", "ci"])
def test_it_counts_at_its_gate_alone(bot, gate):
    check()
    approve(list_requests(bot)[0].id)
    assert check(gate)[0] == ["hold"]
    assert [row.gate for row in list_requests(bot)] == ["run", gate]


def test_a_secret_in_the_name_of_a_project_is_not_recorded(bot, plant):
    plant({"bot/ml-manifest.yaml": write_manifest(f"bot {SECRET}")})
    check()
    (row,) = list_requests(bot)
    assert (row.project, SECRET.encode() in (bot / "ledger.db").read_bytes()) == ("bot [redacted: github-token]", False)
    approve(row.id)
    assert check()[0] == ["allow"]


def test_a_loose_policy_set_of_ones_own_approves_nothing(bot, plant):
    check()
    (row,) = list_requests(bot)
    strict = (bot / "policy.yaml").read_text()
    plant({"policy.yaml": strict.replace("[alice]", "[mallory]")})
    assert approve(row.id, "mallory").state == "approved"
    assert check()[0] == ["allow"]
    plant({"policy.yaml": strict})
    assert check()[0] == ["hold"]
    assert [one.state for one in list_requests(bot)] == ["approved", "pending"]


def test_who_says_that_it_is_yesterday_brings_back_nothing(bot):
    check()
    ended = datetime.now(UTC) - 40 * DAY
    approve(list_requests(bot)[0].id, now=ended)
    assert check()[0] == ["hold"]
    assert check(now=ended + DAY)[0] == ["hold"]


def test_an_approval_that_ends_before_the_time_of_judging_does_not_count(bot):
    check()
    approve(list_requests(bot)[0].id)
    assert check(now=datetime.now(UTC) + 29 * DAY)[0] == ["allow"]
    assert check(now=datetime.now(UTC) + 31 * DAY)[0] == ["hold"]


@pytest.mark.parametrize("content", [b"no database at all, and long enough to be looked at" * 20, None])
def test_where_the_ledger_cannot_be_asked_what_is_held_stays_held(bot, content):
    if content is None:
        (bot / "ledger.db").mkdir()
    else:
        (bot / "ledger.db").write_bytes(content)
    verdicts, summary, problems = check()
    assert verdicts == ["hold"]
    assert summary.records.recorded == 0
    assert any("ledger.db" in problem.message for problem in problems)
    assert {problem.level for problem in problems} == {"warning"}


def test_a_gate_that_is_not_recorded_asks_nobody(bot, plant):
    plant({"policy.yaml": SET.replace("sqlite:///ledger.db", "{url: 'sqlite:///ledger.db', gates: [release]}")})
    assert check()[0] == ["hold"]
    assert not (bot / "ledger.db").exists()


def test_a_preview_of_a_baseline_asks_nobody(bot):
    check("ci", recording=True)
    assert not (bot / "ledger.db").exists()


def test_several_processes_ask_for_everything_once(plant):
    names = [f"p{number:03}" for number in range(120)]
    root = plant({**FILES, **{f"{name}/ml-manifest.yaml": write_manifest(name) for name in names}})
    for _ in range(2):
        verdicts, summary, problems = check(jobs=2)
        assert verdicts == ["hold"] * 120
        assert summary.records.recorded == 120
        assert len(problems) == 120
    rows = list_requests(root)
    assert sorted(row.project for row in rows) == names
    approve(next(row.id for row in rows if row.project == "p077"))
    assert sorted(check(jobs=2)[0]) == ["allow"] + ["hold"] * 119


def test_in_postgresql(plant):
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    plant({**FILES, **{f"{name}/ml-manifest.yaml": write_manifest(name) for name in "abc"}})
    with running_server(programs, durable=False) as server:
        url = server.make_database()
        plant({"policy.yaml": SET.replace("sqlite:///ledger.db", url)})
        assert check()[0] == ["hold"] * 3
        assert any("policy ledger init" in problem.remedy for problem in check()[2])
        create_ledger(url).close()
        assert check()[0] == ["hold"] * 3
        workspace = open_workspace(os.getcwd())
        with open_ledger(url, create=False) as ledger:
            with open_session(ledger) as session:
                row = next(row for row in find_rows(session) if row.project == "b")
            cast_vote(ledger, workspace.policy_set, row.id, "approve", name="alice", reason="")
        assert check()[0] == ["hold", "allow", "hold"]
        with open_snapshot(url) as snapshot:
            assert verify_ledger(snapshot).total == 0


@pytest.fixture
def repository(bot, monkeypatch):
    """What is in the folder, as the branch `main`."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)

    def run(*arguments):
        settings = ["-c", "user.name=dana", "-c", "user.email=dana@example.com"]
        subprocess.run(["git", *settings, *arguments], cwd=bot, check=True, capture_output=True)

    run("init", "--quiet", "--initial-branch=main")
    run("add", "--all")
    run("commit", "--quiet", "--message=x")
    return run


def check_proposal():
    with open_base(os.getcwd(), "main") as base:
        return check(base=base)


@pytest.mark.usefixtures("repository")
def test_authors_are_barred(bot):
    check()
    with open_ledger("sqlite:///ledger.db", create=False) as ledger, open_session(ledger) as session:
        people = list_people(session, list_requests(bot)[0].id)
    assert {one.name for one in people if one.part == "contributor"} == {"dana <dana@example.com>", "support"}


@pytest.mark.usefixtures("repository")
def test_with_the_policies_of_a_base_a_ledger_beside_the_work_tree_counts(bot):
    assert check_proposal()[0] == ["hold"]
    approve(list_requests(bot)[0].id)
    assert check_proposal()[0] == ["allow"]


@pytest.mark.parametrize("how", ["committed", "staged", "link", "journal"])
def test_a_ledger_that_the_proposal_brings_approves_nothing(bot, repository, how):
    check()
    approve(list_requests(bot)[0].id)
    if how == "link":
        (bot / "ledger.db").rename(bot / "forged.db")
        (bot / "ledger.db").symlink_to("forged.db")
    repository("checkout", "--quiet", "-b", "proposal")
    if how != "journal":
        repository("add", "--all", "--force")
    else:
        (bot / "ledger.db-journal").write_bytes(b"")
        repository("add", "--force", "ledger.db-journal")
    if how in ("committed", "link"):
        repository("commit", "--quiet", "--message=mine")
    assert check()[0] == ["allow"]
    verdicts, _, problems = check_proposal()
    assert verdicts == ["hold"]
    assert [problem for problem in problems if "nothing that the ledger `sqlite:///ledger.db` says" in problem.message]
