from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from policy.errors import PolicyError
from policy.loading import discovery, file_listing
from policy.loading.discovery import Item, discover
from tests.loading.conftest import MANIFEST, git

CONFIG = "base_model: org/model\n"
LARGE = "large.json"


def look(*paths: str) -> list[tuple[str | None, tuple[str, ...]]]:
    """Manifest and candidates of every item below the paths, which lie in one root; nothing may be warned of."""
    (found,) = discover(paths or (".",))
    assert found.problems == ()
    return [(item.manifest, item.candidates) for item in found.items]


def test_tracked_and_untracked_files_are_found_and_ignored_ones_not(repository, write):
    repository({"ml-manifest.yaml": MANIFEST, "train/a.yaml": CONFIG, ".gitignore": "out/\n*.local.yaml\n"})
    write({"train/new.yml": CONFIG, "train/b.local.yaml": CONFIG, "out/c.yaml": CONFIG, "notes.txt": "x"})
    assert look() == [("ml-manifest.yaml", ("train/a.yaml", "train/new.yml"))]


def test_a_file_that_was_tracked_and_is_deleted_is_gone(repository):
    root = repository({"ml-manifest.yaml": MANIFEST, "train/a.yaml": CONFIG, "train/b.yaml": CONFIG})
    (root / "train" / "a.yaml").unlink()
    assert look() == [("ml-manifest.yaml", ("train/b.yaml",))]
    (root / "ml-manifest.yaml").unlink()
    assert look() == [(None, ("train/b.yaml",))]


def test_what_git_tracks_is_found_even_where_it_is_hidden_or_ignored(repository, write):
    root = repository({".train/a.yaml": CONFIG, "node_modules/b.yaml": CONFIG, "out/c.yaml": CONFIG})
    write({".gitignore": "out/\n"})
    assert look() == [(None, (".train/a.yaml",)), (None, ("node_modules/b.yaml",)), (None, ("out/c.yaml",))]
    assert git(root, "status", "--short") == "?? .gitignore\n"


def test_the_nearest_manifest_above_covers(repository):
    repository(
        {
            "ml-manifest.yaml": MANIFEST,
            "a.yaml": CONFIG,
            "one/ml-manifest.yaml": MANIFEST,
            "one/deep/down/b.yaml": CONFIG,
            "one-more/c.yaml": CONFIG,
            "two/inner/ml-manifest.yaml": MANIFEST,
            "two/d.yaml": CONFIG,
        }
    )
    assert look() == [
        ("ml-manifest.yaml", ("a.yaml", "one-more/c.yaml", "two/d.yaml")),
        ("one/ml-manifest.yaml", ("one/deep/down/b.yaml",)),
        ("two/inner/ml-manifest.yaml", ()),
    ]


COVERED = {"ml-manifest.yaml": MANIFEST, "a.yaml": CONFIG, "train/b.yaml": CONFIG, "train/c.yaml": CONFIG}
ALL = Item("ml-manifest.yaml", ("a.yaml", "train/b.yaml", "train/c.yaml"))


@pytest.mark.parametrize("with_git", [True, False], ids=["git", "plain"])
@pytest.mark.parametrize(
    ("path", "item"),
    [
        (".", ALL),
        ("ml-manifest.yaml", ALL),
        ("train/..", ALL),
        ("train", Item("ml-manifest.yaml", ("train/b.yaml", "train/c.yaml"), only_configs=True)),
        ("train/b.yaml", Item("ml-manifest.yaml", ("train/b.yaml",), only_configs=True)),
        ("a.yaml", Item("ml-manifest.yaml", ("a.yaml",), only_configs=True)),
    ],
)
def test_a_manifest_covers_whichever_way_a_path_is_given(repository, write, path, item, with_git):
    (repository if with_git else write)(COVERED)
    assert discover([path])[0].items == [item]


