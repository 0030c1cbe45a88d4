from __future__ import annotations

import pytest

from policy.app.hooks import staged, staged_scripts
from policy.app.hooks.staged import Touched, choose_paths, find_touched, write_index
from policy.loading.git.repositories import Entry, list_staged, open_repository
from policy.loading.git.snapshots import start_snapshot
from tests.loading.conftest import _alone, git, repository, write  # noqa: F401 - fixtures

MANIFEST = "manifest: 1\nproject: a\n"
NAMING = f"{MANIFEST}data: {{sources: [{{path: data/train.jsonl}}]}}\n"
AXOLOTL = "base_model: x\nadapter: lora\n"
SFT = "from trl import SFTTrainer\nSFTTrainer(x)\n"
POLICY = "policy: own\ntitle: Own\nseverity: low\nrequire: {approach: rag}\neffect: flag\n"


@pytest.fixture
def touch(repository):  # noqa: F811 - the fixture that is imported
    """What the changes touch, in a repository with the files; None deletes one."""

    def change(files, changes, **options):
        root = repository(files)
        for name, text in changes.items():
            if text is None:
                (root / name).unlink()
            else:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
        git(root, "add", "--all")
        asked = open_repository()
        return find_touched(asked, list_staged(asked), **options)

    return change


def test_a_manifest_touches_its_project(touch):
    files = {"a/ml-manifest.yaml": MANIFEST, "b/ml-manifest.yaml": MANIFEST, "c/ml-manifest.yaml": MANIFEST}
    changes = {"a/ml-manifest.yaml": NAMING, "b/ml-manifest.yaml": None, "d/ml-manifest.yaml": MANIFEST}
    found = touch(files, changes)
    assert found == Touched(
        frozenset({"a/ml-manifest.yaml", "d/ml-manifest.yaml"}), frozenset({"b/ml-manifest.yaml"}), governing=False
    )
    assert found


@pytest.mark.parametrize(
    ("text", "touched"),
    [
        (AXOLOTL, True),
        ("model_name_or_path: x\n", True),
        ('"base\\x5fmodel": x\n', True),
        ("kind: Deployment\n", False),
        ("", False),
        (f"# {'x' * (1 << 20)}\n", True),
    ],
)
def test_a_yaml_file_counts_where_it_may_be_a_training_config(touch, text, touched):
    assert bool(touch({}, {"a/x.yaml": text})) == touched


def test_an_mlflow_project_may_train(touch):
    project = "entry_points: {main: {command: trl sft --model_name_or_path a/b}}\n"
    assert touch({}, {"a/MLproject": project, "b/MLproject": "name: x\n"}).paths == {"a/MLproject"}


def test_what_was_a_training_config_counts_too(touch):
    assert touch({"a.yaml": AXOLOTL, "b.yaml": AXOLOTL}, {"a.yaml": "kind: x\n", "b.yaml": None}) == Touched(
        frozenset({"a.yaml"}), frozenset({"b.yaml"}), governing=False
    )


@pytest.mark.parametrize("file", ["policy.yaml", "pyproject.toml"])
def test_where_plugins_know_other_configs_any_yaml_file_counts(touch, file):
    assert not touch({}, {"a.yaml": "kind: x\n"})
    text = "policy_set: 1\nplugins: [x]\n" if file == "policy.yaml" else "[tool.policy]\nplugins = ['x']\n"
    assert touch({file: text}, {"a.yaml": "kind: y\n"}).paths == {"a.yaml"}


def test_any_yaml_file_counts_where_that_is_asked_for(touch):
    assert touch({}, {"a.yaml": "kind: x\n"}, any_yaml=True).paths == {"a.yaml"}


