"""Reports of `policy check`: every format, where it goes, and what is refused before anything is judged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from policy.app.bench import Bench
from policy.gates.cli.check import command
from policy.reports.builtin import reporters
from tests.gates.cli.conftest import write_manifest
from tests.reports.runner import obey

FORMATS = sorted(reporters())
HOSTILE = '"<script>alert(1)</script>\\n::error::owned ##[add-mask]x | @everyone =cmd \\e[31m\\u202e\\0"'


@pytest.fixture
def hostile(stages, plant):
    """A project whose name and values are hostile, in a folder that is."""
    stages({"blocked": "production"})
    manifest = write_manifest(HOSTILE, f"approach: fine-tuning\nstage: production\nmodel: {{base: {HOSTILE}}}\n")
    return plant({"::error::owned/ml-manifest.yaml": manifest, "##[error]x/ml-manifest.yaml": "[]"})


def test_help_names_every_format():
    (option,) = [parameter for parameter in command.params if parameter.name == "outputs"]
    said = getattr(option, "help", "")
    named = said.partition("(")[2].partition(")")[0].split(", ")
    assert sorted(named) == FORMATS


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_holds_what_standard_output_would(form, stages, call, tmp_path):
    stages({"blocked": "production", "fine": "retired"})
    line = f"check --effective-time 2027-01-01 --output {form}"
    shown = call(line)
    written = call(f"{line}=report --output text")
    assert shown.code == written.code == 1
    assert (tmp_path / "report").read_bytes().decode().replace("\r\n", "\n") == shown.out.replace("\r\n", "\n")
    assert shown.out.endswith("\n")


def test_all_formats_come_of_one_run(stages, call, tmp_path):
    stages({"blocked": "production"})
    assert call(f"check {' '.join(f'-o {form}=out.{form}' for form in FORMATS)}").code == 1
    assert sorted(path.name for path in tmp_path.glob("out.*")) == sorted(f"out.{form}" for form in FORMATS)
    assert all("blocked" in path.read_text(encoding="utf-8") for path in tmp_path.glob("out.*"))


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("form", FORMATS)
def test_no_project_makes_a_command_in_a_log(form, call):
    result = call(f"check --output {form}")
    assert result.code == 2
    commands = obey(f"{result.out}\n{result.err}")
    assert not [found for found in commands if found.name not in ("error", "warning", "notice")]
    assert (commands != []) == (form == "github")
    assert not [found for found in commands if found.data.startswith("owned")]


@pytest.mark.parametrize("form", ["csv", "github", "junit", "markdown"])
def test_several_processes_give_every_format_as_one_does(form, stages, call, monkeypatch):
    monkeypatch.setattr("policy.app.checking.CHUNK", 2)
    stages({f"p{number}": "production" for number in range(12)})
    one, two = (call(f"check --effective-time 2027-01-01 --output {form} --jobs {jobs}") for jobs in (1, 2))
    assert one == two


@pytest.fixture
def unjudged(monkeypatch):
    """Judging anything fails the test."""

    def refuse(*_: object) -> None:
        raise AssertionError("something was judged")

    monkeypatch.setattr(Bench, "work_on", refuse)


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ("-o sraif=x", "there is no report format `sraif`"),
        ("-o text -o jnuit=x", "there is no report format `jnuit`"),
        ("-o =x", "there is no report format ``"),
        ("-o junit=", "`--output junit=` names no file"),
        ("-o json=missing/x", "cannot be written to `missing/x`: No such file"),
        ("-o text -o csv=fine", "`fine` is a folder"),
        ("-o json=policy.yaml/x", "Not a directory"),
        ("-o json=x -o csv=./x", "two reports go to the same place"),
        ("-o json=x -o csv=link", "two reports go to the same place"),
        ("-o json -o csv", "two reports go to the same place"),
        ("-o json=fine/ml-manifest.yaml", "would overwrite"),
        ("-o json=policy.yaml", "would overwrite"),
        ("-o json=away/x", "leads out of the repository through a link"),
        ("-o json=stolen", "leads out of the repository through a link"),
    ],
)
@pytest.mark.usefixtures("unjudged")
def test_what_cannot_be_written_is_refused_before_anything_is_judged(outputs, said, stages, call, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    root = stages({"fine": "retired"})
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    (root / "link").symlink_to("x")
    (root / "away").symlink_to(outside)
    (root / "stolen").symlink_to(outside / "stolen")
    before = sorted(root.rglob("*"))
    result = call(f"check {outputs}")
    assert result.code == 2
    assert said in result.err
    assert "help: " in result.err
    assert sorted(root.rglob("*")) == before
    assert list(outside.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_is_no_pass(form, stages, call):
    stages({"fine": "retired"})
    result = call(f"check -o {form}=/dev/full")
    assert result.code == 2
    assert "the report cannot be written to `/dev/full`: No space left on device" in result.err


def test_two_jobs_that_write_one_report_leave_a_whole_one(stages, tmp_path):
    root = stages({f"p{number}": "production" for number in range(20)})
    program = [sys.executable, "-m", "tunegate", "check", "--effective-time", "2027-01-01", "-o", "junit=report.xml"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    jobs = [subprocess.Popen(program, cwd=root, env=environment) for _ in range(4)]
    assert [job.wait() for job in jobs] == [1, 1, 1, 1]
    text = (root / "report.xml").read_text(encoding="utf-8")
    assert text.endswith("</testsuites>\n")
    assert text.count("<testsuite ") == 20
    assert not list(tmp_path.glob("*.part-*"))


def test_an_area_is_the_class_of_a_test_case(stages, call):
    stages({"blocked": "production"})
    assert '<testcase classname="own" name="block">' in call("check -o junit").out


def test_commands_go_to_a_comment_of_their_own(stages, call):
    stages({"blocked": "production"})
    lines = ["check", "check --gate ci", "check blocked", "check --fail-on flag"]
    marks = [call(f"{line} -o markdown").out.splitlines()[0] for line in lines]
    assert all(mark.startswith("<!-- tunegate:") for mark in marks)
    assert marks[0] == marks[3]
    assert len(set(marks)) == 3
