"""The template for GitLab, run as a runner would; needs the npm package gitlab-ci-local, a Node for it, and rsync."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from policy.__about__ import __version__
from tests.e2e.pipelines import MANIFEST, ROOT, Clone, make_environment, require

TEMPLATE = ROOT / "templates/policy.yml"
PAGE = ROOT / "docs/how-to/check-in-other-ci.md"
# A folder with `node` and `node_modules`; where the variable is set both must be there.
PROGRAMS = os.environ.get("POLICY_GITLAB_CI_LOCAL")
REPORTS = {"gl-code-quality-report.json", "junit.xml", "policy.md", "decisions.json", "policy.html"}
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
# What a runner would not print of a job's variables.
UNQUOTED = ["${CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"]


class Ran(NamedTuple):
    """What came of the job: its exit code, its log, and its artifacts by name."""

    code: int
    log: str
    artifacts: dict[str, str]

    @property
    def decisions(self) -> dict[str, Any]:
        """The document for programs."""
        document: dict[str, Any] = json.loads(self.artifacts["decisions.json"])
        return document

    @property
    def verdicts(self) -> list[str]:
        """The verdict of each project that was judged."""
        return [decision["verdict"] for decision in self.decisions["decisions"]]

    @property
    def issues(self) -> list[dict[str, Any]]:
        """What the merge request shows."""
        issues: list[dict[str, Any]] = json.loads(self.artifacts["gl-code-quality-report.json"])
        return issues

    def count(self, result: str) -> int:
        """How many test cases have come out so."""
        return len(ET.fromstring(self.artifacts["junit.xml"]).findall(f".//{result}"))


Run = Callable[..., Ran]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    files = {".gitlab-ci.yml": "include:\n  - local: templates/policy.yml\n"}
    return Clone(tmp_path / "clone", {**files, "templates/policy.yml": TEMPLATE.read_text(encoding="utf-8")})


@pytest.fixture
def run(clone: Clone, tmp_path: Path) -> Run:
    """Run the job in the clone, by default for a merge request."""
    if not PROGRAMS:
        pytest.skip("POLICY_GITLAB_CI_LOCAL does not name a folder with node and the npm package gitlab-ci-local")
    environment = make_environment(tmp_path)

    def start(variables: dict[str, str] | None = None, *, request: dict[str, str] | None = None) -> Ran:
        given = {**(MERGE_REQUEST if request is None else request), **(variables or {})}
        options = ["--force-shell-executor", "--no-artifacts-to-source", "--home", str(tmp_path), "--no-color"]
        options += [word for name, value in given.items() for word in ("--variable", f"{name}={value}")]
        program = (f"{PROGRAMS}/node", f"{PROGRAMS}/node_modules/gitlab-ci-local/dist/index.js")
        done = subprocess.run(
            [*program, *options, "policy"],
            cwd=clone.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        log = done.stdout + done.stderr
        (ending,) = re.findall(r"^policy finished in .+?(?: FAIL (\d+))?\s*$", log, re.MULTILINE)
        folder = clone.folder / ".gitlab-ci-local/artifacts/policy/policy-reports"
        artifacts = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*")}
        return Ran(int(ending or 0), log, artifacts)

    return start


def test_a_merge_request_that_is_allowed_passes_with_all_reports(run, clone):
    clone.commit(require("style", "block"), on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST})
    ran = run()
    assert (ran.code, ran.verdicts, ran.issues) == (0, ["allow"], [])
    assert set(ran.artifacts) == REPORTS
    assert "judged by policy.yaml at refs/remotes/origin/main" in ran.log
    assert ran.decisions["policies_from"]["revision"] == "refs/remotes/origin/main"


def test_a_blocked_merge_request_fails_and_says_why_in_every_report(run, clone):
    clone.commit({}, on_main=True)
    shutil.copytree(ROOT / "examples/pricing-answers", clone.folder / "pricing-answers")
    clone.commit({})
    ran = run()
    assert (ran.code, ran.verdicts) == (1, ["block"])
    severities = {issue["check_name"]: issue["severity"] for issue in ran.issues}
    assert severities["volatile-data"] == "blocker"
    assert {issue["location"]["path"] for issue in ran.issues} >= {"pricing-answers/ml-manifest.yaml"}
    assert ran.count("failure") > 3
    assert "### Blocked: `pricing-answers`" in ran.artifacts["policy.md"]
    assert "block[volatile-data]" in ran.log


def test_a_broken_manifest_is_in_the_reports_and_fails(run, clone):
    clone.commit(require("style", "block"), on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST, "bad/ml-manifest.yaml": "manifest: 1\nproject: [\n"})
    ran = run()
    assert (ran.code, ran.verdicts, ran.count("error")) == (2, ["allow"], 1)
    (issue,) = ran.issues
    assert (issue["severity"], issue["location"]["path"]) == ("blocker", "bad/ml-manifest.yaml")


def test_broken_policies_of_the_target_branch_are_in_the_reports_and_fail(run, clone):
    clone.commit({"policy.yaml": "policy_set: 1\nno_such_key: 1\n"}, on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST})
    ran = run()
    assert (ran.code, ran.verdicts, ran.count("error")) == (2, [], 2)
    assert [issue["severity"] for issue in ran.issues] == ["blocker", "blocker"]
    assert "Nothing was judged." in ran.artifacts["policy.html"]


def test_a_project_that_is_held_ends_with_4_where_a_hold_acts(run, clone):
    clone.commit(require("latency", "hold"), on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST})
    held = run({"POLICY_GATE": "release"})
    assert (held.code, held.verdicts) == (4, ["hold"])
    # Without a ledger nobody could approve at the gate ci: there it is a flag that says so.
    flagged = run()
    assert (flagged.code, flagged.verdicts) == (0, ["flag"])
    assert "nobody can approve here without a ledger" in flagged.log
    failing = run({"POLICY_FAIL_ON": "flag"})
    assert failing.code == 1


def test_what_a_merge_request_does_to_the_policies_enforces_nothing(run, clone):
    clone.commit(require("latency", "block"), on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST, **require("style", "flag")})
    ran = run()
    assert (ran.code, ran.verdicts) == (1, ["block"])
    assert ran.decisions["policies_from"]["proposed"]["policies"] == ["own"]
    # On the default branch they count.
    clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    merged = run(request={})
    assert (merged.code, merged.verdicts) == (0, ["allow"])
    assert merged.decisions["policies_from"] is None


def test_an_old_branch_is_judged_by_the_policies_of_today(run, clone):
    clone.commit(require("style", "flag"), on_main=True)
    clone.git("branch", "old")
    clone.commit(require("latency", "block"), on_main=True)
    clone.git("checkout", "-q", "old")
    clone.commit({"tone/ml-manifest.yaml": MANIFEST})
    assert run().code == 1


def test_only_what_changed_is_judged_where_that_is_asked_for(run, clone):
    old = {"old/ml-manifest.yaml": MANIFEST.replace("tone", "old")}
    clone.commit({**old, **require("style", "block")}, on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST})
    assert len(run().verdicts) == 2
    chosen = run({"POLICY_CHANGED_ONLY": "true"})
    assert [decision["project"] for decision in chosen.decisions["decisions"]] == ["tone"]


HOSTILE = {
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "a;touch pwned;$(touch pwned)`touch pwned`",
    "POLICY_PATH": "-x;touch pwned",
    "POLICY_CONFIG": "$(touch pwned)",
    "POLICY_BASELINE": "$(touch pwned)",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_variable_is_read_as_shell(name, run, clone):
    clone.commit(require("style", "block"), on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST})
    ran = run({name: HOSTILE[name]})
    assert (ran.code, ran.verdicts) == (2, [])
    assert not (clone.folder / "pwned").exists()


def test_nothing_of_the_project_is_imported_and_no_other_version_installed(run, clone):
    modules = {f"{name}.py": "open('pwned', 'w')\n" for name in ("pip", "venv", "policy", "tunegate", "sitecustomize")}
    clone.commit(require("style", "block"), on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST, **modules})
    assert run().code == 0
    assert not (clone.folder / "pwned").exists()
    other = run({"POLICY_PACKAGE": "tunegate==99"})
    assert other.code == 1
    assert "No matching distribution found for tunegate==99" in other.log


def test_the_template_is_what_gitlab_reads_and_what_the_page_says():
    program = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run([program, "--builtin-schema", "vendor.gitlab-ci", TEMPLATE], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    job = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))["policy"]
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (?:`(.+?)` )?\|", page, re.MULTILINE)
    assert dict(rows) == job["variables"]
    assert job["variables"]["POLICY_PACKAGE"] == f"tunegate=={__version__}"
    (script,) = job["script"]
    assert {Path(path).name for path in re.findall(r"--output \w+=(\S+)", script)} == REPORTS
    # Between quotes a value is a value; so it is to the right of an assignment.
    optional = ["${POLICY_CONFIG", "${POLICY_BASELINE"]
    assert re.findall(r"\$\{?[A-Z]\w+", re.sub(r'"[^"\n]*"', "", script)) == [*optional, *UNQUOTED]
