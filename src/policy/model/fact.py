"""One fact: a typed value at a dotted path, with where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.errors import Location


class Absent:
    """The value of a fact that was looked for and is not there; unlike an unknown fact it decides tests."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __reduce__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


class Members(NamedTuple):
    """The value of a list: what is known to be in it, and whether that is all.

    In a Fact the items of a list of records are dicts of field name to Fact; in a view, to plain values.
    """

    items: tuple[Any, ...]
    complete: bool


OPEN_LIST: Final = Members((), complete=False)


class Fact(NamedTuple):
    """One value at a path. `origin` is observed, attested, declared or estimated; `source` says what told it."""

    path: str
    value: Any
    origin: str = "declared"
    source: str = ""
    location: Location | None = None
    digest: str = ""
