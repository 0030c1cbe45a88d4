"""`policy approvals`: asking, showing, deciding, at a terminal and for programs."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policy.gates.cli.main import main
from policy.records.ledger import open_ledger
from policy.records.people import find_person
from policy.records.requests.clock import write_time
from policy.records.requests.expiring import expire_due
from policy.records.requests.using import use
from tests.records.requests.asked import ask_one

SET = """\
policy_set: 1
policies: [policies]
ledger: sqlite:///ledger.db
waiver_rules: {approvers: {default: [carol]}}
approvals:
  roles: {leads: [alice, bob], on-call: [carol]}
  rules: [{gates: [run], roles: [leads], quorum: 2, runs: 200}]
  break_glass: {roles: [on-call], longest: 4h}
"""
POLICY = """\
policy: volatile-data
title: Do not fine-tune on data that changes often
severity: critical
when: {approach: fine-tuning}
require: {data.change_interval: {at_least: 30d}}
effect: {default: hold}
because: A fine-tuned model must be trained again.
fix: Serve the changing part from retrieval.
"""
WHAT = "approval of support-bot at the gate run"
# Of the form of a real one, and nobody's.
SECRET = "ghp_" + "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7c"
MANIFEST = """\
manifest: 1
project: support-bot
approach: fine-tuning
owner: {team: support, contact: erin@example.com}
data: {change_interval: 7d}
"""


@pytest.fixture
def act(plant, monkeypatch, capsys):
    """Somebody calls the command; exit code, standard output and standard error."""
    plant({"policy.yaml": SET, "policies/data/volatile-data.yaml": POLICY, "ml-manifest.yaml": MANIFEST})

    def run(who, *arguments):
        monkeypatch.setattr("policy.app.approvals.identity.identify_user", lambda: f"os:{who}@desk")
        capsys.readouterr()
        code = main(["approvals", *arguments])
        return code, *capsys.readouterr()

    return run


def find_id(text):
    """The request that is named first."""
    return re.findall(r"r-[a-z2-7]+", text)[0]


@pytest.fixture
def asked(act):
    """The id of an open request."""
    code, out, _ = act("dave", "ask")
    assert code == 4
    return find_id(out)


def read(act, *arguments):
    code, out, _ = act("zoe", *arguments, "-o", "json")
    assert code == 0
    return json.loads(out)


def test_from_the_question_to_the_second_yes(act, asked):
    assert (
        act("dave", "ask")[1]
        == f"held   support-bot: joined the open request {asked}; `policy approvals show {asked}`\n"
    )
    assert act("alice", "approve", asked) == (
        0,
        f"approved {asked} as os:alice@desk: {WHAT}\n  it still waits for 1 vote of leads\n",
        "",
    )
    code, out, _ = act("zoe", "list")
    assert code == 0
    assert "waits for: 1 vote of leads, until 20" in out
    assert "by os:dave@desk" in out
    assert out.endswith("1 request: 1 pending\n")
    assert "it counts until 20" in act("bob", "approve", asked)[1]
    assert act("dave", "ask") == (0, "allow  support-bot: approved already\n", "")
    assert act("zoe", "list")[1] == "nothing waits for anybody\n"
    assert "1 request: 1 approved" in act("zoe", "list", "--all")[1]
    assert act("zoe", "list", "--all", "--project", "other")[1] == "nothing waits for anybody\n"


def test_who_asks_again_after_a_no_reads_who_said_it_and_why(act, asked):
    assert act("bob", "reject", asked, "--reason", "serve it from retrieval")[0] == 0
    code, out, _ = act("dave", "ask")
    first, second = out.splitlines()
    assert (code, find_id(first) != asked) == (4, True)
    assert re.fullmatch(
        rf" {{7}}os:bob@desk rejected the same on \S+ \S+ UTC \({asked}\): serve it from retrieval", second
    )


def test_what_is_shown_to_who_decides(act, asked):
    act("zoe", "comment", asked, "is there \x1b[31m an end?")
    code, out, err = act("alice", "show", asked)
    text = re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", "TIME", out).replace(asked, "REQUEST")
    text = re.sub(r"sha256:[0-9a-f]{64}", "DIGEST", text)
    assert (code, err) == (0, "")
    assert (
        text
        == """\
REQUEST  pending  approval of support-bot at the gate run
  asked: TIME by os:dave@desk
  expires: TIME, if nobody decides
  covers: 200 runs, 0 used

