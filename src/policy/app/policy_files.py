"""Policies read whole, cases and all, for those who write them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from policy.errors import PolicyError, Problem
from policy.language.policies import read_policy
from policy.loading.catalogue import list_policy_files
from policy.source.yaml_reader import read_yaml_file

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
    """Every policy at the paths, or without any those in force; and what is wrong with the files."""
    places = list(_list_places(workspace, paths))
    files: list[PolicyFile] = []
    problems: list[Problem] = []
    for path, shown in places:
        try:
            document = read_yaml_file(path, shown)
            area = os.path.basename(os.path.dirname(os.path.abspath(path)))
            files.append(PolicyFile(read_policy(document, workspace.policy_set.schema, area=area), document))
        except PolicyError as error:
            problems.extend(error.problems)
    return files, problems + _find_duplicates(files)


def _list_places(workspace: Workspace, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    for path in paths or sorted(_find_sources(workspace)):
        if os.path.isdir(path):
            shown = os.path.relpath(path) if paths else path
            for relative in list_policy_files(path):
                yield os.path.join(path, relative), os.path.normpath(os.path.join(shown, relative))
        elif os.path.exists(path):
            yield path, os.path.relpath(path)
        else:
            raise PolicyError(Problem(f"there is no `{path}`", "name a policy file, or a folder of policies"))


def _find_sources(workspace: Workspace) -> Iterator[str]:
    """The folders and files that the policies in force came from."""
    folders = {source.name: source.folder for source in workspace.registry.policy_sources()}
    for policy in workspace.policy_set.policies:
        where = policy.location.file if policy.location else ""
        source, _, rest = where.partition("/")
        yield os.path.join(folders[source], rest) if source in folders else os.path.join(workspace.root, where)


def _find_duplicates(files: list[PolicyFile]) -> list[Problem]:
    from policy.loading.catalogue import refuse_duplicates

    try:
        refuse_duplicates([file.policy for file in files])
    except PolicyError as error:
        return list(error.problems)
    return []
