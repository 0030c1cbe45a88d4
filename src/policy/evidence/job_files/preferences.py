"""Rows of preference files: an input, the answer that is preferred, and one that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.job_files.conversations import check_each, check_messages
from policy.evidence.job_files.tools import check_beside
from policy.evidence.job_files.violations import Path, Violation, show_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.job_files.providers import Provider

ANSWERS = ("preferred_output", "non_preferred_output")
KEYS = ("input", *ANSWERS)
_INPUT_KEYS = ("messages", "tools", "parallel_tool_calls")


def check_input(row: dict[str, Any]) -> Iterator[Violation]:
    """`input` holds the messages before the answer, and the tools that are offered."""
    given, path = row.get("input"), ("input",)
    if type(given) is not dict:
        where: Path = path if "input" in row else ()
        message = "the row has no `input` that is an object"
        yield Violation("input", message, 'write `"input": {"messages": […]}`', where)
        return
    yield from check_messages(given, path)
    if len(given) > 1:
        yield from check_beside(given, _INPUT_KEYS, path, "input")


def check_answer(row: dict[str, Any], key: str, provider: Provider) -> Iterator[Violation]:
    """Each answer is a list of messages of the roles that the provider takes, at least one of the assistant."""
    answer, path = row.get(key), (key,)
    if type(answer) is not list or not answer:
        where: Path = path if key in row else ()
        remedy = f'write `"{key}": [{{"role": "assistant", "content": …}}]`'
        yield Violation("answer", f"the row has no `{key}` that is a list of messages", remedy, where)
        return
    yield from check_each(answer, path, provider.answer_roles)
    if provider.longest_answer is not None and len(answer) > provider.longest_answer:
        message = f"{show_path(path)} holds {len(answer)} messages, and {provider.title} takes one answer"
        yield Violation("answer", message, "move all but the last answer into `input`", path)
    others = [role for role in provider.answer_roles if role != "assistant"]
    if all(type(message) is dict and message.get("role") in others for message in answer):
        message = f"{show_path(path)} has no message of the role assistant"
        yield Violation("no-assistant", message, "add the answer", path)


def check_difference(row: dict[str, Any]) -> Iterator[Violation]:
    """The answers differ, or there is nothing to prefer."""
    first, second = (row.get(key) for key in ANSWERS)
    if first and first == second:
        message = "both answers are the same, so nothing is learned from the row"
        remedy = "remove the row, or write the answer that was not preferred"
        yield Violation("nothing-learned", message, remedy, (ANSWERS[1],), "warning")
