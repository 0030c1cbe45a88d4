"""Data packages: what `datapackage.json` says of the data files that it lists."""

from __future__ import annotations

import json

import pytest

from policy.errors import Location, Problem
from policy.evidence.licenses.data_packages import read_data_package

MIT = [{"name": "MIT", "path": "https://example.org"}]
PDDL = [{"name": "ODC-PDDL-1.0"}]


@pytest.fixture
def read(tmp_path):
    """The licence of each file that a package lists, and what was wrong with it."""

    def look(content):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "datapackage.json").write_text(text)
        problems: list[Problem] = []
        told = read_data_package(str(tmp_path), "data/datapackage.json", problems)
        return {path: statement.license for path, statement in told.items()}, problems

    return look


def test_each_file_has_its_own_licence_or_that_of_the_package(read):
    resources = [
        {"path": "train.csv"},
        {"path": ["test/a.csv", "./test/b.csv"], "licenses": PDDL},
        {"path": "../more.csv", "licenses": []},
        {"data": [1]},
        {"path": 5},
        "noise",
    ]
    told, problems = read({"licenses": MIT, "resources": resources})
    assert told == {
        "data/train.csv": "MIT",
        "data/test/a.csv": "ODC-PDDL-1.0",
        "data/test/b.csv": "ODC-PDDL-1.0",
        "more.csv": "MIT",
    }
    assert problems == []


@pytest.mark.parametrize(
    ("licenses", "license_"),
    [
        ([{"path": "https://creativecommons.org/licenses/by/4.0/", "title": "CC"}], "cc-by-4.0"),
        ([{"title": "MIT License"}], "mit"),
        ([*MIT, *PDDL], ""),
        ([{"name": "notspecified"}], ""),
    ],
)
def test_what_the_licences_may_look_like(read, licenses, license_):
    assert read({"licenses": licenses, "resources": [{"path": "a.csv"}]}) == ({"data/a.csv": license_}, [])


@pytest.mark.parametrize(
    "content",
    [
        {"licenses": MIT},
        {"licenses": MIT, "resources": []},
        {"licenses": MIT, "resources": {"path": "a.csv"}},
        {"licenses": {"name": "MIT"}, "resources": [{"path": "a.csv"}]},
        {"licenses": ["MIT", {}, {"name": ""}], "resources": [{"path": "a.csv"}]},
        {"license": "MIT", "resources": [{"path": "a.csv"}]},
        [],
        "",
    ],
)
def test_what_tells_nothing(read, content):
    assert read(content) == ({}, [])


def test_the_place_of_a_licence(tmp_path):
    text = '{"licenses": [{"name": "isc"}],\n "resources": [{"path": "a"},\n  {"path": "b",\n'
    text += ' "licenses": [{"name": "mit"}]}]}'
    (tmp_path / "datapackage.json").write_text(text)
    told = read_data_package(str(tmp_path), "datapackage.json", [])
    assert told["a"].licenses == (("isc", Location("datapackage.json", 1, 15)),)
    assert told["b"].licenses == (("mit", Location("datapackage.json", 4, 15)),)


def test_a_broken_package_is_a_warning(read):
    told, (problem,) = read("{")
    assert told == {}
    assert problem.level == "warning"