def test_a_manifest_beside_a_named_config_covers_it(repository):
    repository({f"project/{name}": text for name, text in COVERED.items()})
    (found,) = discover(["project/a.yaml"])
    assert found.items == [Item("project/ml-manifest.yaml", ("project/a.yaml",), only_configs=True)]


def test_from_a_folder_further_down_paths_stay_relative_to_the_root(repository, monkeypatch):
    root = repository(COVERED)
    monkeypatch.chdir(root / "train")
    (found,) = discover(["b.yaml"])
    assert found.root == str(root)
    assert found.items == [Item("ml-manifest.yaml", ("train/b.yaml",), only_configs=True)]


def test_a_named_file_is_looked_at_even_where_git_ignores_it(repository, write):
    repository({".gitignore": "out/\n", "ml-manifest.yaml": MANIFEST})
    write({"out/a.yaml": CONFIG, "out/b.yaml": CONFIG})
    assert look("out/a.yaml") == [("ml-manifest.yaml", ("out/a.yaml",))]
    assert look("out") == []


def test_a_named_file_that_is_no_yaml_gives_nothing(write):
    write({"README.md": "text"})
    assert look("README.md") == []


def test_a_path_that_is_not_there_is_refused_with_all_others(write):
    write({"a.yaml": CONFIG})
    with pytest.raises(PolicyError) as refusal:
        discover(["nowhere", "a.yaml", "no/where.yaml", "nul\0"])
    assert [problem.message for problem in refusal.value.problems] == [
        "there is no `nowhere`",
        "there is no `no/where.yaml`",
        "there is no `nul\0`",
    ]


def test_several_paths_in_one_repository_are_one_root(repository):
    repository({"ml-manifest.yaml": MANIFEST, "a/x.yaml": CONFIG, "b/y.yaml": CONFIG, "c/z.yaml": CONFIG})
    assert look("a", "b/y.yaml", "a/x.yaml") == [("ml-manifest.yaml", ("a/x.yaml", "b/y.yaml"))]


def test_two_repositories_are_two_roots(write, tmp_path):
    write({"one/a.yaml": CONFIG, "two/b.yaml": CONFIG})
    git(tmp_path / "one", "init", "--quiet")
    git(tmp_path / "two", "init", "--quiet")
    found = discover(["one", "two/b.yaml"])
    assert [(part.root, part.items) for part in found] == [
        (str(tmp_path / "one"), [Item(None, ("a.yaml",))]),
        (str(tmp_path / "two"), [Item(None, ("b.yaml",))]),
    ]


def test_a_repository_inside_another_is_judged_by_itself_and_that_is_said(repository, write, tmp_path):
    repository({"ml-manifest.yaml": MANIFEST, "b.yaml": CONFIG, "sub/c.yaml": CONFIG})
    write({"vendor/ml-manifest.yaml": MANIFEST, "vendor/a.yaml": CONFIG})
    git(tmp_path / "vendor", "init", "--quiet")
    said = [
        "vendor:1:1: `vendor/` is a repository of its own and is not looked into\n  help: check it by itself",
    ]
    items = [Item("ml-manifest.yaml", ("b.yaml", "sub/c.yaml"))]
    assert look_and_hear(".") == (items, said)
    git(tmp_path / "vendor", "add", "--all")
    git(tmp_path / "vendor", "commit", "--quiet", "--message=first")
    # As a submodule is recorded.
    git(tmp_path, "-c", "advice.addEmbeddedRepo=false", "add", "vendor")
    modules = '[submodule "v"]\n\tpath = vendor\n\turl = x\n[submodule "w"]\n\tpath = gone\n\turl = x\n'
    write({".gitmodules": modules})
    assert look_and_hear(".") == (items, said)
    assert look("sub") == [("ml-manifest.yaml", ("sub/c.yaml",))]
    assert look("vendor") == [("ml-manifest.yaml", ("a.yaml",))]


