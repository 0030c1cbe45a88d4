"""One row of a training file, judged by the rules for its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.job_files.conversations import check_assistant, check_messages
from policy.evidence.job_files.preferences import ANSWERS, check_answer, check_difference, check_input
from policy.evidence.job_files.preferences import KEYS as PREFERENCE_KEYS
from policy.evidence.job_files.tools import check_beside
from policy.evidence.job_files.violations import Violation, find_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.job_files.providers import Provider

CHAT, PREFERENCE = "chat", "preference"
KINDS = (CHAT, PREFERENCE)
_CHAT_KEYS = ("messages", "tools", "parallel_tool_calls", "functions")
_OLD_KEYS = ("prompt", "completion")


def tell_kind(row: Any) -> str | None:
    """The kind of file that the row is for; None where it could be for either."""
    if type(row) is not dict:
        return None
    if "messages" in row:
        return CHAT
    return PREFERENCE if any(key in row for key in PREFERENCE_KEYS) else None


def check_row(row: Any, kind: str, provider: Provider) -> Iterator[Violation]:
    """All that is wrong with a row of a file of the kind."""
    if type(row) is not dict:
        remedy = "write one JSON object a line"
        yield Violation("row", f"the row is {_name_type(row)}, not an object", remedy)
    elif not row:
        yield Violation("empty-row", "the row is an empty object", "remove the line")
    elif tell_kind(row) not in (kind, None):
        message = f"the row is one of a {tell_kind(row)} file, and this is a {kind} file"
        yield Violation("other-kind", message, "keep rows of one kind in a file, or name its kind")
    elif kind == CHAT:
        yield from _check_chat(row)
    else:
        yield from _check_preference(row, provider)


def _check_chat(row: dict[str, Any]) -> Iterator[Violation]:
    if "messages" not in row:
        # What else is unknown about such a row follows from this.
        yield _describe_missing(row)
        return
    yield from check_messages(row, ())
    yield from check_assistant(row, ())
    if len(row) > 1:
        yield from check_beside(row, _CHAT_KEYS, (), "row-key")


def _check_preference(row: dict[str, Any], provider: Provider) -> Iterator[Violation]:
    yield from find_unknown(row, PREFERENCE_KEYS, (), "row-key")
    yield from check_input(row)
    for key in ANSWERS:
        yield from check_answer(row, key, provider)
    yield from check_difference(row)


def _describe_missing(row: dict[str, Any]) -> Violation:
    if any(key in row for key in _OLD_KEYS):
        message = "the row holds a prompt and a completion, the format of older models"
        return Violation("messages", message, "write them as `messages` of a user and of the assistant")
    return Violation("messages", "the row has no `messages`", "write the conversation as a list of `messages`")


def _name_type(row: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(row), "a number")
