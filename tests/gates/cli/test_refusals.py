"""Reports of a run that ends before anything is judged: each says so in its own way, and none looks like a pass."""

from __future__ import annotations

import csv
import json
import subprocess

import pytest

from policy.gates.cli.refusals import SPOKEN
from policy.reports.builtin import reporters
from policy.reports.contract import Decisions
from tests.gates.cli.conftest import SET, write_manifest
from tests.reports import test_gitlab_report, test_junit_report
from tests.reports.runner import obey
from tests.reports.sarif_checks import read_run

FORMATS = sorted(reporters())
HOSTILE = '"<script>alert(1)</script>\\n::error::owned ##[add-mask]x | @everyone =cmd \\e[31m\\u202e"'
MANIFEST = write_manifest("fine", "approach: rag\n")
BROKEN = "policy_set: 1\nno_such_key: 1\n"
SAID = "there is no key `no_such_key`"


@pytest.fixture
def refused(plant, call):
    """What is written in a format where the policy set is broken, after what a run before has left there."""
    plant({"policy.yaml": BROKEN, "fine/ml-manifest.yaml": MANIFEST, "report": "from a run before"})

    def read(form: str, line: str = "check", code: int = 2) -> str:
        result = call(f"{line} --output {form}=report")
        assert result.code == code
        assert result.out == ""
        with open("report", encoding="utf-8", newline="") as stream:
            return stream.read()

    return read


@pytest.mark.parametrize("form", FORMATS)
def test_the_report_on_standard_output_is_that_of_a_file(form, refused, call):
    text = refused(form).replace("\r\n", "\n")
    result = call(f"check --output {form}")
    assert result.out.replace("\r\n", "\n") == ("" if form in SPOKEN else text)
    assert result.err.startswith(f"error: policy.yaml:2:1: {SAID}")
    assert "judged by policy.yaml" not in text


def test_json(refused):
    document = json.loads(refused("json"))
    Decisions.model_validate(document)
    (error,) = document["errors"]
    assert (error["message"], error["location"]["file"], error["location"]["line"]) == (SAID, "policy.yaml", 2)
    assert (document["decisions"], document["summary"]["subjects"]) == ([], 0)


@pytest.mark.parametrize(("line", "code"), [("check", 2), ("check --config gone.yaml", 2)])
def test_sarif(refused, line, code):
    run = read_run(refused("sarif", line, code))
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"], run["results"]) == (False, code, [])
    (note,) = invocation["toolExecutionNotifications"]
    assert note["level"] == "error"


def test_junit(refused):
    text = refused("junit")
    assert test_junit_report.list_results(text) == {f"policy.yaml:2:1: {SAID}": ("error", "error")}
    assert test_junit_report.read(text)[0].get("errors") == "1"


def test_gitlab(refused):
    (issue,) = test_gitlab_report.read(refused("gitlab"))
    assert (issue["severity"], issue["location"]) == ("blocker", {"path": "policy.yaml", "lines": {"begin": 2}})


def test_github(refused):
    (command,) = obey(refused("github"))
    assert (command.name, command.properties["file"], command.properties["line"]) == ("error", "policy.yaml", "2")
    assert command.data.startswith(SAID)


def test_csv(refused):
    (row,) = csv.DictReader(refused("csv").splitlines())
    assert (row["outcome"], row["message"], row["file"], row["line"]) == ("input error", SAID, "policy.yaml", "2")


def test_html(refused):
    page = refused("html")
    assert "Nothing was judged." in page
    assert "there is no key <code>no_such_key</code>" in page
    assert "No policies could be read, so nothing was judged" in page
    # There is no policy set that a digest could be of.
    assert "Its digest" not in page


def test_a_comment_takes_the_place_of_the_one_of_a_run_that_judges(refused, call, plant):
    text = refused("markdown")
    assert "## Policies: nothing was judged" in text
    assert SAID in text
    assert call("check --output markdown --config gone.yaml").out.splitlines()[0] != text.splitlines()[0]
    plant({"policy.yaml": "policy_set: 1\n"})
    assert call("check --output markdown").out.splitlines()[0] == text.splitlines()[0]


@pytest.mark.parametrize("name", ["policy.yaml", "pyproject.toml"])
def test_a_comment_is_found_again_from_a_folder_below(name, call, plant, tmp_path, monkeypatch):
    table = {"policy.yaml": "policy_set: 1\n", "pyproject.toml": '[tool.policy]\npolicy_set = 1\nname = "a"\n'}[name]
    plant({name: table, "x/fine/ml-manifest.yaml": MANIFEST, "x/pyproject.toml": '[project]\nname = "policy"\n'})
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path / "x")
    first = call("check --output markdown").out.splitlines()[0]
    plant({name: table + ("no_such_key: 1\n" if name == "policy.yaml" else "no_such_key = 1\n")})
    monkeypatch.chdir(tmp_path / "x")
    again = call("check --output markdown")
    assert again.code == 2
    assert again.out.splitlines()[0] == first


