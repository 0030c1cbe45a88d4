"""The messages of one conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.job_files.calls import check_answers, check_calls, check_function_call
from policy.evidence.job_files.content import check_content
from policy.evidence.job_files.message_keys import (
    ROLES,
    check_keys,
    check_name,
    check_role,
    check_weight,
    get_role,
)
from policy.evidence.job_files.violations import Path, Violation, name_place, show_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN_ROLES = frozenset(ROLES) - {"tool"}
_CHECKS = {
    "name": check_name,
    "weight": check_weight,
    "tool_calls": check_calls,
    "function_call": check_function_call,
}
_WRITE = 'write a list of messages, `[{"role": …, "content": …}, …]`'


def check_messages(holder: dict[str, Any], path: Path) -> Iterator[Violation]:
    """`messages` is a list of at least one message."""
    messages, place = holder.get("messages"), (*path, "messages")
    if "messages" not in holder:
        yield Violation("messages", f"{name_place(path)} has no `messages`", _WRITE, path)
    elif type(messages) is not list:
        yield Violation("messages", f"{show_path(place)} is not a list", _WRITE, place)
    elif not messages:
        yield Violation("messages", f"{show_path(place)} is empty", f"{_WRITE}, or remove the row", place)
    else:
        yield from check_each(messages, place)


def check_each(messages: list[Any], path: Path, roles: tuple[str, ...] = ROLES) -> Iterator[Violation]:
    """Every message by itself, and the tools' messages by what they answer."""
    plain = True
    for index, message in enumerate(messages):
        if not _is_plain(message) or message["role"] not in roles:
            plain = False
            yield from check_message(message, (*path, index), roles)
    if not plain:
        yield from check_answers(messages, path)


def _is_plain(message: Any) -> bool:
    """Whether it is nothing but a role and a text: by far the most are, and have nothing wrong with them."""
    return (
        type(message) is dict
        and len(message) == 2
        and type(content := message.get("content")) is str
        and content != ""
        and type(role := message.get("role")) is str
        and role in _PLAIN_ROLES
    )


def check_message(message: Any, path: Path, roles: tuple[str, ...]) -> Iterator[Violation]:
    """One message by itself."""
    if type(message) is not dict:
        yield Violation("message", f"{show_path(path)} is not an object", 'write `{"role": …, "content": …}`', path)
        return
    if message.get("role") not in roles:
        yield from check_role(message, path, roles)
    yield from check_keys(message, path)
    yield from check_content(message, path)
    for key in message:
        if key in _CHECKS:
            yield from _CHECKS[key](message, path)


def check_assistant(holder: dict[str, Any], path: Path) -> Iterator[Violation]:
    """At least one message is the assistant's, and not all of these have the weight 0: nothing would be learned."""
    messages = holder.get("messages")
    if type(messages) is not list or not messages:
        return
    place = (*path, "messages")
    answers = [message for message in messages if type(message) is dict and message.get("role") == "assistant"]
    if answers:
        if all(_has_no_weight(answer) for answer in answers):
            said = f"{show_path(place)} has the weight 0 on every answer, so nothing is learned from it"
            remedy = "give an answer the weight 1, or remove the row"
            yield Violation("nothing-learned", said, remedy, place, "warning")
    # A role that nobody knows may have been meant as the assistant's, and is reported.
    elif all(type(message) is dict and get_role(message) is not None for message in messages):
        said = f"{show_path(place)} has no message of the role assistant"
        yield Violation("no-assistant", said, "add the answer that is to be learned", place)


def _has_no_weight(message: dict[str, Any]) -> bool:
    return type(message.get("weight")) is int and message["weight"] == 0
