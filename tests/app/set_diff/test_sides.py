"""What a name stands for, and that copies of revisions are gone afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policy.app.set_diff.loading import load_sides, name_side
from policy.app.set_diff.sides import Place, Side, open_side
from policy.errors import Location, PolicyError, Problem
from tests.app.set_diff.conftest import RULE, SET
from tests.loading.conftest import _alone, git  # noqa: F401 - a fixture


@pytest.fixture
def repository(tmp_path: Path, _alone: None) -> Path:  # noqa: F811
    """A repository with a policy set in its only commit."""
    (tmp_path / "rules" / "own").mkdir(parents=True)
    (tmp_path / "rules" / "own" / "own.yaml").write_text(RULE)
    (tmp_path / "policy.yaml").write_text(SET)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message=first")
    return tmp_path


def test_the_copy_of_a_revision_holds_its_policy_set_and_goes(repository):
    (repository / "policy.yaml").write_text("policy_set: 1\npolicies: []\n")
    with open_side("OLD", "main", Place(str(repository)), []) as side:
        assert side.base is not None
        assert side.found is not None
        assert Path(side.base.copy, "policy.yaml").read_text() == SET
        assert side.commit == git(repository, "rev-parse", "main").strip()
        assert side.name == f"main ({side.commit[:10]})"
        copy = side.base.copy
    assert not os.path.exists(copy)


@pytest.mark.parametrize("name", ["a/b", "release-1.0", "é", "x'y"])
def test_any_name_of_a_branch(name, repository):
    git(repository, "branch", name)
    with open_side("NEW", name, Place(str(repository)), []) as side:
        assert side.problems == ()
        assert side.found is not None
        assert "/" not in side.found.document.file.removesuffix("/policy.yaml")


def test_what_cannot_be_found_is_a_problem_of_its_side(repository):
    with open_side("OLD", "nope", Place(str(repository)), []) as side:
        (problem,) = side.problems
        assert (side.found, side.word) == (None, "OLD")
    assert problem.message.startswith("`OLD`: there is no revision `nope`")
    with pytest.raises(PolicyError) as caught:
        load_sides(side, side._replace(word="NEW", problems=(Problem("odd"),)), [])
    assert [problem.message[:7] for problem in caught.value.problems] == ["`OLD`: ", "`NEW`: "]


def test_a_warning_only_where_a_revision_has_the_name(repository):
    git(repository, "branch", "rules")
    for given, said in {"policy.yaml": 0, "./rules": 0, "rules": 1}.items():
        warnings: list[Problem] = []
        (repository / "rules" / "policy.yaml").write_text(SET)
        with open_side("OLD", given, Place(str(repository)), warnings):
            assert len(warnings) == said
            assert all(problem.level == "warning" for problem in warnings)


def test_a_problem_with_a_place_names_its_side(repository, monkeypatch):
    monkeypatch.chdir(repository / "rules")
    side = Side("NEW", ".", "the working tree", str(repository), None)
    place = Location("policy.yaml", 2, 1)
    named = name_side(Problem("it is wrong", "mend it", place, (("here", place),)), side)
    assert named.message == "NEW (the working tree): it is wrong"
    assert named.location == place._replace(file="../policy.yaml")
    assert named.related == (("here", named.location),)
    assert name_side(Problem("x", "", Location("gone.yaml")), side).location == Location("gone.yaml")
