"""Policy sets of one small policy, loaded from folders of their own and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from policy.app.set_diff.comparing import compare_sets
from policy.app.workspace import Workspace, open_workspace
from policy.model.set_changes import SetChanges

RULE = """\
policy: own
title: Own
severity: low
params: {least: {default: 3, about: Rows}}
require: {data.rows: {at_least: {param: least}}}
effect: flag
"""
SET = "policy_set: 1\npolicies: [rules]\n"

Files = Mapping[str, str]


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str, Files], Workspace]:
    """The workspace of a policy set that stands in a folder of this name; files replace those of the usual one."""

    def read(name: str, files: Files) -> Workspace:
        root = tmp_path / name
        for file, content in {"policy.yaml": SET, "rules/own/own.yaml": RULE, **files}.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(content)
        return open_workspace(str(root), str(root / "policy.yaml"))

    return read


@pytest.fixture
def compare(load: Callable[[str, Files], Workspace]) -> Callable[[Files, Files], SetChanges]:
    """What differs between two policy sets."""

    def run(old: Files, new: Files) -> SetChanges:
        return compare_sets((load("old", old), load("new", new)))

    return run
