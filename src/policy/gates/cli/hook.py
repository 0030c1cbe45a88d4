"""`policy hook`: what git runs before a commit, before a push, and on a server before it accepts one."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from policy.errors import PolicyError, Problem
from policy.gates.cli.options import trusted_option
from policy.loading.git.commands import GitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.hooks.pushes import Push, Tip
    from policy.loading.git.repositories import Repository


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config`, for a policy set that is no part of what is judged."""
    about = "A policy set outside what is judged, such as one that the server's administrator keeps."
    return click.option("--config", metavar="FILE", type=click.Path(), help=about)(command)


@click.group("hook")
def command() -> None:
    """Judge what git is about to commit, push or receive; called by git's hooks.

    What is judged are git's own objects, in a temporary folder: never the working tree, and without running
    anything that the repository names. The page check-in-commits.md says how to set the hooks up.

    Exit codes: 0 go on, 1 blocked, 2 the input is wrong, 3 no policy is judged at the gate, 4 held for approval.
    """


@command.command("pre-commit", short_help="Judge the projects that the staged changes touch.")
@config_option
@trusted_option
def judge_commit(config: str | None, trusted: str | None) -> int:
    """Judge the projects that the staged changes touch, as they are staged, at the gate commit.

    Where nothing of a project is staged, and where all are allowed, nothing is said.
    """
    from policy.app.hooks.staged import find_touched
    from policy.loading.git.repositories import list_staged, open_repository

    with asking_git():
        repository = open_repository()
        touched = find_touched(repository, list_staged(repository), any_yaml=config is not None)
        if not touched:
            return 0
        from policy.app.hooks.snapshots import open_snapshot
        from policy.app.hooks.staged import choose_paths, write_index
        from policy.gates.cli.hook_verdicts import judge_folder, make_request
        from policy.gates.cli.problems import print_problems
        from policy.loading.git.repositories import find_head

        with open_snapshot(repository, find_head(repository)) as snapshot:
            entries, problems = write_index(repository, snapshot)
            paths = choose_paths(touched, entries)
            if not paths:
                return 0
            print_problems(problems)
            return judge_folder(make_request("commit", config, trusted, tuple(paths)), snapshot.folder)


@command.command("pre-push", short_help="Judge every project of the commits that are pushed.")
@config_option
@trusted_option
def judge_outgoing(config: str | None, trusted: str | None) -> int:
    """Judge every project of the commits that are pushed, at the gate check.

    Called by git, which says on standard input what is pushed; by pre-commit or prek; or by hand, for HEAD.
    """
    from policy.app.hooks.pushes import list_tips
    from policy.app.hooks.snapshots import open_snapshot, write_commit
    from policy.gates.cli.hook_verdicts import choose_worst, judge_folder, make_request
    from policy.gates.cli.problems import print_problems
    from policy.loading.git.repositories import open_repository

    def judge(tip: Tip) -> int:
        with open_snapshot(repository, tip.commit) as snapshot:
            if not write_commit(snapshot, tip.commit):
                return 0
            return judge_folder(make_request("check", config, trusted), snapshot.folder, tip)

    with asking_git():
        repository = open_repository()
        tips, problems = list_tips(repository, find_outgoing(repository), by_base=False)
        print_problems(problems)
        return choose_worst([judge(tip) for tip in tips])


def find_outgoing(repository: Repository) -> list[Push]:
    """What is pushed: as pre-commit says, or git; and where nobody says anything, HEAD."""
    from policy.app.hooks.pushes import Push, read_outgoing
    from policy.loading.git.repositories import find_object

    told = os.environ.get("PRE_COMMIT_TO_REF")
    lines = read_lines() if told is None else []
    if lines:
        return read_outgoing(lines)
    name = told or "HEAD"
    commit = find_object(repository, f"{name}^{{commit}}")
    return [Push(os.environ.get("PRE_COMMIT_REMOTE_BRANCH", name), "", commit)]


@command.command("pre-receive", short_help="Judge, on a server, every project that is pushed to it.")
@config_option
def judge_received(config: str | None) -> int:
    """Judge every project of the commits that are received, at the gate ci, by the policies that were there before.

    Policies, waivers and plugins are those of the branch before the push, and for a new branch or a tag those of
    the default branch; what the push changes about them counts once it is there.
    """
    from policy.app.hooks.pushes import list_tips, read_received
    from policy.gates.cli.hook_verdicts import choose_worst
    from policy.gates.cli.problems import print_problems
    from policy.loading.git.repositories import open_repository

    with asking_git():
        repository = open_repository()
        tips, problems = list_tips(repository, read_received(read_lines()), by_base=config is None)
        print_problems(problems)
        return choose_worst([receive(repository, tip, config) for tip in tips])


def read_lines() -> list[str]:
    """The lines of standard input; names in them need not be text. A terminal has nothing to say."""
    if sys.stdin is None or sys.stdin.isatty():
        return []
    return [os.fsdecode(line) for line in sys.stdin.buffer]


def receive(repository: Repository, tip: Tip, config: str | None) -> int:
    """Judge one commit that is received; what is wrong with it is not the end of the others."""
    from policy.app.hooks.push_base import compare_policies, hide_outside, write_base
    from policy.app.hooks.snapshots import open_snapshot, working_in, write_commit
    from policy.gates.cli.hook_verdicts import judge_folder, make_request, refuse
    from policy.gates.cli.streams import say_aside
    from policy.source.display import show_text

    with open_snapshot(repository, tip.commit) as snapshot:
        base = None
        try:
            if not write_commit(snapshot, tip.commit):
                return 0
            if config is None:
                base = write_base(repository, snapshot.folder, tip)
                config = base.config
            request = make_request("ci", config, tip.base or None)
            code = judge_folder(
                request, snapshot.folder, tip, must_judge=True, edit=lambda error: hide_outside(error, base)
            )
            changed = compare_policies(base, snapshot.folder) if base else ""
        except PolicyError as error:
            with working_in(snapshot.folder):
                return refuse(hide_outside(error, base), tip)
    if changed:
        said = f"{show_text(tip.references[0])} {changed}, which counts once it is there"
        say_aside(f"note: {said}: what was there before has judged it")
    return code


@contextmanager
def asking_git() -> Iterator[None]:
    """Raises what git refuses as PolicyError."""
    try:
        yield
    except GitError as error:
        message = f"git cannot say what to judge: {error}"
        raise PolicyError(Problem(message, "call this in a git repository, and mend it where it is broken")) from None
