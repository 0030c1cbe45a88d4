"""The training configs of one item: those among its files, and the one that its manifest names."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from policy.app.training_configs import read_config
from policy.errors import Problem
from policy.loading.file_listing import is_json, is_script

if TYPE_CHECKING:
    from policy.app.training_configs import FoundConfig
    from policy.app.workspace import Workspace
    from policy.loading.discovery import Item
    from policy.model.fact import Fact
    from policy.model.manifest import Manifest


def find_configs(
    workspace: Workspace, item: Item, manifest: Manifest | None, named: Fact | None, problems: list[Problem]
) -> list[FoundConfig]:
    """The training configs of an item; `named` is what its manifest says of `training.config`."""
    found = []
    for file in item.candidates:
        base = manifest.folder if manifest is not None else posixpath.dirname(file)
        # JSON is taken for the config of one tool, unless a manifest names it.
        is_named = named is not None and file == named.value and is_json(file)
        found.append(read_config(workspace, file, base, problems, named=is_named))
    if manifest is not None and named is not None and _is_left(workspace, named, item):
        found.append(read_config(workspace, named.value, manifest.folder, problems, named=True))
    return sorted((config for config in found if config is not None), key=_get_file)


def _is_left(workspace: Workspace, named: Fact, item: Item) -> bool:
    """Whether the named file is no candidate: it may have another ending, or git may ignore it."""
    return named.value not in item.candidates and _exists(workspace, named)


def _exists(workspace: Workspace, named: Fact) -> bool:
    return os.path.exists(os.path.join(workspace.root, named.value))


def _get_file(config: FoundConfig) -> str:
    return config.file


def look_for_named(
    workspace: Workspace, item: Item, named: Fact | None, configs: list[FoundConfig], problems: list[Problem]
) -> bool:
    """Whether the training config that a manifest names is there and no reader knows it; notes what is wrong."""
    if named is None or named.value in [config.file for config in configs]:
        return False
    if _exists(workspace, named):
        if is_script(named.value):
            message = f"no call in the training config `{named.value}` is known to start a fine-tuning"
            remedy = "name the script that starts it, let a plugin name the call, or state the facts"
        else:
            message = f"no reader knows the training config `{named.value}`: nothing that it says is observed"
            remedy = "check its keys, or state the facts"
        problems.append(Problem(message, remedy, named.location, level="warning"))
        return True
    from policy.source.suggestion import nearest

    message = f"the manifest names the training config `{named.value}`, which does not exist"
    close = nearest(named.value, [config.file for config in configs] or list(item.candidates))
    remedy = f"a file with a similar name exists: `{close}`" if close else "correct `training.config`, or add the file"
    problems.append(Problem(message, remedy, named.location))
    return False
