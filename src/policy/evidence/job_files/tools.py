"""The tools that a row offers: `tools`, the older `functions`, and `parallel_tool_calls`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.evidence.job_files.violations import Path, Violation, find_unknown, name_place, show_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 128
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


def check_tools(row: dict[str, Any], path: Path) -> Iterator[Violation]:
    """`tools` is a list of objects of the type function (the provider's API description), at most 128 (recalled)."""
    for index, tool in enumerate(_get_offers(row, "tools")):
        place = (*path, "tools", index)
        if type(tool) is dict and tool.get("type") == "function":
            inner = "function" in tool
            yield from _check_function(tool.get("function"), (*place, "function") if inner else place)
        else:
            where = (*place, "type") if type(tool) is dict and "type" in tool else place
            remedy = 'write `{"type": "function", "function": …}`'
            yield Violation("tools", f"{show_path(place)} does not have the type `function`", remedy, where)
    yield from _check_length(row, "tools", path)


def check_functions(row: dict[str, Any], path: Path) -> Iterator[Violation]:
    """The older `functions` is a list of 1 to 128 functions (the provider's API description)."""
    for index, function in enumerate(_get_offers(row, "functions")):
        yield from _check_function(function, (*path, "functions", index))
    yield from _check_length(row, "functions", path)


def check_parallel(row: dict[str, Any], path: Path) -> Iterator[Violation]:
    """`parallel_tool_calls` is true or false, and (recalled) stands only beside `tools`."""
    place = (*path, "parallel_tool_calls")
    if type(row["parallel_tool_calls"]) is not bool:
        yield Violation("parallel", f"{show_path(place)} is not true or false", "write true or false", place)
    if "tools" not in row:
        message = f"{show_path(place)} stands where there are no `tools`"
        yield Violation("parallel", message, "remove it, or add the `tools`", place, "warning")


_CHECKS = {"tools": check_tools, "functions": check_functions, "parallel_tool_calls": check_parallel}


def check_beside(row: dict[str, Any], known: tuple[str, ...], path: Path, rule: str) -> Iterator[Violation]:
    """What stands beside `messages`: known keys, of which those for tools are right."""
    yield from find_unknown(row, known, path, rule)
    for key in row:
        if key in known and key in _CHECKS:
            yield from _CHECKS[key](row, path)


def _get_offers(row: dict[str, Any], key: str) -> list[Any]:
    return row[key] if type(row[key]) is list else []


def _check_length(row: dict[str, Any], key: str, path: Path) -> Iterator[Violation]:
    if key in row and not (type(row[key]) is list and 0 < len(row[key]) <= _MOST):
        place = (*path, key)
        message = f"{show_path(place)} is not a list of 1 to {_MOST} {key}"
        yield Violation("tools", message, f"write the {key} as a list, or remove `{key}`", place)


def _check_function(function: Any, path: Path) -> Iterator[Violation]:
    if type(function) is not dict:
        yield Violation("tools", f"{name_place(path)} describes no function", "write its name and parameters", path)
        return
    name = function.get("name")
    if type(name) is not str or not _NAME.match(name):
        place = (*path, "name") if "name" in function else path
        remedy = "write a name of at most 64 letters, digits, `_` and `-`"
        yield Violation("tools", f"{show_path(path)} has no `name` that a function can have", remedy, place)
    for key, kind, noun in (("description", str, "text"), ("parameters", dict, "an object")):
        if key in function and type(function[key]) is not kind:
            place = (*path, key)
            yield Violation("tools", f"{show_path(place)} is not {noun}", f"write {noun}, or remove it", place)
