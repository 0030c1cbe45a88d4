from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.gates.action.arguments import Reports, choose_revision, list_arguments, place_reports
from policy.gates.action.event import Event
from policy.gates.action.inputs import Inputs
from tests.gates.action.conftest import BASE

REPORTS = Reports("d.json", "a.txt", "r.md", "p.sarif")
PUSH, REQUEST = Event("push"), Event("pull_request", True, BASE, 7)
QUEUE, STRANGE = Event("merge_group", True, BASE), Event("pull_request", True)
OWN = ("--output=text", "--output=json=d.json", "--output=sarif=p.sarif", "--output=github=a.txt")


def test_only_the_gate_is_said_where_nothing_is_asked_for():
    arguments = list_arguments(Inputs(), "", REPORTS)
    assert arguments == ["check", "--gate=ci", *OWN, "--output=markdown=r.md", "--", "."]


def test_all_that_is_asked_for_is_said():
    inputs = Inputs(
        paths=("a", "--help"),
        outputs=("junit=j.xml",),
        gate="release",
        config_file="-c",
        fail_on="hold",
        baseline="known.json",
        changed_since="v1",
        summary=False,
    )
    assert list_arguments(inputs, BASE, REPORTS) == [
        "check",
        "--gate=release",
        "--config=-c",
        "--fail-on=hold",
        "--baseline=known.json",
        f"--policies-from={BASE}",
        "--changed-since=v1",
        "--output=text",
        "--output=junit=j.xml",
        *OWN[1:],
        "--",
        "a",
        "--help",
    ]


@pytest.mark.parametrize(
    ("outputs", "shown"),
    [((), ["text"]), (("short",), ["short"]), (("json=a", "html=b"), ["text"]), (("github",), ["github"])],
)
def test_the_log_has_one_report(outputs, shown):
    arguments = list_arguments(Inputs(outputs=outputs), "", REPORTS)
    formats = [argument.removeprefix("--output=") for argument in arguments if argument.startswith("--output=")]
    assert [name for name in formats if "=" not in name] == shown


def test_a_comment_needs_the_report_even_without_a_summary():
    assert "--output=markdown=r.md" in list_arguments(Inputs(summary=False, comment=True), "", REPORTS)


def test_reports_are_placed_outside_the_workspace_unless_a_place_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reports = place_reports("/runner", Inputs())
    assert {path.rpartition("/")[0] for path in reports} == {"/runner"}
    assert len(set(reports)) == 4
    named = place_reports("/runner", Inputs(sarif_file="out/policy.sarif"))
    assert named == reports._replace(sarif=str(tmp_path / "out/policy.sarif"))


@pytest.mark.parametrize(
    ("asked", "config", "event", "revision"),
    [
        ("", "", PUSH, ""),
        ("", "", REQUEST, BASE),
        ("", "", QUEUE, BASE),
        ("origin/main", "", PUSH, "origin/main"),
        ("origin/main", "", REQUEST, "origin/main"),
        ("none", "", REQUEST, ""),
        ("none", "", STRANGE, ""),
        ("origin/main", "", STRANGE, "origin/main"),
        ("", "sets/policy.yaml", REQUEST, BASE),
        ("", "../work/policy.yaml", REQUEST, BASE),
        ("", "../policies/policy.yaml", REQUEST, ""),
        ("", "../workspace/policy.yaml", REQUEST, ""),
        ("", "/etc/policy.yaml", REQUEST, ""),
        # What leads out of the workspace is as much the proposal's as the workspace is.
        ("", "link/policy.yaml", REQUEST, BASE),
        ("", "/etc/policy.yaml", STRANGE, ""),
    ],
)
def test_who_judges(tmp_path, monkeypatch, asked, config, event, revision):
    workspace = tmp_path / "work"
    workspace.mkdir()
    (workspace / "link").symlink_to("/etc")
    monkeypatch.chdir(workspace)
    inputs = Inputs(policies_from=asked, config_file=config)
    assert choose_revision(inputs, event, str(workspace)) == revision


def test_a_proposal_is_never_judged_by_itself_because_its_base_is_not_known(tmp_path):
    with pytest.raises(PolicyError, match="the event `pull_request` does not say which commit it is based on"):
        choose_revision(Inputs(), STRANGE, str(tmp_path))


@pytest.mark.parametrize(
    ("baseline", "asked", "event", "refused"),
    [
        ("known.json", "", REQUEST, True),
        ("known.json", "", QUEUE, True),
        ("known.json", "none", REQUEST, False),
        ("known.json", "", PUSH, False),
        ("/etc/known.json", "", REQUEST, False),
        ("", "", REQUEST, False),
    ],
)
def test_beside_a_policy_set_outside_a_proposal_brings_no_baseline(
    tmp_path, monkeypatch, baseline, asked, event, refused
):
    monkeypatch.chdir(tmp_path)
    inputs = Inputs(config_file="/etc/policy.yaml", baseline=baseline, policies_from=asked)
    if not refused:
        assert choose_revision(inputs, event, str(tmp_path)) == ""
        return
    with pytest.raises(PolicyError, match="where the change may edit it"):
        choose_revision(inputs, event, str(tmp_path))
