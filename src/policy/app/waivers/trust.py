"""Which revision of the repository shows that waivers are approved, and what it shows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME
from policy.model.waiver_entry import Doubt, Trust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace
    from policy.model.waiver_entry import Waiving

# What runs here binds nobody but who runs it; elsewhere a proposal must not name its own judge.
LOCAL_GATES: Final = ("check", "commit")
# Azure Pipelines, Jenkins, TeamCity and CodeBuild do not set the first one.
OF_CI: Final = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID")


def find_trust(workspace: Workspace, waiving: Waiving, gate: str, trusted: str | None) -> Trust:
    """What can be shown of approvals at a gate; `trusted` is the revision that whoever runs this trusts."""
    if not any(entry.approved_by for entry in waiving.entries):
        return Trust()
    from policy.loading.waivers.trusted import read_trust

    if workspace.base is not None:
        from policy.app.trusted.waivers import open_trust_root

        return read_trust(open_trust_root(workspace.root, workspace.base), waiving, trusted or workspace.base.commit)
    name, doubt = choose_revision(workspace.root, waiving, gate, trusted)
    link = find_link(workspace)
    if link:
        # A proposal could let it lead to a policy set that is there as an example.
        message = f"its approval cannot be shown, for {link} is a link"
        doubt = Doubt(message, f"put {workspace.config} itself in its place")
    if doubt is not None:
        return Trust(name, doubt=doubt)
    return read_trust(workspace.root, waiving, name)


def find_link(workspace: Workspace) -> str:
    """The link through which the policy set of the workspace was found, from the root; empty where it is none."""
    here, top = os.path.realpath("."), os.path.realpath(workspace.root)
    target = os.path.realpath(os.path.join(top, workspace.config or ""))
    folders = [here, *_list_above(here, top)] if f"{here}{os.sep}".startswith(top.rstrip(os.sep) + os.sep) else [top]
    for folder in folders:
        for name in (SET_NAME, PROJECT_NAME):
            path = os.path.join(folder, name)
            if os.path.islink(path) and os.path.realpath(path) == target:
                return os.path.relpath(path, top).replace(os.sep, "/")
    return ""


def _list_above(folder: str, top: str) -> Iterator[str]:
    while folder != top:
        folder = os.path.dirname(folder)
        yield folder


def choose_revision(root: str, waiving: Waiving, gate: str, trusted: str | None) -> tuple[str, Doubt | None]:
    """The revision that is trusted, or why there is none.

    The policy set's own word is a proposal's word where it lies in the repository that is judged.
    """
    from policy.loading.waivers.trusted import OPTION, confirm_settings

    if trusted:
        return trusted, None
    settings = waiving.trusted
    if settings is None or not settings.revision:
        message = "its approval cannot be shown, for no revision is trusted"
        return "", Doubt(message, f"{OPTION}, or write `trusted: {{revision: origin/main}}` into the policy set")
    file = settings.location.file if settings.location else ""
    if os.path.isabs(file) or file.startswith("../"):
        return settings.revision, None
    if gate not in LOCAL_GATES or any(map(os.environ.get, OF_CI)):
        where = "in CI" if gate in LOCAL_GATES else f"at the gate {gate}"
        message = f"its approval cannot be shown, for {where} a proposal could change what {file} trusts"
        return settings.revision, Doubt(message, f"{OPTION} where the job or gate is configured")
    return settings.revision, confirm_settings(root, settings)
