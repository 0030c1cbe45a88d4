"""What an archive says of itself: its name, version, and every file. It is no part of the digest, and checked by it."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policy.__about__ import __version__
from policy.errors import PolicyError, Problem
from policy.loading.bundles.content import FORMAT, digest_files

if TYPE_CHECKING:
    from policy.loading.bundles.content import Files

# Hidden, as nothing is that belongs to the content.
MANIFEST: Final = ".policy-bundle.json"
REBUILD: Final = "pack the folder again with `policy bundle build`"


def make_manifest(files: Files, name: str, version: str) -> bytes:
    """The manifest of these files; `version` may be empty."""
    document = {
        "format": FORMAT,
        "name": name,
        **({"version": version} if version else {}),
        "built_by": f"tunegate {__version__}",
        "digest": digest_files(files),
        "files": {path: _describe(files[path]) for path in sorted(files, key=str.encode)},
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _describe(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha256": sha256(data).hexdigest()}


def check_manifest(data: bytes, files: Files, shown: str) -> None:
    """Raises PolicyError where the manifest is not that of these files."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("files"), dict):
        raise PolicyError(Problem(f"the bundle `{shown}` has a manifest that is damaged", REBUILD))
    said = document.get("format")
    if said != FORMAT:
        newer = isinstance(said, str) and re.fullmatch(r"policy-bundle/[0-9]{1,4}", said)
        message = f"the bundle `{shown}` is of the format `{str(said)[:80]}`; this version reads `{FORMAT}`"
        raise PolicyError(Problem(message, "use the version that packed it, or a later one" if newer else REBUILD))
    listed: dict[str, Any] = document["files"]
    for path in dict.fromkeys((*files, *listed)):
        fault = (
            f"`{path}` is not in its manifest"
            if path not in listed
            else f"its manifest lists `{path[:200]}`, which is not there"
            if path not in files
            else ""
            if listed[path] == _describe(files[path])
            else f"its manifest lists another content of `{path}`"
        )
        if fault:
            raise PolicyError(Problem(f"the bundle `{shown}`: {fault}", REBUILD))
    if document.get("digest") != digest_files(files):
        raise PolicyError(Problem(f"the bundle `{shown}` has a manifest with another digest", REBUILD))
