from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from policy.gates.action.check import check
from policy.gates.action.main import main
from tests.gates.action.conftest import describe_request, read_outputs
from tests.gates.cli.conftest import STAGES, write_manifest, write_policy

SET = {
    "policy.yaml": "policy_set: 1\npolicies: [./policies]\n",
    **{
        f"policies/own/{effect}.yaml": write_policy(
            effect, f"when: {{stage: {stage}}}\nrequire: {{approach: rag}}\neffect: {effect}\n"
        )
        for stage, effect in STAGES.items()
    },
}
BAD = write_manifest("bad", "approach: fine-tuning\nstage: production\n")
# Stands for the Python that runs the command: prints what a plugin might, and what it is told of the runner's files.
TALKING = """\
#!/bin/sh
echo '::error::pwned'
echo '::set-output name=verdict::allow' >&2
env | grep -E '^GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY)=' && echo found
exit 0
"""


def write(files):
    """Write files into the workspace, which is the working folder."""
    for name, content in files.items():
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


def read_summary(environment):
    return Path(environment["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")


def test_the_step_ends_as_the_check_does_and_tells_what_came_of_it(given, capfd):
    environment = {**os.environ, **given()}
    write({**SET, "ml-manifest.yaml": BAD})
    assert check(environment) == 1
    outputs = read_outputs(environment)
    assert (outputs["verdict"], outputs["exit-code"], outputs["blocked"]) == ("block", "1", "1")
    assert json.loads(Path(outputs["sarif-file"]).read_bytes())["version"] == "2.1.0"
    assert Path(outputs["decisions-file"]).parent.parent == Path(environment["RUNNER_TEMP"])
    assert "comment-file" not in outputs
    assert "### Blocked: `bad`" in read_summary(environment)
    said = capfd.readouterr().out
    assert said.startswith("::stop-commands::")
    assert "::error file=ml-manifest.yaml,line=3," in said
    # The workspace is as it was.
    assert sorted(os.listdir()) == ["ml-manifest.yaml", "policies", "policy.yaml"]


def test_reports_go_where_the_workflow_wants_them(given):
    outputs = "json=decisions.json\nhtml=report.html"
    environment = {**os.environ, **given(INPUT_SARIF_FILE="policy.sarif", INPUT_OUTPUT=outputs, INPUT_SUMMARY="false")}
    write({**SET, "ml-manifest.yaml": BAD})
    assert check(environment) == 1
    assert read_outputs(environment)["sarif-file"] == os.path.abspath("policy.sarif")
    assert {"policy.sarif", "decisions.json", "report.html"} <= set(os.listdir())
    assert not Path(environment["GITHUB_STEP_SUMMARY"]).exists()


def test_a_report_that_cannot_be_written_is_annotated(given, capfd):
    environment = {**os.environ, **given(INPUT_SARIF_FILE="nowhere/policy.sarif", INPUT_COMMENT="true")}
    write({**SET, "ml-manifest.yaml": BAD})
    assert check(environment) == 2
    outputs = read_outputs(environment)
    assert outputs["verdict"] == "error"
    assert "sarif-file" not in outputs
    commands = [line for line in capfd.readouterr().out.splitlines() if line.startswith("::error")]
    assert len(commands) == 1
    assert "nowhere/policy.sarif" in commands[0]
    assert "nowhere/policy.sarif" in read_summary(environment)
    comment = Path(outputs["comment-file"]).read_text(encoding="utf-8")
    assert "nowhere/policy.sarif" in comment
    assert comment.splitlines()[-1].startswith("<!-- tunegate-run:")


def test_an_option_that_the_command_does_not_know_is_annotated(given, capfd):
    environment = {**os.environ, **given(INPUT_FAIL_ON="never")}
    write({**SET, "ml-manifest.yaml": BAD})
    assert check(environment) == 2
    assert "::error title=" in capfd.readouterr().out
    assert read_outputs(environment)["verdict"] == "error"


def test_a_comment_bears_the_mark_of_the_report_and_one_of_the_run(given):
    write({**SET, "ml-manifest.yaml": BAD})
    marks = []
    for gate in ("ci", "ci", "release"):
        environment = {**os.environ, **given(INPUT_COMMENT="true", INPUT_GATE=gate, GITHUB_JOB="check")}
        Path(environment["GITHUB_OUTPUT"]).unlink(missing_ok=True)
        assert check(environment) == 1
        lines = Path(read_outputs(environment)["comment-file"]).read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"<!-- tunegate:{gate}:")
        marks.append((lines[0], lines[-1]))
    assert marks[0] == marks[1]
    assert not set(marks[1]) & set(marks[2])


def test_nothing_that_is_printed_is_a_command_and_the_runners_files_are_not_at_hand(
    given, tmp_path, monkeypatch, capfd
):
    program = tmp_path / "talking"
    program.write_text(TALKING, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    files = dict.fromkeys(("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"), "somewhere")
    environment = {**os.environ, **given(**files)}
    # Whatever it ends with: without a report nothing was allowed.
    assert check(environment) == 70
    first, *lines = capfd.readouterr().out.splitlines()
    token = first.removeprefix("::stop-commands::")
    between, after = lines[: lines.index(f"::{token}::")], lines[lines.index(f"::{token}::") + 1 :]
    assert {"::error::pwned", "::set-output name=verdict::allow"} <= set(between)
    assert "found" not in between
    assert after == ["::error title=no verdict::`policy check` ended with 70 and no word why"]
    assert read_outputs(environment) == {"exit-code": "70", "verdict": "error"}


def test_the_jobs_settings_for_python_change_nothing(given):
    trap = "raise SystemExit('trapped')\n"
    write({**SET, "ml-manifest.yaml": BAD, "yaml.py": trap, "click.py": trap, "tunegate.py": trap, "policy.py": trap})
    environment = {**os.environ, **given(PYTHONPATH=os.getcwd(), PYTHONSTARTUP="yaml.py", PYTHONIOENCODING="ascii")}
    assert check(environment) == 1


def test_inputs_of_the_action_that_are_wrong_are_told_before_anything_is_judged(given, monkeypatch, capsys):
    environment = given(INPUT_SUMMARY="perhaps")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["check"]) == 2
    message = "the input `summary` is `perhaps`, which is neither true nor false"
    help_ = "help: write `true` or `false`, or leave it out"
    assert capsys.readouterr().out == f"::error title=wrong input::{message}%0A{help_}\n"
    assert read_outputs(environment) == {"verdict": "error", "exit-code": "2"}


def test_an_event_without_a_base_is_an_error(given, monkeypatch, capsys):
    for name, value in given("pull_request", describe_request(base={})).items():
        monkeypatch.setenv(name, value)
    assert main(["check"]) == 2
    assert "does not say which commit it is based on" in capsys.readouterr().out


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_bug_is_told_in_one_line(given, monkeypatch, capsys, debug):
    environment = given(RUNNER_TEMP="/nowhere/at/all", POLICY_DEBUG=debug)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["check"]) == 70
    out, err = capsys.readouterr()
    assert out.startswith("::error title=a bug in tunegate::FileNotFoundError: ")
    assert out.count("\n") == 1
    assert ("Traceback" in err) is bool(debug)
    assert read_outputs(environment) == {"verdict": "error", "exit-code": "70"}
