"""Croissant metadata: JSON-LD that describes a data set for machine learning. Nothing that it names is fetched.

By the specification of versions 1.0 and 1.1: `conformsTo` names the version, `license` is an address, a name or a
`CreativeWork`, or several of them. Files of 0.8 have no `conformsTo`; their context names the vocabulary.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policy.evidence.licenses.files import read_described
from policy.evidence.licenses.json_files import read_description
from policy.evidence.licenses.names import identify
from policy.evidence.licenses.statements import Statement, make_statement
from policy.model.fields import CROISSANT
from policy.source.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location, Problem
    from policy.evidence.licenses.json_files import Description

CROISSANT_NAMES: Final = ("croissant.json", "metadata.json")
_MARK = b"mlcommons.org"
_NAMESPACES = ("http://mlcommons.org/", "https://mlcommons.org/")
_LIMITS = Limits(max_bytes=4 * 1024 * 1024)
_SCHEMAS = ("", "sc:", "schema:", "https://schema.org/", "http://schema.org/")
_TYPES = tuple(f"{schema}Dataset" for schema in _SCHEMAS)
_LICENSE_KEYS = tuple(f"{schema}license" for schema in _SCHEMAS)
_VERSION_KEYS = ("conformsTo", "dct:conformsTo", "http://purl.org/dc/terms/conformsTo")
# What identifies a licence comes first.
_WORK_KEYS = ("url", "@id", "identifier", "name", "@value")


def read_croissant(root: str, file: str, problems: list[Problem]) -> Statement | None:
    """What the Croissant metadata in a file below the root says; None where the file is none or names no licence."""
    data = read_described(root, file, lambda head: _MARK in head, problems, _LIMITS)
    found = read_description(data, file, problems) if data else None
    if data is None or found is None or not is_croissant(found.root):
        return None
    written = list(_list_written(found))
    if not written:
        return None
    return make_statement(file, CROISSANT, sha256(data).hexdigest(), "dataset", written, problems)


def is_croissant(root: dict[str, Any]) -> bool:
    """Whether a JSON document describes a data set by the Croissant format."""
    if not any(name in _TYPES for name in _list_texts(root.get("@type"))):
        return False
    versions = [text for key in _VERSION_KEYS for text in _list_texts(root.get(key))]
    if versions:
        return any(text.startswith(tuple(f"{space}croissant/" for space in _NAMESPACES)) for text in versions)
    context = root.get("@context")
    terms = context.values() if isinstance(context, dict) else ()
    return any(isinstance(term, str) and term.startswith(_NAMESPACES) for term in terms)


def _list_texts(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        text = item.get("@id") if isinstance(item, dict) else item
        if isinstance(text, str):
            yield text


def _list_written(found: Description) -> Iterator[tuple[str, Location]]:
    for key in _LICENSE_KEYS:
        value = found.root.get(key)
        items = (
            [((key, index), item) for index, item in enumerate(value)] if isinstance(value, list) else [((key,), value)]
        )
        for keys, item in items:
            text = _name_work(item) if isinstance(item, dict) else item
            if isinstance(text, str) and text.strip():
                yield text, found.locate(keys)


def _name_work(work: dict[str, Any]) -> str:
    """The text of a licence described as a work that identifies it best."""
    texts = [text for key in _WORK_KEYS if isinstance(text := work.get(key), str) and text.strip()]
    return next((text for text in texts if identify(text) != text), texts[0] if texts else "")
