"""action.yml and the workflows, as independent tools see them; what the documentation shows is what they have seen."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/how-to/github-action.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs/workflows/policy.yml"
WORKFLOWS = [*sorted((ROOT / ".github/workflows").glob("*.yml")), EXAMPLE]
ACTION = ROOT / "action.yml"


def call(name, *arguments):
    """Run a program that is installed beside this Python."""
    program = shutil.which(name, path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip(f"{name} is not installed here: pip install -e '.[dev]'")
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "files"), [("vendor.github-actions", [ACTION]), ("vendor.github-workflows", WORKFLOWS)]
)
def test_they_are_what_github_reads(schema, files):
    code, said = call("check-jsonschema", "--builtin-schema", schema, *map(str, files))
    assert code == 0, said


@pytest.mark.parametrize("persona", ["regular", "pedantic"])
def test_there_is_no_way_in(persona):
    code, said = call("zizmor", "--offline", "--no-progress", f"--persona={persona}", ".", str(EXAMPLE))
    assert code == 0, said
    assert "action.yml" in said
    assert "ci.yml" in said
    assert "policy.yml" in said


@pytest.mark.parametrize(
    ("file", "right", "wrong", "audit"),
    [
        (
            ACTION,
            "run: '\"$TUNEGATE_PYTHON\" -I -m policy.gates.action check'",
            "run: ls ${{ inputs.path }}",
            "template",
        ),
        (EXAMPLE, "@f443b600d91635bebf5b0d9ebc620189c0d6fba5", "@v4", "unpinned-uses"),
        (EXAMPLE, "          persist-credentials: false\n", "", "artipacked"),
    ],
)
def test_a_way_in_would_be_found(tmp_path, file, right, wrong, audit):
    text = file.read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / file.name).write_text(text.replace(right, wrong), encoding="utf-8")
    code, said = call("zizmor", "--offline", "--no-progress", str(tmp_path / file.name))
    assert code != 0
    assert audit in said


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_whatever_they_use_is_pinned_to_a_commit(file):
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    used = [step["uses"] for job in document["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert [name for name in used if name != "./" and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []
    assert document["permissions"] == {}


def test_the_page_shows_the_workflow_that_is_tried():
    shown, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    text = EXAMPLE.read_text(encoding="utf-8")
    assert text.removeprefix(text[: text.index("name:")]) == shown


def test_the_page_names_every_input_and_output():
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    inputs, outputs = PAGE.partition("## Inputs")[2].split("## Outputs")
    named = set(re.findall(r"^\| (`[^|]+) \|", inputs, re.MULTILINE))
    assert {name.strip("`") for row in named for name in row.split(", ")} == set(action["inputs"])
    named = set(re.findall(r"^\| (`[^|]+) \|", outputs.partition("\n## ")[0], re.MULTILINE))
    assert {name.strip("`") for row in named for name in row.split(", ")} == set(action["outputs"])
