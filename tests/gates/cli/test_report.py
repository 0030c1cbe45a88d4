"""`policy report`: what is written where, and what it ends with."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policy.gates.cli.main import main
from tests.app.auditing.history import keep_quarter

PERIOD = "--since 2026-08-01 --until 2026-10-31 --effective-time 2026-11-01"


@pytest.fixture
def report(call, tmp_path):
    """Call `policy report` on a copy of the quarter's ledger, projects beside it."""
    shutil.copytree(keep_quarter().folder, tmp_path, dirs_exist_ok=True)

    def run(line):
        return call(f"report --ledger sqlite:///ledger.db {line}")

    return run


def test_a_report_in_every_format(report, tmp_path):
    files = " ".join(f"--output {name}=report.{name}" for name in ("html", "csv", "markdown", "json"))
    result = report(f"{PERIOD} {files} --output csv:chain=chain.csv")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "report.markdown").read_text().startswith("# Audit report")
    assert (tmp_path / "report.csv").read_text().startswith("table,item,value")
    assert (tmp_path / "chain.csv").read_text().startswith("requirements,policy,")
    assert json.loads((tmp_path / "report.json").read_text())["counts"]["decisions"]["all"] == 16
    assert list(tmp_path.glob("*.part-*")) == []


def test_by_default_it_is_markdown_on_standard_output(report):
    assert report(PERIOD).out.startswith("# Audit report\n\nPolicy decisions from 2026-08-01 up to 2026-11-01")


def test_exported_again_it_is_the_same_also_when_the_ledger_has_grown(report, tmp_path):
    report(f"{PERIOD} --output html=first.html --output json=first.json --output csv=first.csv")
    size = json.loads((tmp_path / "first.json").read_text())["ledger"]["size"]
    history = type(keep_quarter())(tmp_path)
    history.now = keep_quarter().now
    history.judge("reply")
    again = "--output html=again.html --output json=again.json --output csv=again.csv"
    report(f"{PERIOD} --entries {size} {again}")
    for form in ("html", "json", "csv"):
        first, second = (tmp_path / f"{name}.{form}" for name in ("first", "again"))
        assert first.read_bytes() == second.read_bytes()
    grown = json.loads(report(f"{PERIOD} --output json").out)
    assert grown["counts"]["decisions"]["all"] == 17


def test_the_command_that_a_report_names_makes_it_again(report, call, tmp_path):
    report(f"{PERIOD} --team support-ml --policy lasting-data --output html=first.html")
    text = (tmp_path / "first.html").read_text()
    command = text.partition("<code>policy report ")[2].partition("</code>")[0]
    assert call(f"report {command}").code == 0
    assert (tmp_path / "again.html").read_text() == text


@pytest.mark.usefixtures("report")
def test_the_ledger_of_the_policy_set_is_the_default(call, tmp_path):
    (tmp_path / "policy.yaml").write_text("policy_set: 1\nledger: sqlite:///ledger.db\n")
    assert "16 decisions about 4 projects" in call(f"report {PERIOD}").out


def test_without_a_ledger_or_paths_there_is_nothing_to_report_on(call):
    result = call("report")
    assert result.code == 2
    assert "there is no policy set, which would name a ledger" in result.err
    assert "or folders whose projects are judged now" in result.err


def test_manifests_alone(call, plant):
    plant({"a/ml-manifest.yaml": "manifest: 1\nproject: a\napproach: rag\nowner: {team: x}\n"})
    document = json.loads(call("report . --effective-time 2026-11-01 --output json").out)
    assert document["counts"]["decisions"] == {"all": 1, "recorded": 0, "judged": 1}
    assert document["ledger"] is None
    assert document["scope"]["gate"] == "check"
    assert document["projects"][0]["team"] == "x"


def test_what_cannot_be_judged_ends_with_2_and_stands_in_the_report(call, plant):
    plant(
        {
            "a/ml-manifest.yaml": "manifest: 1\nproject: a\napproach: rag\n",
            "b/ml-manifest.yaml": "manifest: 1\nproject: b\naproach: rag\n",
        }
    )
    result = call("report . --effective-time 2026-11-01 --output json")
    assert result.code == 2
    assert "aproach" in result.err
    assert [one["name"] for one in json.loads(result.out)["not_judged"]] == ["b/ml-manifest.yaml"]


@pytest.mark.parametrize("filters", ["--team nobody", "--project nobody", "--policy nobody", "--framework nobody"])
def test_nothing_in_scope_is_no_pass(report, filters):
    result = report(f"{PERIOD} {filters}")
    assert result.code == 3
    assert "Nothing is in scope" in result.out
    assert "nothing is in scope: there is no decision from 2026-08-01T00:00:00Z up to 2026-11-01" in result.err
    option, name = filters.split()
    assert f"warning: `{option}`: there is no {option[2:]} `{name}` in the period" in result.err