Why it is held
  volatile-data (critical, fail): Do not fine-tune on data that changes often
    says: data.change_interval is 7 days (declared), at least 30 days is required
    required: data.change_interval at least 30d
    found: 7d (declared at ml-manifest.yaml:5)
    help: Serve the changing part from retrieval.
  evidence: DIGEST
  policy set: DIGEST
  decision: DIGEST

Nothing of this subject was approved at this gate before

Who decides
  2 votes of leads: alice, bob (2 votes lacking)
  cannot: os:dave@desk, erin@example.com, support
  a yes: once there are enough, support-bot passes the gate run as it is now, for 200 runs; what is
         at stake must not change
  a no: the request is over and support-bot stays held; it can be asked for again
  next: policy approvals approve REQUEST, or: policy approvals reject REQUEST --reason …

What happened
  TIME os:dave@desk asked
  TIME os:zoe@desk commented: is there ␛[31m an end?
"""
    )


def test_a_changed_stake_is_shown_with_what_was_approved(act, asked, plant):
    for who in ("alice", "bob"):
        act(who, "approve", asked)
    plant({"ml-manifest.yaml": MANIFEST.replace("7d", "5d")})
    code, out, _ = act("dave", "ask")
    assert code == 4
    later = find_id(out)
    assert later != asked
    shown = act("alice", "show", later)[1]
    assert f"What is at stake otherwise than in {asked}, approved 20" in shown
    assert "  - data.change_interval: 7d (declared)\n  + data.change_interval: 5d (declared)\n" in shown
    assert "  + data.change_interval: 5d (declared)\n" in act("alice", "approve", later)[1]


def test_a_no_ends_it(act, asked):
    assert act("alice", "reject", asked)[0] == 2
    assert act("alice", "reject", asked, "--reason", "use retrieval")[0] == 0
    code, _, err = act("bob", "approve", asked)
    assert (code, err.splitlines()[0]) == (1, f"error: you cannot approve `{asked}`: it was rejected")
    assert "rejected: use retrieval" in act("dave", "show", asked)[1]


@pytest.mark.parametrize(
    ("who", "arguments", "code", "message"),
    [
        ("dave", ["approve", "REQUEST"], 1, "os:dave@desk asked for it, and so cannot approve"),
        ("erin", ["approve", "REQUEST"], 1, "os:erin@desk contributed to the project as erin@example.com"),
        ("mallory", ["approve", "REQUEST"], 1, "os:mallory@desk may not approve"),
        ("alice", ["approve", "r-nothing"], 2, "there is no request `r-nothing`"),
        ("alice", ["show", "r-\x1b[2J"], 2, "there is no request `'r-\\x1b[2J'`"),
        ("alice", ["approve", "REQUEST", "--reason", "x" * 5000], 2, "the reason has 5,000 characters"),
        ("alice", ["comment", "REQUEST", "x" * 100_000], 2, "the comment has 100,000 characters"),
        ("alice", ["approve", "REQUEST", "--reason", f"key {SECRET}"], 2, "the reason holds a secret"),
        ("alice", ["comment", "REQUEST", SECRET], 2, "the comment holds a secret"),
        ("alice", ["withdraw", "REQUEST"], 1, "os:alice@desk did not ask for"),
        ("alice", ["break-glass", "REQUEST", "--reason", "now"], 1, "os:alice@desk may not break the glass"),
        (
            "carol",
            ["break-glass", "REQUEST", "--reason", "now", "--for", "soon"],
            2,
            "`--for`: `soon` is not a duration",
        ),
        ("carol", ["break-glass", "REQUEST", "--reason", " "], 2, "there is no reason"),
        ("carol", ["review", "REQUEST", "--finding", "fine"], 1, "nobody broke the glass for"),
        ("alice", ["delegate", "zoe"], 2, "it is not said who is to vote, and until when"),
        ("alice", ["delegate", "zoe", "--until", "soon"], 2, "`--until`: `soon` is not a time"),
        ("alice", ["delegate", "zoe", "--until", "2020-01-01"], 2, "would never hold"),
        ("mallory", ["delegate", "zoe", "--until", "2099-01-01"], 2, "a delegation may last a year"),
        ("alice", ["delegate", "--end", "d-x"], 2, "there is no delegation `d-x`"),
        (
            "dave",
            ["waive", "volatile-data", *["--project", "x", "--reason", "y", "--expires", "2020-01-01", "--owner", "z"]],
            2,
            "is over",
        ),
        (
            "dave",
            ["waive", "volatile", *["--project", "x", "--reason", "y", "--expires", "2020-01-01", "--owner", "z"]],
            2,
            "volatile",
        ),
        ("alice", ["aprove", "REQUEST"], 2, "there is no command `approvals aprove`"),
        ("alice", ["list", "-o", "yaml"], 2, "there is no format `yaml`"),
        ("alice", ["ask", "gone"], 2, "there is no `gone`"),
    ],
)
def test_what_is_refused_or_wrong(act, asked, who, arguments, code, message):
    given, out, err = act(who, *(word.replace("REQUEST", asked) for word in arguments))
    assert (given, out) == (code, "")
    assert message in err.splitlines()[0]
    assert err.splitlines()[1].startswith("  help: ")
    assert len(read(act, "show", asked)["requests"][0]["history"]) == 1


def test_withdrawing(act, asked):
    assert act("dave", "withdraw", asked, "--reason", "not now")[:2] == (0, f"withdrawn {asked}\n")
    for shown in (act("dave", "show", asked), act("dave", "list", "--all")):
        assert " and taken back by all who asked\n" in shown[1]
    assert read(act, "list")["requests"] == []
    assert read(act, "list", "--all")["requests"][0]["state"] == "withdrawn"


def test_delegating(act, asked):
    soon = (datetime.now(UTC) + timedelta(days=5)).date()
    code, out, _ = act("alice", "delegate", "zoe", "--until", str(soon))
    # The day that it ends with is part of it.
    assert f" to {soon + timedelta(days=1)} 00:00 UTC\n" in act("alice", "list")[1]
    assert code == 0
    made = out.partition(":")[0]
    assert f"{made}  zoe votes for os:alice@desk" in act("bob", "list")[1]
    assert "approved" in act("zoe", "approve", asked)[1]
    assert "os:zoe@desk approved for os:alice@desk" in act("bob", "show", asked)[1]
    assert act("alice", "delegate", "--end", made)[:2] == (0, f"ended {made}\n")
    assert read(act, "list")["delegations"] == []


def test_runs_that_are_not_given_are_said(act, plant):
    first = act("dave", "ask", "--runs", "500")[1].splitlines()
    assert first[1:] == ["       for 200 runs, and not for 500: the policy set allows no more"]
    again = act("dave", "ask", "--runs", "500")[1].splitlines()
    assert again[1:] == ["       for 200 runs, and not for 500: that is what was asked first"]
    assert len(act("dave", "ask", "--runs", "200")[1].splitlines()) == 1
    plant({"policy.yaml": SET.replace(", runs: 200", "")})
    act("dave", "withdraw", find_id(again[0]))
    act("dave", "ask")
    assert "for any number of runs, and not for 5: that is" in act("dave", "ask", "--runs", "5")[1]


@pytest.mark.parametrize(("length", "is_shorter"), [("5h", True), ("4h", False), ("1h", False), ("", False)])
def test_broken_glass_that_lasts_no_longer_is_said(act, asked, length, is_shorter):
    words = ["break-glass", asked, "--reason", "now", *(["--for", length] if length else [])]
    code, out, _ = act("carol", *words)
    assert (code, "shorter than you asked for: the policy set allows no longer" in out) == (0, is_shorter)


@pytest.mark.usefixtures("asked")
def test_the_same_is_delegated_once(act):
    until = (datetime.now(UTC) + timedelta(days=5)).date()
    code, out, _ = act("alice", "delegate", "zoe", "--until", str(until))
    made = out.partition(":")[0]
    code, out, err = act("alice", "delegate", "zoe", "--until", str(until - timedelta(days=1)))
    assert (code, out, f"already: `{made}`" in err) == (1, "", True)
    assert act("alice", "delegate", "zoe", "--until", str(until + timedelta(days=1)))[0] == 0
    assert act("bob", "delegate", "zoe", "--until", str(until))[0] == 0
    act("alice", "delegate", "--end", made)
    assert len(read(act, "list")["delegations"]) == 2


def test_breaking_the_glass_is_loud_until_it_is_reviewed(act, asked):
    code, out, _ = act("carol", "break-glass", asked, "--reason", "customers wait", "--for", "1h")
    assert code == 0
    assert out.startswith(f"BROKE THE GLASS for {asked} as os:carol@desk: it passes until 20")
    assert act("dave", "ask")[1] == "allow  support-bot: approved already\n"
    listed = act("zoe", "list")[1]
    assert "BROKEN GLASS: nobody has reviewed it" in listed
    assert listed.endswith("1 broken glass to be reviewed\n")
    assert "BROKE THE GLASS: customers wait" in act("zoe", "show", asked)[1]
    assert act("carol", "review", asked, "--finding", "fine")[0] == 1
    assert act("alice", "review", asked, "--finding", "it was needed")[0] == 0
    assert act("zoe", "list")[1] == "nothing waits for anybody\n"


def test_a_waiver_is_asked_for_and_granted(act):
    until = (datetime.now(UTC) + timedelta(days=20)).date()
    words = ["waive", "volatile-data", "--project", "support-*", "--reason", "moving", "--owner", "gina"]
    code, out, err = act("dave", *words, "--expires", str(until))
    assert (code, err) == (0, "")
    assert "  the ledger has no decision about a project that is called support-*: is the name right?\n" in out
    request = find_id(out)
    assert main(["check", "--gate", "ci"]) == 4
    assert len(act("dave", *words, "--expires", str(until))[1].splitlines()) == 1
    assert act("dave", *words, "--expires", str(until))[1].startswith(f"joined the open request {request}")
    shown = act("carol", "show", request)[1]
    assert "reason: moving" in shown
    assert "volatile-data does not act for support-* until the waiver expires" in shown
    assert act("alice", "approve", request)[0] == 1
    assert act("dave", "ask")[0] == 4
    assert act("carol", "approve", request)[0] == 0
    assert act("dave", "ask") == (0, "allow  support-bot: there is nothing to approve\n", "")
    late = (datetime.now(UTC) + timedelta(days=200)).date()
    code, _, err = act("dave", *words, "--expires", str(late))
    assert (code, "the waiver could not count" in err) == (2, True)


def test_json_holds_every_key_always(act, asked):
    act("alice", "approve", asked, "--reason", "fine")
    document = read(act, "list")
    assert document["format"] == "policy-requests/1"
    (request,) = document["requests"]
    assert list(request) == [
        "id",
        "kind",
        "project",
        "gate",
        "stake",
        "subject",
        "state",
        "counts",
        "asked",
        "expires",
        "ends",
        "runs",
        "uses",
        "policy_set",
        "asked_by",
        "contributors",
        "needs",
        "break_glass",
        "unreviewed",
        "previous",
        "history",
        "document",
        "changed",
    ]
    members = {"members": ["alice", "bob"], "anybody": False}
    assert request["needs"] == [{"who": "leads", "quorum": 2, "lacking": 1, **members}]
    assert [step["event"] for step in request["history"]] == ["asked", "approve"]
    assert read(act, "show", asked)["requests"] == [request]


def test_without_a_ledger_there_are_no_approvals(act, plant):
    plant({"policy.yaml": SET.replace("ledger: sqlite:///ledger.db\n", "")})
    for arguments in (["list"], ["ask"], ["approve", "r-x"]):
        code, out, err = act("alice", *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("error: the policy set has no ledger\n  help: ")


def test_markup_and_commands_in_names_are_shown_and_do_nothing(act, plant):
    plant({"ml-manifest.yaml": MANIFEST.replace("support-bot", '"::error::<b>x</b>\'; DROP TABLE requests"')})
    code, out, _ = act("dave", "ask")
    assert code == 4
    request = find_id(out)
    act("zoe", "comment", request, "##[error]\x7f\x1b[2J\u202e")
    written = act("zoe", "show", request, "-o", "json")[1]
    assert not {"\x7f", "\x1b", "\u202e", "##["} & {*written, *re.findall(r"##\[", written)}
    assert json.loads(written)["requests"][0]["history"][1]["text"] == "##[error]\x7f\x1b[2J\u202e"
    for shown in (act("zoe", "list")[1], act("zoe", "show", request)[1]):
        assert not {"\x7f", "\x1b", "\u202e"} & set(shown)
        assert not any(line.startswith("::") for line in shown.splitlines())
        assert "<b>x</b>'; DROP TABLE requests" in shown


@pytest.mark.parametrize("option", ["--project", "--owner", "--ticket", "--reason"])
def test_no_text_of_a_waiver_is_longer_than_a_screen(act, option):
    texts = {
        "--project": "x",
        "--reason": "r",
        "--expires": f"{datetime.now(UTC) + timedelta(days=9):%F}",
        "--owner": "o",
    }
    texts[option] = "x" * 5000
    code, out, err = act("dave", "waive", "volatile-data", *(part for pair in texts.items() for part in pair))
    assert (code, out) == (2, "")
    assert "5,000 characters, and 4,000 are the most" in err


# What somebody wrote past the entries


@pytest.fixture
def change(tmp_path):
    """Writes into the ledger's file as no command does."""

    def run(statement):
        driver = sqlite3.connect(tmp_path / "ledger.db")
        guards = driver.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            driver.execute(f"DROP TRIGGER {name}")
        driver.execute(statement)
        for _, guard in guards:
            driver.execute(guard)
        driver.commit()
        driver.close()

    return run


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE requests SET state = 'approved', decided = 1", "(state): its table says `approved`"),
        ("UPDATE requests SET state = 'rejected'", "(state): its table says `rejected`"),
        ("UPDATE requests SET project = 'other'", "(project): its table says `other`"),
        ("UPDATE requests SET expires = '2020-01-01T00:00:00.000Z'", "(expires): its table says `2020-01-01"),
    ],
)
def test_what_the_tables_say_alone_is_not_taken_for_true(act, asked, change, statement, said):
    change(statement)
    for line in (["list"], ["list", "--project", "support-bot"], ["show", asked]):
        code, out, err = act("zoe", *line)
        assert code == 1
        assert f"{asked}  pending " in out
        assert "CHANGED: " in out
        assert "2 votes of leads" in out
        assert err.startswith(
            f"warning: the request `{asked}` was changed {said}" if "state" not in said else "warning: "
        )
        assert said in err
        assert "help: trust what the entries say" in err
    code, out, _ = act("zoe", "list", "-o", "json")
    (request,) = json.loads(out)["requests"]
    assert (code, request["state"], request["counts"]) == (1, "pending", False)
    assert any(said in text for text in request["changed"])


