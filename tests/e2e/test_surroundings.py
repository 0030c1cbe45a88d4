"""What the command is called in: no home, no git, no folder; a hostile repository; a user who has had enough."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

GOOD = "manifest: 1\nproject: good\napproach: rag\n"


@pytest.mark.parametrize("settings", [{"HOME": ""}, {"HOME": "/nowhere"}, {"PATH": ""}, {"PATH": "/nowhere"}])
def test_it_needs_neither_a_home_nor_git(settings, plant, policy):
    plant({"ml-manifest.yaml": GOOD})
    result = policy("check", env=settings)
    assert result.out.startswith("allow  good  ml-manifest.yaml")
    assert result.err == ""
    assert result.code == 0


def test_it_needs_no_environment_at_all(plant, policy):
    plant({"ml-manifest.yaml": GOOD})
    policy.environment = {"PYTHONPATH": policy.environment["PYTHONPATH"]}
    assert policy("check").code == 0


def test_a_repository_without_git_is_walked_and_that_is_said(plant, policy):
    plant({".git/HEAD": "", "ml-manifest.yaml": GOOD})
    result = policy("check", env={"PATH": "/nowhere"})
    assert len(result.headlines) == 1
    assert result.headlines[0].startswith("warning: git cannot list the files of this repository (git is not installed")
    assert result.out.startswith("allow  good")
    assert result.code == 0


@pytest.mark.parametrize("call", ["check", "check {}", "list", "explain few-examples", "lint"])
def test_a_working_folder_that_is_gone(call, plant, policy, tmp_path):
    plant({"kept/ml-manifest.yaml": GOOD, "gone/x.txt": ""})

    def vanish() -> None:
        os.chdir(tmp_path / "gone")
        shutil.rmtree(tmp_path / "gone")

    result = policy(*call.format(tmp_path / "kept").split(), prepare=vanish)
    assert result.headlines == ["error: the working folder does not exist any more"]
    assert result.helps == ["change to one that does"]
    assert result.code == 2


# What may not be looked at


def test_what_may_not_be_read_is_said_and_the_rest_is_judged(beside_good, tmp_path, unprivileged):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/ml-manifest.yaml").touch(mode=0)
    result = beside_good({}, prepare=unprivileged)
    assert result.headlines == ["error: bad/ml-manifest.yaml:1:1: `bad/ml-manifest.yaml` may not be read"]
    assert result.helps == ["give the user who runs this permission to read it"]
    assert result.code == 2


def test_a_folder_that_may_not_be_looked_into_is_said(beside_good, tmp_path, unprivileged):
    (tmp_path / "bad").mkdir(mode=0)
    try:
        result = beside_good({}, prepare=unprivileged)
        alone = beside_good({}, "bad", "good", prepare=unprivileged)
    finally:
        (tmp_path / "bad").chmod(0o755)
    assert result.headlines == ["warning: bad:1:1: the folder cannot be looked into: Permission denied"]
    assert alone.headlines == result.headlines


def plant_link(tmp_path, target: str) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/ml-manifest.yaml").symlink_to(target)


@pytest.mark.parametrize("target", ["/etc/passwd", "/dev/zero"])
def test_a_manifest_that_links_out_of_the_repository(target, beside_good, tmp_path):
    plant_link(tmp_path, target)
    result = beside_good({})
    message = "`bad/ml-manifest.yaml` leads outside the repository by a symbolic link"
    assert result.headlines == [f"error: bad/ml-manifest.yaml:1:1: {message}"]
    assert result.code == 2


def test_a_manifest_that_links_nowhere(beside_good, tmp_path):
    plant_link(tmp_path, "gone.yaml")
    result = beside_good({})
    assert result.headlines == ["error: bad/ml-manifest.yaml:1:1: `bad/ml-manifest.yaml` does not exist"]
    assert result.code == 2


def test_a_pipe_in_place_of_a_manifest_is_not_waited_for(beside_good, tmp_path):
    (tmp_path / "bad").mkdir()
    os.mkfifo(tmp_path / "bad/ml-manifest.yaml")
    result = beside_good({})
    message = "`bad/ml-manifest.yaml` is a pipe, socket or device, not a file"
    assert result.headlines == [f"error: bad/ml-manifest.yaml:1:1: {message}"]
    assert result.code == 2


def test_a_folder_whose_name_is_no_text(beside_good, tmp_path):
    folder = os.fsencode(tmp_path) + b"/w\xff\x1b[31m"
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("this file system has text for names only")
    with open(folder + b"/ml-manifest.yaml", "wb") as file:
        file.write(GOOD.encode())
    result = beside_good({})
    assert result.headlines == ["error: w\ufffd\u241b[31m/ml-manifest.yaml:1:1: the name of this file is not UTF-8"]
    assert result.code == 2


# A repository that is hostile


@pytest.fixture
def repository(plant, tmp_path):
    plant({"ml-manifest.yaml": GOOD, ".gitattributes": "* filter=x diff=x merge=x\n"})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    # As if the index were out of date, so that git has a reason to look at the files again.
    os.utime(tmp_path / "ml-manifest.yaml", (0, 0))
    return tmp_path


PROGRAMS = (
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "diff.external",
    "diff.x.textconv",
    "filter.x.clean",
    "filter.x.smudge",
    "filter.x.process",
    "credential.helper",
    "uploadpack.packObjectsHook",
)


def test_nothing_that_its_configuration_names_is_run(repository, policy):
    mark = repository / "pwned"
    hooks = repository / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "query-watchman", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o755)
    settings = [*((name, f"touch {mark};") for name in PROGRAMS), ("core.hooksPath", str(hooks))]
    settings += [(f"alias.{name}", f"!touch {mark}") for name in ("ls-files", "rev-parse", "status")]
    for name, value in settings:
        subprocess.run(["git", "-C", str(repository), "config", name, value], check=True)
    result = policy("check")
    assert not mark.exists()
    assert result.out.startswith("allow  good  ml-manifest.yaml")
    assert result.code == 0


@pytest.mark.parametrize(
    "config", ["garbage", "[include]\n\tpath = /dev/zero\n", "[core]\n\trepositoryformatversion = 99\n"]
)
def test_a_configuration_that_git_refuses_hides_nothing(config, repository, policy):
    (repository / ".git/config").write_text(config)
    result = policy("check")
    assert result.out.startswith("allow  good  ml-manifest.yaml")
    assert result.code == 0


@pytest.mark.parametrize("git", ["gitdir: /nowhere\n", "", "gitdir: .\n"])
def test_a_git_file_that_leads_nowhere_hides_nothing(git, plant, policy):
    plant({".git": git, "ml-manifest.yaml": GOOD})
    result = policy("check")
    assert result.out.startswith("allow  good  ml-manifest.yaml")
    assert result.headlines[0].startswith("warning: git cannot list the files of this repository")
    assert result.code == 0


# A user who has had enough

SLOW = """
import os, time
from policy import hookimpl

