"""What differs between a decision as it was recorded and as it came out again, value by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# What an entry of a list is known by, the first key that it has.
NAMES: Final = ("policy", "field")
GONE: Final = "nothing"


class Difference(NamedTuple):
    """One value, by its path, as it was recorded and as it is now; GONE where there is none."""

    path: str
    recorded: Any
    replayed: Any


def find_differences(recorded: Any, replayed: Any, path: str = "") -> Iterator[Difference]:
    """Everything that is not the same, in the order of the record.

    A key that only the newer document has is none: later versions say more.
    """
    if isinstance(recorded, dict) and isinstance(replayed, dict):
        for key, value in recorded.items():
            inner = f"{path}.{key}" if path else key
            if key in replayed:
                yield from find_differences(value, replayed[key], inner)
            else:
                yield Difference(inner, value, GONE)
    elif isinstance(recorded, list) and isinstance(replayed, list):
        yield from _compare_lists(recorded, replayed, path)
    elif type(recorded) is not type(replayed) or recorded != replayed:
        yield Difference(path, recorded, replayed)


def _compare_lists(recorded: list[Any], replayed: list[Any], path: str) -> Iterator[Difference]:
    old, new = _name_items(recorded), _name_items(replayed)
    for name, value in old.items():
        if name in new:
            yield from find_differences(value, new[name], f"{path}[{name}]")
        else:
            yield Difference(f"{path}[{name}]", value, GONE)
    for name, value in new.items():
        if name not in old:
            yield Difference(f"{path}[{name}]", GONE, value)
    if old.keys() == new.keys() and [*old] != [*new]:
        yield Difference(f"{path} (their order)", [*old], [*new])


def _name_items(items: list[Any]) -> dict[str, Any]:
    """The items of a list by what they are known by, or else by their number."""
    named: dict[str, Any] = {}
    for number, item in enumerate(items):
        name = next((str(item[key]) for key in NAMES if key in item), "") if isinstance(item, dict) else ""
        named[name if name and name not in named else f"{name}#{number}" if name else str(number)] = item
    return named


def take_over(document: dict[str, Any], recorded: dict[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The document with some values of another one."""
    return {**document, **{key: recorded[key] for key in keys if key in recorded}}