def test_an_approval_that_was_taken_out_of_the_table_is_told(act, asked, change):
    for who in ("alice", "bob"):
        act(who, "approve", asked)
    change("UPDATE requests SET state = 'pending', decided = NULL")
    code, out, _ = act("zoe", "list")
    assert code == 1
    assert f"{asked}  approved " in out
    # What gates look up is the table: until it is mended they let nothing pass by it.
    assert "does not count: " in out


def test_rules_that_allow_fewer_runs_than_have_begun_are_named(act, asked, plant):
    for who in ("alice", "bob"):
        act(who, "approve", asked)
    with open_ledger("sqlite:///ledger.db", create=False) as ledger:
        for run in "ab":
            use(ledger, asked, run * 32)
    plant({"policy.yaml": SET.replace("runs: 200", "runs: 2")})
    for words in (("list", "--all"), ("show", asked)):
        text = " ".join(act("zoe", *words)[1].split())
        assert "does not count: by the policy set here and the entries: runs that it let begin: 2, and" in text


def test_a_vote_that_no_entry_has_is_not_counted(act, asked, change):
    act("alice", "approve", asked)
    change("UPDATE request_votes SET person = (SELECT id FROM people WHERE name LIKE '%zoe%' OR name LIKE '%dave%')")
    code, out, err = act("zoe", "list")
    assert code == 1
    assert "waits for: 2 votes of leads" in out
    assert "(vote)" in err


