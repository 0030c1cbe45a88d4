"""What the page on other CI systems offers to paste: its scripts run for real, its YAML is what the system reads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from policy.__about__ import __version__
from tests.e2e.pipelines import MANIFEST, ROOT, Clone, make_environment, require

PAGE = ROOT / "docs/how-to/check-in-other-ci.md"
TARGET = {
    "jenkins": {"CHANGE_TARGET": "main"},
    "azure": {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
    "azure for GitHub": {"SYSTEM_PULLREQUEST_TARGETBRANCH": "main"},
    "shell": {"BASE": "origin/main"},
}
HOSTILE = "x;touch pwned;$(touch pwned)`touch pwned`"


def find_block(language: str, first: str) -> str:
    """The block of the page in a language whose first line begins like this."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [body for name, body in blocks if name == language and body.startswith(first)]
    return str(found)


def find_script(name: str) -> str:
    """What a system hands to the shell."""
    if name == "shell":
        return find_block("bash", "#!/bin/sh")
    if name == "jenkins":
        (script,) = re.findall(r"sh '''\n(.*?)'''", find_block("groovy", "// Jenkinsfile"), re.DOTALL)
        # Groovy would read one.
        assert "\\" not in script
        return textwrap.dedent(script)
    steps = yaml.safe_load(find_block("yaml", "# azure-pipelines.yml"))["steps"]
    (script,) = [step["bash"] for step in steps if "bash" in step]
    return str(script)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone", {})


@pytest.fixture
def run(clone: Clone, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script in the clone."""
    environment = make_environment(tmp_path)

    def start(name: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        # Azure DevOps calls bash, Jenkins sh with these options.
        shell = {"jenkins": ["sh", "-xe"], "shell": ["sh"]}.get(name, ["bash", "--noprofile", "--norc"])
        script = tmp_path / "script.sh"
        script.write_text(find_script(name), encoding="utf-8")
        return subprocess.run(
            [*shell, str(script)],
            cwd=clone.folder,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return start


@pytest.mark.parametrize("name", TARGET)
def test_a_proposal_is_judged_by_the_branch_that_it_is_for(name, run, clone):
    clone.commit(require("latency", "block"), on_main=True)
    clone.commit({"tone/ml-manifest.yaml": MANIFEST, **require("style", "flag")})
    blocked = run(name, TARGET[name])
    assert blocked.returncode == 1, blocked.stderr
    assert "block[own]" in blocked.stdout
    assert "<failure " in (clone.folder / "policy-reports/junit.xml").read_text(encoding="utf-8")
    trusted = run(name, {})
    assert trusted.returncode == 0, trusted.stderr


@pytest.mark.parametrize("name", ["jenkins", "azure", "shell"])
def test_a_branch_that_is_not_there_is_no_pass_and_no_script(name, run, clone):
    clone.commit({"tone/ml-manifest.yaml": MANIFEST, **require("style", "flag")}, on_main=True)
    ((variable, _),) = TARGET[name].items()
    done = run(name, {variable: HOSTILE})
    assert done.returncode == 2
    assert "names no revision" in done.stderr
    assert not (clone.folder / "pwned").exists()
    assert "<error " in (clone.folder / "policy-reports/junit.xml").read_text(encoding="utf-8")


def test_the_shell_says_what_each_exit_code_means(run, clone):
    clone.commit(require("latency", "hold"), on_main=True)
    assert "policy: nothing to judge, which is no approval" in (empty := run("shell", {})).stdout
    assert empty.returncode == 3
    clone.commit({"tone/ml-manifest.yaml": MANIFEST})
    # Where nobody could approve, a hold is a flag that says so.
    assert "policy: go ahead" in (flagged := run("shell", {})).stdout
    assert flagged.returncode == 0
    clone.commit({"tone/ml-manifest.yaml": "manifest: 1\n"})
    assert "policy: could not judge everything (exit code 2)" in (broken := run("shell", {})).stdout
    assert broken.returncode == 2
    assert json.loads((clone.folder / "policy-reports/decisions.json").read_bytes())["errors"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("", "", 0), ("condition:", "conditions:", 1), ("testResultsFiles:", "files:", 1), ("- bash:", "- shell:", 1)],
)
def test_azure_reads_its_pipeline(old, new, code, tmp_path):
    file = tmp_path / "azure-pipelines.yml"
    text = find_block("yaml", "# azure-pipelines.yml")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    program = Path(sys.executable).with_name("check-jsonschema")
    # Azure reads every value as a text; its schema has patterns that only Python's own matcher takes.
    schema = ["--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines"]
    schema += ["--regex-variant", "python"]
    done = subprocess.run([program, *schema, file], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, b""), done.stdout
    # Whatever stands so is put into the script before the shell sees it.
    assert "$(" not in file.read_text(encoding="utf-8").replace("$(mktemp -d)", "")


def test_gitlab_reads_what_includes_the_template(tmp_path):
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(find_block("yaml", "# .gitlab-ci.yml"), encoding="utf-8")
    program = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run([program, "--builtin-schema", "vendor.gitlab-ci", file], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    (include,) = yaml.safe_load(file.read_bytes())["include"]
    assert (ROOT / include["file"].lstrip("/")).is_file()
    assert include["ref"] == f"v{__version__}"


def test_the_pipeline_of_jenkins_is_closed_and_publishes_what_its_script_writes():
    text = find_block("groovy", "// Jenkinsfile")
    script = find_script("jenkins")
    shape = re.sub(r"'''.*?'''|'[^'\n]*'|//[^\n]*", "", text, flags=re.DOTALL)
    depth = 0
    for sign in re.findall("[{}]", shape):
        depth += 1 if sign == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert re.findall(r"\b(pipeline|agent any|stages|steps|post|always)\b", shape) == [
        "pipeline",
        "agent any",
        "stages",
        "steps",
        "post",
        "always",
    ]
    (published,) = re.findall(r"^ *junit '(.+)'$", text, re.MULTILINE)
    assert f"--output junit={published}" in script


@pytest.mark.parametrize("name", TARGET)
def test_what_is_installed_is_pinned(name):
    script = find_script(name)
    assert name == "shell" or f'install --quiet "tunegate=={__version__}"' in script


def test_every_exit_code_is_in_the_contract():
    page = (ROOT / "docs/how-to/check-in-ci.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \w", page, re.MULTILINE)
    assert rows == ["0", "1", "2", "3", "4", "70", "130"]
