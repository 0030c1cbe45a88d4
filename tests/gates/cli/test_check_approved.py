"""`policy check` of what passes by an approval: every report says who gave it, and none of them shows a failure."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest

from policy.gates.cli.main import main

SET = """\
policy_set: 1
policies: [policies]
ledger: sqlite:///ledger.db
approvals:
  roles: {leads: [alice, bob], on-call: [carol]}
  rules: [{gates: [ci, run], roles: [leads], quorum: 2}]
  break_glass: {roles: [on-call], longest: 4h}
"""
POLICIES = {
    "policies/volatile-data.yaml": "policy: volatile-data\ntitle: On data that lasts\nseverity: critical\n"
    "require: {data.change_interval: {at_least: 30d}}\neffect: {default: hold}\n",
    "policies/base-license.yaml": "policy: base-license\ntitle: A licence that is known\nseverity: high\n"
    "require: {model.license: {one_of: [mit]}}\neffect: {default: hold}\non_unknown: same\n",
}
MANIFEST = "manifest: 1\nproject: support-bot\napproach: fine-tuning\nowner: {team: s}\ndata: {change_interval: 7d}\n"
HELD = ["base-license", "volatile-data"]
FORMATS = ("text", "short", "json", "sarif", "junit", "github", "gitlab", "markdown", "html", "csv")


@pytest.fixture
def act(plant, monkeypatch, capsys):
    """Somebody calls the command; exit code and what it printed."""
    plant({"policy.yaml": SET, "ml-manifest.yaml": MANIFEST, **POLICIES})

    def run(who, line):
        monkeypatch.setattr("policy.app.approvals.identity.identify_user", lambda: f"os:{who}@desk")
        capsys.readouterr()
        code = main(line.split())
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def request_id(act):
    """A request that two people have approved."""
    found = re.findall(r"r-[a-z2-7]+", act("dave", "approvals ask")[1])[0]
    for who in ("alice", "bob"):
        assert act(who, f"approvals approve {found}")[0] == 0
    return found


def read_formats(act, tmp_path, line="check --gate run"):
    outputs = " ".join(f"-o {form}=out.{form}" for form in FORMATS)
    code, _, err = act("dave", f"{line} {outputs}")
    return code, err, {form: (tmp_path / f"out.{form}").read_text() for form in FORMATS}


def test_every_report_says_who_let_it_pass(act, request_id, tmp_path):
    code, _, texts = read_formats(act, tmp_path)
    assert code == 0
    for form in set(FORMATS) - {"json", "short"}:
        text = re.sub(r"<[^>]*>|&#8203;|\s+", " ", texts[form]).replace("@ ", "@")
        assert re.search(rf"approved by os:alice@desk and os:bob@desk until 20\S+Z \(request {request_id}\)", text)
    assert texts["short"].count(": approved[") == 2
    (decision,) = json.loads(texts["json"])["decisions"]
    assert (decision["verdict"], decision["approved"]["policies"]) == ("allow", HELD)
    told = [(yes["by"], yes["request"], yes["overridden"]) for yes in decision["approved"]["by"]]
    assert told == [("os:alice@desk", request_id, False), ("os:bob@desk", request_id, False)]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", decision["approved"]["by"][0]["until"])


@pytest.mark.usefixtures("request_id")
def test_no_report_shows_a_failure(act, tmp_path):
    _, _, texts = read_formats(act, tmp_path)
    suite = ET.fromstring(texts["junit"]).find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "2")
    assert "::error" not in texts["github"]
    assert {issue["severity"] for issue in json.loads(texts["gitlab"])} == {"info"}
    results = json.loads(texts["sarif"])["runs"][0]["results"]
    assert all(one["level"] in {"note", "none"} for one in results)
    assert {one["ruleId"] for one in results if "suppressions" in one} == set(HELD)
    assert "**hold**" not in texts["markdown"]
    summary = json.loads(texts["json"])["summary"]
    assert (summary["effects"]["hold"], summary["kept_back"]["hold"]) == (0, 2)


@pytest.mark.usefixtures("request_id")
def test_the_record_is_that_of_the_judge_and_replays(act):
    assert act("dave", "check --gate run")[0] == 0
    code, out, _ = act("dave", "ledger list --type decision --last 1 -o json")
    (entry,) = json.loads(out)["entries"]
    recorded = json.loads(act("dave", f"ledger show {entry['seq']} -o json")[1])["payload"]["decision"]
    assert code == 0
    assert {one["policy"]: one["effect"] for one in recorded["outcomes"]} == dict.fromkeys(HELD, "hold")
    assert "approved" not in recorded
    assert act("dave", f"ledger replay {entry['seq']}")[0] == 0


def test_a_baseline_does_not_bring_back_what_is_approved(act, tmp_path):
    found = re.findall(r"r-[a-z2-7]+", act("dave", "approvals ask --gate ci")[1])[0]
    for who in ("alice", "bob"):
        assert act(who, f"approvals approve {found}")[0] == 0
    (tmp_path / "ml-manifest.yaml").write_text(MANIFEST.replace("7d", "90d"))
    assert act("dave", "baseline --gate ci")[0] == 0
    (tmp_path / "ml-manifest.yaml").write_text(MANIFEST)
    assert act("dave", "check --gate ci --baseline .policy-baseline.json")[0] == 0


def test_before_the_second_yes_it_is_held_as_ever(act, tmp_path):
    found = re.findall(r"r-[a-z2-7]+", act("dave", "approvals ask")[1])[0]
    assert act("alice", f"approvals approve {found}")[0] == 0
    code, _, texts = read_formats(act, tmp_path)
    assert code == 4
    assert json.loads(texts["json"])["decisions"][0]["approved"] is None
    assert "approved" not in texts["junit"]


def test_broken_glass_is_called_what_it_is(act, tmp_path):
    found = re.findall(r"r-[a-z2-7]+", act("dave", "approvals ask")[1])[0]
    assert act("carol", f"approvals break-glass {found} --reason outage --for 1h")[0] == 0
    code, err, texts = read_formats(act, tmp_path)
    assert code == 0
    assert "BROKE THE GLASS" in err
    (yes,) = json.loads(texts["json"])["decisions"][0]["approved"]["by"]
    assert (yes["by"], yes["overridden"]) == ("os:carol@desk", True)
    assert re.search(rf"passes because os:carol@desk broke\s+the glass until \S+ \(request\s+{found}\)", texts["text"])