def look_and_hear(path: str) -> tuple[list[Item], list[str]]:
    (found,) = discover([path])
    assert all(problem.level == "warning" for problem in found.problems)
    return found.items, [str(problem) for problem in found.problems]


@pytest.mark.parametrize("text", ["garbage [", "", '[include]\n\tpath = /dev/zero\n[submodule "a"]\n\tpath = ../..\n'])
def test_a_list_of_submodules_that_is_odd_is_left_alone(repository, text):
    repository({"a.yaml": CONFIG, ".gitmodules": text})
    assert look() == [(None, ("a.yaml",))]


@pytest.mark.parametrize("with_git", [True, False], ids=["git", "plain"])
def test_a_link_to_a_file_that_is_listed_is_judged_where_it_is(repository, write, with_git):
    root = write({"one/a.yaml": CONFIG, "two/c.txt": CONFIG, "d.YAML": CONFIG})
    (root / "two" / "b.yaml").symlink_to("../one/a.yaml")
    (root / "two" / "c.yaml").symlink_to("c.txt")
    if with_git:
        repository({})
    assert look() == [(None, (name,)) for name in ("d.YAML", "one/a.yaml", "two/c.yaml")]
    assert look("two") == [(None, ("two/b.yaml",)), (None, ("two/c.yaml",))]


def test_a_worktree_is_a_root_of_its_own(repository, tmp_path):
    root = repository({"project/ml-manifest.yaml": MANIFEST, "project/a.yaml": CONFIG})
    git(root, "worktree", "add", "--quiet", str(tmp_path / "other"))
    (found,) = discover(["other/project"])
    assert found.root == str(tmp_path / "other")
    assert found.items == [Item("project/ml-manifest.yaml", ("project/a.yaml",))]


