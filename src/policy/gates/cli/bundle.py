"""`policy bundle`: policy sets packed, pinned, fetched and locked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from policy.errors import PolicyError
from policy.gates.cli.options import config_option
from policy.gates.cli.problems import print_problems, relocate
from policy.gates.cli.streams import say
from policy.gates.cli.usage import refuse_name
from policy.reports.layout import clean, count_noun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.app.bundles import Gathered
    from policy.errors import Problem
    from policy.loading.bundles.opening import OpenBundle

COMMANDS = ("build", "fetch", "lock", "verify")


class BundleCommands(click.Group):
    """Says of a wrong name what was meant."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise refuse_name("command", f"bundle {args[0]}", [f"bundle {name}" for name in COMMANDS])
        return super().resolve_command(ctx, args)


@click.group("bundle", cls=BundleCommands)
def command() -> None:
    """Pack a policy set, verify one, fetch and lock those that are named.

    \b
    A policy set names a bundle under `extends` or `policies`, with the digest of its content:
      ../organisation#sha256=DIGEST                                  a folder
      ./organisation.tar.gz#sha256=DIGEST                            an archive
      https://HOST/organisation.tar.gz#sha256=DIGEST                 an archive elsewhere
      git+https://HOST/REPOSITORY.git@COMMIT#sha256=DIGEST           a commit of a repository
    `&subdirectory=FOLDER` at the end takes one folder of an archive or a repository.
    """  # noqa: D301 - click needs the character itself to leave lines as they are


@command.command("build")
@click.argument("folder")
@click.option("--output", "-o", metavar="FILE", help="The archive to write; by default FOLDER.tar.gz here.")
@click.option("--name", default="", help="The bundle's name, for people; by default that of the folder.")
@click.option("--version", default="", help="The bundle's version, for people.")
def build(folder: str, output: str | None, name: str, version: str) -> int:
    """Pack FOLDER, which holds a policy set or policies, into an archive.

    The same files always give the same archive. Hidden files stay out of it, and nothing is packed that could not
    be used.
    """
    from policy.app.bundles import build_bundle

    target = output or f"{os.path.basename(os.path.realpath(folder))}.tar.gz"
    built = build_bundle(folder, target, name, version)
    say(f"wrote {clean(target)}: {_measure(built.files, built.size)}\n")
    say(f"next: name it in a policy.yaml, `extends: [{clean(_name_path(target))}#sha256={_cut(built.digest)}]`")
    return 0


@command.command("verify")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
def verify(targets: tuple[str, ...]) -> int:
    """Print the digest of each TARGET: a folder, an archive, or an address, which is fetched anew.

    Exit codes: 0 each is what it is pinned to, or not pinned, 1 one is pinned to another content, 2 one cannot be
    read.
    """
    from policy.app.bundles import verify_target

    wrong: list[Problem] = []
    problems: list[Problem] = []
    for target in targets:
        try:
            found = verify_target(target)
        except PolicyError as error:
            problems.extend(error.problems)
            continue
        said = "" if not found.reference.digest else "  as pinned" if found.wrong is None else "  not as pinned"
        say(clean(f"{found.digest}  {found.reference.name}  {_measure(found.files, found.size)}{said}", 1000))
        wrong += [] if found.wrong is None else [found.wrong]
    print_problems([*problems, *wrong])
    return 2 if problems else 1 if wrong else 0


@command.command("fetch")
@config_option
def fetch(config: str | None) -> int:
    """Fetch every bundle that the policy set names and that is not kept here.

    What is kept is verified again each time it is used, and `policy check` fetches nothing. Where there is a lock file,
    the bundles must be those in it.
    """
    from policy.app.bundles import fetch_bundles

    gathered = _run(fetch_bundles, config)
    _list_bundles(gathered.used)
    return 0


@command.command("lock")
@config_option
def lock(config: str | None) -> int:
    """Write policy.lock beside the policy set: every bundle that it is made of, those that bundles name included.

    `policy check` then stops where the policy set names other bundles than the lock file lists.
    """
    from policy.app.bundles import lock_bundles

    gathered = _run(lock_bundles, config)
    _list_bundles(gathered.used)
    say(f"wrote {clean(os.path.relpath(gathered.lock))}")
    return 0


def _run(action: Callable[[str | None], Gathered], config: str | None) -> Gathered:
    from policy.loading.discovery import find_root

    try:
        return action(config)
    except PolicyError as error:
        raise relocate(error, find_root(".")) from None


def _list_bundles(used: Mapping[str, OpenBundle]) -> None:
    if not used:
        say("the policy set names no bundles")
    for bundle in used.values():
        say(clean(f"{bundle.reference.digest}  {bundle.reference.name}  {_measure(bundle.files, bundle.size)}", 1000))


def _measure(files: int, size: int) -> str:
    return f"{count_noun(files, 'file')}, {size:,} bytes"


def _name_path(path: str) -> str:
    return path if os.path.isabs(path) or path.startswith("../") else f"./{path.removeprefix('./')}"


def _cut(digest: str) -> str:
    return digest.removeprefix("sha256:")
