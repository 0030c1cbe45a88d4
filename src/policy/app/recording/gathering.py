"""A policy set that was loaded → everything that it was read from, as objects of a ledger."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.recording.fields import encode_field
from policy.app.recording.redaction import mask_secrets
from policy.app.trusted.following import is_bundle, is_within, list_names
from policy.engine.recording import ENGINE
from policy.language.identity import digest_policy_set
from policy.loading.bundles.content import digest_files
from policy.loading.bundles.folders import read_folder
from policy.loading.bundles.late import LOCK_NAME
from policy.loading.bundles.reference import ENDINGS
from policy.loading.policy_sets.files import PROJECT_NAME, open_policy_set
from policy.loading.policy_sets.layers import CATALOGUE
from policy.loading.tables.files import read_shipped
from policy.model.recorded.sources import Sources, encode_sources
from policy.records.objects import StoredObject, store_json
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.workspace import Workspace
    from policy.source.file import ReadFile

SOURCE, SET = "source", "policy-set"


class Gathered(NamedTuple):
    """The sources of a policy set, the object of the document that lists them, and the objects of all files."""

    sources: Sources
    document: StoredObject
    files: tuple[StoredObject, ...]


def gather_sources(workspace: Workspace) -> Gathered:
    """Everything that the policy set of a workspace was read from. Raises PolicyError."""
    policy_set = workspace.policy_set
    top = workspace.base.folder if workspace.base is not None else workspace.root
    gatherer = Gatherer(
        os.path.realpath(top), {source.name: source.folder for source in workspace.registry.policy_sources()}
    )
    for folder in policy_set.bundles.values():
        gatherer.add_bundle(folder)
    for read in policy_set.sources:
        gatherer.add(read, policy_set.layers)
    gatherer.tables = {name: gatherer.store(data) for name, data in read_shipped().items()}
    sources = Sources(
        digest_policy_set(policy_set),
        policy_set.name,
        ENGINE,
        workspace.config,
        policy_set.layers,
        policy_set.plugins,
        tuple(encode_field(predicate.field) for predicate in workspace.registry.predicates()),
        gatherer.files,
        gatherer.links,
        gatherer.absolute,
        gatherer.sources,
        gatherer.bundles,
        gatherer.tables,
        gatherer.masked,
    )
    objects = tuple(gatherer.objects.values())
    return Gathered(sources, store_json(SET, encode_sources(sources)), objects)


class Gatherer:
    """Collects files below and beside a root (absolute, real); `folders` are those of policies by their names."""

    def __init__(self, top: str, folders: dict[str, str]) -> None:
        self.top = top
        self.folders = {name: os.path.abspath(folder) for name, folder in folders.items()}
        self.objects: dict[str, StoredObject] = {}
        self.files: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.absolute: dict[str, str] = {}
        self.sources: dict[str, dict[str, str]] = {name: {} for name in folders}
        self.bundles: dict[str, dict[str, str]] = {}
        self.tables: dict[str, str] = {}
        self.masked: dict[str, tuple[str, ...]] = {}
        self._packed: list[str] = []

    def store(self, data: bytes, shown: str = "") -> str:
        """Keep the content of a file, and give its digest; of one with a name no secrets are kept."""
        safe, kinds = mask_secrets(data) if shown else (data, [])
        if kinds:
            self.masked[shown] = tuple(kinds)
        made = StoredObject(SOURCE, safe)
        self.objects[made.digest] = made
        return made.digest

    def add_bundle(self, folder: str) -> None:
        """All files of a bundle: its digest is that of all of them."""
        files = read_folder(folder, os.path.basename(folder))
        digest = digest_files(files)
        self.bundles[digest] = {path: self.store(data, f"{digest}/{path}") for path, data in files.items()}
        self._packed.append(os.path.realpath(folder))

    def add(self, read: ReadFile, layers: tuple[str, ...]) -> None:
        """A file that the policy set was read from, unless it is part of a bundle, or says nothing about it."""
        path, real = os.path.abspath(read.path), os.path.realpath(read.path)
        name = os.path.basename(path)
        if name == LOCK_NAME or (name == PROJECT_NAME and read.file not in layers) or name.endswith(ENDINGS):
            return
        if any(is_within(real, folder) for folder in self._packed):
            return
        source, _, inner = read.file.partition("/")
        if source in self.folders and path == os.path.join(self.folders[source], inner.replace("/", os.sep)):
            # What ships with the package is known to hold no secret.
            shown = "" if source == CATALOGUE else read.file
            self.sources[source][inner] = self.store(read.data, shown)
            return
        key = self._find_key(real)
        self.files[key] = self.store(read.data, key)
        if path != real:
            self.links[self._find_key(path)] = key
        if read.file in layers:
            self._note_absolute(real)

    def _note_absolute(self, path: str) -> None:
        """Names that are absolute paths lead elsewhere where the policy set is read again."""
        layer = open_policy_set(path, self.top)
        for _, name, _ in list_names(layer) if layer is not None else ():
            if os.path.isabs(name) and not is_bundle(name):
                self.absolute[name] = self._find_key(os.path.abspath(name))

    def _find_key(self, path: str) -> str:
        """The path from the root; it may lead above it."""
        return os.path.relpath(path, self.top).replace(os.sep, "/")
