"""Whose word counts on what is known: the work tree's, or only that of the revision that judges it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.gates.cli.conftest import Call, call, write_manifest, write_policy  # noqa: F401 - a fixture
from tests.loading.conftest import _alone, git  # noqa: F401 - a fixture

FILE = ".policy-baseline.json"
SET = "policy_set: 1\npolicies: [policies]\n"
ROWS = write_policy("rows", "require: {data.rows: {at_least: 1000}}\neffect: block\n")
BAD = write_manifest("a", "data: {rows: 5}\n")
GOOD = write_manifest("a", "data: {rows: 2000}\n")
BASE = {"policy.yaml": SET, "policies/own/rows.yaml": ROWS, "a/ml-manifest.yaml": BAD}

Edit = Callable[[Mapping[str, str | None]], None]


@pytest.fixture
def edit(tmp_path: Path, _alone: None) -> Edit:  # noqa: F811
    """Write files, or take them away, and commit all."""

    def commit(files: Mapping[str, str | None]) -> None:
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink()
            else:
                file.write_text(content)
        git(tmp_path, "add", "--all")
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=a change")

    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    return commit


@pytest.fixture
def branch(tmp_path: Path, edit: Edit, call: Call) -> Edit:  # noqa: F811
    """A change to a repository whose `main` knows one finding."""
    edit(BASE)
    assert call("baseline").code == 0
    edit({})
    git(tmp_path, "switch", "--quiet", "--create", "change")
    return edit


def check(call: Call, line: str = "") -> Any:  # noqa: F811
    return call(f"check --policies-from main --baseline {FILE} {line}")


def test_the_base_s_own_counts(branch, call):  # noqa: F811
    branch({"notes.md": "x"})
    result = check(call)
    assert (result.code, result.err) == (0, "")
    document = json.loads(check(call, "-o json").out)
    assert document["baseline"]["file"] == FILE
    assert document["baseline"]["findings"]["known"] == 1


def test_what_a_change_adds_to_its_baseline_covers_nothing(branch, call):  # noqa: F811
    branch({"b/ml-manifest.yaml": write_manifest("b", "data: {rows: 5}\n")})
    assert check(call).code == 1
    assert call("baseline").code == 0
    branch({})
    assert call(f"check --baseline {FILE}").code == 0
    result = check(call)
    assert result.code == 1
    assert "beyond the baseline: 1 blocked, 1 allowed (1 known, 1 new)" in result.out
    assert "this change also changes the baseline: findings are compared with that at main" in result.err
    assert "it counts once it is merged" in result.err


def test_work_that_is_not_committed_covers_nothing_either(branch, call, tmp_path):  # noqa: F811
    branch({"b/ml-manifest.yaml": write_manifest("b", "data: {rows: 5}\n")})
    assert call("baseline").code == 0
    assert check(call).code == 1
    (tmp_path / FILE).write_text("nonsense")
    assert check(call).code == 1
    (tmp_path / FILE).unlink()
    result = check(call)
    assert result.code == 1
    assert "this change also changes the baseline" in result.err


def test_the_first_one_is_proposed(edit, call, tmp_path):  # noqa: F811
    edit(BASE)
    git(tmp_path, "switch", "--quiet", "--create", "change")
    result = check(call)
    assert result.code == 2
    assert f"there is no baseline `{FILE}`, neither at main" in result.err
    assert call("baseline").code == 0
    result = check(call)
    assert result.code == 1
    assert "the baseline is proposed: there is none at main" in result.err
    assert "(1 new)" in result.out


def test_a_change_that_mends_something_hears_of_it(branch, call):  # noqa: F811
    branch({"a/ml-manifest.yaml": GOOD})
    result = check(call)
    assert result.code == 0
    assert "1 finding of the baseline fixed: rows (a)" in result.out


def test_a_link_leads_where_the_base_says(edit, call, tmp_path):  # noqa: F811
    edit(BASE)
    assert call("baseline --file kept/real.json").code == 2
    (tmp_path / "kept").mkdir()
    assert call("baseline --file kept/real.json").code == 0
    (tmp_path / FILE).symlink_to("kept/real.json")
    edit({})
    git(tmp_path, "switch", "--quiet", "--create", "change")
    assert check(call).code == 0
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).symlink_to("/etc/hostname")
    edit({})
    assert check(call).code == 0


def test_a_folder_that_a_change_makes_a_link_leads_nowhere_else(edit, call, tmp_path):  # noqa: F811
    """An older baseline, which the base has too, knows what is mended since."""
    edit(BASE)
    for name, manifest in (("old", BAD), ("kept", GOOD)):
        (tmp_path / name).mkdir()
        (tmp_path / "a/ml-manifest.yaml").write_text(manifest)
        assert call(f"baseline --file {name}/{FILE}").code == 0
    edit({})
    git(tmp_path, "switch", "--quiet", "--create", "change")
    edit({f"kept/{FILE}": None, "a/ml-manifest.yaml": BAD})
    (tmp_path / "kept").rmdir() if (tmp_path / "kept").exists() else None
    (tmp_path / "kept").symlink_to("old")
    edit({})
    result = call(f"check --policies-from main --baseline kept/{FILE}")
    assert (result.code, "(1 new)" in result.out) == (1, True)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda root: (root / FILE).symlink_to("../outside.json"), "leads out of the repository"),
        (lambda root: (root / FILE).symlink_to(FILE), "in a circle"),
        (lambda root: (root / FILE).write_text("nonsense"), "the baseline is not JSON"),
    ],
)
def test_a_base_whose_own_is_broken_is_refused(edit, call, tmp_path, make, said):  # noqa: F811
    edit(BASE)
    make(tmp_path)
    edit({})
    git(tmp_path, "switch", "--quiet", "--create", "change")
    (tmp_path / FILE).unlink()
    assert call("baseline").code == 0
    result = check(call)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


@pytest.mark.usefixtures("branch")
def test_a_folder_or_a_file_elsewhere_is_none(call, tmp_path, tmp_path_factory):  # noqa: F811
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "b.json"
    elsewhere.write_bytes((tmp_path / FILE).read_bytes())
    result = call(f"check --policies-from main --baseline {elsewhere}")
    assert result.code == 2
    assert "is no file of the repository, and `--policies-from` reads nothing else" in result.err
    assert call(f"check --baseline {elsewhere}").code == 0
    result = call("check --policies-from main --baseline policies")
    assert result.code == 2
    assert "this is a directory, not a file" in result.err


def test_with_the_projects_of_a_change_others_are_not_called_fixed(branch, call):  # noqa: F811
    branch({"b/ml-manifest.yaml": write_manifest("b", "data: {rows: 2000}\n")})
    result = check(call, "--changed-since main")
    assert result.code == 0
    assert "fixed" not in result.out
    branch({"a/ml-manifest.yaml": GOOD})
    assert "1 finding of the baseline fixed" in check(call, "--changed-since main").out
