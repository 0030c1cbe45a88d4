"""JSON descriptions of data sets: read strictly, with the place of any value in them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from policy.errors import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_REMEDY = "correct the file; until then what it says of licences is not known"


class Description:
    """The mapping that a JSON file holds, and where its values stand."""

    def __init__(self, file: str, text: str, root: dict[str, Any]) -> None:
        self.file = file
        self.text = text
        self.root = root

    def locate(self, keys: Sequence[str | int]) -> Location:
        """Where the value begins to which these keys and positions lead."""
        index = _skip(self.text, 0)
        for key in keys:
            index = _find_value(self.text, index, key)
        return _make_location(self.file, self.text, index)


def read_description(data: bytes, file: str, problems: list[Problem]) -> Description | None:
    """The description in a file's bytes; None where they hold no mapping. What is broken is noted."""
    text = ""
    try:
        text = data.decode("utf-8-sig")
        root = json.loads(text, object_pairs_hook=_refuse_twice)
    except json.JSONDecodeError as fault:
        problems.append(_describe(f"it is not JSON: {fault.msg}", _make_location(file, text, fault.pos)))
    except UnicodeDecodeError:
        problems.append(_describe("it is not UTF-8 text", Location(file)))
    except RecursionError:
        problems.append(_describe("its lists and mappings are nested too deep", Location(file)))
    except ValueError as fault:
        problems.append(_describe(str(fault), Location(file)))
    else:
        return Description(file, text, root) if isinstance(root, dict) else None
    return None


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping; which of two equal keys counts is for every reader to guess, so that neither does."""
    made = dict(pairs)
    if len(made) < len(pairs):
        from policy.source.display import quote_name

        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {quote_name(next(key for key in keys if keys.count(key) > 1))} is given twice")
    return made


def _describe(fault: str, location: Location) -> Problem:
    return Problem(f"this description of data cannot be read: {fault}", _REMEDY, location, level="warning")


def _skip(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index


def _find_value(text: str, index: int, wanted: str | int) -> int:
    """Where the value of a key or position begins in the mapping or list that begins at `index` and holds it."""
    is_mapping, position = text[index] == "{", 0
    while True:
        index = _skip(text, index + 1)
        key: object = position
        if is_mapping:
            key, index = _DECODER.raw_decode(text, index)
            index = _skip(text, _skip(text, index) + 1)
        if key == wanted:
            return index
        _, index = _DECODER.raw_decode(text, index)
        index = _skip(text, index)
        position += 1


def _make_location(file: str, text: str, index: int) -> Location:
    return Location(file, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