REFUSALS = {
    "a path that is not there": ("check gone", {}, "there is no `gone`", 2),
    "no policies at the gate": ("check --gate run", {"policy.yaml": SET}, "no policy is judged at the gate `run`", 3),
    "nothing to judge": ("check empty", {"empty/notes.txt": ""}, "there is nothing to judge in empty", 3),
    "no repository": ("check --policies-from main", {}, "is no git repository, which a revision could be of", 2),
    "no such baseline": ("check --baseline gone.json", {}, "gone.json", 2),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", REFUSALS)
def test_whatever_keeps_a_run_from_judging_is_in_every_format(name, form, call, plant):
    line, files, said, code = REFUSALS[name]
    plant({"policies/a.yaml": "policy: a\ntitle: A\nseverity: low\nrequire: {approach: rag}\neffect: {ci: flag}\n"})
    plant({"fine/ml-manifest.yaml": MANIFEST, **files})
    result = call(f"{line} --output {form}=report")
    assert result.code == code
    with open("report", encoding="utf-8") as stream:
        text = stream.read()
    if form in SPOKEN:
        assert text == "nothing was judged · 1 problem with the input (on standard error)\n"
        return
    shown = text.replace("<code>", "`").replace("</code>", "`").replace("\\`", "`")
    assert said.split("`")[0].strip() in shown
    if form == "sarif":
        (invocation,) = read_run(text)["invocations"]
        assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, code)


def test_nothing_touched_is_a_run_that_went_well(plant, call, tmp_path):
    plant({"fine/ml-manifest.yaml": MANIFEST})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    result = call("check --changed-since HEAD --output sarif=report")
    assert result.code == 0
    (invocation,) = read_run((tmp_path / "report").read_text(encoding="utf-8"))["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 0)


def test_a_format_of_a_plugin_has_no_report_where_the_plugins_are_not_known(plant, call, tmp_path):
    plant({"policy.yaml": BROKEN})
    result = call("check --output ours=report --output json=report.json")
    assert result.code == 2
    assert not (tmp_path / "report").exists()
    assert json.loads((tmp_path / "report.json").read_bytes())["errors"]


def test_an_unknown_format_is_in_the_others(plant, call, tmp_path):
    plant({"fine/ml-manifest.yaml": MANIFEST})
    assert call("check --output jnuit=report --output json=report.json").code == 2
    (error,) = json.loads((tmp_path / "report.json").read_bytes())["errors"]
    assert error["message"] == "there is no report format `jnuit`"


@pytest.mark.parametrize(
    ("outputs", "kept", "said"),
    [
        ("-o json=policy.yaml", "policy.yaml", ""),
        ("-o json=policies/a.yaml", "policies/a.yaml", ""),
        ("-o json=fine/ml-manifest.yaml", "fine/ml-manifest.yaml", ""),
        ("-o json=fine/train.py", "fine/train.py", "would overwrite `fine/train.py`"),
        ("-o json=away/x", "", "leads out of the repository through a link"),
        ("-o json=missing/x", "", "cannot be written to `missing/x`"),
        ("-o json=fine", "", "`fine` is a folder"),
    ],
)
def test_no_report_takes_the_place_of_an_input_or_leaves_the_repository(
    outputs, kept, said, plant, call, tmp_path, tmp_path_factory
):
    outside = tmp_path_factory.mktemp("outside")
    files = {"policy.yaml": BROKEN, "policies/a.yaml": "policy: a\n", "fine/ml-manifest.yaml": MANIFEST}
    files |= {"fine/train.py": "import trl\n"}
    plant(files)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "away").symlink_to(outside)
    result = call(f"check -o junit=sound.xml {outputs}")
    assert result.code == 2
    assert SAID in result.err
    assert said in result.err
    assert list(outside.iterdir()) == []
    assert (tmp_path / "sound.xml").exists()
    assert not kept or (tmp_path / kept).read_text(encoding="utf-8") == files[kept]
    assert not list(tmp_path.rglob("*.part-*"))


@pytest.mark.parametrize("form", FORMATS)
def test_no_name_makes_a_command_or_markup(form, call, plant):
    plant({"policy.yaml": f"policy_set: 1\npolicies: [{HOSTILE}]\n{HOSTILE}: 1\n", "fine/ml-manifest.yaml": MANIFEST})
    result = call(f"check --output {form}")
    assert result.code == 2
    commands = obey(f"{result.out}\n{result.err}")
    assert {command.name for command in commands} <= {"error"}
    assert (commands != []) == (form == "github")
    assert not [command for command in commands if command.data.startswith("owned")]
    assert "\x1b" not in result.out + result.err
    assert "\u202e" not in result.out + result.err
    assert form not in ("html", "junit") or "<script>" not in result.out
