"""What DVC keeps in a repository in place of data: the digests of files, in `dvc.lock` and beside the data."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.source.node import Mapping, Scalar, Sequence
from policy.source.yaml_reader import read_yaml
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.source.node import Node

LOCK = "dvc.lock"
ENDING = ".dvc"
_DIGESTS = ("md5", "checksum", "etag")


class Stage(NamedTuple):
    """A stage as it last ran: its command, and the digests of what it read and made by their paths from the root."""

    name: str
    command: str
    read: dict[str, str]
    made: dict[str, str]


def read_dvc_file(data: bytes, path: str) -> tuple[Stage, ...] | None:
    """The stages of a `dvc.lock`, or the one that a `.dvc` file stands for; None where it cannot be read."""
    try:
        root = read_yaml(data, path).root
    except PolicyError:
        return None
    if not isinstance(root, Mapping):
        return None
    folder = posixpath.dirname(path)
    if posixpath.basename(path) != LOCK:
        folder = posixpath.join(folder, _get_text(root, "wdir"))
        # What a `.dvc` file reads is where the data was imported from: elsewhere.
        return (Stage("", "", {}, dict(_list_digests(root.get("outs"), folder))),)
    # The first format of the file was the mapping of stages itself.
    stages = root.get("stages") if root.get("schema") is not None else root
    entries = list(stages) if isinstance(stages, Mapping) else []
    return tuple(_read_stage(key.text, entry, folder) for key, entry in entries if isinstance(entry, Mapping))


def _read_stage(name: str, entry: Mapping, folder: str) -> Stage:
    command = entry.get("cmd")
    lines = command if isinstance(command, Sequence) else (command,)
    text = "\n".join(line.text for line in lines if isinstance(line, Scalar))
    read, made = (dict(_list_digests(entry.get(key), folder)) for key in ("deps", "outs"))
    return Stage(name, text, read, made)


def _list_digests(node: Node | None, folder: str) -> Iterator[tuple[str, str]]:
    for entry in node if isinstance(node, Sequence) else ():
        if not isinstance(entry, Mapping):
            continue
        path = _get_text(entry, "path")
        digest = next((text for key in _DIGESTS if (text := _get_text(entry, key))), "")
        if path and digest and "://" not in path:
            yield posixpath.normpath(posixpath.join(folder, path)), digest


def _get_text(node: Mapping, key: str) -> str:
    found = node.get(key)
    return found.text if isinstance(found, Scalar) else ""
