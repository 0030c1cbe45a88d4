"""The data that a manifest declares and a training config refers to, as one list."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from policy.model.fact import Members
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Location
    from policy.model.fact import Fact
    from policy.plugins.contracts import DatasetReference


class Source(NamedTuple):
    """One dataset that a manifest declares or a config refers to; `path` is relative to the repository's root."""

    path: str | None
    shown: str
    split: str
    location: Location | None
    declared: bool
    limit: int | None = None
    portion: str = ""
    resolved: bool = True


def list_sources(folder: str, declared: Fact | None, references: Sequence[DatasetReference]) -> list[Source]:
    """Every source of `data.sources`, whose paths are relative to `folder`, then every one of the config."""
    return [*_list_declared(folder, declared), *(_adopt(reference) for reference in references)]


def _list_declared(folder: str, declared: Fact | None) -> Iterator[Source]:
    for member in declared.value.items if declared and isinstance(declared.value, Members) else ():
        path, split = member.get("path"), member.get("split")
        named = path or member.get("name")
        yield Source(
            posixpath.normpath(posixpath.join(folder, path.value)) if path else None,
            named.value if named else "a source without path and name",
            split.value if split else "train",
            named.location if named else declared.location if declared else None,
            declared=True,
        )


def _adopt(reference: DatasetReference) -> Source:
    return Source(
        reference.path,
        reference.path or reference.name or "a dataset that the config names",
        reference.split,
        reference.location,
        declared=False,
        limit=reference.limit,
        portion=reference.portion,
        resolved=reference.resolved,
    )
