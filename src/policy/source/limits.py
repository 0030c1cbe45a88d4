"""How large, deep and repetitive a document may be before it is refused."""

from __future__ import annotations

from policy.structs import NamedTuple


class Limits(NamedTuple):
    """Caps that hold while a file is read, so that a hostile one costs no more than an honest one."""

    max_bytes: int = 1024 * 1024
    max_depth: int = 40
    max_aliases: int = 200
    max_nodes: int = 100_000
    """Values in the document, each alias counted as everything that it stands for."""


DEFAULT_LIMITS = Limits()
