from __future__ import annotations

import sys

import pytest

from policy.app.trusted import plugins
from policy.app.trusted.plugins import leave_work_tree, refuse_judged
from policy.errors import Location
from tests.loading.conftest import git


@pytest.fixture
def path(monkeypatch):
    """The path on which modules are looked for, to be changed by a test."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    return sys.path


def test_nothing_is_imported_from_below_the_root(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = path[:]
    path[:] = ["", ".", str(tmp_path), str(tmp_path / "src"), *kept]
    leave_work_tree(str(tmp_path))
    assert path == kept


def test_a_link_into_the_root_counts(path, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    kept = path[:]
    path.append(str(tmp_path / "link"))
    leave_work_tree(str(root))
    assert path == kept


def test_the_environment_that_this_runs_in_stays(path, tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "ENVIRONMENT", str(tmp_path / ".venv"))
    site = str(tmp_path / ".venv" / "lib" / "site-packages")
    path.append(site)
    leave_work_tree(str(tmp_path))
    assert site in path


@pytest.fixture
def module(path, tmp_path):
    """A package in an environment that lies in the working tree."""
    folder = tmp_path / ".venv" / "house_five"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    path.insert(0, str(tmp_path / ".venv"))
    return tmp_path


def find(root):
    return list(refuse_judged([("house_five.inner", Location("policy.yaml", 3))], str(root)))


def test_what_the_environment_installed_is_no_part_of_a_proposal(module, monkeypatch):
    git(module, "init", "--quiet")
    monkeypatch.setattr(plugins, "ENVIRONMENT", str(module / ".venv"))
    assert find(module) == []
    # But what git has, a proposal may have changed.
    git(module, "add", "--all", "--force")
    (problem,) = find(module)
    assert problem.location == Location("policy.yaml", 3)
    assert ".venv/house_five" in problem.message


def test_elsewhere_in_the_working_tree_it_is(module):
    assert len(find(module)) == 1


@pytest.mark.parametrize("name", ["json", "sys", "nowhere_at_all", "policy.evidence", "", "..x", "a b"])
def test_others_are_left_to_whoever_imports_them(tmp_path, name):
    assert list(refuse_judged([(name, None)], str(tmp_path))) == []