class Slow:
    name = "slow"
    observes = ("data.rows",)

    def collect(self, project):
        with open(os.environ["MARK"], "a") as mark:
            mark.write(f"{os.getpid()}\\n")
        time.sleep(300)

@hookimpl
def collectors():
    return [Slow()]
"""


def wait_for(mark) -> list[int]:
    until = time.monotonic() + 60
    while not (mark.exists() and mark.read_text().endswith("\n")):
        assert time.monotonic() < until, "the collector was not called"
        time.sleep(0.01)
    return [int(line) for line in mark.read_text().split()]


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_ends_with_130_and_leaves_nothing(jobs, plant, policy, tmp_path):
    plant({f"{number}/ml-manifest.yaml": GOOD for number in range(60)})
    plant({"plugins/slow.py": SLOW, "policy.yaml": "policy_set: 1\nplugins: [slow]\n"})
    mark = tmp_path / "mark"
    path = os.pathsep.join([policy.environment["PYTHONPATH"], str(tmp_path / "plugins")])
    process = policy.start(
        "check",
        f"--jobs={jobs}",
        "--output=json=x.json",
        env={"PYTHONPATH": path, "MARK": str(mark)},
        # A shell starts what runs in its background with the signal switched off.
        prepare=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    workers = wait_for(mark)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert err.strip() == b""
    assert out == b""
    assert process.returncode == 130
    assert not any(map(is_alive, workers))
    assert not list(tmp_path.glob("x.json*"))


def test_an_interruption_while_it_starts_is_no_traceback(plant, policy, tmp_path):
    # A `click` that takes its time, found before the real one.
    plant({"slow/click.py": f"import time\nopen({str(tmp_path / 'mark')!r}, 'w').write('0\\n')\ntime.sleep(300)\n"})
    path = os.pathsep.join([str(tmp_path / "slow"), policy.environment["PYTHONPATH"]])
    process = policy.start(
        "check", env={"PYTHONPATH": path}, prepare=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None
    )
    wait_for(tmp_path / "mark")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert err == b""
    assert process.returncode == 130


def test_a_bug_is_one_line(plant, policy, tmp_path):
    bug = "import json\n\ndef broken(*_, **__):\n    raise KeyError('x')\n\njson.dumps = broken\n"
    plant({"site/sitecustomize.py": bug})
    path = os.pathsep.join([str(tmp_path / "site"), policy.environment["PYTHONPATH"]])
    result = policy("schema", env={"PYTHONPATH": path})
    (headline,) = result.headlines
    assert headline.startswith("error: a bug in policy ")
    assert headline.endswith("KeyError: 'x' (sitecustomize.py:4)")
    assert result.helps == ["please report it with this line; POLICY_DEBUG=1 shows the whole traceback"]
    assert result.code == 70
    process = policy.start("schema", env={"PYTHONPATH": path, "POLICY_DEBUG": "1"})
    assert b"Traceback" in process.communicate()[1]
    assert process.returncode == 70


def test_the_same_in_another_folder_gives_the_same_decisions(plant, policy, tmp_path):
    plant({"a/ml-manifest.yaml": GOOD, "b/ml-manifest.yaml": GOOD})
    decisions = []
    for folder in ("a", "b"):
        result = policy("check", "--output=json", "--effective-time=2026-11-20", folder=tmp_path / folder)
        decisions.append(json.loads(result.out))
    assert decisions[0] == decisions[1]
    assert sys.executable not in json.dumps(decisions)
