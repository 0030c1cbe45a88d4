from __future__ import annotations

import pytest

from policy.app.policy_files import read_policy_files
from policy.app.workspace import open_workspace
from policy.errors import PolicyError

POLICY = "policy: {}\ntitle: A policy\nseverity: high\nrequire: {{approach: rag}}\neffect: flag\n"
SET = "policy_set: 1\npolicies: [./catalogue, 'catalogue:alternatives']\n"


@pytest.fixture
def read(plant):
    """The ids of the policies at some paths and the files that they are shown by, and the problems."""

    def look(files, *paths):
        root = plant(files)
        found, problems = read_policy_files(open_workspace(str(root)), paths)
        return {item.policy.id: item.document.file for item in found}, [str(problem) for problem in problems]

    return look


FILES = {"house/a/one.yaml": POLICY.format("one"), "house/b/two.yml": POLICY.format("two"), "house/README.md": "text"}


@pytest.mark.parametrize("paths", [["house"], ["house", "house/a"], ["house/a/one.yaml", "./house/b/../b", "house"]])
def test_a_policy_that_is_named_twice_is_one(read, paths):
    assert read(FILES, *paths) == ({"one": "house/a/one.yaml", "two": "house/b/two.yml"}, [])


def test_paths_that_are_not_there_are_all_said(read):
    with pytest.raises(PolicyError) as refusal:
        read(FILES, "nowhere", "house", "house/three.yaml")
    assert [problem.message for problem in refusal.value.problems] == [
        "there is no `nowhere`",
        "there is no `house/three.yaml`",
    ]


def test_an_id_that_two_files_have_and_a_broken_file_are_said(read):
    files = {**FILES, "house/c.yaml": POLICY.format("one"), "house/d.yaml": "policy: d\n"}
    found, problems = read(files, "house")
    assert found == {"one": "house/c.yaml", "two": "house/b/two.yml"}
    assert problems[-1].startswith("house/c.yaml:1:1: two policies have the id `one`")
    assert all(problem.startswith("house/d.yaml:1:1: the policy has no `") for problem in problems[:-1])


def test_without_paths_those_in_force_are_read_from_where_they_are(read):
    found, problems = read({"policy.yaml": SET, "catalogue/house/one.yaml": POLICY.format("one")})
    assert problems == []
    assert found["one"] == "catalogue/house/one.yaml"
    assert found["rag-tried"].endswith("/alternatives/rag-tried.yaml")


def test_a_policy_has_its_cases_and_its_area(plant):
    root = plant({"house/a/one.yaml": POLICY.format("one") + "cases: [{given: {approach: rag}, expect: pass}]\n"})
    ((policy, document),), _ = read_policy_files(open_workspace(str(root)), ["house"])
    assert (policy.area, len(policy.cases), document.file) == ("a", 1, "house/a/one.yaml")
