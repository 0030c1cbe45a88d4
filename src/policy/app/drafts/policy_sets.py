"""A policy set to start from, as text: it observes where others depend on the gate, and says how to go on."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.app.workspace import BUILTINS, make_plugin_loader
from policy.errors import PolicyError, Problem
from policy.loading.discovery import find_root
from policy.loading.file_listing import is_yaml
from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME, PolicySetFile, find_policy_set, open_policy_set
from policy.loading.policy_sets.reader import load_policy_set
from policy.plugins.registry import Registry
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.model.policy import PolicySet

PLAIN = re.compile(r"[A-Za-z./][A-Za-z0-9._/-]*")
HEAD = """\
# Which policies are in force here, and how far each gate goes with them.
# `policy set show` prints what follows from it, `policy schema policy-set` is its JSON Schema.
policy_set: 1
name: {name}
"""
BASE = """
# The whole catalogue; an area of it, such as catalogue:fine-tuning; folders of your own, such as ./policies.
policies: [catalogue]

# How far each gate goes. Raise one step at a time, when the reports show nothing that you would not stop:
#   observe   judged and recorded, shown as "would block"; nobody is stopped or warned
#   flag      warns, and stops nobody
#   enforce   holds and blocks as the policies say
# A gate on which other people depend starts in observe.
gates:
  check: {mode: enforce}     # in a terminal, where only its user waits
  commit: {mode: flag}       # before a commit
  ci: {mode: observe}        # next: flag, then enforce
  run: {mode: observe}       # next: flag, then enforce
  release: {mode: observe}   # next: flag, then enforce

# A gate can be ahead of single policies: these go no further than their own mode.
# modes: {few-examples: observe}

# A date announces a policy: before it, a failure flags at most. `policy check --effective-time` looks ahead.
# from: {few-examples: 2027-01-01}

# What no layer that extends this one may loosen.
# final: [few-examples]

# What collectors may take for one project, and the MLflow server where MLFLOW_TRACKING_URI names none.
# evidence: {time_limit: 10min, size_limit: 50 GB, mlflow: https://mlflow.example.com}
"""
LAYER = """
# The layers below this one, the base first. What they make final can be tightened here and not be loosened;
# whatever else is loosened here is reported by every `policy check`.
extends: [{extends}]

# Policies beside those of the layers below. A new one starts in observe, then flag, then enforce.
# policies: [./policies]
# modes: {{my-policy: observe}}

# Tighten what is below, or set values of your own.
# params: {{volatile-data.shortest_interval: 60d}}
# effects: {{few-examples: {{ci: block}}}}

# A date announces a policy: before it, a failure flags at most. `policy check --effective-time` looks ahead.
# from: {{my-policy: 2027-01-01}}
"""


def draft_policy_set(name: str, extends: Sequence[str] = ()) -> str:
    """The text of a policy set; one that extends others leaves the gates to them."""
    rest = LAYER.format(extends=", ".join(map(write_text, extends))) if extends else BASE
    return HEAD.format(name=write_text(name)) + rest


def write_text(text: str) -> str:
    """A text as YAML writes it in a list or behind a key."""
    if PLAIN.fullmatch(text) and text.lower() != "null":
        return text
    import json

    return json.dumps(text.encode(errors="replace").decode(), ensure_ascii=False)


def try_draft(text: str, path: str) -> PolicySet:
    """The policy set that a draft is once it is written to `path`. Raises PolicyError."""
    folder = os.path.realpath(os.path.dirname(path) or ".")
    document = read_yaml(text.encode(), os.path.basename(path))
    try:
        return load_policy_set(PolicySetFile(document, folder, folder), make_plugin_loader(Registry(BUILTINS)))
    except PolicyError as error:
        raise PolicyError(*(name_files(problem, document.file, folder) for problem in error.problems)) from None


def name_files(problem: Problem, draft: str, folder: str) -> Problem:
    """The problem with files named from the working folder, and without a place in the draft: nobody can see that."""
    place = problem.location
    if place is None or place.file == draft:
        return problem._replace(location=None, related=())
    file = os.path.relpath(os.path.join(folder, place.file)).replace(os.sep, "/")
    return problem._replace(location=place._replace(file=file), related=())


def find_above(folder: str) -> str:
    """The file of the nearest policy set above a folder. Raises PolicyError where there is none."""
    parent = os.path.dirname(folder)
    found = find_policy_set(parent, os.path.dirname(find_root(parent)) or parent) if parent != folder else None
    if found is None:
        message = f"there is no policy set above `{folder}`"
        raise PolicyError(Problem(message, "name one with `--extends PATH`, or leave `--team` out"))
    return os.path.join(found.folder, os.path.basename(found.document.file))


def refuse_place(path: str) -> None:
    """Raises PolicyError where a policy set of this name would not be read, or would be a second one."""
    folder = os.path.realpath(os.path.dirname(path) or ".")
    if not is_yaml(path):
        raise PolicyError(Problem(f"`{path}` would not be read as YAML", f"call it {SET_NAME}"))
    project = os.path.join(folder, PROJECT_NAME)
    if os.path.basename(path) == SET_NAME and os.path.isfile(project) and open_policy_set(project, folder) is not None:
        message = f"there is a policy set in this folder: `[tool.policy]` in {PROJECT_NAME}"
        raise PolicyError(Problem(message, "change that one, or move it away first"))
