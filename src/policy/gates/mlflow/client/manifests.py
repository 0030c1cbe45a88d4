"""The manifest of the project that a run belongs to, as it is sent."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.app.runs.intent import find_manifest
from policy.app.runs.recent import Recent
from policy.errors import PolicyError
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.runs.intent import Intent
    from policy.model.schema import Schema
    from policy.source.node import Document


class Outgoing(NamedTuple):
    """What is sent of a manifest, and its name: the digest of its bytes."""

    digest: str
    body: bytes


# What was seen of the data is not looked at again for so long.
KEPT_SECONDS: Final = 600.0
# Each is as large as what is sent.
REMEMBERED: Final = 50
_KNOWN: Final[Recent[tuple[str, bytes], tuple[float, Outgoing]]] = Recent(REMEMBERED)


def read_outgoing(intent: Intent) -> Outgoing | None:
    """The manifest that is named, else that of the working folder; None where there is none. Raises PolicyError."""
    from policy.source.yaml_reader import read_yaml_file

    path = find_manifest(intent)
    if path is None:
        return None
    document = read_yaml_file(path, os.path.relpath(path))
    # MLflow asks for the claims at other times, too, and a sweep asks often.
    case = path, sha256(document.text.encode(errors="surrogatepass")).digest()
    known = _KNOWN.find(case)
    if known is None or time.monotonic() - known[0] > KEPT_SECONDS:
        known = time.monotonic(), make_outgoing(document, path)
        _KNOWN.keep(case, known)
    return known[1]


def make_outgoing(document: Document, path: str) -> Outgoing:
    """What is sent of a manifest, with what can be seen of its project. Raises PolicyError."""
    from policy.app.runs.observed import observe_project
    from policy.app.runs.sent import encode_sent, name_body
    from policy.model.manifest import read_manifest

    schema = _find_schema(document, path)
    manifest = read_manifest(document, schema)
    body = encode_sent(manifest, schema)
    with suppress(PolicyError):  # what was seen may be what makes it too large
        body = encode_sent(manifest, schema, observe_project(path, schema))
    return Outgoing(name_body(body), body)


def _find_schema(document: Document, path: str) -> Schema:
    """The fields that there are: an organisation's own are those of the policy set that is in force here."""
    from policy.model.fields import SCHEMA
    from policy.source.node import Mapping

    if not (isinstance(document.root, Mapping) and document.root.get("x")):
        return SCHEMA
    from policy.app.workspace import open_workspace
    from policy.loading.discovery import find_root

    return open_workspace(find_root(path)).policy_set.schema
