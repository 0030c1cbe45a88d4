"""Start-up is paid in every commit hook: what a check imports is kept small."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"

HEAVY = {
    # other people's packages
    "cel_expr_python",
    "duckdb",
    "jinja2",
    "jsonschema",
    "mlflow",
    "pyarrow",
    "pydantic",
    "pydantic_core",
    "re2",
    "rfc8785",
    "rich",
    "sqlalchemy",
    "z3",
    # the standard library's
    "asyncio",
    "concurrent.futures",
    "dataclasses",
    "decimal",
    "difflib",
    "email",
    "http",
    "importlib.metadata",
    "logging",
    "multiprocessing",
    "pathlib",
    "pdb",
    "pickle",
    "socket",
    "tempfile",
    "tomllib",
    "unicodedata",
    "unittest",
    "urllib",
    "xml",
    "zipfile",
}
# Only where there is training data, which is searched for what must not be in it.
SCANNING = {"re2"}
UNTRAINED = {"policy-faq", "ticket-triage"}
# What our dependencies import is not ours to avoid: click, pluggy and yaml are there before a line of ours runs.
BEFORE = """
import sys
import click, pluggy, yaml
before = set(sys.modules)
"""
AFTER = """
import json
with open(sys.argv.pop(), "w") as stream:
    json.dump(sorted(set(sys.modules) - before), stream)
"""


def list_imports(program: str, folder: Path, report: Path, *arguments: str) -> set[str]:
    """The modules that a program imports beside those of click, pluggy and yaml."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    code = f"{BEFORE}\n{program}\n{AFTER}"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, str(report)],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(report.read_text()))


def find_heavy(modules: set[str]) -> set[str]:
    return {name for name in HEAVY if any(module == name or module.startswith(f"{name}.") for module in modules)}


CHECK = """
from tunegate import main
report = sys.argv.pop()
code = main()
sys.argv.append(report)
assert code in (0, 1), code
"""


@pytest.fixture
def example(tmp_path):
    """An example in a repository of its own, which has neither policy set nor pyproject.toml."""
    folder = tmp_path / "example"
    shutil.copytree(ROOT / "examples" / "reply-tone", folder)
    return folder


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir()))
def test_a_check_imports_nothing_heavy(tmp_path, name):
    folder = tmp_path / "example"
    shutil.copytree(ROOT / "examples" / name, folder)
    modules = list_imports(CHECK, folder, tmp_path / "report.json", "check")
    assert "policy.engine.judge" in modules
    assert find_heavy(modules) - SCANNING == set()
    assert (find_heavy(modules) == set()) == (name in UNTRAINED)
    # No policy of the catalogue holds an expression.
    assert not {name for name in modules if name.endswith((".evidence.expressions", ".language.expressions"))}
    assert not any(module.startswith("subprocess") for module in modules)
    # No example has a ledger.
    kept = ("policy.records", "policy.app.recording", "policy.model.record")
    assert not {name for name in modules if name.startswith(kept)}


def test_without_a_baseline_nothing_is_imported_for_one(tmp_path, example):
    modules = list_imports(CHECK, example, tmp_path / "report.json", "check", "--output", "short=x", "--output", "text")
    assert not {name for name in modules if "baseline" in name or name.endswith((".known", ".fingerprint"))}
    assert {name for name in modules if name.startswith("policy.reports.")} >= {"policy.reports.text"}
    with_one = [
        list_imports("from tunegate import main\nmain()", example, tmp_path / "report.json", *call.split())
        for call in ("baseline", "check --baseline .policy-baseline.json")
    ]
    assert all(any(name.startswith("policy.app.baselines") for name in found) for found in with_one)
    assert find_heavy(with_one[1]) - SCANNING == set()


def test_in_a_repository_git_is_asked_and_nothing_else_is_imported(tmp_path, example):
    subprocess.run(["git", "init", "--quiet"], cwd=example, check=True)
    modules = list_imports(CHECK, example, tmp_path / "report.json", "check")
    assert find_heavy(modules) - SCANNING == set()


@pytest.mark.parametrize(("source", "parsed"), [("import os\n", False), ("# from trl import SFTTrainer\n", True)])
def test_python_is_parsed_where_it_has_the_words_of_a_training_call(tmp_path, example, source, parsed):
    (example / "run.py").write_text(source)
    modules = list_imports(CHECK, example, tmp_path / "report.json", "check")
    assert {"ast", "tokenize", "policy.evidence.source.calls"}.isdisjoint(modules) != parsed
    assert "policy.evidence.source.notebooks" not in modules
    assert find_heavy(modules) - SCANNING == set()


def test_json_imports_nothing_heavy(tmp_path, example):
    modules = list_imports(CHECK, example, tmp_path / "report.json", "check", "--output", "json")
    assert find_heavy(modules) - SCANNING == set()


def test_the_package_alone_imports_nothing_of_itself(tmp_path):
    modules = list_imports("import policy", tmp_path, tmp_path / "report.json")
    assert {name for name in modules if name.startswith("policy")} == {"policy", "policy.__about__"}
    assert find_heavy(modules) == set()
