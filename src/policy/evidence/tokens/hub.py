"""The cache of Hugging Face's libraries on the judge's side: which tokenizer lies there, and of which revision."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TOKENIZER_FILE = "tokenizer.json"
# As the hub itself restricts them.
_NAME = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9_][\w.-]{0,95}(?:/[A-Za-z0-9_][\w.-]{0,95})?", re.ASCII)
_REVISION = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][\w./+-]{0,199}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_LONGEST_REF = 100


class Cached(NamedTuple):
    """A file of the cache and the commit that it belongs to; `doubt` says why that may not be the one that trains."""

    path: str
    commit: str
    doubt: str = ""


def find_cache(environment: Mapping[str, str]) -> str:
    """The folder of the cache, as `huggingface_hub` chooses it."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if folder := environment.get(name, ""):
            return os.path.expanduser(folder)
    home = environment.get("HF_HOME", "")
    if not home:
        caches = environment.get("XDG_CACHE_HOME", "") or os.path.join("~", ".cache")
        home = os.path.join(caches, "huggingface")
    return os.path.join(os.path.expanduser(home), "hub")


def find_cached(root: str, folder: str, model: str, revision: str) -> Cached | None:
    """The tokenizer of a model; `revision` is empty where it is not known. None where none is kept.

    `root` is the repository that is judged: what lies in it is its own word.
    """
    if not os.path.isabs(folder) or not _NAME.fullmatch(model):
        return None
    kept = os.path.join(os.path.realpath(folder), f"models--{model.replace('/', '--')}")
    commit, doubt = _choose_commit(kept, revision)
    real = os.path.realpath(os.path.join(kept, "snapshots", commit, TOKENIZER_FILE)) if commit else ""
    if not real.startswith(kept + os.sep) or not os.path.isfile(real):
        return None
    inside = ("", "refs", os.path.join("snapshots", commit), os.path.dirname(os.path.relpath(real, kept)))
    places = (real, *(os.path.join(kept, place) for place in inside))
    return Cached(real, commit, doubt or _distrust(places, os.path.realpath(root)))


def _choose_commit(kept: str, revision: str) -> tuple[str, str]:
    """The commit that is meant, or else another one and the doubt that comes with it; empty where there is none."""
    there = _list_commits(kept)
    fits = [commit for commit in there if _SHORT_COMMIT.fullmatch(revision) and commit.startswith(revision)]
    named = _read_ref(kept, revision or "main")
    if len(fits) == 1 or named in there:
        return (fits[0] if len(fits) == 1 else named), ""
    main = _read_ref(kept, "main")
    other = main if main in there else there[0] if len(there) == 1 else ""
    return other, f"the project trains revision {revision[:12]}" if revision else ""


def _list_commits(kept: str) -> list[str]:
    """The commits of which there is a tokenizer."""
    snapshots = os.path.join(kept, "snapshots")
    try:
        commits = [name for name in os.listdir(snapshots) if _COMMIT.fullmatch(name)]
    except OSError:
        return []
    return sorted(commit for commit in commits if os.path.isfile(os.path.join(snapshots, commit, TOKENIZER_FILE)))


def _read_ref(kept: str, name: str) -> str:
    """The commit that a branch or a tag stood for when it was fetched; empty where that is not kept."""
    if not _REVISION.fullmatch(name):
        return ""
    path = os.path.join(kept, "refs", *name.split("/"))
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return ""
        with open(path, "rb") as stream:
            return stream.read(_LONGEST_REF).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _distrust(places: Iterable[str], root: str) -> str:
    """Why the file may be somebody else's word; empty where only the judge's side could write it."""
    for place in places:
        if place.startswith(root.rstrip(os.sep) + os.sep):
            return "the cache lies in the repository"
        # Other systems keep a user's folders apart by other means.
        if hasattr(os, "getuid") and os.path.exists(place):
            status = os.stat(place)
            if status.st_uid not in (os.getuid(), 0) or status.st_mode & stat.S_IWOTH:
                return "others can write to the cache"
    return ""