@pytest.mark.parametrize(
    ("files", "changes", "governing"),
    [
        ({}, {"policy.yaml": "policy_set: 1\n"}, True),
        ({"policy.yaml": "policy_set: 1\n"}, {"policy.yaml": None}, True),
        ({}, {"rules/own.yaml": POLICY}, True),
        ({"rules/own.yaml": POLICY}, {"rules/own.yaml": None}, True),
        ({}, {"organisation/set.yaml": "policy_set: 1\n"}, True),
        ({}, {"exceptions.yaml": "waivers: 1\nentries: []\n"}, True),
        ({}, {"rules/own.yaml": "{policy: own}\n"}, True),
        ({}, {"pyproject.toml": "[tool.policy]\npolicy_set = 1\n"}, True),
        ({"pyproject.toml": "[tool.policy]\npolicy_set = 1\n"}, {"pyproject.toml": "[project]\n"}, True),
        ({}, {"pyproject.toml": "[project]\nname = 'x'\n"}, False),
        ({}, {"deploy.yaml": "spec:\n  policy: x\n"}, False),
        ({}, {"notes.txt": "policy: own\n"}, False),
    ],
)
def test_what_decides_how_everything_is_judged(touch, files, changes, governing):
    assert touch(files, changes).governing == governing


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"p/data/train.jsonl": "x"}, {"p/ml-manifest.yaml"}),
        ({"p/data/train.jsonl": None}, {"p/ml-manifest.yaml"}),
        ({"shared/test.jsonl": "x"}, {"p/train/axolotl.yaml"}),
        ({"p/data/part.json": "x"}, {"p/data/dataset_info.json"}),
        ({"q/data/train.jsonl": "x"}, set()),
        ({"p/README.md": "x"}, set()),
        ({"p/data/mkdocs.md": "x"}, set()),
    ],
)
def test_what_a_project_names_touches_it(touch, changes, paths):
    files = {
        "p/ml-manifest.yaml": NAMING,
        "p/train/axolotl.yaml": f"{AXOLOTL}datasets: [{{path: ../../shared/test.jsonl}}]\n",
        "p/data/dataset_info.json": '{"x": {"file_name": "part.json"}}',
        "p/mkdocs.yaml": "nav: [data/mkdocs.md]\n",
        "p/data/train.jsonl": "old",
        "shared/test.jsonl": "old",
        "q/ml-manifest.yaml": MANIFEST,
    }
    assert touch(files, changes).paths == paths


@pytest.mark.parametrize(
    ("file", "text", "touched"),
    [
        ("a/train.py", SFT, True),
        ("a/train.ipynb", '{"cells": [{"cell_type": "code", "source": ["import trl\\n", "trl.SFTTrainer(x)"]}]}', True),
        ("a/train.py", "from lightning import Trainer\n", False),
        ("a/train.py", "print(1)\n", False),
        ("a/train.txt", SFT, False),
        ("a/test_train.py", SFT, False),
        ("a/tests/train.py", SFT, False),
        # Words are enough: nothing is parsed for this.
        ("a/train.py", "# from trl import SFTTrainer\n", True),
        ("a/odd [x]*?\n name.py", SFT, True),
    ],
)
def test_a_script_counts_where_it_may_start_a_training(touch, file, text, touched):
    assert touch({}, {file: text}).paths == ({file} if touched else set())


def test_what_was_such_a_script_counts_too(touch):
    assert touch({"a.py": SFT, "b.py": SFT, "c.py": SFT}, {"a.py": "", "b.py": None}) == Touched(
        frozenset({"a.py"}), frozenset({"b.py"}), governing=False
    )


def test_where_plugins_know_other_calls_any_script_counts(touch):
    assert not touch({}, {"a.py": "x = 1"})
    text = "policy_set: 1\nplugins: [x]\n"
    assert touch({"policy.yaml": text}, {"a.py": "y = 1", "tests/a.py": "z = 1"}).paths == {"a.py"}


def test_any_script_counts_where_that_is_asked_for(touch):
    assert touch({}, {"a.py": "x = 1"}, any_yaml=True).paths == {"a.py"}


def test_more_scripts_than_git_is_asked_about_all_count(touch, monkeypatch):
    monkeypatch.setattr(staged_scripts, "MOST", 2)
    assert touch({}, {"a.py": "", "b.py": SFT}).paths == {"b.py"}
    assert len(touch({}, {f"c{number}.py": "1" for number in range(3)}).paths) == 3


def test_a_script_that_a_manifest_names_touches_its_project(touch):
    manifest = f"{MANIFEST}training: {{config: run.py}}\n"
    assert touch({"a/ml-manifest.yaml": manifest}, {"a/run.py": "print(1)"}).paths == {"a/ml-manifest.yaml"}


