"""Data packages: `datapackage.json` by the Data Package specification of Frictionless Data."""

from __future__ import annotations

import posixpath
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policy.evidence.licenses.files import read_described
from policy.evidence.licenses.json_files import read_description
from policy.evidence.licenses.statements import Statement, make_statement
from policy.model.fields import DATA_PACKAGE
from policy.source.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location, Problem
    from policy.evidence.licenses.json_files import Description

PACKAGE_NAME: Final = "datapackage.json"
_MARK = b"{"
_LIMITS = Limits(max_bytes=4 * 1024 * 1024)
# `name` is an identifier, by the specification; `path` an address or a file.
_KEYS = ("name", "path", "title")


def read_data_package(root: str, file: str, problems: list[Problem]) -> dict[str, Statement]:
    """What the package in a file below the root says of each data file that it lists, by its path from the root.

    The licences of a resource come before those of the whole package; a file for which neither names any is left out.
    """
    data = read_described(root, file, lambda head: _MARK in head, problems, _LIMITS)
    found = read_description(data, file, problems) if data else None
    if data is None or found is None or not isinstance(found.root.get("resources"), list):
        return {}
    digest, folder = sha256(data).hexdigest(), posixpath.dirname(file)

    def state(keys: tuple[str | int, ...], licenses: Any) -> Statement:
        return make_statement(file, DATA_PACKAGE, digest, "dataset", _list_written(found, keys, licenses), problems)

    whole = state((), found.root.get("licenses"))
    told: dict[str, Statement] = {}
    for index, resource in enumerate(found.root["resources"]):
        if isinstance(resource, dict):
            own = state(("resources", index), resource.get("licenses"))
            statement = own if own.licenses or own.silent else whole
            told |= {posixpath.normpath(posixpath.join(folder, path)): statement for path in _list_paths(resource)}
    return {path: statement for path, statement in told.items() if statement.licenses or statement.silent}


def _list_paths(resource: dict[str, Any]) -> list[str]:
    path = resource.get("path")
    return [one for one in (path if isinstance(path, list) else [path]) if isinstance(one, str)]


def _list_written(found: Description, keys: tuple[str | int, ...], licenses: Any) -> Iterator[tuple[str, Location]]:
    for index, item in enumerate(licenses if isinstance(licenses, list) else ()):
        texts = [text for key in _KEYS if isinstance(item, dict) and isinstance(text := item.get(key), str)]
        text = next((text for text in texts if text.strip()), "")
        if text:
            yield text, found.locate((*keys, "licenses", index))
