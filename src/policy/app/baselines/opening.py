"""The baseline that a run compares with: a file of the work tree, or of the revision that policies are read from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.loading.baselines import LIMITS, read_baseline
from policy.model.baseline import BASELINE_GATES, BASELINE_NAME, Baseline
from policy.source.file import read_bytes

if TYPE_CHECKING:
    from policy.app.trusted.base import Base


def refuse_gate(gate: str) -> None:
    """Raises PolicyError for a gate at which nothing that is known may pass."""
    if gate not in BASELINE_GATES:
        message = f"a baseline does not count at the gate `{gate}`: what is known there still needs its approval"
        gates = f"{', '.join(BASELINE_GATES[:-1])} and {BASELINE_GATES[-1]}"
        remedy = f"a baseline is for the gates {gates}; here ask for an exception with an end: `policy waive POLICY`"
        raise PolicyError(Problem(message, remedy))


def open_baseline(root: str, path: str, gate: str, base: Base | None = None) -> Baseline:
    """The baseline at a path from the working folder, with what is to be said of it. Raises PolicyError.

    With a `base` it is the one of that revision: what the work tree's own adds covers nothing.
    """
    refuse_gate(gate)
    if base is None:
        file = name_file(path, root)
        if not os.path.lexists(path) and os.path.isdir(os.path.dirname(path) or "."):
            raise PolicyError(Problem(f"there is no baseline `{path}`", suggest_recording(gate, file)))
        return _doubt(read_baseline(read_bytes(path, file, LIMITS), file), gate)
    return _open_at(root, path, gate, base)


def open_previous(root: str, path: str) -> Baseline:
    """The baseline that is to be written anew; an empty one where there is none yet. Raises PolicyError."""
    file = name_file(path, root)
    if not os.path.lexists(path):
        return Baseline(file)
    try:
        return read_baseline(read_bytes(path, file, LIMITS), file)
    except PolicyError as error:
        told = Problem(f"`{path}` is left as it is", "mend it, or remove it to record everything anew", level="warning")
        raise PolicyError(*error.problems, told) from None


def suggest_recording(gate: str, file: str) -> str:
    """What to do where there is no baseline yet; `file` is relative to the root."""
    named = f" --file {file}" if file != BASELINE_NAME else ""
    return f"record one with `policy baseline --gate {gate}{named}`, or correct the path"


def name_file(path: str, root: str) -> str:
    """A path as positions have it: relative to the root."""
    folder = os.path.realpath(os.path.dirname(path) or ".")
    return os.path.relpath(os.path.join(folder, os.path.basename(path)), root).replace(os.sep, "/")


def _doubt(baseline: Baseline, gate: str) -> Baseline:
    """The baseline, with a warning where it was recorded at other gates only."""
    recorded = [name for name, _ in baseline.policy_sets]
    if gate in recorded or not recorded:
        return baseline
    message = f"the baseline holds nothing of the gate `{gate}`: it was recorded at {' and '.join(recorded)}"
    remedy = f"record it with `policy baseline --gate {gate}` too, or check at a gate that it holds"
    told = Problem(message, remedy, Location(baseline.file), level="warning")
    return baseline._replace(problems=(told,))


def _open_at(root: str, path: str, gate: str, base: Base) -> Baseline:
    from policy.app.trusted.base import OPTION, locate_named
    from policy.app.trusted.copying import Copy
    from policy.app.trusted.revision import explain_absence
    from policy.loading.git.commands import GitError
    from policy.loading.git.objects import ObjectReader
    from policy.loading.git.revisions import Revision
    from policy.loading.git.trees import Tree

    where = locate_named(path, root)
    if not where:
        message = f"`--baseline {path}` is no file of the repository, and `{OPTION}` reads nothing else"
        raise PolicyError(Problem(message, "keep the baseline in the repository, where changes to it are reviewed"))
    try:
        with ObjectReader(root) as objects:
            copy = Copy(Tree(objects, base.commit), base.copy, base.folder)
            real = copy.fetch(where, inside=False)
    except GitError as error:
        raise PolicyError(explain_absence(Revision(root, base.revision, base.commit), OPTION, error)) from None
    file = f"{base.name}/{real}"
    if copy.files.get(real) is None:
        return _miss(path, where, base, os.path.join(base.copy, real))
    content = read_bytes(os.path.join(base.copy, real), file, LIMITS)
    baseline = _doubt(read_baseline(content, file), gate)
    return baseline._replace(problems=(*baseline.problems, *_list_changes(path, content, where, base)))


def _miss(path: str, where: str, base: Base, place: str) -> Baseline:
    """A baseline that the revision does not hold: nothing is known where the change adds one; else an error."""
    if os.path.isdir(place):
        raise PolicyError(Problem("this is a directory, not a file", "name a file", Location(f"{base.name}/{where}")))
    if not os.path.lexists(path):
        message = f"there is no baseline `{where}`, neither at {base.shown} nor in the working tree"
        raise PolicyError(Problem(message, "record one with `policy baseline`, and have it merged"))
    message = f"the baseline is proposed: there is none at {base.shown}, so nothing is known yet"
    told = Problem(message, "it counts once it is merged", Location(where), level="warning")
    return Baseline(f"{base.name}/{where}", problems=(told,))


def _list_changes(path: str, content: bytes, where: str, base: Base) -> list[Problem]:
    """A warning where the work tree's own is another one."""
    try:
        if read_bytes(path, where, LIMITS) == content:
            return []
    except PolicyError:
        pass
    message = f"this change also changes the baseline: findings are compared with that at {base.shown}"
    return [Problem(message, "it counts once it is merged", Location(where), level="warning")]
