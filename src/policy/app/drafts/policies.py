"""A policy to start from: a whole one that works, with texts in angle brackets for its author to write."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.app.policy_files import read_policy_files
from policy.app.workspace import BUILTINS
from policy.errors import PolicyError, Problem
from policy.language.policies import NAME
from policy.loading.catalogue import PolicyPlace, list_policies
from policy.plugins.registry import Registry

if TYPE_CHECKING:
    from policy.app.workspace import Workspace

TEXT = """\
# The test below is an example: put your own in its place, and with it the cases. `policy test` runs them, and
# `policy lint` names every text in angle brackets that is still to be written.
policy: {id}
title: <What a project must or must not do, in one line>
severity: medium                # low | medium | high | critical
when:                           # whom it concerns; all others are not-applicable and are asked nothing
  approach: [fine-tuning, hybrid]
require:                        # what is asked of them; `policy schema manifest` lists every field
  training.epochs: {{at_most: {{param: most_epochs}}}}
params:                         # thresholds that a policy set can change
  most_epochs: {{default: 10, about: <What the number means to those who set it>}}
effect: flag                    # advise | flag | hold | block, or by gate: {{commit: flag, default: block}}
because: <Why this is asked and what goes wrong without it>
fix: <What to do about a failure, with the limit {{most_epochs}} where that helps>
limits: <When this policy may be wrong and when not to use it>
cases:
  - {{given: {{approach: fine-tuning, training.epochs: 3}}, expect: pass}}
  - {{given: {{approach: fine-tuning, training.epochs: 10}}, expect: pass}}
  - {{given: {{approach: fine-tuning, training.epochs: 11}}, expect: fail}}
  - {{given: {{approach: hybrid, training.epochs: 11}}, expect: fail}}
  - {{given: {{approach: fine-tuning, training.epochs: 3}}, params: {{most_epochs: 2}}, expect: fail}}
  - {{given: {{approach: rag, training.epochs: 11}}, expect: not-applicable}}
  - {{given: {{approach: prompt-engineering, training.epochs: 11}}, expect: not-applicable}}
  - {{given: {{approach: few-shot, training.epochs: 11}}, expect: not-applicable}}
  - {{given: {{approach: fine-tuning}}, expect: unknown}}
  - {{given: {{training.epochs: 11}}, expect: unknown}}
"""


def draft_policy(policy_id: str) -> str:
    """The text of a policy file."""
    return TEXT.format(id=policy_id)


def refuse_id(what: str, name: str) -> None:
    """Raises PolicyError for an id or an area that no policy can have; `what` says which of them it is."""
    if NAME.fullmatch(name):
        return
    better = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
    remedy = f"write `{better}`" if better else "use lower-case words joined by `-`, such as `name-an-owner`"
    raise PolicyError(Problem(f"`{name}` cannot be {what} of a policy", remedy))


def find_policy_id(workspace: Workspace | None, folder: str, policy_id: str) -> str:
    """Where there is a policy of this id: in force, in a source that could be, or in the folder; else empty.

    Without a workspace, because the policy set cannot be read, files count by their names.
    """
    for policy in workspace.policy_set.policies if workspace else ():
        if policy.id == policy_id:
            return policy.location.file if policy.location else "the policy set"
    registry = workspace.registry if workspace else Registry(BUILTINS)
    places = [place for source in registry.policy_sources() for place in list_policies(source.folder, source.name)]
    if os.path.isdir(folder):
        places += list_policies(folder, folder)
        files, _ = read_policy_files(workspace, [folder]) if workspace else ([], [])
        places += [PolicyPlace(f"{file.policy.id}.yaml", file.document.file) for file in files]
    return next((place.shown for place in places if _get_stem(place.path) == policy_id), "")


def _get_stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]
