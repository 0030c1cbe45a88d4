"""A log of checkpoints on a branch of a git repository; neither its working tree nor its index is touched."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

from policy.errors import PolicyError, Problem
from policy.loading.git.commands import GitError, find_repository, run_git

TRIES = 5
FILE = "checkpoints"
# The signer may have no name in git, and what is signed is the note, not the commit.
AUTHOR = {
    "GIT_AUTHOR_NAME": "policy ledger",
    "GIT_AUTHOR_EMAIL": "policy-ledger@localhost",
    "GIT_COMMITTER_NAME": "policy ledger",
    "GIT_COMMITTER_EMAIL": "policy-ledger@localhost",
}


def publish_log(folder: str, branch: str, origin: str, text: str) -> str:
    """Commit a log to a branch, which is made where it is not there; gives the commit. Raises PolicyError.

    What the branch has must be the beginning of it: no checkpoint is taken back.
    """
    repository = find_repository(os.path.realpath(folder))
    if repository is None:
        raise PolicyError(Problem(f"`{folder}` lies in no git repository", "name one with `--git-repository`"))
    try:
        return _Branch(repository, branch).commit(f"{origin}/{FILE}", text)
    except GitError as error:
        message = f"the checkpoint cannot be committed to the branch `{branch}`: {error}"
        raise PolicyError(Problem(message, "the log has it: see to the repository, and run this again")) from None


class _Branch:
    def __init__(self, repository: str, branch: str) -> None:
        self.repository = repository
        self.branch = branch
        self.ref = f"refs/heads/{branch}"
        folder = run_git(repository, "rev-parse", "--absolute-git-dir").decode().rstrip("\n")
        self.variables = {**AUTHOR, "GIT_DIR": folder}

    def commit(self, path: str, text: str) -> str:
        self._git("check-ref-format", "--branch", self.branch)
        self._git("check-ref-format", self.ref)
        self._check_unused()
        for _ in range(TRIES):
            parent = self._git("for-each-ref", "--format=%(objectname)", self.ref)
            if parent and self._is_there(parent, path, text):
                return parent
            made = self._make_commit(parent, path, text)
            try:
                self._git("update-ref", "-m", "policy ledger checkpoint", self.ref, made, parent or "0" * len(made))
            except GitError:
                # Somebody else was faster, and what they put there stays.
                if self._git("for-each-ref", "--format=%(objectname)", self.ref) == parent:
                    raise
                continue
            return made
        raise GitError("others change it all the time")

    def _check_unused(self) -> None:
        """A branch that a working tree has checked out would differ from it afterwards."""
        listed = self._git("worktree", "list", "--porcelain").splitlines()
        if f"branch {self.ref}" in listed:
            message = f"the branch `{self.branch}` is checked out in a working tree"
            raise PolicyError(Problem(message, "name a branch for checkpoints alone"))

    def _is_there(self, parent: str, path: str, text: str) -> bool:
        if not self._git("ls-tree", "--full-tree", parent, "--", path):
            return False
        kept = run_git(self.repository, "cat-file", "blob", f"{parent}:{path}", variables=self.variables)
        if not text.encode().startswith(kept):
            message = f"the branch `{self.branch}` has checkpoints at `{path}` that the log has not"
            raise PolicyError(Problem(message, "find out which of the two was changed, before anything is signed"))
        return kept == text.encode()

    def _make_commit(self, parent: str, path: str, text: str) -> str:
        blob = self._git("hash-object", "-w", "--stdin", data=text)
        with TemporaryDirectory(prefix="policy-") as folder:
            index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
            if parent:
                self._git("read-tree", parent, more=index)
            self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", more=index)
            tree = self._git("write-tree", more=index)
        size = text.rstrip("\n").split("\n\n")[-2].split("\n")[1]
        message = f"Checkpoint of {size} entries\n"
        parents = ("-p", parent) if parent else ()
        return self._git("commit-tree", "--no-gpg-sign", tree, *parents, data=message)

    def _git(self, *arguments: str, data: str = "", more: dict[str, str] | None = None) -> str:
        variables = {**self.variables, **(more or {})}
        return run_git(self.repository, *arguments, data=data.encode(), variables=variables).decode().rstrip("\n")
