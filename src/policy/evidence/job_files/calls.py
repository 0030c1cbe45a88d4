"""Calls of tools by the assistant, and the messages that answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.job_files.message_keys import get_role
from policy.evidence.job_files.violations import Path, Violation, name_place, require_text, show_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_RULE = "tool-call"


def check_calls(message: dict[str, Any], path: Path) -> Iterator[Violation]:
    """Each of `tool_calls` has an id and a function with a name and arguments (the provider's API description)."""
    if get_role(message) not in ("assistant", None):
        return
    calls, place = message["tool_calls"], (*path, "tool_calls")
    if type(calls) is not list or not calls:
        yield Violation(_RULE, f"{show_path(place)} is not a list of calls", "write the calls, or remove it", place)
        return
    for index, call in enumerate(calls):
        if not _is_sound(call):
            yield from _check_call(call, (*place, index))


def _is_sound(call: Any) -> bool:
    """Whether nothing is wrong with a call, told faster than what is."""
    return (
        type(call) is dict
        and call.get("type") == "function"
        and type(name := call.get("id")) is str
        and name != ""
        and type(function := call.get("function")) is dict
        and type(name := function.get("name")) is str
        and name != ""
        and type(function.get("arguments")) is str
    )


def _check_call(call: Any, path: Path) -> Iterator[Violation]:
    if type(call) is not dict:
        yield Violation(_RULE, f"{show_path(path)} is not an object", 'write `{"id": …, "type": …, …}`', path)
        return
    yield from require_text(call, "id", path, _RULE)
    if call.get("type") != "function":
        place = (*path, "type") if "type" in call else path
        remedy = 'write `"type": "function"`'
        yield Violation(_RULE, f"{name_place(path)} does not have the type `function`", remedy, place)
    yield from _check_function(call.get("function"), path, "function")


def check_function_call(message: dict[str, Any], path: Path) -> Iterator[Violation]:
    """The older `function_call` has a name and arguments (the provider's API description); null stands for none."""
    if get_role(message) in ("assistant", None) and message["function_call"] is not None:
        yield from _check_function(message["function_call"], path, "function_call")


def _check_function(function: Any, path: Path, key: str) -> Iterator[Violation]:
    place = (*path, key)
    if type(function) is not dict:
        remedy = f'write `"{key}": {{"name": …, "arguments": …}}`'
        yield Violation(_RULE, f"{name_place(path)} has no `{key}` that is an object", remedy, path)
        return
    yield from require_text(function, "name", place, _RULE)
    if type(function.get("arguments")) is not str:
        remedy = "write the arguments as JSON within a text"
        where = (*place, "arguments") if "arguments" in function else place
        yield Violation(_RULE, f"{show_path(place)} has no `arguments` that are text", remedy, where)


def check_answers(messages: list[Any], path: Path) -> Iterator[Violation]:
    """A tool's message names the call that it answers, which stands before it (recalled)."""
    called: set[Any] = set()
    for index, message in enumerate(messages):
        if type(message) is not dict:
            continue
        if message.get("role") == "tool":
            yield from _check_answer(message, (*path, index), called)
        elif type(message.get("tool_calls")) is list:
            called.update(_list_ids(message["tool_calls"]))


def _check_answer(message: dict[str, Any], path: Path, called: set[Any]) -> Iterator[Violation]:
    answered = message.get("tool_call_id")
    if type(answered) is not str or not answered:
        yield from require_text(message, "tool_call_id", path, "tool-answer")
    # Where a call has no id, what it lacks is said there.
    elif answered not in called and None not in called:
        place = (*path, "tool_call_id")
        remedy = "write the id of a call before it"
        yield Violation("tool-answer", f"{show_path(place)} is not the id of a call before it", remedy, place)


def _list_ids(calls: list[Any]) -> Iterator[str | None]:
    for call in calls:
        known = type(call) is dict and type(call.get("id")) is str
        yield call["id"] if known else None
