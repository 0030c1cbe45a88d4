"""Names in the settings of an MLflow server that never count, since an entry above takes all that they match."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.source.node import Node

MOST_STARS: Final = 3


class Named(NamedTuple):
    """A name, a pattern or an id, where it stands, and the number of its entry."""

    text: str
    node: Node
    entry: int


def find_shadows(named: Iterable[Named]) -> Iterator[tuple[Named, Named]]:
    """What never counts, with what takes its place; in the order of the file.

    It finds what is certain: the same text, and what a pattern with a few `*` and no other wildcard takes.
    """
    same: dict[str, Named] = {}
    wide: list[tuple[re.Pattern[str], Named]] = []
    for item in named:
        above = same.setdefault(item.text, item)
        if above.entry == item.entry and "[" not in item.text:
            # A wildcard of the lower pattern stands for itself here, so that only `*` above can match it.
            above = next(
                (other for glob, other in wide if other.entry < item.entry and glob.match(item.text)),
                above,
            )
        if above.entry != item.entry:
            yield item, above
        elif 0 < item.text.count("*") <= MOST_STARS and not set("?[") & set(item.text):
            wide.append((re.compile(translate(item.text)), item))
