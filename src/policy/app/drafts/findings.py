"""What a folder tells about the project in it, for a manifest that is still to be written."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING

from policy.app.drafts.cards import CardFinder
from policy.app.drafts.data_candidates import find_data_files
from policy.app.drafts.result_candidates import find_results
from policy.app.training_configs import read_config
from policy.evidence.tools.readers import leads_outside, list_ancestors, rebase
from policy.loading.discovery import discover
from policy.loading.git.commands import GitError, find_repository, run_git
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.drafts.cards import FoundSource
    from policy.app.drafts.result_candidates import FoundResult
    from policy.app.training_configs import FoundConfig
    from policy.app.workspace import Workspace
    from policy.errors import Problem
    from policy.evidence.licenses.statements import Statement
    from policy.plugins.contracts import DatasetReference

# Nobody reads through more of them; the config tells them all the same.
MOST_SOURCES = 50
SCHEMA_NAME = "ml-manifest.schema.json"
_NAME = re.compile(r"[\w.-]*\w[\w.-]*")


class Findings(NamedTuple):
    """What was found in `folder` (relative to the root). Paths are relative to the folder.

    `sources` are the data sets that the training configs name; `is_clear` is false, and there are none, where
    configs differ in them, name too many, or name data that cannot be made out. `unnamed` are files that only
    look like data, `results` files that hold results of evaluations.
    `base_card` is that of a base model which lies in the repository, `model_card` that of the project's own model.
    """

    folder: str
    project: str = ""
    project_source: str = ""
    email: str = ""
    configs: tuple[FoundConfig, ...] = ()
    sources: tuple[FoundSource, ...] = ()
    is_clear: bool = True
    unnamed: tuple[FoundSource, ...] = ()
    base_card: Statement | None = None
    model_card: Statement | None = None
    schema_file: str = ""
    covered_by: str = ""
    results: tuple[FoundResult, ...] = ()


def find_project(workspace: Workspace, path: str, problems: list[Problem]) -> Findings:
    """What there is in the folder at `path`; what cannot be read is noted."""
    root = workspace.root
    folder = os.path.relpath(os.path.realpath(path), root).replace(os.sep, "/")
    folder = "" if folder == "." else folder
    candidates, covered_by = _list_candidates(path, folder, problems)
    read = (read_config(workspace, file, folder, problems) for file in candidates)
    configs = tuple(config for config in read if config is not None)
    cards = CardFinder(root, folder, problems)
    named = [_list_references(config) for config in configs]
    is_clear = all(references == named[0] for references in named) and all(map(_is_clear, configs))
    sources = tuple(cards.describe(*reference) for reference in (named[0] if named and is_clear else ()))
    taken = {path for references in named for path, _, _ in references}
    unnamed = tuple(
        cards.describe(file, "", split)
        for file, split in find_data_files(os.path.join(root, folder))
        if file not in taken and _is_text(file)
    )
    project, project_source = name_project(root, folder)
    return Findings(
        folder,
        project,
        project_source,
        _ask_git(root, "user.email"),
        configs,
        sources,
        is_clear,
        unnamed,
        cards.find_base_card(configs),
        cards.find_model_card(),
        _find_schema(root, folder),
        covered_by,
        tuple(find_results(os.path.join(root, folder))),
    )


def _list_candidates(path: str, folder: str, problems: list[Problem]) -> tuple[list[str], str]:
    """The YAML files that a manifest in the folder will cover, and the manifest above that covers them now."""
    (found,) = discover([path])
    problems += found.problems
    inside = f"{folder}/" if folder else ""
    free = [item for item in found.items if item.manifest is None or not item.manifest.startswith(inside)]
    covers = next((item.manifest for item in free if item.manifest is not None), "")
    candidates = sorted(file for item in free for file in item.candidates if _is_text(file))
    return candidates, rebase(covers, folder) if covers else ""


def _list_references(config: FoundConfig) -> list[tuple[str, str, str]]:
    """Path (from the folder), name and split of each data set that the config names, once."""
    members = next((fact.value.items for fact in config.told.facts if fact.path == "data.sources"), ())
    told = [{name: fact.value for name, fact in member.items()} for member in members]
    return [(member.get("path", ""), member.get("name", ""), member["split"]) for member in told]


def _is_clear(config: FoundConfig) -> bool:
    datasets = config.told.datasets
    return not config.fault and len(datasets) <= MOST_SOURCES and all(map(_can_be_stated, datasets))


def _can_be_stated(reference: DatasetReference) -> bool:
    elsewhere = reference.name or ""
    return reference.resolved and bool(reference.path or elsewhere) and not leads_outside(elsewhere or "x")


def name_project(root: str, folder: str) -> tuple[str, str]:
    """A name for the project, and where it comes from: the remote of a repository, else the folder."""
    own = posixpath.basename(folder) or os.path.basename(root)
    remote = "" if folder else _name_remote(_ask_git(root, "remote.origin.url"))
    name, source = (remote, "git's remote `origin`") if remote else (own, "the folder's name")
    return (name, source) if _is_text(name) else ("", "")


def _name_remote(url: str) -> str:
    """The repository's name: of an address nothing else is taken, for it may hold a password or a token."""
    _, is_address, rest = url.partition("://")
    path = rest.partition("/")[2] if is_address else url.rpartition(":")[2]
    name = path.rstrip("/").replace("\\", "/").rpartition("/")[2].removesuffix(".git")
    return name if _NAME.fullmatch(name) else ""


def _ask_git(root: str, key: str) -> str:
    """A value of git's configuration for a repository; empty where there is none, of either."""
    if find_repository(root) != root:
        return ""
    try:
        # 1 says that it is not set.
        answer = run_git(root, "config", "--get", key, accepted=(0, 1))
    except GitError:
        return ""
    return answer.decode(errors="replace").strip()


def _find_schema(root: str, folder: str) -> str:
    """The JSON Schema of manifests in the folder or above it, relative to the folder."""
    for above in (*list_ancestors(folder), ""):
        file = posixpath.join(above, SCHEMA_NAME)
        if os.path.isfile(os.path.join(root, file)):
            return rebase(file, folder)
    return ""


def _is_text(name: str) -> bool:
    """Whether a name can stand in a manifest."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
