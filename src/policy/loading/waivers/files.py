"""The waiver files that a policy set lists → their entries."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.loading.policy_sets.settings import refuse_name
from policy.model.fields import SCHEMA
from policy.model.kinds import DATE, STRING, list_of
from policy.model.reading import NOTHING, FactReader
from policy.model.waiver_entry import WaiverEntry
from policy.source.node import Mapping, Scalar, Sequence
from policy.source.yaml_reader import read_yaml_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from policy.errors import Location
    from policy.model.kinds import Kind
    from policy.source.node import Document, Node

    Name = tuple[str, Location]

FORMAT: Final = "1"
KEYS: Final = ("waivers", "entries")
KINDS: Final[dict[str, Kind]] = {
    "id": STRING,
    "policy": STRING,
    "subject": STRING,
    "reason": STRING,
    "compensating_control": STRING,
    "ticket": STRING,
    "owner": STRING,
    "requested_by": STRING,
    "requested_on": DATE,
    "approved_by": STRING,
    "approved_on": DATE,
    "expires": DATE,
}
NEEDED: Final = {
    "policy": "add `policy: ID`; `policy list` shows the ids",
    "subject": "add `subject: PROJECT`; `*` stands for any characters",
    "reason": "add `reason: …`",
    "owner": "add `owner: NAME`, who sees to it that it can end",
    "requested_by": "add `requested_by: NAME`",
    "expires": "add `expires: DATE`, for a waiver always ends",
}


def read_waivers(
    files: Iterable[Name], values: FactReader, folder: str, policies: Collection[str]
) -> list[WaiverEntry]:
    """The entries of the files that `list_files` gave; what is wrong is added to the problems of `values`.

    `folder` (absolute) is that of the policy set's file, which is `values.file`; `policies` are the ids in force.
    """
    entries: list[WaiverEntry] = []
    for name, place in files:
        file, path = locate(values.file, name), os.path.join(folder, name)
        try:
            document = read_yaml_file(path, file)
        except PolicyError as error:
            there = os.path.isfile(path)
            problems = error.problems
            values.problems.extend(problems if there else (_blame_list(problem, file, place) for problem in problems))
            continue
        entries += WaiverFileReader(document, values.file, values.problems).read(policies)
    values.problems.extend(_find_twins(entries))
    return entries


def list_files(node: Node | None, values: FactReader) -> Iterator[Name]:
    """The names of waiver files, as they are written, and where; each once."""
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return
    if values.read_value(list_of(STRING), node, "waivers") is NOTHING or not isinstance(node, Sequence):
        return
    seen: dict[str, Location] = {}
    for item in node.items:
        if not isinstance(item, Scalar):
            continue
        name, place = posixpath.normpath(item.text), item.location(values.file)
        if name in seen:
            related = (("the first time", seen[name]),)
            values.problems.append(Problem(f"`{item.text}` is listed twice", "leave one out", place, related))
        elif "\0" in name or "\n" in name:
            values.refuse(item, "the name of a waiver file holds a character that no name should", "rename the file")
        else:
            seen[name] = place
            yield name, place


def locate(set_file: str, name: str) -> str:
    """A waiver file's path relative to the root, by the policy set's file that lists it as `name`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(set_file), name))


def _blame_list(problem: Problem, file: str, place: Location) -> Problem:
    """What is wrong with a file that is not there, at the place where it is listed."""
    remedy = "leave it out, or write the file: a line `waivers: 1` and a line `entries: []`"
    return problem._replace(message=f"`{file}`: {problem.message}", remedy=remedy, location=place)


def _find_twins(entries: Iterable[WaiverEntry]) -> Iterator[Problem]:
    """Entries with an id that another has, or that say what another says."""
    seen: dict[Any, WaiverEntry] = {}
    for entry in entries:
        for key, said in ((entry.id, f"the id `{entry.id}` is there twice"), (entry, "the waiver is there twice")):
            first = seen.setdefault(key, entry) if key else entry
            if first is not entry and first.location is not None:
                yield Problem(said, "leave one out, or rename it", entry.location, (("the first", first.location),))
                break


class WaiverFileReader:
    """Reads one waiver file; collects problems. `layer` is the policy set's file that lists it."""

    def __init__(self, document: Document, layer: str, problems: list[Problem]) -> None:
        self.document = document
        self.layer = layer
        self.values = FactReader(SCHEMA, document.file, problems)

    def read(self, policies: Collection[str] | None) -> list[WaiverEntry]:
        """The entries; with None any policy may be named."""
        root = self.document.root
        if not isinstance(root, Mapping):
            self.values.refuse(root, "the waiver file is not a mapping", "start with `waivers: 1`")
            return []
        self._check_keys(root)
        node = root.get("entries")
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return []
        if not isinstance(node, Sequence):
            self.values.refuse(node, "`entries` needs a list", "write each waiver as `- policy: …`")
            return []
        entries = [self._read_entry(item, policies) for item in node.items]
        return [entry for entry in entries if entry is not None]

    def _check_keys(self, root: Mapping) -> None:
        for text, (key, _) in root.entries.items():
            if text not in KEYS:
                refuse_name(self.values, key, "key of a waiver file", text, KEYS)
        node = root.get("waivers")
        if not (isinstance(node, Scalar) and node.text == FORMAT):
            shown = f"is `{node.text}`" if isinstance(node, Scalar) else "is not said"
            message = f"the format of the waiver file {shown}; this version reads format 1"
            self.values.refuse(node or root, message, "write `waivers: 1`")

    def _read_entry(self, node: Node, policies: Collection[str] | None) -> WaiverEntry | None:
        if not isinstance(node, Mapping):
            self.values.refuse(node, "a waiver needs keys", f"write `- policy: …`, with {', '.join(NEEDED)}")
            return None
        before = len(self.values.problems)
        found = {text: self._read_key(text, key, inner) for text, (key, inner) in node.entries.items()}
        given = {text: value for text, value in found.items() if value is not NOTHING}
        for text, remedy in NEEDED.items():
            if text not in node.entries:
                self.values.refuse(_first_line(node), f"the waiver has no `{text}`", remedy)
        if "approved_on" in given and "approved_by" not in given:
            self.values.refuse(node.entries["approved_on"][0], "the waiver says when, not by whom", "add `approved_by`")
        if policies is not None and "policy" in given and given["policy"] not in policies:
            refuse_name(self.values, node.entries["policy"][1], "policy", given["policy"], policies)
        if len(self.values.problems) > before:
            return None
        places = {text: inner.location(self.document.file) for text, (_, inner) in node.entries.items()}
        where = _first_line(node).location(self.document.file)
        return WaiverEntry(**given, layer=self.layer, location=where, places=places)

    def _read_key(self, text: str, key: Scalar, node: Node) -> Any:
        if text not in KINDS:
            refuse_name(self.values, key, "key of a waiver", text, KINDS)
            return NOTHING
        if text not in NEEDED and isinstance(node, Scalar) and node.is_null:
            # Left to be filled in.
            return NOTHING
        value = self.values.read_value(KINDS[text], node, text)
        if isinstance(value, str) and not value.strip():
            self.values.refuse(node, f"`{text}` is blank", "write something")
        return value


def _first_line(node: Mapping) -> Scalar:
    """The first key of a waiver, which stands for all of it; an empty one is where it begins."""
    first = next(iter(node.entries.values()), None)
    return first[0] if first else Scalar("", True, node.line, node.column, node.end_line, node.end_column)
