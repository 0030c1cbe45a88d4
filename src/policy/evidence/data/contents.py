"""The cache for what is known of a whole content: found by its SHA-256 and by the code that looked at it."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.data.cache import identify, open_cache
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.evidence.data.cache import Identity, ObservationCache, Value

# Smaller files are read again sooner than an entry is found.
WORTH_KEEPING = 1024 * 1024
_HERE = os.path.dirname(__file__)
_DIGEST = re.compile(r"[0-9a-f]{64}")


class KeptContent(NamedTuple):
    """Where what one piece of code finds in one content is kept."""

    cache: ObservationCache
    kind: str
    digest: str

    def load(self) -> dict[str, Value] | None:
        """What was found; the caller checks that it is what it should be."""
        return self.cache.load_content(self.kind, self.digest)

    def save(self, digest: str, values: Mapping[str, Value]) -> None:
        """Keep what was found in the content that was read, which may be another one by now."""
        self.cache.save_content(self.kind, digest, values)


def find_content(root: str, real: str, what: str, code: str) -> KeptContent | None:
    """Where `what` the code in a folder finds in a file is kept; None where nothing is. Raises OSError."""
    identity = identify(real)
    cache = open_cache(root) if identity.size >= WORTH_KEEPING else None
    edition = digest_code(code) if cache is not None else ""
    if cache is None or not edition:
        return None
    return KeptContent(cache, f"{what} {edition}", _find_digest(cache, identity))


def _find_digest(cache: ObservationCache, identity: Identity) -> str:
    """The SHA-256 of a file, which is read only where it may have changed. Raises OSError."""
    # Most often the file has just been counted.
    for kind in ("file", "digest"):
        known = (cache.load(kind, [identity]) or {}).get("sha256")
        if isinstance(known, str) and _DIGEST.fullmatch(known):
            return known
    with ByteStream(identity.real) as stream:
        _, digest = stream.finish()
    cache.save("digest", [identity], {"sha256": digest})
    return digest


@lru_cache(maxsize=8)
def digest_code(folder: str) -> str:
    """The digest of the modules in a folder and in this one; empty where they cannot be read."""
    told = sha256()
    try:
        for place in (_HERE, folder):
            for name in sorted(name for name in os.listdir(place) if name.endswith(".py")):
                with open(os.path.join(place, name), "rb") as stream:
                    told.update(f"{name}\0".encode() + sha256(stream.read()).digest())
    except OSError:
        return ""
    return told.hexdigest()
