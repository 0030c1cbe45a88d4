"""Whether what an entry of a baseline was found in is still there: then the entry is that one's, and no other's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.naming import list_folders
from policy.errors import PolicyError
from policy.evidence.paths import confine
from policy.loading.discovery import find_cover
from policy.model.manifest import MANIFEST_NAME
from policy.source.node import Mapping, Scalar
from policy.source.yaml_reader import read_yaml_file

if TYPE_CHECKING:
    from policy.model.baseline import BaselineEntry
    from policy.model.decision import Subject


class Places:
    """The files below a root, looked at as far as they are asked for."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._names: dict[str, str | None] = {}

    def holds(self, entry: BaselineEntry, subject: Subject) -> bool:
        """Whether another one than the subject is still where the entry was recorded, and bears its name.

        Not everything may be judged in this run, so it need not have been met.
        """
        file = entry.subject
        if file is None or file in (subject.manifest, subject.training_config) or not self._is_there(file):
            return False
        if entry.project is None:
            return True
        manifest = self._find_manifest(file)
        return manifest is not None and manifest != subject.manifest and self._states(manifest, entry.project)

    def _is_there(self, file: str) -> bool:
        # Whoever wrote the entry may have named anything.
        inside = not os.path.isabs(file) and ".." not in file.split("/")
        return inside and os.path.lexists(os.path.join(self.root, file))

    def _find_manifest(self, file: str) -> str | None:
        """The manifest that covers a file, or is it."""
        names = {f"{folder}/{MANIFEST_NAME}" for folder in list_folders(file)} | {MANIFEST_NAME}
        return find_cover(file, {name for name in names if os.path.lexists(os.path.join(self.root, name))})

    def _states(self, manifest: str, project: str) -> bool:
        """Whether a manifest names the project; of one that cannot be read it is taken for granted."""
        if manifest not in self._names:
            self._names[manifest] = _read_name(self.root, manifest)
        return self._names[manifest] in (None, project)


def _read_name(root: str, manifest: str) -> str | None:
    try:
        content = read_yaml_file(confine(root, manifest), manifest).root
    except PolicyError:
        return None
    name = content.get("project") if isinstance(content, Mapping) else None
    return name.text if isinstance(name, Scalar) else None
