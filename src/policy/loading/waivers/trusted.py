"""What a trusted revision holds of waivers: the entries, the rules, and who owns the files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.bundles.late import PINNED
from policy.loading.git.commands import GitError, find_repository
from policy.loading.git.revisions import read_files
from policy.loading.git.submodules import list_default_branches, open_revision
from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME
from policy.loading.waivers.code_owners import PLACES, is_owned
from policy.loading.waivers.files import WaiverFileReader, list_files, locate
from policy.loading.waivers.rules import (
    add_finals,
    find_revision_fault,
    list_names,
    read_trust_settings,
    read_waiver_rules,
)
from policy.model.fields import SCHEMA
from policy.model.reading import FactReader
from policy.model.waiver_entry import Doubt, Trust
from policy.source.file import read_bytes
from policy.source.node import Mapping
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from policy.loading.git.revisions import Revision
    from policy.model.waiver_entry import TrustSettings, WaiverEntry, WaiverRules, Waiving

OPTION = "pass `--trusted-revision origin/main` or set POLICY_TRUSTED_REVISION"


def read_trust(root: str, waiving: Waiving, name: str) -> Trust:
    """What the revision `name` shows of a policy set's files, whose paths are relative to `root`.

    Nothing is read from the working tree.
    """
    fault = find_revision_fault(name)
    if fault:
        return Trust(name, doubt=Doubt(fault, OPTION))
    reader = TrustReader(root, name, waiving)
    for layer in waiving.layers:
        reader.read_layer(layer)
    return Trust(name, reader.entries, tuple(reader.rules), reader.finals, reader.doubts, reader.doubt)


def confirm_settings(root: str, settings: TrustSettings) -> Doubt | None:
    """Why what a policy set says it trusts is not to be believed: a default branch of a remote says otherwise.

    Where the clone knows no such branch there is nobody to ask.
    """
    layer = settings.location.file if settings.location else ""
    folder = os.path.realpath(os.path.join(root, os.path.dirname(layer)))
    if find_repository(folder) is None:
        return None
    try:
        for revision in list_default_branches(root, folder):
            shown = open_layer(revision, root, layer)
            shown.read()
            if shown.settings is None or shown.settings.revision != settings.revision:
                message = (
                    f"its approval cannot be shown, for {layer} does not trust {settings.revision} at {revision.name}"
                )
                return Doubt(message, f"have the line `trusted:` reviewed and merged, or {OPTION}")
    except (GitError, PolicyError) as error:
        said = error.problems[0].message if isinstance(error, PolicyError) else str(error)
        return Doubt(f"what {layer} trusts cannot be confirmed: {said}", OPTION)
    return None


class TrustReader:
    """Reads the layers of a policy set at one revision, each in the repository that it lies in."""

    def __init__(self, root: str, name: str, waiving: Waiving) -> None:
        self.root = root
        self.name = name
        self.waiving = waiving
        self.code_owners = waiving.trusted is not None and waiving.trusted.code_owners
        self.entries: dict[str, frozenset[WaiverEntry]] = {}
        self.rules: list[WaiverRules] = []
        self.finals: dict[str, tuple[str, ...]] = {}
        self.doubts: dict[str, Doubt] = {}
        self.doubt: Doubt | None = None

    def read_layer(self, layer: str) -> None:
        """Read a policy set's file there, its rules, and the waiver files that it lists there too."""
        files = tuple(file for home, file in self.waiving.files if home == layer)
        try:
            shown = self._open_layer(layer, files)
            found = shown.read()
        except GitError as error:
            remedy = f"fetch the revision (`git fetch`), or name another one than `{self.name}`"
            self.doubt = Doubt(f"its approval cannot be shown: {error}", remedy)
            return
        except PolicyError as error:
            first = error.problems[0]
            said = f"{first.location}: {first.message}" if first.location else first.message
            message = f"what the trusted revision {self.name} holds cannot be read: {said}"
            self.doubt = Doubt(message, f"have it put right in {self.name}")
            return
        # Another layer brings other rules, and one that is gone its own no longer.
        if shown.extended != self.waiving.layers[layer]:
            message = f"{layer} extends other policy sets at the trusted revision {self.name}"
            self.doubt = Doubt(message, f"have the line `extends:` reviewed and merged into {self.name}")
        elif strayed := self._find_strayed(layer, shown.extended):
            message = f"what {layer} extends as {strayed} is elsewhere, by a link"
            self.doubt = Doubt(f"its approval cannot be shown: {message}", "name the folder or file itself")
        self.rules.extend(shown.rules)
        self.entries.update(found)
        self.finals = add_finals(self.finals, shown.finals, layer, self.waiving.bases[layer])
        for file in files:
            doubt = self._find_doubt(shown, file)
            if doubt is not None:
                self.doubts[file] = doubt

    def _find_strayed(self, layer: str, extended: tuple[str, ...]) -> str:
        """The first name of what a layer extends that led to another file than it says; empty for none."""
        for name in extended:
            # No link leads a bundle astray: its content is named, and not only its place.
            if PINNED in name:
                continue
            place = locate(layer, name)
            if not any(
                f"{place}{ending}" in self.waiving.layers for ending in ("", f"/{SET_NAME}", f"/{PROJECT_NAME}")
            ):
                return name
        return ""

    def _open_layer(self, layer: str, files: tuple[str, ...]) -> LayerReader:
        """The reader of a layer: at the revision, or in a bundle, which what extends it there pins as it is here."""
        bundle = self.waiving.bundles.get(layer.partition("/")[0])
        return open_pinned(bundle, layer, files) if bundle else open_layer(self._open(layer), self.root, layer, files)

    def _open(self, layer: str) -> Revision:
        folder = os.path.realpath(os.path.join(self.root, os.path.dirname(layer)))
        if find_repository(folder) is None:
            raise GitError(f"{layer} lies in no git repository")
        return open_revision(self.root, folder, self.name)

    def _find_doubt(self, shown: LayerReader, file: str) -> Doubt | None:
        if file not in shown.listed:
            message = f"{shown.layer} at the trusted revision {self.name} does not list {file}"
            return Doubt(message, f"have the line `waivers:` reviewed and merged into {self.name}")
        if not (self.code_owners or (shown.settings is not None and shown.settings.code_owners)):
            return None
        unowned = shown.find_unowned(file)
        if not unowned:
            return None
        if file.partition("/")[0] in self.waiving.bundles:
            message = f"its approval cannot be shown, for {file} is a bundle's and has no code owners"
            return Doubt(message, "list the waiver in a file of the repository")
        message = f"no code owner guards {unowned} at the trusted revision {self.name}"
        return Doubt(message, f"give it owners in CODEOWNERS, and merge that into {self.name}")


