"""Where the files that speak of a licence are looked for."""

from __future__ import annotations

import pytest

from policy.errors import Problem
from policy.evidence.licenses.finder import Cache, StatementFinder

DATASET = "---\nlicense: cc-by-4.0\ntask_ids: [qa]\n---\n"
PLAIN = "---\nlicense: mit\n---\n"
MODEL = "---\nlicense: gemma\nbase_model: a/b\n---\n"
CROISSANT = '{"@type": "Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0", "license": "isc"}'
PACKAGE = '{"licenses": [{"name": "0bsd"}], "resources": [{"path": "train.jsonl"}]}'


@pytest.fixture
def find(plant):
    """The licences that files say data/train.jsonl has, with their files."""

    def look(files, folder=""):
        finder = StatementFinder(str(plant(files)), folder, [])
        return [(statement.file, statement.license) for statement in finder.find_of_data("data/train.jsonl")]

    return look


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, []),
        ({"data/README.md": PLAIN}, [("data/README.md", "mit")]),
        ({"README.md": DATASET}, [("README.md", "cc-by-4.0")]),
        # What is nearer speaks of the data.
        ({"README.md": DATASET, "data/README.md": PLAIN}, [("data/README.md", "mit")]),
        ({"README.md": DATASET, "data/croissant.json": CROISSANT}, [("data/croissant.json", "isc")]),
        # In the project's folder a card may speak of anything.
        ({"README.md": PLAIN}, []),
        ({"README.md": MODEL}, []),
        ({"data/README.md": MODEL}, []),
        ({"README.md": DATASET, "data/README.md": MODEL}, [("README.md", "cc-by-4.0")]),
        ({"README.md": DATASET, "data/README.md": "# Data\n"}, [("README.md", "cc-by-4.0")]),
        ({"croissant.json": CROISSANT}, [("croissant.json", "isc")]),
        ({"data/metadata.json": CROISSANT}, [("data/metadata.json", "isc")]),
        ({"data/metadata.json": "{}"}, []),
        ({"data/datapackage.json": PACKAGE}, [("data/datapackage.json", "0bsd")]),
        # A package lists the files that it is of.
        ({"datapackage.json": PACKAGE}, []),
        (
            {"data/README.md": PLAIN, "data/croissant.json": CROISSANT, "data/datapackage.json": PACKAGE},
            [("data/README.md", "mit"), ("data/croissant.json", "isc"), ("data/datapackage.json", "0bsd")],
        ),
    ],
)
def test_what_speaks_of_a_data_file(find, files, found):
    assert find(files) == found


def test_a_card_in_the_projects_own_folder_is_not_beside_the_data(find):
    assert find({"data/README.md": PLAIN}, "data") == []


def test_a_file_is_read_once_and_again_where_it_changed(plant, monkeypatch):
    root = plant({"data/README.md": PLAIN})
    cache: Cache = {}
    problems: list[Problem] = []
    assert StatementFinder(str(root), "", problems, cache).find_of_data("data/a")[0].license == "mit"
    monkeypatch.setattr("policy.evidence.licenses.cards.read_card", None)
    assert StatementFinder(str(root), "", problems, cache).find_of_data("data/b")[0].license == "mit"
    monkeypatch.undo()
    plant({"data/README.md": DATASET})
    assert StatementFinder(str(root), "", problems, cache).find_of_data("data/a")[0].license == "cc-by-4.0"


def test_a_broken_file_is_noted_for_each_subject_once(plant):
    root = plant({"data/README.md": "---\nlicense: [mit\n---\n"})
    cache: Cache = {}
    for _ in range(2):
        problems: list[Problem] = []
        finder = StatementFinder(str(root), "", problems, cache)
        for name in "ab":
            assert finder.find_of_data(f"data/{name}") == ()
        assert len(problems) == 1


def test_a_link_out_of_the_repository_is_noted(tmp_path):
    (tmp_path / "outside.md").write_text(PLAIN)
    data = tmp_path / "root" / "data"
    data.mkdir(parents=True)
    (data / "README.md").symlink_to("../../outside.md")
    (data / "croissant.json").symlink_to("nowhere")
    problems: list[Problem] = []
    assert StatementFinder(str(tmp_path / "root"), "", problems).find_of_data("data/a") == ()
    assert [problem.level for problem in problems] == ["warning", "warning"]
    assert "leads outside the repository" in problems[0].message
    assert "does not exist" in problems[1].message