def test_a_request_that_was_taken_away_is_missed(act, asked, change):
    change("DELETE FROM requests")
    code, out, err = act("zoe", "list")
    assert (code, out) == (1, "nothing waits for anybody\n")
    assert "is about a request that is in no table: request" in err
    assert asked not in out


def test_a_changed_document_does_not_hide_the_others(act, asked, change, plant):
    plant({"ml-manifest.yaml": MANIFEST.replace("7d", "5d")})
    other = find_id(act("dave", "ask")[1])
    change("UPDATE objects SET body = x'7b7d' WHERE digest = (SELECT document FROM requests ORDER BY seq LIMIT 1)")
    code, out, err = act("zoe", "list", "--all")
    assert asked in out
    assert other in out
    assert (code, err.splitlines()[0]) == (
        1,
        f"warning: what is asked in the request `{asked}` was changed, and cannot be read",
    )


def test_who_lists_with_stricter_rules_sees_that_an_approval_does_not_count(act, asked, plant):
    for who in ("alice", "bob"):
        act(who, "approve", asked)
    assert read(act, "list", "--all")["requests"][0]["counts"] is True
    plant({"policy.yaml": SET.replace("quorum: 2", "quorum: 3").replace("[alice, bob]", "[alice, bob, zoe]")})
    code, out, err = act("zoe", "list", "--all")
    assert (code, err) == (0, "")
    assert f"{asked}  approved " in out
    assert "does not count: by the policy set here and the entries: 1 vote of leads" in out
    assert read(act, "show", asked)["requests"][0]["counts"] is False


