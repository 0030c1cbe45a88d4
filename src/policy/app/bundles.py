"""Bundles for those who make and use them: packed, verified, fetched, and locked."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.bundles.content import digest_files, measure
from policy.loading.bundles.fetching import fetch_files
from policy.loading.bundles.folders import read_folder
from policy.loading.bundles.late import LOCK_NAME, LateOpener
from policy.loading.bundles.lock import check_lock, write_lock
from policy.loading.bundles.opening import check_digest, read_file
from policy.loading.bundles.reference import PATH, Reference, find_reference, read_unpinned
from policy.loading.discovery import find_root
from policy.loading.policy_sets.extending import open_layers
from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME, find_policy_set, open_policy_set
from policy.loading.policy_sets.layers import read_layer
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.loading.bundles.content import Files
    from policy.loading.bundles.opening import OpenBundle
    from policy.loading.policy_sets.files import PolicySetFile


class Verified(NamedTuple):
    """What a bundle is: how it was named, its digest, and how much it is; `wrong` where it is pinned to another."""

    reference: Reference
    digest: str
    files: int
    size: int
    wrong: Problem | None = None


class Gathered(NamedTuple):
    """The policy set's file, and every bundle that it is made of, by how it is named."""

    found: PolicySetFile
    used: Mapping[str, OpenBundle]

    @property
    def lock(self) -> str:
        """Where the lock file is, or would be."""
        return os.path.join(self.found.folder, LOCK_NAME)


def build_bundle(folder: str, output: str, name: str = "", version: str = "") -> Verified:
    """Pack a folder into an archive, which is there whole or not at all. Raises PolicyError."""
    from policy.loading.bundles.archives import read_archive, write_archive
    from policy.loading.bundles.manifest import make_manifest

    if not os.path.isdir(folder):
        raise PolicyError(Problem(f"there is no folder `{folder}`", "name one that holds a policy set or policies"))
    files = read_folder(folder, folder)
    reference = Reference(output, PATH, output)
    refuse_output(folder, output)
    try_bundle(folder, files)
    data = write_archive(files, make_manifest(files, name or _find_name(folder), version))
    read_archive(data, output)
    write_whole(output, data)
    return Verified(reference, digest_files(files), len(files), measure(files))


def try_bundle(folder: str, files: Files) -> None:
    """Raises PolicyError where what is to be packed could not be used: it holds no policy set that can be loaded."""
    from policy.app.workspace import BUILTINS, make_plugin_loader
    from policy.loading.catalogue import list_policies, load_policies
    from policy.loading.policy_sets.files import look_in
    from policy.loading.policy_sets.reader import load_policy_set
    from policy.model.fields import SCHEMA
    from policy.plugins.registry import Registry

    here = os.path.realpath(folder)
    if SET_NAME in files or PROJECT_NAME in files:
        found = look_in(here, here, os.path.basename(here))
        if found is not None:
            load_policy_set(found, make_plugin_loader(Registry(BUILTINS)), with_cases=True)
            return
    places = list_policies(here, os.path.basename(here))
    if not places:
        message = f"the folder `{folder}` holds neither a policy set nor policies"
        raise PolicyError(Problem(message, f"put a {SET_NAME} into it, or name another folder"))
    load_policies(places, SCHEMA, with_cases=True)


def _find_name(folder: str) -> str:
    return os.path.basename(os.path.realpath(folder))


def refuse_output(folder: str, output: str) -> None:
    """Raises PolicyError where the archive would be a part of what it packs, or has a name that nothing reads."""
    if not output.endswith(".tar.gz"):
        raise PolicyError(Problem(f"`{output}` would not be read as a bundle", "let its name end with `.tar.gz`"))
    inside = os.path.join(os.path.realpath(os.path.dirname(output) or "."), "")
    if inside.startswith(os.path.join(os.path.realpath(folder), "")):
        raise PolicyError(Problem(f"`{output}` lies in the folder that is packed", "write it beside the folder"))


def write_whole(path: str, data: bytes) -> None:
    """Write a file so that it is there whole or as it was. Raises PolicyError."""
    part = f"{path}.part-{os.urandom(4).hex()}"
    try:
        try:
            with open(part, "xb") as stream:
                stream.write(data)
            os.replace(part, path)
        finally:
            with suppress(OSError):
                os.unlink(part)
    except OSError as error:
        message = f"`{path}` cannot be written: {error.strerror or error}"
        raise PolicyError(Problem(message, "name a folder that can be written, or make room")) from None


def verify_target(target: str) -> Verified:
    """What is at a path or an address now; where the target is pinned, whether it is that. Raises PolicyError."""
    reference = find_reference(target) or read_unpinned(target)
    files = _read_target(reference)
    verified = Verified(reference, digest_files(files), len(files), measure(files))
    try:
        if reference.digest:
            check_digest(reference, files)
    except PolicyError as error:
        return verified._replace(wrong=error.problems[0])
    return verified


def _read_target(reference: Reference) -> Files:
    place = reference.place
    if reference.kind != PATH:
        return fetch_files(reference)
    if os.path.isdir(place):
        return read_folder(place, place)
    if not os.path.lexists(place):
        raise PolicyError(Problem(f"there is no `{place}`", "name a folder, a .tar.gz file or an address"))
    return read_file(place, place, reference.subdirectory)


def gather_bundles(config: str | None) -> Gathered:
    """The policy set as a check finds it, with all its bundles, fetched where they are not here. Raises PolicyError."""
    root = find_root(".")
    found = find_policy_set(".", root) if config is None else open_policy_set(config, root)
    if found is None:
        message = "there is no policy set here" if config is None else f"`{config}` has no table `[tool.policy]`"
        raise PolicyError(Problem(message, "name a policy.yaml with `--config`"))
    problems: list[Problem] = []
    bundles = LateOpener(fetch_files)
    chain = open_layers(found, problems, bundles)
    for layer in [read_layer(file, problems) for file in chain.layers.values()]:
        for name, location in layer.policies:
            try:
                bundles.open(name, layer.folder, location, layer.top)
            except PolicyError as error:
                problems.extend(error.problems)
    if problems:
        raise PolicyError(*dict.fromkeys(problems))
    return Gathered(found, bundles.used)


def fetch_bundles(config: str | None) -> Gathered:
    """Fetch what is not here, and hold it to the lock file where there is one. Raises PolicyError."""
    gathered = gather_bundles(config)
    if os.path.lexists(gathered.lock):
        check_lock(gathered.found.folder, os.path.relpath(gathered.lock), gathered.used)
    return gathered


def lock_bundles(config: str | None) -> Gathered:
    """Fetch what is not here, and write the lock file. Raises PolicyError."""
    gathered = gather_bundles(config)
    write_whole(gathered.lock, write_lock(gathered.used).encode())
    return gathered
