"""`policy waivers` with a ledger, through the command line."""

from __future__ import annotations

import json
import re

import pytest

from tests.app.waivers.granting import FILES, grant

LEDGER = "sqlite:///ledger.db"


@pytest.fixture
def request_id(plant):
    plant(FILES)
    return grant(days=60)


def test_it_says_who_granted_what_until_when_and_where(request_id, call):
    result = call("waivers")
    text = re.sub(r"\d{4}-\d\d-\d\d", "DAY", result.out).replace(request_id, "REQUEST")
    assert (result.code, result.err) == (0, "")
    assert (
        text
        == f"""\
active    rows for bot, until DAY (60 days left)
    request REQUEST in the ledger {LEDGER}
    reason: the rest comes in May
    owner: data-team; asked for by os:dave@desk; granted by carol on DAY
1 waiver: 1 active
"""
    )


def test_programs_are_told_which_request_it_was(request_id, call):
    document = json.loads(call("waivers -o json").out)
    assert document["format"] == "policy-waiver-list/1"
    assert document["ledger"] == {"address": LEDGER, "asked": True}
    (waiver,) = document["waivers"]
    assert (waiver["request"], waiver["counts"], waiver["approved_by"]) == (request_id, True, "carol")


def test_a_run_that_does_not_need_it_says_what_becomes_of_it(request_id, call, plant):
    plant({"bot/ml-manifest.yaml": "manifest: 1\nproject: bot\ndata: {rows: 30}\n"})
    err = call("check").err
    assert f"the waiver `{request_id}` is not needed" in err
    assert "help: let it end on 20" in err


@pytest.mark.usefixtures("request_id")
def test_a_ledger_that_cannot_be_asked_is_no_empty_one(call, tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"no ledger " * 200)
    result = call("waivers")
    assert result.code == 2
    assert result.out == f"there are no waivers in files; the ledger {LEDGER} could not be asked\n"
    assert result.err.startswith("warning: ")
    told = call("waivers -o json")
    assert (told.code, json.loads(told.out)["ledger"]) == (2, {"address": LEDGER, "asked": False})


@pytest.mark.usefixtures("request_id")
def test_explain_says_what_check_does(call):
    assert "bot: waived" in call("explain rows bot").out
    assert "bot: fail" in call("explain rows bot --effective-time 2999-01-01").out


@pytest.mark.usefixtures("request_id")
def test_explain_says_that_it_could_not_ask(call, tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"no ledger " * 200)
    result = call("explain rows bot")
    assert "bot: fail" in result.out
    assert "warning: " in result.err


OLD = "policy_set: 1\npolicies: [../rules]\nmodes: {rows: observe}\n"


@pytest.mark.parametrize(("rules", "verdict"), [("carol", "allow"), ("zoe", "block")])
def test_diff_counts_what_each_policy_set_would_let_count(request_id, call, plant, rules, verdict):
    plant({"old/policy.yaml": OLD, "policy.yaml": FILES["policy.yaml"].replace("carol", rules)})
    assert request_id
    document = json.loads(call("diff old . bot -o json").out)
    assert [one["new"] for one in document["subjects"]] == ([verdict] if verdict == "block" else [])
    assert document["summary"]["judged"] == 1


@pytest.mark.usefixtures("request_id")
def test_diff_says_once_that_it_could_not_ask(call, plant, tmp_path):
    plant({"old.yaml": f"{FILES['policy.yaml']}modes: {{rows: observe}}\n"})
    (tmp_path / "ledger.db").write_bytes(b"no ledger " * 200)
    result = call("diff old.yaml . bot")
    assert result.code == 0
    assert result.err.count("warning: ") == 1


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("", "", []),
        ("carol", "zoe", ["block"]),
        # Without a ledger the policy set knows of no waivers but its own.
        ("ledger: sqlite:///ledger.db\n", "", ["block"]),
        ("sqlite:///ledger.db", "{url: sqlite:///ledger.db, gates: [release]}", ["block"]),
    ],
)
def test_preview_counts_what_would_count_today(plant, call, before, after, verdict):
    plant({**FILES, "policy.yaml": f"{FILES['policy.yaml']}modes: {{rows: observe}}\n"})
    assert call("check --gate run").code == 0
    plant({"policy.yaml": FILES["policy.yaml"]})
    grant()
    plant({"policy.yaml": FILES["policy.yaml"].replace(before, after)})
    document = json.loads(call("preview . --ledger sqlite:///ledger.db -o json").out)
    assert [one["new"] for one in document["decisions"]] == verdict
    assert document["summary"]["judged"] == 1