def test_a_long_name_is_cut_at_a_terminal_alone(act, plant):
    name = "n" * 500
    plant({"ml-manifest.yaml": MANIFEST.replace("support-bot", name)})
    act("dave", "ask")
    out = act("zoe", "list")[1]
    assert f"approval of {'n' * 59}… at the gate run\n" in out
    assert read(act, "list")["requests"][0]["project"] == name


def test_a_request_that_nobody_decided_in_time_is_expired_whether_or_not_that_is_on_record(act):
    with open_ledger("sqlite:///ledger.db") as ledger:
        row = ask_one(ledger, now=datetime(2020, 1, 1, tzinfo=UTC))
    for _ in range(2):
        assert row.id not in act("dave", "list")[1]
        code, out, _ = act("dave", "list", "--all", "--output", "json")
        (shown,) = json.loads(out)["requests"]
        assert (code, shown["id"], shown["state"]) == (0, row.id, "expired")
        assert act("dave", "show", row.id)[1].startswith(f"{row.id}  expired  ")
        with open_ledger("sqlite:///ledger.db") as ledger:
            now = datetime(2020, 1, 16, tzinfo=UTC)
            expire_due(ledger, write_time(now), now)


@pytest.mark.parametrize("target", ["name", "id"])
def test_who_is_erased_is_named_nowhere_any_more(act, capsys, target):
    until = str((datetime.now(UTC) + timedelta(days=20)).date())
    words = ["waive", "volatile-data", "--project", "support-bot", "--reason", "moving", "--owner", "gina"]
    request = find_id(act("dave", *words, "--expires", until)[1])
    assert act("carol", "approve", request)[0] == 0
    assert main(["check", "--gate", "ci"]) == 0
    act("zoe", "list")
    with open_ledger("sqlite:///ledger.db") as ledger:
        (decision,) = ledger.read_decisions()
        person = str(find_person(ledger, "os:carol@desk"))
    assert b"os:carol@desk" in b"".join(file.read_bytes() for file in Path().glob("ledger.db*"))
    capsys.readouterr()

    assert main(["ledger", "erase", person if target == "id" else "OS:Carol@desk", "--reason", "left"]) == 0
    said = capsys.readouterr().out
    assert f"erased {person}: entry" in said
    assert "erased with it, each by an entry: 1 record of approvals or waivers by name" in said
    for file in Path().glob("ledger.db*"):
        assert b"carol@desk" not in file.read_bytes().lower()
    assert main(["ledger", "verify"]) == 0
    assert main(["ledger", "replay", decision.decision_id]) == 2
    for form in ("csv", "markdown", "json", "html"):
        assert main(["report", "-o", form]) == 0
    assert main(["preview", "."]) == 3
    assert "carol@desk" not in capsys.readouterr().out
    # Who has no name has granted nothing.
    assert main(["check", "--gate", "ci"]) == 4


def test_a_name_that_only_old_records_have_is_erased_from_them(act, capsys, monkeypatch):
    until = str((datetime.now(UTC) + timedelta(days=20)).date())
    words = ["waive", "volatile-data", "--project", "support-bot", "--reason", "moving", "--owner", "gina"]
    act("carol", "approve", find_id(act("dave", *words, "--expires", until)[1]))
    assert main(["check", "--gate", "ci"]) == 0
    act("zoe", "list")
    with monkeypatch.context() as patched:
        patched.setattr("policy.app.ledgers.erasing.list_mentions", lambda *_: [])
        assert main(["ledger", "erase", "os:carol@desk", "--reason", "left"]) == 0
    assert main(["ledger", "erase", "os:carol@desk", "--reason", "left"]) == 0
    assert "erased with it" in capsys.readouterr().out
    assert main(["ledger", "verify"]) == 0
    assert main(["ledger", "erase", "os:carol@desk", "--reason", "left"]) == 2
