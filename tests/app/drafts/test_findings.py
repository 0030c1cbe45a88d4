"""What a folder tells about the project in it."""

from __future__ import annotations

import subprocess

import pytest

from policy.app.drafts.cards import FoundSource
from policy.app.drafts.findings import MOST_SOURCES, find_project, name_project
from policy.app.workspace import open_workspace
from policy.errors import Problem
from tests.app.conftest import AXOLOTL, MANIFEST

LLAMA = """\
model_name_or_path: org/model
do_train: true
stage: sft
template: qwen
dataset: tickets
"""
INDEX = '{"tickets": {"file_name": "tickets.jsonl"}}'
DATASET_CARD = "---\nlicense: cc-by-4.0\ntask_ids: [qa]\n---\n"


@pytest.fixture
def find(plant):
    """What is found in a folder of the repository that these files make, and the problems met."""

    def look(files, path="."):
        root = plant(files)
        problems: list[Problem] = []
        return find_project(open_workspace(str(root)), path, problems), problems

    return look


def list_sources(found):
    return [(source.path or source.name, source.split) for source in found.sources]


def git(root, *arguments):
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture(autouse=True)
def _own_git_settings(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")


def test_an_axolotl_config_and_its_data(find):
    files = {"train/axolotl.yaml": AXOLOTL, "data/train.jsonl": "{}\n", "data/test.jsonl": "{}\n"}
    found, problems = find(files)
    assert [config.file for config in found.configs] == ["train/axolotl.yaml"]
    assert list_sources(found) == [("data/train.jsonl", "train")]
    assert [source.path for source in found.unnamed] == ["data/test.jsonl"]
    assert (found.is_clear, problems) == (True, [])


def test_a_llama_factory_config_and_its_index(find):
    found, _ = find({"lora.yaml": LLAMA, "data/dataset_info.json": INDEX, "data/tickets.jsonl": "{}\n"})
    assert list_sources(found) == [("data/tickets.jsonl", "train")]


def test_paths_are_relative_to_the_folder(find):
    files = {"bots/tone/a.yaml": AXOLOTL, "bots/tone/data/train.jsonl": "{}\n", "bots/tone/valid.jsonl": "{}\n"}
    found, _ = find(files, "bots/tone")
    assert (found.folder, found.project) == ("bots/tone", "tone")
    assert list_sources(found) == [("data/train.jsonl", "train")]
    assert [source.path for source in found.unnamed] == ["valid.jsonl"]


def test_data_beside_the_folder_is_reached(find):
    found, _ = find({"bot/a.yaml": AXOLOTL, "data/train.jsonl": "{}\n"}, "bot")
    assert list_sources(found) == [("../data/train.jsonl", "train")]


def test_what_another_manifest_covers_is_its_own(find):
    files = {"a.yaml": AXOLOTL, "b/ml-manifest.yaml": MANIFEST, "b/b.yaml": AXOLOTL}
    found, _ = find(files)
    assert [config.file for config in found.configs] == ["a.yaml"]
    assert found.covered_by == ""


def test_what_a_manifest_above_covers_will_be_covered_here(find):
    found, _ = find({"ml-manifest.yaml": MANIFEST, "b/b.yaml": AXOLOTL, "c/c.yaml": AXOLOTL}, "b")
    assert [config.file for config in found.configs] == ["b/b.yaml"]
    assert found.covered_by == "../ml-manifest.yaml"


def test_configs_that_use_the_same_data_tell_it(find):
    found, _ = find({"a.yaml": AXOLOTL, "b.yaml": f"seed: 7\n{AXOLOTL}", "data/train.jsonl": "{}\n"})
    assert (len(found.configs), found.is_clear) == (2, True)
    assert list_sources(found) == [("data/train.jsonl", "train")]


@pytest.mark.parametrize(
    "dataset",
    ["data/other.jsonl", "'data/*.jsonl'", "../outside/name", "data"],
    ids=["other data", "a pattern", "outside", "a folder"],
)
def test_of_data_that_is_not_clear_nothing_is_said(find, dataset):
    other = f"base_model: org/model\ndatasets:\n  - {{path: {dataset}, type: alpaca}}\n"
    found, _ = find({"a.yaml": AXOLOTL, "b.yaml": other, "data/train.jsonl": "{}\n", "data/test.jsonl": "{}\n"})
    assert (found.sources, found.is_clear) == ((), False)
    assert [source.path for source in found.unnamed] == ["data/test.jsonl"]


def test_more_data_sets_than_anybody_reads_are_left_to_the_config(find):
    def write(count):
        return "base_model: org/model\ndatasets:\n" + "".join(f"  - path: org/data-{n}\n" for n in range(count))

    assert len(find({"a.yaml": write(MOST_SOURCES)})[0].sources) == MOST_SOURCES
    found, _ = find({"a.yaml": write(MOST_SOURCES + 1)})
    assert (found.sources, found.is_clear) == ((), False)


def test_a_broken_config_is_noted(find):
    found, problems = find({"a.yaml": "base_model: [\n"})
    assert found.configs == ()
    assert [problem.location.file for problem in problems] == ["a.yaml"]


def test_the_licence_of_data_is_told_with_it(find):
    files = {"a.yaml": AXOLOTL, "data/train.jsonl": "{}\n", "data/README.md": "---\nlicense: mit\n---\n"}
    assert find(files)[0].sources == (FoundSource("data/train.jsonl", "", "train", "mit", "data/README.md"),)


def test_data_elsewhere_has_no_licence_here(find):
    other = "base_model: org/model\ndatasets:\n  - {path: org/data, type: alpaca}\n"
    found, _ = find({"a.yaml": other, "README.md": DATASET_CARD})
    assert found.sources == (FoundSource("", "org/data", "train"),)


def test_the_card_of_the_projects_own_model(find):
    found, _ = find({"README.md": "---\nlicense: mit\nbase_model: a/b\n---\n"})
    assert found.model_card is not None
    assert found.model_card.license == "mit"


@pytest.mark.parametrize(
    ("base", "name"),
    [("models/base", "mit"), ("./models/base", "mit"), ("org/model", ""), ("../models/base", ""), ("models/none", "")],
)
def test_the_card_of_a_base_model_in_the_repository(find, base, name):
    config = AXOLOTL.replace("org/model", base)
    found, _ = find({"a.yaml": config, "models/base/README.md": "---\nlicense: mit\n---\n", "models/none/a.txt": ""})
    assert (found.base_card.license if found.base_card else "") == name


def test_configs_of_different_base_models_have_no_card_in_common(find):
    files = {name: AXOLOTL.replace("org/model", f"models/{name[0]}") for name in ("a.yaml", "b.yaml")}
    cards = {f"models/{name}/README.md": "---\nlicense: mit\n---\n" for name in "ab"}
    assert find({**files, **cards})[0].base_card is None


def test_the_schema_is_named_where_it_is(find):
    assert find({"a.txt": ""})[0].schema_file == ""
    assert (
        find({"ml-manifest.schema.json": "{}", "b/c/a.txt": ""}, "b/c")[0].schema_file
        == "../../ml-manifest.schema.json"
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://user:secret@example.com/team/reply-tone.git", "reply-tone"),
        ("git@example.com:reply-tone.git", "reply-tone"),
        ("git@example.com:team/reply-tone", "reply-tone"),
        ("/srv/git/reply-tone.git/", "reply-tone"),
        (r"C:\work\reply-tone", "reply-tone"),
        # Where there is no name, nothing else of the address is taken for one.
        ("https://user:secret@example.com", "repository"),
        ("https://user:secret@example.com/", "repository"),
        ("https://example.com/team/reply-tone.git?token=secret", "repository"),
        ("user:secret@example.com", "repository"),
        ("git@example.com", "repository"),
        ("..", "repository"),
        ("", "repository"),
    ],
)
def test_the_name_of_a_repository(plant, url, name):
    root = plant({"a.txt": "", "bot/a.txt": ""})
    git(root, "init", "-q")
    if url:
        git(root, "remote", "add", "origin", url)
    assert name_project(str(root), "")[0] == name
    # A project that is one of several bears its folder's name.
    assert name_project(str(root), "bot") == ("bot", "the folder's name")


def test_gits_address_of_the_user(find, plant):
    root = plant({"a.txt": ""})
    git(root, "init", "-q")
    assert find({})[0].email == ""
    git(root, "config", "user.email", "ml@example.com")
    assert find({})[0].email == "ml@example.com"


def test_names_that_are_no_text_are_passed_over(find, tmp_path):
    try:
        (tmp_path / "repository" / b"train-\xe4.jsonl".decode(errors="surrogateescape")).write_text("{}")
    except (OSError, UnicodeError):
        pytest.skip("no such names on this file system")
    assert find({"train-\n.jsonl": "{}\n"})[0].unnamed == (FoundSource("train-\n.jsonl", "", "train"),)