def test_from_a_folder_below_scripts_are_found_as_well(touch, monkeypatch):
    touch({"sub/b.txt": ""}, {"sub/a.py": SFT, "c.py": SFT})
    monkeypatch.chdir("sub")
    asked = open_repository()
    assert find_touched(asked, list_staged(asked)).paths == {"sub/a.py", "c.py"}


def test_more_changes_than_can_be_looked_up_touch_everything(touch, monkeypatch):
    monkeypatch.setattr(staged, "MANY", 3)
    changes = {f"{number}.txt": "x" for number in range(4)}
    assert not touch({}, changes)
    found = touch({"a/ml-manifest.yaml": MANIFEST}, dict.fromkeys(changes, "y"))
    assert choose_paths(found, []) == ["."]


def enter(*paths):
    return [Entry("100644", "", 1, path) for path in paths]


@pytest.mark.parametrize(
    ("paths", "gone", "present", "wanted"),
    [
        ({"a/ml-manifest.yaml"}, (), ("a/ml-manifest.yaml", "b.yaml"), ["a/ml-manifest.yaml"]),
        # Left out, because it is too large.
        ({"a/ml-manifest.yaml"}, (), ("b.yaml",), []),
        ((), {"a/ml-manifest.yaml"}, ("b/ml-manifest.yaml", "b/x.yaml"), []),
        ((), {"a/ml-manifest.yaml"}, ("a/x.yaml", "a/b/y.yaml", "z.yaml"), ["a/b/y.yaml", "a/x.yaml"]),
        ((), {"a/ml-manifest.yaml"}, ("a/b/ml-manifest.yaml", "a/b/y.yaml"), []),
        # What another manifest covers from now on is judged with it.
        ((), {"a/ml-manifest.yaml"}, ("ml-manifest.yaml", "a/x.yaml"), ["a/x.yaml", "ml-manifest.yaml"]),
        ((), {"a/x.yaml"}, ("a/ml-manifest.yaml", "a/y.yaml"), ["a/ml-manifest.yaml"]),
        ({"a/data/dataset_info.json"}, (), ("a/ml-manifest.yaml", "a/data/dataset_info.json"), ["a/ml-manifest.yaml"]),
        ({"data/dataset_info.json"}, (), ("x.yaml", "data/dataset_info.json"), ["data"]),
        # A script is a part of the project that covers it, and alone where none does.
        ({"a/x.py"}, (), ("a/ml-manifest.yaml", "a/x.py", "a/y.yaml"), ["a/ml-manifest.yaml"]),
        ({"a/x.py"}, (), ("a/x.py", "a/y.py"), ["a/x.py"]),
        ({"x.ipynb"}, (), ("x.ipynb",), ["x.ipynb"]),
        ((), {"a/x.py"}, ("a/ml-manifest.yaml", "a/y.py"), ["a/ml-manifest.yaml"]),
        ((), {"a/x.py"}, ("a/y.py",), []),
        ((), {"a/ml-manifest.yaml"}, ("a/x.py", "a/tests/y.py", "b.py"), ["a/x.py"]),
    ],
)
def test_what_is_looked_at(paths, gone, present, wanted):
    touched = Touched(frozenset(paths), frozenset(gone), governing=False)
    assert choose_paths(touched, enter(*present)) == wanted


def test_a_change_to_the_policies_is_judged_everywhere():
    assert choose_paths(Touched(frozenset(), frozenset(), governing=True), enter("a.yaml")) == ["."]


def test_large_files_are_left_out_and_said(repository, tmp_path_factory, monkeypatch):  # noqa: F811
    monkeypatch.setattr(staged, "LARGEST", 10)
    repository({"a.yaml": "x: 1\n", "big.jsonl": "x" * 11})
    asked = open_repository()
    snapshot = start_snapshot(str(tmp_path_factory.mktemp("snapshot")), asked, "")
    entries, problems = write_index(asked, snapshot)
    assert [entry.path for entry in entries] == ["a.yaml"]
    (problem,) = problems
    assert problem.message == "`big.jsonl` has more than 10 bytes and is not looked at in a commit"
    assert problem.level == "warning"
