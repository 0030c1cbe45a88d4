"""Policies read whole, cases and all, for those who write them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.language.policies import read_policy
from policy.loading.catalogue import list_policy_files
from policy.source.yaml_reader import read_yaml_file
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.app.workspace import Workspace
    from policy.model.policy import Policy
    from policy.source.node import Document


class PolicyFile(NamedTuple):
    """One policy file: the policy and the document it was read from."""

    policy: Policy
    document: Document


def read_policy_files(workspace: Workspace, paths: Sequence[str]) -> tuple[list[PolicyFile], list[Problem]]:
    """Every policy at the paths, or without any those in force; and what is wrong with the files.

    Raises PolicyError for paths that are not there.
    """
    files: list[PolicyFile] = []
    problems: list[Problem] = []
    # A file that is named twice, by itself and with its folder, is one policy.
    found = {os.path.realpath(path): path for path in (_list_files(paths) if paths else _find_files(workspace))}
    for real, path in found.items():
        try:
            document = read_yaml_file(path, os.path.relpath(path))
            area = os.path.basename(os.path.dirname(real))
            files.append(PolicyFile(read_policy(document, workspace.policy_set.schema, area=area), document))
        except PolicyError as error:
            problems.extend(error.problems)
    return files, problems + _find_duplicates(files)


def _list_files(paths: Sequence[str]) -> list[str]:
    missing = [path for path in paths if not os.path.exists(path)]
    if missing:
        remedy = "name a policy file, or a folder of policies"
        raise PolicyError(*(Problem(f"there is no `{path}`", remedy) for path in missing))
    files: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            files += [os.path.join(path, relative) for relative in list_policy_files(path)]
        else:
            files.append(path)
    return files


def _find_files(workspace: Workspace) -> Iterator[str]:
    """The files that the policies in force came from, sorted."""
    for file in sorted(policy.location.file for policy in workspace.policy_set.policies if policy.location):
        yield find_policy_file(workspace, file)


def find_policy_file(workspace: Workspace, file: str) -> str:
    """The path of a policy's file, which positions name from the root or from the source that it belongs to."""
    folders = {source.name: source.folder for source in workspace.registry.policy_sources()}
    source, _, rest = file.partition("/")
    bundle = workspace.policy_set.bundles.get(source)
    if bundle is not None:
        return os.path.join(bundle, rest)
    shipped = os.path.join(folders.get(source, ""), rest)
    # The repository may have a folder of the same name.
    return shipped if source in folders and os.path.isfile(shipped) else os.path.join(workspace.root, file)


def _find_duplicates(files: list[PolicyFile]) -> list[Problem]:
    from policy.loading.catalogue import refuse_duplicates

    try:
        refuse_duplicates([file.policy for file in files])
    except PolicyError as error:
        return list(error.problems)
    return []