@pytest.mark.parametrize("at_work", ["repository", "elsewhere"])
def test_what_a_hook_has_set_counts_for_its_own_repository_only(write, tmp_path, monkeypatch, at_work):
    write({"other/b.yaml": CONFIG})
    git(tmp_path / "other", "init", "--quiet")
    git(tmp_path / "other", "add", "--all")
    # From now on only the right index tells of the file.
    write({"other/.gitignore": "*.yaml\n"})
    root = tmp_path / "other" if at_work == "repository" else tmp_path / "elsewhere"
    write({"elsewhere/a.yaml": CONFIG})
    git(root, "init", "--quiet")
    monkeypatch.chdir(root)
    monkeypatch.setenv("GIT_DIR", str(root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(root / ".git" / "index"))
    assert look(str(tmp_path / "other")) == [(None, ("b.yaml",))]


def test_the_index_that_a_commit_is_made_from_counts(repository, write, monkeypatch):
    root = repository({"a.yaml": CONFIG, ".gitignore": "b.yaml\n"})
    write({"b.yaml": CONFIG})
    shutil.copy(root / ".git" / "index", root / ".git" / "next-index")
    git(root, "add", "--force", "b.yaml", GIT_INDEX_FILE=".git/next-index")
    assert look() == [(None, ("a.yaml",))]
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index")
    assert look() == [(None, ("a.yaml",)), (None, ("b.yaml",))]


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that says so when it is run."""
    program = tmp_path / ".git" / "trap"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\necho run >> {tmp_path}/.git/sprung\n")
    program.chmod(0o755)
    return program


def test_nothing_that_a_repository_configures_is_run(repository, trap, tmp_path):
    root = repository({"a.yaml": CONFIG})
    hooks = root / ".git" / "more-hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit"):
        shutil.copy(trap, hooks / hook)
    for key in ("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external", "alias.ls-files"):
        git(root, "config", key, f"!{trap}" if key.startswith("alias") else str(trap))
    git(root, "config", "core.hooksPath", str(hooks))
    git(root, "update-index", "--fsmonitor")
    sprung = tmp_path / ".git" / "sprung"
    assert sprung.exists()
    sprung.unlink()
    assert look() == [(None, ("a.yaml",))]
    assert not sprung.exists()


def test_a_work_tree_that_the_configuration_moves_hides_nothing(repository, write, tmp_path_factory):
    root = repository({"ml-manifest.yaml": MANIFEST})
    git(root, "config", "core.worktree", str(tmp_path_factory.mktemp("elsewhere")))
    write({"b/ml-manifest.yaml": MANIFEST})
    (found,) = discover([str(root)])
    assert [item.manifest for item in found.items] == ["b/ml-manifest.yaml", "ml-manifest.yaml"]


def test_git_is_not_looked_up_in_the_repository(repository, trap, monkeypatch, tmp_path):
    root = repository({"a.yaml": CONFIG})
    shutil.copy(trap, root / "git")
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert look() == [(None, ("a.yaml",))]
    assert not (tmp_path / ".git" / "sprung").exists()


def test_without_git_everything_visible_is_looked_at(repository, write, monkeypatch):
    root = repository({"ml-manifest.yaml": MANIFEST, "train/a.yaml": CONFIG, ".gitignore": "out/\n"})
    write({"out/b.yaml": CONFIG, ".hidden/c.yaml": CONFIG, "node_modules/d.yaml": CONFIG})
    monkeypatch.setenv("PATH", str(root / "nowhere"))
    (found,) = discover(["."])
    assert found.items == [Item("ml-manifest.yaml", ("out/b.yaml", "train/a.yaml"))]
    (problem,) = found.problems
    assert problem.level == "warning"
    assert "git is not installed" in problem.message


def break_repository(root: Path) -> str:
    (root / ".git" / "HEAD").write_text("nonsense")
    return "not a git repository"


def change_owner(root: Path) -> str:
    if os.geteuid():
        pytest.skip("only root may give files away")
    shutil.chown(root / ".git", user=12345)
    shutil.chown(root, user=12345)
    return "dubious ownership"


@pytest.mark.parametrize("spoil", [break_repository, change_owner])
def test_where_git_refuses_it_is_said_and_the_folder_is_walked(repository, spoil):
    root = repository({"ml-manifest.yaml": MANIFEST, "train/a.yaml": CONFIG})
    reason = spoil(root)
    (found,) = discover(["."])
    assert found.items == [Item("ml-manifest.yaml", ("train/a.yaml",))]
    (problem,) = found.problems
    assert problem.level == "warning"
    assert reason in problem.message
    assert problem.remedy


def test_a_plain_folder_keeps_to_its_gitignore(write):
    write({".gitignore": "out/\n*.local.yaml\n", "a.yaml": CONFIG, "out/b.yaml": CONFIG, "c.local.yaml": CONFIG})
    write({"train/.gitignore": "!keep.local.yaml\n", "train/keep.local.yaml": CONFIG, "d\né.yaml": CONFIG})
    assert look() == [(None, ("a.yaml",)), (None, ("d\né.yaml",)), (None, ("train/keep.local.yaml",))]


def test_a_gitignore_that_ignores_nothing_takes_nothing_away(write):
    write({".gitignore": "", "a.yaml": CONFIG})
    assert look() == [(None, ("a.yaml",))]


def test_repositories_in_a_plain_folder_with_a_gitignore_are_looked_into(write, tmp_path):
    write({".gitignore": "out/\n", "clone/a.yaml": CONFIG, "out/b.yaml": CONFIG})
    git(tmp_path / "clone", "init", "--quiet")
    assert look() == [(None, ("clone/a.yaml",))]


def test_a_gitignore_without_git_is_not_kept_to(write, monkeypatch, tmp_path):
    write({".gitignore": "out/\n", "out/b.yaml": CONFIG})
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert look() == [(None, ("out/b.yaml",))]


def test_a_plain_folder_is_walked_without_what_is_hidden_or_installed(write):
    names = (".cache", "node_modules", "venv", "__pycache__", "lib/site-packages", "train")
    write({f"{name}/a.yaml": CONFIG for name in names})
    assert look() == [(None, ("train/a.yaml",))]
    assert look(".cache") == [(None, (".cache/a.yaml",))]


def test_a_folder_that_may_not_be_read_is_a_warning(write, monkeypatch):
    write({"a.yaml": CONFIG, "closed/b.yaml": CONFIG})
    scan = os.scandir

    def refuse(path):
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (found,) = discover(["."])
    assert found.items == [Item(None, ("a.yaml",))]
    (problem,) = found.problems
    assert str(problem) == (
        "closed:1:1: the folder cannot be looked into: Permission denied\n"
        "  help: give the user who runs this permission to read it"
    )


@pytest.mark.parametrize("with_git", [True, False], ids=["git", "plain"])
def test_links_are_listed_and_not_followed(repository, write, tmp_path_factory, with_git):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "ml-manifest.yaml").write_text(MANIFEST)
    (outside / "a.yaml").write_text(CONFIG)
    root = write({"b.yaml": CONFIG})
    (root / "linked").symlink_to(outside)
    (root / "project").mkdir()
    (root / "project" / "ml-manifest.yaml").symlink_to(outside / "ml-manifest.yaml")
    (root / "dangling.yaml").symlink_to("nowhere.yaml")
    if with_git:
        repository({})
    assert look() == [("project/ml-manifest.yaml", ()), (None, ("b.yaml",)), (None, ("dangling.yaml",))]


def test_a_folder_named_through_a_link_is_judged_where_it_is(write, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "a.yaml").write_text(CONFIG)
    (write({}) / "linked").symlink_to(outside)
    (found,) = discover(["linked"])
    assert (found.root, found.items) == (str(outside), [Item(None, ("a.yaml",))])


ODD_NAMES = [
    "with space",
    "new\nline",
    "-leading-dash",
    ":leading-colon",
    ":(exclude)magic",
    ":!magic",
    "star*",
    "[ab]",
    '"quoted"',
    "back\\slash",
    "tab\t",
    "ünï",
    os.fsdecode(b"caf\xe9"),
]


@pytest.mark.parametrize("kind", ["git", "plain", "plain with .gitignore"])
@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_odd_names_are_found_and_can_be_named(repository, write, name, kind):
    files = {f"{name}/ml-manifest.yaml": MANIFEST, f"{name}/{name}.yaml": CONFIG, "ab/c.yaml": CONFIG}
    if kind == "plain with .gitignore":
        files |= {".gitignore": "out.yaml\n", f"{name}/out.yaml": CONFIG}
    (repository if kind == "git" else write)(files)
    covered = (f"{name}/ml-manifest.yaml", (f"{name}/{name}.yaml",))
    assert look(".") == [covered, (None, ("ab/c.yaml",))]
    assert look(f"./{name}") == [covered]
    assert look(f"{name}/ml-manifest.yaml") == [covered]
    assert look(f"{name}/{name}.yaml") == [covered]


def test_settings_for_pathspecs_change_nothing(repository, monkeypatch):
    repository({"star*/a.yaml": CONFIG, "starfish/b.yaml": CONFIG})
    monkeypatch.setenv("GIT_GLOB_PATHSPECS", "1")
    monkeypatch.setenv("GIT_ICASE_PATHSPECS", "1")
    assert look("star*") == [(None, ("star*/a.yaml",))]


def test_a_file_in_conflict_is_found_once(repository, write):
    root = repository({"a.yaml": "one\n"})
    git(root, "checkout", "--quiet", "-b", "other")
    write({"a.yaml": "two\n"})
    git(root, "commit", "--quiet", "--all", "--message=two")
    git(root, "checkout", "--quiet", "-")
    write({"a.yaml": "three\n"})
    git(root, "commit", "--quiet", "--all", "--message=three")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "--quiet", "other")
    assert look() == [(None, ("a.yaml",))]


@pytest.mark.parametrize("name", ["ml-manifest.yml", "ml_manifest.yaml"])
def test_a_name_that_is_nearly_right_is_said(write, name):
    root = write({f"a/{name}": MANIFEST, "ml-manifest.yaml": MANIFEST})
    (found,) = discover([str(root)])
    (problem,) = found.problems
    assert str(problem).startswith(f"a/{name}:1:1: this file is not read as a manifest")
    assert (problem.level, problem.remedy) == ("warning", "rename it to ml-manifest.yaml")


# Scripts


def test_scripts_are_candidates_and_stand_together_where_no_manifest_covers_them(repository):
    files = ("a.py", "b.ipynb", "deep/c.PY", "inner/d.py", "e.txt", "f.pyc")
    repository({**dict.fromkeys(files, ""), "inner/ml-manifest.yaml": MANIFEST, "z.yaml": CONFIG})
    assert look() == [
        ("inner/ml-manifest.yaml", ("inner/d.py",)),
        (None, ("z.yaml",)),
        (None, ("a.py", "b.ipynb", "deep/c.PY")),
    ]


def test_tests_are_no_candidates_unless_they_are_named(repository):
    files = ["test_a.py", "a_test.py", "conftest.py", "tests/a.py", "x/test/y/a.py", "Tests/a.ipynb", "test_b.ipynb"]
    kept = ["a_tests.py", "contest.py", "latest.py", "latests/a.py", "testing/a.py", "tests/a.yaml"]
    repository(dict.fromkeys([*files, *kept], ""))
    assert look() == [(None, ("tests/a.yaml",)), (None, tuple(kept[:-1]))]
    assert look("tests/a.py", "test_a.py") == [(None, ("test_a.py", "tests/a.py"))]
    assert look("tests") == [(None, ("tests/a.yaml",))]


def test_without_git_scripts_are_found_too(write):
    write({"a/b.py": "", "a/tests/c.py": "", "venv/d.py": "", ".hidden/e.py": "", "__pycache__/f.py": ""})
    assert look() == [(None, ("a/b.py",))]
    assert look("a/b.py") == [(None, ("a/b.py",))]


@pytest.mark.parametrize("with_git", [True, False], ids=["git", "plain"])
def test_mlflow_projects_and_small_json_are_candidates(repository, write, with_git):
    files = ("MLproject", "a/mlproject", "b.json", "c.py", "a/MLproject.txt", "d.jsonl")
    (repository if with_git else write)({**dict.fromkeys(files, "{}"), LARGE: " " * (file_listing.MOST_JSON + 1)})
    Path("link.json").symlink_to("b.json")
    Path("dangling.json").symlink_to("nowhere")
    # A report may be written over any JSON: the next run finds the one of this run.
    assert discover(["."])[0].items[-1].inputs == ("c.py",)
    assert look() == [(None, ("MLproject",)), (None, ("a/mlproject",)), (None, ("b.json", "c.py"))]
    assert look("MLproject", LARGE) == [(None, ("MLproject",)), (None, (LARGE,))]


def test_many_scripts_are_a_few_items(repository, monkeypatch):
    monkeypatch.setattr(discovery, "TOGETHER", 3)
    repository({f"a{number}.py": "" for number in range(7)})
    assert [len(candidates) for _, candidates in look()] == [3, 3, 1]


def test_a_script_below_a_manifest_is_judged_with_what_was_asked_for(repository):
    repository({"ml-manifest.yaml": MANIFEST, "src/a.py": "", "src/b.py": "", "c.py": ""})
    (found,) = discover(["src"])
    assert found.items == [Item("ml-manifest.yaml", ("src/a.py", "src/b.py"), only_configs=True)]


def test_a_link_to_another_script_is_judged_where_that_is(repository):
    root = repository({"a.py": "", "b.txt": ""})
    (root / "link.py").symlink_to("a.py")
    (root / "other.py").symlink_to("b.txt")
    assert look() == [(None, ("a.py", "other.py"))]