def open_layer(revision: Revision, root: str, layer: str, files: tuple[str, ...] = ()) -> LayerReader:
    """The layer as it is at a revision; `files` are the waiver files that it lists in the working tree.

    Links in their paths are not followed, for they may be the proposal's own. Raises GitError.
    """
    paths = {}
    for file in (layer, *files):
        path = os.path.relpath(os.path.normpath(os.path.join(root, file)), revision.repository)
        paths[file] = path.replace(os.sep, "/")
    return LayerReader(layer, files, paths, read_files(revision, (*paths.values(), *PLACES)))


def open_pinned(folder: str, layer: str, files: tuple[str, ...]) -> LayerReader:
    """A layer in a bundle, whose folder was verified. Raises PolicyError."""
    paths = {file: file.partition("/")[2] for file in (layer, *files)}
    contents = {path: read_bytes(os.path.join(folder, path), file) for file, path in paths.items()}
    return LayerReader(layer, files, paths, contents)


class LayerReader:
    """One policy set's file and its waiver files; `contents` are those of the files by their `paths`."""

    def __init__(self, layer: str, files: tuple[str, ...], paths: dict[str, str], contents: dict[str, bytes]) -> None:
        self.layer = layer
        self.files = files
        self._paths = paths
        self._content = contents
        self.listed: frozenset[str] = frozenset()
        self.rules: tuple[WaiverRules, ...] = ()
        self.settings: TrustSettings | None = None
        self.extended: tuple[str, ...] = ()
        self.finals: tuple[str, ...] = ()

    def read(self) -> dict[str, frozenset[WaiverEntry]]:
        """The entries by waiver file. Raises PolicyError for what cannot be read."""
        mapping = self._read_set()
        problems: list[Problem] = []
        values = FactReader(SCHEMA, self.layer, problems)
        self.listed = frozenset(locate(self.layer, name) for name, _ in list_files(mapping.get("waivers"), values))
        # Which policies there are at the revision is not asked: a name that nothing bears there allows nothing.
        self.rules = read_waiver_rules(mapping.get("waiver_rules"), values, None)
        self.settings = read_trust_settings(mapping.get("trusted"), values)
        self.extended = list_names(mapping.get("extends"))
        self.finals = list_names(mapping.get("final"))
        entries = {}
        for file in self.files:
            content = self._content.get(self._paths[file])
            if content is not None and file in self.listed:
                document = read_yaml(content, file)
                entries[file] = frozenset(WaiverFileReader(document, self.layer, problems).read(None))
        if problems:
            raise PolicyError(*problems)
        return entries

    def _read_set(self) -> Mapping:
        content = self._content.get(self._paths[self.layer])
        if content is None:
            message = f"{self.layer} is not there"
            raise PolicyError(Problem(message, "have it reviewed and merged"))
        if os.path.basename(self.layer) == PROJECT_NAME or self.layer.endswith(".toml"):
            from policy.source.toml_reader import read_toml_table

            document = read_toml_table(content, self.layer, ("tool", "policy"))
        else:
            document = read_yaml(content, self.layer)
        if document is None or not isinstance(document.root, Mapping):
            raise PolicyError(Problem(f"{self.layer} holds no policy set", "write one"))
        return document.root

    def find_unowned(self, file: str) -> str:
        """The first file that decides over a waiver and that a CODEOWNERS leaves to anybody; empty for none."""
        owners = [place for place in PLACES if place in self._content]
        if not owners:
            return f"{file} (there is no CODEOWNERS)"
        guarded = {name: self._paths[name] for name in (file, self.layer)} | {place: place for place in owners}
        for shown, path in guarded.items():
            if not all(is_owned(self._content[place].decode(errors="replace"), path) for place in owners):
                return shown
        return ""