@pytest.mark.parametrize(
    ("filters", "code", "nearest"),
    [
        ("--policy lasting-dta", 3, "lasting-data"),
        ("--team suport-ml", 3, "support-ml"),
        ("--framework eu-ai-atc", 3, "eu-ai-act"),
        ("--project reply-tne", 3, "reply-tone"),
        ("--policy lasting-data --policy ownr-named", 0, "owner-named"),
    ],
)
def test_a_misspelt_name_is_said_with_the_nearest(report, filters, code, nearest):
    result = report(f"{PERIOD} {filters}")
    assert result.code == code
    assert f"`{filters.split()[-1]}` in the period\n  help: write `{nearest}`" in result.err


def test_names_that_are_there_are_not_misspelt(report):
    """Nor where nothing of the period is about them, or there is nothing at all."""
    for line in (
        f"{PERIOD} --policy lasting-data --team support-ml --framework eu-ai-act",
        f"{PERIOD} --project '*tone'",
    ):
        assert "warning: `--" not in report(line).err
    assert "warning: `--" not in report("--until 2020-01-01 --policy lasting-dta").err


def test_nothing_below_a_path_is_no_pass(call, tmp_path):
    (tmp_path / "empty").mkdir()
    result = call("report empty --effective-time 2026-11-01")
    assert result.code == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--output pdf", "there is no format `pdf`"),
        ("--output jsn", "write `json`"),
        ("--output csv:chian=x.csv", "write `chain`"),
        ("--output html:chain=x.html", "there is no format `html:chain`"),
        ("--output json --output csv", "two reports go to the same place"),
        ("--since soon", "`--since`: `soon` is neither a time nor a length"),
        ("--since 2026-10-02 --until 2026-10-01", "is empty"),
        ("--entries 0", "--entries"),
        ("--rows 0", "--rows"),
        ("--output html=nowhere/report.html", "cannot be written"),
        ("--output json=ledger.db", "the report would overwrite `ledger.db`"),
        ("--output json=ledger.db-wal", "the report would overwrite"),
    ],
)
def test_what_is_called_wrongly(report, line, message):
    result = report(line)
    assert result.code == 2
    assert message in result.err
    assert result.out == ""


def test_a_report_takes_the_place_of_no_manifest(call, plant):
    file = plant({"a/ml-manifest.yaml": "manifest: 1\nproject: a\napproach: rag\n"}) / "a/ml-manifest.yaml"
    before = file.read_bytes()
    result = call("report a --output json=a/ml-manifest.yaml")
    assert result.code == 2
    assert file.read_bytes() == before


def test_a_ledger_that_is_not_there(call):
    result = call("report --ledger sqlite:///gone.db")
    assert result.code == 2
    assert "there is no ledger" in result.err
    assert not Path("gone.db").exists()


WAIVING = """\
policy_set: 1
policies: [policies]
ledger: sqlite:///ledger.db
waiver_rules: {approvers: {default: [mail]}}
approvals: {roles: {leads: [mail]}}
"""


def test_who_granted_a_waiver_for_somebody_else_is_named_everywhere(call, plant, monkeypatch, tmp_path):
    policy = "policy: a\ntitle: A\nseverity: low\nrequire: {approach: rag}\neffect: {default: block}\n"
    manifest = "manifest: 1\nproject: bot\napproach: fine-tuning\nowner: {team: s}\n"
    plant({"policy.yaml": WAIVING, "policies/a.yaml": policy, "ml-manifest.yaml": manifest})

    def act(who, *line):
        monkeypatch.setattr("policy.app.approvals.identity.identify_user", lambda: f"os:{who}@desk")
        assert main(list(line)) in ({0, 1, 4} if line[0] == "check" else {0})

    act("dave", "ledger", "init")
    ends = (datetime.now(UTC) + timedelta(days=9)).date()
    act("mail", "approvals", "delegate", "os:games@desk", "--until", f"{ends}")
    for project in ("bot", "other"):
        about = f"--project {project} --reason r --expires {ends} --owner s".split()
        act("dave", "approvals", "waive", "a", *about)
        listed = json.loads(call("approvals list -o json").out)["requests"]
        (request,) = [one for one in listed if one["state"] == "pending"]
        act("games", "approvals", "approve", request["id"])
    act("dave", "check", "--gate", "ci")
    assert call("report -o markdown=r.md -o csv=r.csv -o json=r.json -o html=r.html").code == 0
    document = json.loads((tmp_path / "r.json").read_text())
    assert len(document["waivers"]) == 2
    for one in document["waivers"]:
        assert re.fullmatch(r"os:games@desk \(p-\w+\) for os:mail@desk \(p-\w+\), by request r-\w+", one["approved_by"])
    for one in document["approvals"]:
        assert re.fullmatch(r"os:games@desk \(p-\w+\) for os:mail@desk \(p-\w+\)", one["decided_by"])
    for form in ("md", "csv", "html"):
        assert len(re.findall(r"\) for os:mail@", (tmp_path / f"r.{form}").read_text().replace("&#8203;", ""))) == 4
