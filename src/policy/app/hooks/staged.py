"""What a commit is going to change, sifted for what concerns a project, without looking at any other."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.app.config_files import has_escape, has_mark
from policy.app.hooks.staged_scripts import find_calling
from policy.app.naming import NAMING, find_named, gather_changed
from policy.app.touched import list_left
from policy.errors import Problem
from policy.evidence import builtin as evidence_builtin
from policy.loading.discovery import NEAR_NAMES, find_cover
from policy.loading.file_listing import is_candidate, is_config, is_script, is_yaml
from policy.loading.git.repositories import list_tree, read_objects
from policy.loading.git.snapshots import stage_tree, write_files
from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME
from policy.model.manifest import MANIFEST_NAME
from policy.source.limits import DEFAULT_LIMITS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from policy.app.naming import Changed
    from policy.loading.git.repositories import Change, Entry, Repository

EVERYTHING = "."
# Larger files would be copied at every commit of a manifest.
LARGEST = 64 << 20
# More paths than these are one question: everything.
MANY = 2000
# A policy, a policy set and a list of waivers say at their start what they are.
GOVERNING = re.compile(rb"""(?m)^\{?["']?(?:policy|policy_set|waivers)["']?\s*:""")
SET_KEYS = (b"tool.policy", b"policy_set")


class Touched(NamedTuple):
    """Paths to look at, those that the commit takes away, and whether it changes how everything is judged."""

    paths: frozenset[str]
    gone: frozenset[str]
    governing: bool

    def __bool__(self) -> bool:
        return bool(self.paths or self.gone or self.governing)


def find_touched(repository: Repository, changes: Sequence[Change], *, any_yaml: bool = False) -> Touched:
    """What of the changes concerns a project; with `any_yaml`, every YAML file and script may. Raises GitError.

    Read from git's objects: no file is written for this.
    """
    texts = _read_texts(repository, changes)
    if any(_governs(change, texts) for change in changes):
        return Touched(frozenset(), frozenset(), governing=True)
    marks = None if any_yaml else _list_marks(repository)
    scripts = [change for change in changes if is_script(change.path) and is_candidate(change.path)]
    calling = set(find_calling(repository, scripts, any_call=marks is None))
    paths: set[str] = set()
    gone: set[str] = set()
    others: list[Change] = []
    for change in changes:
        name = os.path.basename(change.path)
        may_train = is_config(name) and _may_be_config(_select(change, texts), marks)
        if name in (MANIFEST_NAME, *NEAR_NAMES) or may_train or change in calling:
            (paths if change.new else gone).add(change.path)
        else:
            others.append(change)
    paths |= _find_naming(repository, others, marks)
    return Touched(frozenset(paths), frozenset(gone), governing=False)


def _list_marks(repository: Repository) -> list[bytes] | None:
    """What a training config is known by; None where plugins may know others."""
    names = (f":{SET_NAME}", f":{PROJECT_NAME}")
    if any(b"plugins" in text for text in read_objects(repository, names).values()):
        return None
    return [mark for reader in evidence_builtin.training_config_readers() for mark in reader.marks]


def _read_texts(repository: Repository, changes: Iterable[Change]) -> dict[str, bytes]:
    looked_at = [change for change in changes if is_config(change.path) or change.path == PROJECT_NAME]
    return read_objects(repository, (name for change in looked_at for name in (change.old, change.new) if name))


def _select(change: Change, texts: Mapping[str, bytes]) -> list[bytes]:
    """The file as it was and as it will be."""
    return [texts[name] for name in (change.old, change.new) if name in texts]


def _governs(change: Change, texts: Mapping[str, bytes]) -> bool:
    """Whether the change is one of a policy, a policy set or waivers: every project may then be judged otherwise."""
    versions = _select(change, texts)
    if change.path == PROJECT_NAME:
        return any(key in text for text in versions for key in SET_KEYS)
    other = os.path.basename(change.path) != MANIFEST_NAME and is_yaml(change.path)
    return other and (change.path == SET_NAME or any(GOVERNING.search(text) for text in versions))


def _may_be_config(versions: Iterable[bytes], marks: Sequence[bytes] | None) -> bool:
    """Whether some reader may know the file as a training config."""
    if marks is None:
        return True
    limit = DEFAULT_LIMITS.max_bytes
    return any(has_mark(text, marks) or has_escape(text) or len(text) > limit for text in versions)


def _find_naming(repository: Repository, changes: Sequence[Change], marks: Sequence[bytes] | None) -> set[str]:
    """The manifests, and the training configs that one covers, that name one of the changed files."""
    names = {os.path.basename(change.path) for change in changes}
    places = _list_naming_places(repository) if names else []
    if not places:
        return set()
    if len(names) > MANY or len(places) > MANY:
        return {EVERYTHING}
    question = ("grep", "--cached", "--no-recurse-submodules", "-a", "-l", "-z", "-F", "--full-name")
    patterns = (word for name in sorted(names) for word in ("-e", name))
    # 1 says that there is none.
    answer = repository.ask(*question, *patterns, "--", *places, accepted=(0, 1))
    found = [path for path in os.fsdecode(answer).split("\0") if path]
    # git is asked for contents line by line: of a name with line ends it is not known what is in the file.
    texts = read_objects(repository, (f":{path}" for path in found if "\n" not in path))
    changed = gather_changed(change.path for change in changes)
    return {path for path in found if "\n" in path or _may_name(path, texts[f":{path}"], changed, marks)}


def _may_name(file: str, text: bytes, changed: Changed, marks: Sequence[bytes] | None) -> bool:
    """Whether a file that is read names one of the changed files, from one of the folders that it lies in."""
    if is_config(file) and os.path.basename(file) != MANIFEST_NAME and not _may_be_config([text], marks):
        return False
    return bool(find_named(file, os.fsdecode(text), changed))


def _list_naming_places(repository: Repository) -> list[str]:
    """Patterns of the files that may name data: manifests, what lies below them, and indexes of data sets."""
    listed = repository.ask("ls-files", "-z", "--full-name", "--", f":(top,glob)**/{MANIFEST_NAME}")
    folders = {os.path.dirname(path) for path in os.fsdecode(listed).split("\0") if path}
    escaped = (re.sub(r"([][*?\\])", r"\\\1", f"{folder}/" if folder else "") for folder in sorted(folders))
    return [f":(top,glob){folder}**/{name}" for folder in escaped for name in NAMING]


def choose_paths(touched: Touched, entries: Iterable[Entry]) -> list[str]:
    """What to judge in a snapshot that holds these entries: the paths of `policy check`."""
    if touched.governing or len(touched.paths) > MANY or EVERYTHING in touched.paths:
        return [EVERYTHING]
    present = {entry.path for entry in entries}
    files = {path for path in present if is_candidate(path)}
    manifests = {file for file in files if os.path.basename(file) == MANIFEST_NAME}
    wanted = {path for path in touched.paths & files if is_config(path)}
    for path in touched.paths & present - wanted:
        # A script is judged as a part of its project. An index of data sets is named nowhere: its project knows it.
        alone = path if is_script(path) else os.path.dirname(path) or EVERYTHING
        wanted.add(find_cover(path, manifests) or alone)
    for path in touched.gone:
        cover = find_cover(path, manifests)
        if cover is not None:
            wanted.add(cover)
    wanted.update(list_left(files, manifests, touched.gone))
    return sorted(wanted) if len(wanted) <= MANY else [EVERYTHING]


def write_index(repository: Repository, snapshot: Repository) -> tuple[list[Entry], list[Problem]]:
    """Write what is staged into a snapshot, and a warning for each file that is left out. Raises GitError."""
    kept, problems = [], []
    for entry in list_tree(snapshot, stage_tree(repository, snapshot)):
        if 0 <= entry.size <= LARGEST:
            kept.append(entry)
            continue
        reason = "is not in this clone" if entry.size < 0 else f"has more than {LARGEST:,} bytes"
        message = f"`{entry.path}` {reason} and is not looked at in a commit"
        problems.append(Problem(message, "the gates check and ci look at it", level="warning"))
    write_files(snapshot, kept)
    return kept, problems
