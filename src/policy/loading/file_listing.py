"""What may be judged below folders, by its name: what git tracks or does not ignore, else all but what is hidden."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from policy.errors import Location, Problem
from policy.loading.git.commands import GitError, run_git
from policy.loading.git.nested import find_nested

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

YAML_ENDINGS = (".yaml", ".yml")
SCRIPT_ENDINGS = (".py", ".ipynb")
# An MLflow project is YAML without an ending, in any letter case.
MLFLOW_PROJECT = "mlproject"
JSON_ENDING = ".json"
# Data is JSON as well, and there may be much of it; no training config is as large.
MOST_JSON = 64 * 1024
TEST_FOLDERS = frozenset({"test", "tests"})
LISTING = ("--literal-pathspecs", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})


def list_files(root: str, paths: list[str], problems: list[Problem]) -> list[str]:
    """The candidates at or below the paths, which need not be there; all relative to the root.

    What git says is taken as it is: another repository inside this one is not looked into, which is a warning,
    as is what cannot be looked at. Nothing follows links.
    """
    if os.path.lexists(os.path.join(root, ".git")):
        listed = _ask_git(root, paths, problems)
        if listed is not None:
            return listed
    walked = [file for path in paths for file in _walk(root, path, problems)]
    ignoring = os.path.lexists(os.path.join(root, ".gitignore"))
    return _drop_ignored(root, walked) if ignoring and walked else walked


def _ask_git(root: str, paths: list[str], problems: list[Problem]) -> list[str] | None:
    wanted = [path or "." for path in paths]
    try:
        listed = run_git(root, *LISTING, *wanted)
    except GitError as error:
        problems.append(
            Problem(
                f"git cannot list the files of this repository ({error}); everything in the folder is looked at",
                "mend the repository, or check a folder that is no repository",
                level="warning",
            )
        )
        return None
    files = dict.fromkeys(os.fsdecode(listed).split("\0"))
    problems += find_nested(root, paths, files)
    # What is tracked and deleted is listed still.
    return [file for file in files if is_candidate(file) and _is_worth_reading(os.path.join(root, file))]


def is_yaml(file: str) -> bool:
    """Whether the name is that of a YAML file."""
    return file.lower().endswith(YAML_ENDINGS)


def is_config(file: str) -> bool:
    """Whether the name is that of a file in YAML, with or without an ending, that may be a training config."""
    return is_yaml(file) or file.rpartition("/")[2].lower() == MLFLOW_PROJECT


def is_json(file: str) -> bool:
    """Whether the name is that of a JSON file, which few training configs are."""
    return file.lower().endswith(JSON_ENDING)


def is_script(file: str) -> bool:
    """Whether the name is that of Python source or of a notebook."""
    return file.lower().endswith(SCRIPT_ENDINGS)


def is_candidate(file: str) -> bool:
    """Whether a file is looked at without being named: configs, and scripts but for tests, which train toys."""
    return is_config(file) or is_json(file) or (is_script(file) and not is_test(file))


def is_test(file: str) -> bool:
    """Whether a script is a test by the names that pytest and unittest go by, or lies among tests."""
    *folders, name = file.lower().split("/")
    stem = name.rpartition(".")[0]
    named = stem.startswith("test_") or stem.endswith("_test") or stem == "conftest"
    return named or not TEST_FOLDERS.isdisjoint(folders)


def _is_worth_reading(path: str) -> bool:
    """Whether a candidate is there; JSON, which is mostly data, only where it is a file as small as configs are."""
    if not is_json(path):
        return is_there(path)
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= MOST_JSON


def is_there(path: str) -> bool:
    """Whether there is something at a path; so it is taken where that cannot be found out."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def _walk(root: str, path: str, problems: list[Problem]) -> Iterator[str]:
    top = os.path.join(root, path)
    if not os.path.isdir(top):
        if is_candidate(path) and os.path.lexists(top):
            yield path
        return

    def warn(error: OSError) -> None:
        where = Location(os.path.relpath(error.filename, root).replace(os.sep, "/"))
        message = f"the folder cannot be looked into: {error.strerror}"
        problems.append(Problem(message, "give the user who runs this permission to read it", where, level="warning"))

    for folder, folders, files in os.walk(top, onerror=warn):
        folders[:] = sorted(_keep_visible(folders))
        relative = os.path.relpath(folder, root).replace(os.sep, "/")
        for name in sorted(files):
            file = name if relative == "." else f"{relative}/{name}"
            if is_candidate(file) and (not is_json(file) or _is_worth_reading(os.path.join(folder, name))):
                yield file


def _keep_visible(folders: Iterable[str]) -> Iterator[str]:
    return (name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS)


def _drop_ignored(root: str, files: list[str]) -> list[str]:
    """Without a repository `.gitignore` still says what is no part of the project: git itself reads it."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as empty:
        question = (f"--git-dir={empty}", f"--work-tree={root}", "check-ignore", "-z", "--stdin", "--no-index")
        # As they are, names that begin with a colon would be patterns.
        asked = "\0".join(f"./{file}" for file in files)
        try:
            run_git(empty, "init", "-q", "--bare", "--template=", ".")
            # 1 says that it ignores none.
            answer = run_git(root, *question, data=os.fsencode(asked), accepted=(0, 1))
        except GitError:
            return files
    ignored = set(os.fsdecode(answer).split("\0"))
    return [file for file in files if f"./{file}" not in ignored]
